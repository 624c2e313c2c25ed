"""What the attention kernels share: tiles of a matrix, and their logits, in powers of two.

Tiles are read by Hopper's tensor memory accelerator, which fetches 64 rows by one instruction, whatever row they begin
with. A tile with fewer rows is read beyond its end: what is found there has a weight of zero, and must be finite.
"""

# Kernels have no types for mypy, and their constants are upper case.
# mypy: disable-error-code="no-untyped-def, untyped-decorator"
# ruff: noqa: N803

from __future__ import annotations

import math

import torch
import triton
import triton.language as tl
from torch import Tensor
from triton.tools.tensor_descriptor import TensorDescriptor

from shas_kb.kernels.layout import Geometry
from shas_kb.kernels.pyramid import TILE

LOG2E = 1 / math.log(2)
ALIGNED = 16
"""Bytes: where a matrix and each of its rows must begin in memory to be read by tiles."""

ROWS = tl.constexpr(TILE)
TO_BASE_2 = tl.constexpr(LOG2E)


def tiles_of(matrix: Tensor) -> TensorDescriptor:
    """[rows, heads, channels] to be read by `load_tile`; copied if it does not lie in memory as that needs it."""
    rows, size = matrix.flatten(1), matrix.element_size()
    apart = rows.stride(0) >= rows.shape[1]  # One row spread out is not what the accelerator can read.
    if rows.stride(1) != 1 or not apart or rows.stride(0) * size % ALIGNED or rows.data_ptr() % ALIGNED:
        rows = rows.clone(memory_format=torch.contiguous_format)
    if not len(rows):  # There must be something to be read; what it is does not matter.
        rows = rows.new_zeros(1, rows.shape[1])
    return TensorDescriptor(rows, list(rows.shape), list(rows.stride()), [TILE, matrix.shape[2]])


def vectors_of(matrix: Tensor) -> TensorDescriptor:
    """[lines, 64 times any], contiguous, to be read by `load_vector`."""
    if not matrix.numel():  # As above.
        matrix = matrix.new_zeros(1, TILE)
    return TensorDescriptor(matrix, list(matrix.shape), list(matrix.stride()), [1, TILE])


def bias_of(mass: Tensor | None, geometry: Geometry) -> Tensor:
    """Mass logits by tile, in base 2, -inf past its end, float32 [heads or 1 for all, tiles * 64]."""
    bias = geometry.tile_log2_count[None]
    if mass is not None:
        unit = torch.arange(TILE, device=mass.device)
        row = (geometry.tile_start[:, None] + unit).clamp(max=len(mass) - 1)
        bias = bias + mass.T[:, row].float() * LOG2E
    return bias.flatten(1).contiguous()


@triton.jit
def load_tile(tiles, first, channel, UPCAST: tl.constexpr):
    """64 rows from row `first` on, of the head whose channels begin at `channel`, [64, channels]."""
    found = tiles.load([first.to(tl.int32), channel])
    if UPCAST:  # The interpreter would multiply bit patterns.
        found = found.to(tl.float32)
    return found


@triton.jit
def load_vector(vectors, line, nth):
    """The 64 numbers of a line that belong to its tile or block `nth`."""
    return tl.reshape(vectors.load([line, nth * ROWS]), [ROWS])


@triton.jit
def load_rows(matrix, first, held, stride_row, CHANNELS: tl.constexpr):
    """64 rows of a matrix from row `first` on, zeros where they are not held, [64, channels].

    `first` is one int64; what differs from row to row fits into 32 bits, and takes half as many registers.
    """
    place, channel = tl.arange(0, ROWS), tl.arange(0, CHANNELS)
    matrix += first * stride_row
    return tl.load(matrix + (place[:, None] * stride_row + channel[None, :]), mask=held[:, None], other=0.0)


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
def is_set(bits):
    """Which of 64 bits are set, [64]."""
    place = tl.arange(0, ROWS)
    half = tl.where(place < 32, bits.to(tl.int32), (bits >> 32).to(tl.int32))
    # A thread has places that differ by multiples of 8: so it shifts twice, and tests its bits by constants.
    return ((half >> (place % 8)) & (1 << (place % 32 - place % 8))) != 0


@triton.jit
def tile_logits(
    queries, keys, bias, bias_line, gate, rho, tile, bits, first, own, level, entry, scale,
    stride_gate_row, stride_gate_level, PRECISION: tl.constexpr,
):  # fmt: skip
    """Logits of the 64 rows from `first` on and a tile's units, -inf where these are not active, [64, 64]."""
    by_unit = load_vector(bias, bias_line, tile)
    if rho is not None:
        by_unit += load_rho(rho, entry)
    found = tl.dot(queries, tl.trans(keys), input_precision=PRECISION) * (scale * TO_BASE_2)
    found += tl.where(is_set(bits), by_unit, float("-inf"))[None, :]
    if gate is not None:
        found += load_gate(gate, first, own, level, stride_gate_row, stride_gate_level)[:, None]
    return found
