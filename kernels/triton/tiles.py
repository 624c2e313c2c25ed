"""What the attention kernels share: rows of a matrix, and the logits of a tile, in powers of two."""

# Kernels have no types for mypy, and their constants are upper case.
# mypy: disable-error-code="no-untyped-def, untyped-decorator"
# ruff: noqa: N803

from __future__ import annotations

import math

import triton
import triton.language as tl
from torch import Tensor

from shas_kb.kernels.layout import Geometry
from shas_kb.kernels.pyramid import TILE

LOG2E = 1 / math.log(2)

ROWS = tl.constexpr(TILE)
TO_BASE_2 = tl.constexpr(LOG2E)


def bias_of(mass: Tensor | None, geometry: Geometry) -> Tensor:
    """Mass logits of all units in base 2, float32 [heads, rows], or [1, rows] where all heads have the same."""
    bias = geometry.log_count[None] if mass is None else geometry.log_count + mass.T
    return (bias * LOG2E).contiguous()


@triton.jit
def load_rows(matrix, first, held, stride_row, CHANNELS: tl.constexpr, UPCAST: tl.constexpr):
    """64 rows of a matrix from row `first` on, zeros where they are not held, [64, channels].

    `first` is one int64; what differs from row to row fits into 32 bits, and takes half as many registers.
    """
    place, channel = tl.arange(0, ROWS), tl.arange(0, CHANNELS)
    matrix += first * stride_row
    found = tl.load(matrix + (place[:, None] * stride_row + channel[None, :]), mask=held[:, None], other=0.0)
    if UPCAST:  # The interpreter would multiply bit patterns.
        found = found.to(tl.float32)
    return found


@triton.jit
def store_rows(matrix, first, held, values, stride_row, CHANNELS: tl.constexpr):
    """Write [64, channels] from row `first` on, where rows are held."""
    place, channel = tl.arange(0, ROWS), tl.arange(0, CHANNELS)
    matrix += first * stride_row
    to = matrix + (place[:, None] * stride_row + channel[None, :])
    tl.store(to, values.to(matrix.dtype.element_ty), mask=held[:, None])


@triton.jit
def load_gate(gate, first, own, level, stride_gate_row, stride_gate_level):
    """Relevance of a level for the rows of a query block, [64]."""
    gate += first * stride_gate_row + level * stride_gate_level
    found = tl.load(gate + tl.arange(0, ROWS) * stride_gate_row, mask=own, other=0.0)
    return found.to(tl.float32) * TO_BASE_2


@triton.jit
def load_rho(rho, entry):
    """What is added to all logits of an entry."""
    return tl.load(rho + entry).to(tl.float32) * TO_BASE_2


@triton.jit
def tile_logits(
    queries, keys, bias, gate, rho, tile_first, active, first, own, level, entry, scale,
    stride_gate_row, stride_gate_level, PRECISION: tl.constexpr,
):  # fmt: skip
    """Logits of the 64 rows from `first` on and a tile's units, -inf where these are not active, [64, 64]."""
    found = tl.dot(queries, tl.trans(keys), input_precision=PRECISION) * (scale * TO_BASE_2)
    found += tl.load(bias + tile_first + tl.arange(0, ROWS), mask=active, other=float("-inf"))[None, :]
    if gate is not None:
        found += load_gate(gate, first, own, level, stride_gate_row, stride_gate_level)[:, None]
    if rho is not None:
        found += load_rho(rho, entry)
    return found
