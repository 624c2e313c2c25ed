"""What was learned on top of a backbone, as it is kept in a file: loaded without torch.

A question's vector is the mean of its token states weighed by what tells passages apart: the abstraction head over the
whole question, with one group of channels and no gate,

    weight_j = softmax_j( s . RMSNorm(x_j) )

which at s = 0 is the mean. "What did the marketing expert think of the price?" then is about the price.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load

from shas_kb.errors import ModelError
from shas_kb.records import ModelFacts

FORMAT = "shas-kb 1"
NAME = "question.saliency"
SHIPPED = Path(__file__).with_name("learned.safetensors")
"""For the bundled backbone; MODEL_CARD.md says how it was made."""

LARGEST = 1e3
"""A weight beyond this is no weight: with it a softmax of float32 may overflow."""

EPSILON = float(np.finfo(np.float32).eps)


@dataclass(frozen=True, eq=False)
class Learned:
    """What was learned, and how.

    Attributes:
        saliency: s, float32 [hidden].
        facts: The backbone's fingerprint ("backbone"), and how it was trained, as text.
    """

    saliency: NDArray[np.float32]
    facts: Mapping[str, str] = field(default_factory=dict)

    def counts(self, states: NDArray[np.float32]) -> NDArray[np.float32]:
        """What each token of a question counts, [tokens, hidden] to [tokens]; they sum to 1."""
        scale = np.sqrt(np.square(states).mean(axis=1) + EPSILON)
        logits = states @ self.saliency / scale
        mass = np.exp(logits - logits.max())
        counts: NDArray[np.float32] = mass / mass.sum()
        return counts

    def to_bytes(self) -> bytes:
        """A safetensors file: the same bytes for the same contents, which its own library does not promise."""
        data = self.saliency.astype("<f4").tobytes()
        entry = {"dtype": "F32", "shape": list(self.saliency.shape), "data_offsets": [0, len(data)]}
        facts = {"format": FORMAT, **self.facts}
        header = json.dumps({"__metadata__": dict(sorted(facts.items())), NAME: entry}).encode()
        header += b" " * (-len(header) % 8)
        return len(header).to_bytes(8, "little") + header + data

    @classmethod
    def from_bytes(cls, content: bytes, where: str) -> Learned:
        """Read such a file; `where` it came from is named when it is none.

        Raises:
            ModelError: It is not one.
        """
        try:
            tensors = load(content)
            header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
            facts = header["__metadata__"]
            saliency = np.asarray(tensors[NAME], np.float32)
        except (SafetensorError, ValueError, KeyError, UnicodeDecodeError) as error:
            raise _not_weights(where) from error
        if facts.pop("format", None) != FORMAT or saliency.ndim != 1 or not (np.abs(saliency) < LARGEST).all():
            raise _not_weights(where)
        return cls(saliency, facts)


def learned_for(model: ModelFacts, file: Path | None = None) -> bytes | None:
    """What was learned for a backbone: from `file`, or what comes with the installation; None where nothing does.

    Raises:
        ModelError: the file cannot be read, is of another kind, or was made for another backbone.
    """
    source = file or SHIPPED
    try:
        content = source.read_bytes()
    except OSError as error:
        raise ModelError(f"weights must be a file that can be read, got {source}: {error.strerror}.") from error
    learned = Learned.from_bytes(content, str(source))
    made_for = learned.facts.get("backbone", "")
    if made_for == model.fingerprint:
        return content
    if file is None:
        return None
    raise ModelError(
        f"weights must be made for {model.name} ({model.fingerprint[:12]}), got {file}, made for "
        f"{made_for[:12] or 'none'}; train some with it: shas-kb train FOLDER --model {model.name}"
    )


def _not_weights(where: str) -> ModelError:
    return ModelError(f"weights must be a file that `shas-kb train` made, got {where}; make one: shas-kb train FOLDER.")
