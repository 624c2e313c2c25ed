"""The forward: one online softmax over the tiles that a query block sees.

Flash attention (Dao et al., 2022) with the tiles of a table in the place of consecutive keys. A program has one query
block and one head, and blocks are taken in text order, so that neighbours find the tiles that they share in the cache.
"""

# Kernels have no types for mypy, and their constants are upper case.
# mypy: disable-error-code="no-untyped-def, untyped-decorator"
# ruff: noqa: N803

from __future__ import annotations

from collections.abc import Sequence

import torch
import triton
import triton.language as tl
from torch import Tensor

from shas_kb.kernels.layout import Geometry, Layout, Table
from shas_kb.kernels.triton.config import CHANNELS, launch, on_device, validate
from shas_kb.kernels.triton.tiles import (
    ROWS,
    TO_BASE_2,
    bias_of,
    load_tile,
    store_rows,
    tile_logits,
    tiles_of,
    vectors_of,
)


@triton.jit
def shas_forward_kernel(
    q, k, v, bias, gate, rho, out, lse,
    start, length, tile_level, table_tile, table_start, table_mask, table_used,
    scale, shared, width,
    stride_out_row, stride_out_head, stride_bias, stride_gate_row, stride_gate_head, stride_gate_level,
    CHANNELS: tl.constexpr, PRECISION: tl.constexpr, UPCAST: tl.constexpr, STAGES: tl.constexpr,
):  # fmt: skip
    """Attend for query block `program_id(0)` and head `program_id(1)`; `shared` heads have one routing head."""
    block, head = tl.program_id(0), tl.program_id(1)
    heads = tl.num_programs(1)
    place = tl.arange(0, ROWS)
    first = tl.load(start + block)
    own = place < tl.load(length + block)
    queries = load_tile(q, first, head * CHANNELS, UPCAST)
    if gate is not None:
        gate += head.to(tl.int64) * stride_gate_head

    table = (head // shared).to(tl.int64) * tl.num_programs(0) + block
    used = tl.load(table_used + table)
    peak = tl.full([ROWS], float("-inf"), tl.float32)
    total = tl.zeros([ROWS], tl.float32)
    mixed = tl.zeros([ROWS, CHANNELS], tl.float32)
    for nth in tl.range(0, used, num_stages=STAGES):
        entry = table * width + nth
        tile, tile_first = tl.load(table_tile + entry), tl.load(table_start + entry)
        keys = load_tile(k, tile_first, head * CHANNELS, UPCAST)
        values = load_tile(v, tile_first, head * CHANNELS, UPCAST)
        logits = tile_logits(
            queries, keys, bias, head * stride_bias, gate, rho, tile, tl.load(table_mask + entry), first, own,
            tl.load(tile_level + tile), entry, scale, stride_gate_row, stride_gate_level, PRECISION,
        )  # fmt: skip
        higher = tl.maximum(peak, tl.max(logits, 1))
        # Where a row has nothing to see yet, -inf - -inf would be NaN.
        base = tl.where(higher == float("-inf"), 0.0, higher)
        weight = tl.exp2(logits - base[:, None])
        fade = tl.exp2(peak - base)
        total = total * fade + tl.sum(weight, 1)
        mixed = tl.dot(weight.to(values.dtype), values, mixed * fade[:, None], input_precision=PRECISION)
        peak = higher
    nothing = total == 0.0
    total = tl.where(nothing, 1.0, total)
    store_rows(out + head * stride_out_head, first, own, mixed / total[:, None], stride_out_row, CHANNELS)
    tl.store(lse + (first + place) * heads + head, (peak + tl.log2(total)) / TO_BASE_2, mask=own)


@triton.jit
def shas_mass_kernel(
    q, k, bias, gate, lse, spent,
    start, length, tile_level, table_tile, table_start, table_mask, table_used,
    scale, shared, width,
    stride_lse_row, stride_lse_head, stride_bias, stride_gate_row, stride_gate_head, stride_gate_level,
    CHANNELS: tl.constexpr, PRECISION: tl.constexpr, UPCAST: tl.constexpr, STAGES: tl.constexpr,
):  # fmt: skip
    """Softmax mass of query block `program_id(0)` and head `program_id(1)` on each tile."""
    block, head = tl.program_id(0), tl.program_id(1)
    place = tl.arange(0, ROWS)
    first = tl.load(start + block)
    own = place < tl.load(length + block)
    queries = load_tile(q, first, head * CHANNELS, UPCAST)
    sums = tl.load(lse + (first + place) * stride_lse_row + head * stride_lse_head, mask=own, other=float("inf"))
    sums = tl.where(sums == float("-inf"), float("inf"), sums * TO_BASE_2)
    if gate is not None:
        gate += head.to(tl.int64) * stride_gate_head
    table = (head // shared).to(tl.int64) * tl.num_programs(0) + block
    spent += (head.to(tl.int64) * tl.num_programs(0) + block) * width
    for nth in tl.range(0, tl.load(table_used + table), num_stages=STAGES):
        entry = table * width + nth
        tile = tl.load(table_tile + entry)
        keys = load_tile(k, tl.load(table_start + entry), head * CHANNELS, UPCAST)
        logits = tile_logits(
            queries, keys, bias, head * stride_bias, gate, None, tile, tl.load(table_mask + entry), first, own,
            tl.load(tile_level + tile), entry, scale, stride_gate_row, stride_gate_level, PRECISION,
        )  # fmt: skip
        tl.store(spent + nth, tl.sum(tl.sum(tl.exp2(logits - sums[:, None]), 1), 0))


def forward(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    mass: Tensor | None,
    gate: Tensor | None,
    rho: Tensor | None,
    table: Table,
    geometry: Geometry,
    whole: Sequence[int],
    scale: float,
) -> tuple[Tensor, Tensor]:
    """Output and lse; see `shas_kb.kernels.ops.register_attention`.

    Raises:
        ValueError: If the device, the dtype or the channels are not among those that the kernels know.
    """
    validate("q", q, CHANNELS)
    queries, heads, channels = q.shape
    bias = bias_of(mass, geometry)
    out, lse = q.new_empty(q.shape), q.new_empty((queries, heads), dtype=torch.float32)
    if queries:
        with on_device(q):
            shas_forward_kernel[len(geometry.start), heads](
                tiles_of(q), tiles_of(k), tiles_of(v), vectors_of(bias), gate,
                None if rho is None else rho.contiguous(), out, lse,
                geometry.start, geometry.length, geometry.tile_level, *seen(table, geometry),
                scale, heads // len(table.tile), table.tile.shape[-1],
                *out.stride()[:2], *bias_and_gate_strides(bias, gate),
                **launch("forward", q.dtype, channels, gate is None and mass is None),
            )  # fmt: skip
    return out, lse


def tile_mass(
    q: Tensor,
    k: Tensor,
    mass: Tensor | None,
    gate: Tensor | None,
    lse: Tensor,
    table: Table,
    layout: Layout,
    scale: float,
) -> Tensor:
    """Softmax mass on each tile of a table. See `shas_kb.kernels.attention.attention_mass`."""
    validate("q", q, CHANNELS)
    geometry, heads, bias = layout.geometry, q.shape[1], bias_of(mass, layout.geometry)
    spent = q.new_zeros((heads, *table.tile.shape[1:]), dtype=torch.float32)
    if len(q):
        with on_device(q):
            shas_mass_kernel[layout.blocks, heads](
                tiles_of(q), tiles_of(k), vectors_of(bias), gate, lse, spent,
                geometry.start, geometry.length, geometry.tile_level, *seen(table, geometry),
                scale, heads // len(table.tile), table.tile.shape[-1],
                *lse.stride(), *bias_and_gate_strides(bias, gate),
                **launch("mass", q.dtype, q.shape[2], gate is None and mass is None),
            )  # fmt: skip
    return spent.view(len(table.tile), heads // len(table.tile), *spent.shape[1:]).sum(1)


def seen(table: Table, geometry: Geometry) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Of a table what attention needs: tiles, the first row of each, active units, and how many there are."""
    return table.tile, geometry.tile_start[table.tile], table.mask, table.used


def bias_and_gate_strides(bias: Tensor, gate: Tensor | None) -> tuple[int, int, int, int]:
    """From head to head of the bias, in lines; from row to row, head to head and level to level of the gate."""
    row, head, level = (0, 0, 0) if gate is None else gate.stride()
    return int(len(bias) > 1), row, head, level
