"""How the kernels are launched, and on what they can run."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any, NamedTuple

import torch
import triton
from torch import Tensor

CHANNELS = (32, 64, 128)
DTYPES = (torch.float32, torch.bfloat16, torch.float16)
INTERPRETED: bool = triton.knobs.runtime.interpret
"""Whether the kernels of this process run in Triton's interpreter: so it was when they were decorated."""


class Launch(NamedTuple):
    """Warps of a program, and stages of the pipeline in its loop.

    A kernel without gates and without a mass to learn can be held to so many `registers` of a thread that one program
    more fits into a multiprocessor. With them it would spill.
    """

    warps: int
    stages: int
    registers: int | None = None


# By bytes of an element and channels. Autotuning would need a GPU at hand, and give other rounding on each machine.
LAUNCHES: dict[str, dict[tuple[int, int], Launch]] = {
    "forward": {
        (2, 32): Launch(4, 3), (2, 64): Launch(4, 3), (2, 128): Launch(4, 2),
        (4, 32): Launch(4, 1), (4, 64): Launch(4, 1), (4, 128): Launch(8, 1),
    },
    "query_backward": {
        (2, 32): Launch(4, 2), (2, 64): Launch(4, 2, 128), (2, 128): Launch(4, 2),
        (4, 32): Launch(4, 1), (4, 64): Launch(4, 1), (4, 128): Launch(8, 1),
    },
    "key_backward": {
        (2, 32): Launch(4, 2), (2, 64): Launch(4, 2, 168), (2, 128): Launch(8, 2),
        (4, 32): Launch(4, 1), (4, 64): Launch(8, 1), (4, 128): Launch(8, 1),
    },
    "mass": {
        (2, 32): Launch(4, 3), (2, 64): Launch(4, 3), (2, 128): Launch(4, 2),
        (4, 32): Launch(4, 2), (4, 64): Launch(4, 2), (4, 128): Launch(8, 1),
    },
}  # fmt: skip


def validate(name: str, tensor: Tensor, channels: tuple[int, ...] | None = None) -> None:
    """Check that the kernels can run on a tensor, whose channels must be among those, if these are given.

    Raises:
        ValueError: If its dtype, its channels or its device are not among those that the kernels know.
    """
    if tensor.dtype not in DTYPES:
        raise ValueError(f"{name} must be float32, bfloat16 or float16, got {tensor.dtype}; or change impl")
    if channels is not None and tensor.shape[-1] not in channels:
        raise ValueError(f"channels of {name} must be one of {channels}, got {tensor.shape[-1]}; "
                         "pad them, or change impl")  # fmt: skip
    if not (tensor.is_cuda or INTERPRETED):
        raise ValueError(f"{name} must lie on a GPU for Triton's kernels, got {tensor.device}; move it, change impl, "
                         "or set TRITON_INTERPRET=1 before the first import to interpret them")  # fmt: skip


def launch(kernel: str, dtype: torch.dtype, channels: int, lean: bool) -> dict[str, Any]:
    """Constants and launch options of one of the attention kernels; `lean` is one without gates and learned mass."""
    chosen = LAUNCHES[kernel][dtype.itemsize, channels]
    return {
        "CHANNELS": channels,
        # Full precision has no matrix instruction; three products of a shorter format come close to it, and have one.
        "PRECISION": "tf32x3" if dtype == torch.float32 else "tf32",
        "UPCAST": INTERPRETED and dtype != torch.float32,
        "STAGES": chosen.stages,
        "num_warps": chosen.warps,
        "num_stages": chosen.stages,
        "maxnreg": chosen.registers if lean else None,
    }


def rowwise(tensor: Tensor) -> Tensor:
    """The same with channels side by side in memory."""
    return tensor if tensor.stride(-1) == 1 else tensor.contiguous()


def on_device(tensor: Tensor) -> AbstractContextManager[Any]:
    """Triton launches on the current device, which need not be the tensor's."""
    return torch.cuda.device(tensor.device) if tensor.is_cuda else nullcontext()
