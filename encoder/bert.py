"""The BERT family as sentence-transformers keeps it: which models belong to it, their shape, their weights. No torch.

What is not known here: other architectures, other poolings than the mean. Those go through sentence-transformers.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shas_kb.encoder.models import WEIGHTS, Located, takes_mean

Array = NDArray[np.float32]
_DTYPES: dict[str, np.dtype[Any]] = {"F32": np.dtype("<f4"), "F16": np.dtype("<f2"), "I64": np.dtype("<i8")}


@dataclass(frozen=True, slots=True)
class BertShape:
    """`hidden` channels in `heads` heads, `layers` times; `epsilon` is LayerNorm's."""

    hidden: int
    heads: int
    layers: int
    epsilon: float

    @classmethod
    def of(cls, located: Located) -> BertShape:
        config = located.json("config.json")
        return cls(
            int(config["hidden_size"]),
            int(config["num_attention_heads"]),
            int(config["num_hidden_layers"]),
            float(config["layer_norm_eps"]),
        )


def is_bert(located: Located) -> bool:
    """Whether a model is a BERT encoder (arXiv 1810.04805) whose sentence vector is the mean of its token states."""
    config = located.json("config.json")
    return (
        takes_mean(located)
        and config.get("model_type") == "bert"
        and config.get("hidden_act") == "gelu"
        and config.get("position_embedding_type", "absolute") == "absolute"
        and (located.folder / WEIGHTS).is_file()
        and all(dtype in _DTYPES for dtype, _, _ in _header(located.folder / WEIGHTS)[0].values())
    )


def weights(file: Path) -> dict[str, Array]:
    """The tensors of a safetensors file by name, as views of the mapped file: only what is used is read from disk."""
    header, begin = _header(file)
    content = np.memmap(file, np.uint8, mode="r", offset=begin)
    return {
        name.removeprefix("bert."): content[start:end].view(_DTYPES[dtype]).reshape(shape)
        for name, (dtype, shape, (start, end)) in header.items()
    }


def _header(file: Path) -> tuple[dict[str, tuple[str, list[int], tuple[int, int]]], int]:
    """What a safetensors file holds (dtype, shape, bytes from and to), and where its tensors begin."""
    with file.open("rb") as stream:
        length = int.from_bytes(stream.read(8), "little")
        entries = json.loads(stream.read(length))
    entries.pop("__metadata__", None)
    return {
        name: (entry["dtype"], entry["shape"], tuple(entry["data_offsets"])) for name, entry in entries.items()
    }, 8 + length
