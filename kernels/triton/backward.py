"""The backward: gradients of the queries by query block, those of the keys by tile. Nothing is added atomically.

A first kernel walks the table as the forward does, for the gradients of queries, gates and `rho`. A second one has a
tile, or a piece of the list of those who see it, for the gradients of keys, values and masses; tiles of coarse levels,
which have long lists, are taken first. A third one adds the pieces in order, so that the same input always gives the
same bits.
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

from shas_kb.kernels.layout import Geometry, Table
from shas_kb.kernels.pyramid import TILE
from shas_kb.kernels.triton.config import CHANNELS, launch, on_device, validate
from shas_kb.kernels.triton.forward import bias_and_gate_strides, seen
from shas_kb.kernels.triton.lists import lists_of
from shas_kb.kernels.triton.tiles import (
    ROWS,
    TO_BASE_2,
    bias_of,
    load_gate,
    load_rho,
    load_rows,
    load_tile,
    load_vector,
    store_rows,
    tile_logits,
    tiles_of,
    vectors_of,
)

PARTIAL_BYTES = 1 << 30
"""At most so much memory holds the sums of pieces."""


@triton.jit
def shas_query_backward_kernel(
    q, k, v, bias, gate, rho, out, lse, grad, grad_lse, dq, dgate, drho, shift, delta,
    start, length, tile_level, table_tile, table_start, table_mask, table_used,
    scale, levels, shared, width,
    stride_grad_lse_row, stride_grad_lse_head, stride_dq_row, stride_dq_head,
    stride_bias, stride_gate_row, stride_gate_head, stride_gate_level,
    LEVELS: tl.constexpr, CHANNELS: tl.constexpr, PRECISION: tl.constexpr, UPCAST: tl.constexpr, STAGES: tl.constexpr,
):  # fmt: skip
    """Gradients of query block `program_id(0)` and head `program_id(1)`; `LEVELS` is a power of two.

    Also writes what the keys need of each row of a block: `shift`, the gate of each level less lse in base 2, -inf
    where nothing is seen or there is no row, [heads * levels, blocks * 64]; and `delta` = rowsum(out * grad) -
    grad_lse, [heads, blocks * 64].
    """
    block, head = tl.program_id(0), tl.program_id(1)
    blocks, heads = tl.num_programs(0), tl.num_programs(1)
    place = tl.arange(0, ROWS)
    first = tl.load(start + block)
    own = place < tl.load(length + block)
    channel = head * CHANNELS
    asked = load_tile(q, first, channel, UPCAST)
    given = load_tile(grad, first, channel, UPCAST)
    found = load_tile(out, first, channel, UPCAST)
    row = first + place
    less = tl.load(grad_lse + row * stride_grad_lse_row + head * stride_grad_lse_head, mask=own, other=0.0)
    rest = tl.sum(given.to(tl.float32) * found.to(tl.float32), 1) - less
    total = tl.load(lse + row * heads + head, mask=own, other=float("-inf")) * TO_BASE_2
    total = tl.where(total == float("-inf"), float("inf"), total)
    tl.store(delta + (head.to(tl.int64) * blocks + block) * ROWS + place, rest)
    if gate is not None:
        gate += head.to(tl.int64) * stride_gate_head
    for level in range(0, levels):
        less = -total
        if gate is not None:
            less += load_gate(gate, first, own, level, stride_gate_row, stride_gate_level)
        tl.store(shift + ((head.to(tl.int64) * levels + level) * blocks + block) * ROWS + place, less)

    if rho is not None:
        drho += (head.to(tl.int64) * blocks + block) * width
    table = (head // shared).to(tl.int64) * blocks + block
    used = tl.load(table_used + table)
    each_level = tl.arange(0, LEVELS)
    mixed = tl.zeros([ROWS, CHANNELS], tl.float32)
    by_level = tl.zeros([ROWS, LEVELS], tl.float32)
    for nth in tl.range(0, used, num_stages=STAGES):
        entry = table * width + nth
        tile, tile_first = tl.load(table_tile + entry), tl.load(table_start + entry)
        level = tl.load(tile_level + tile)
        keys = load_tile(k, tile_first, channel, UPCAST)
        values = load_tile(v, tile_first, channel, UPCAST)
        logits = tile_logits(
            asked, keys, bias, head * stride_bias, gate, rho, tile, tl.load(table_mask + entry), first, own, level,
            entry, scale, stride_gate_row, stride_gate_level, PRECISION,
        )  # fmt: skip
        weight = tl.exp2(logits - total[:, None])
        slope = weight * (tl.dot(given, tl.trans(values), input_precision=PRECISION) - rest[:, None])
        mixed = tl.dot(slope.to(keys.dtype), keys, mixed, input_precision=PRECISION)
        if gate is not None:
            by_level += tl.where(each_level[None, :] == level, tl.sum(slope, 1)[:, None], 0.0)
        if rho is not None:
            tl.store(drho + nth, tl.sum(tl.sum(slope, 1), 0))
    store_rows(dq + head * stride_dq_head, first, own, mixed * scale, stride_dq_row, CHANNELS)
    if gate is not None:
        to = dgate + (row[:, None] * heads + head) * levels + each_level[None, :]
        tl.store(to, by_level.to(dgate.dtype.element_ty), mask=own[:, None] & (each_level < levels)[None, :])


@triton.jit
def shas_key_backward_kernel(
    q, k, v, bias, rho, grad, shift, delta, dk, dv, dbias, part_k, part_v, part_bias,
    tile_start, tile_full, tile_level, entry, entry_block, entry_mask, entry_start,
    piece_list, piece_bounds, piece_slot,
    scale, levels, rows, tiles, lists, slots, stride_dk_row, stride_dk_head, stride_bias,
    CHANNELS: tl.constexpr, PRECISION: tl.constexpr, UPCAST: tl.constexpr, STAGES: tl.constexpr,
):  # fmt: skip
    """Gradients of a tile from one piece of its list, for head `program_id(1)` of those that share a routing head."""
    piece = tl.num_programs(0) - 1 - tl.program_id(0)
    number = tl.load(piece_list + piece).to(tl.int32)
    if number < lists:
        tile = number % tiles
        line = number // tiles * tl.num_programs(1) + tl.program_id(1)
        head, channel = line.to(tl.int64), line * CHANNELS
        place = tl.arange(0, ROWS)
        tile_first = tl.load(tile_start + tile)
        held = ((tl.load(tile_full + tile) >> place) & 1) != 0
        keys = load_tile(k, tile_first, channel, UPCAST)
        values = load_tile(v, tile_first, channel, UPCAST)
        prior = tl.load(bias + (head * stride_bias * tiles + tile) * ROWS + place)
        # Queries know no levels where they have no gates.
        shift_line = line * levels + tl.where(levels > 1, tl.load(tile_level + tile), 0)
        to_keys = tl.zeros([ROWS, CHANNELS], tl.float32)
        to_values = tl.zeros([ROWS, CHANNELS], tl.float32)
        to_bias = tl.zeros([ROWS], tl.float32)
        one, last = tl.load(piece_bounds + 2 * piece).to(tl.int32), tl.load(piece_bounds + 2 * piece + 1).to(tl.int32)
        for at in tl.range(one, last, num_stages=STAGES):
            block, first = tl.load(entry_block + at), tl.load(entry_start + at)
            asked = load_tile(q, first, channel, UPCAST)
            given = load_tile(grad, first, channel, UPCAST)
            by_unit = tl.where(((tl.load(entry_mask + at) >> place) & 1) != 0, prior, float("-inf"))
            if rho is not None:
                by_unit += load_rho(rho, tl.load(entry + at))
            logits = tl.dot(keys, tl.trans(asked), input_precision=PRECISION) * (scale * TO_BASE_2)
            logits += load_vector(shift, shift_line, block)[None, :]
            weight = tl.exp2(logits + by_unit[:, None])
            to_values = tl.dot(weight.to(given.dtype), given, to_values, input_precision=PRECISION)
            rest = load_vector(delta, line, block)
            slope = weight * (tl.dot(values, tl.trans(given), input_precision=PRECISION) - rest[None, :])
            to_keys = tl.dot(slope.to(asked.dtype), asked, to_keys, input_precision=PRECISION)
            if dbias is not None:
                to_bias += tl.sum(slope, 1)
        slot = tl.load(piece_slot + piece)
        if slot < 0:
            store_rows(dk + head * stride_dk_head, tile_first, held, to_keys * scale, stride_dk_row, CHANNELS)
            store_rows(dv + head * stride_dk_head, tile_first, held, to_values, stride_dk_row, CHANNELS)
            if dbias is not None:
                tl.store(dbias + head * rows + tile_first + place, to_bias, mask=held)
        else:
            part = (tl.program_id(1).to(tl.int64) * slots + slot) * ROWS
            store_rows(part_k, part, held, to_keys * scale, CHANNELS, CHANNELS)
            store_rows(part_v, part, held, to_values, CHANNELS, CHANNELS)
            if dbias is not None:
                tl.store(part_bias + part + place, to_bias, mask=held)


@triton.jit
def shas_piece_sum_kernel(
    part_k, part_v, part_bias, dk, dv, dbias, tile_start, tile_full, list_slots,
    rows, tiles, slots, stride_dk_row, stride_dk_head, CHANNELS: tl.constexpr,
):  # fmt: skip
    """Add the pieces of list `program_id(0)`, if it has several, for head `program_id(1)` of those that share it."""
    number = tl.program_id(0).to(tl.int64)
    first, last = tl.load(list_slots + 2 * number), tl.load(list_slots + 2 * number + 1)
    if first < last:
        tile = number % tiles
        head = number // tiles * tl.num_programs(1) + tl.program_id(1)
        place = tl.arange(0, ROWS)
        tile_first = tl.load(tile_start + tile)
        held = ((tl.load(tile_full + tile) >> place) & 1) != 0
        to_keys = tl.zeros([ROWS, CHANNELS], tl.float32)
        to_values = tl.zeros([ROWS, CHANNELS], tl.float32)
        to_bias = tl.zeros([ROWS], tl.float32)
        for slot in range(first, last):
            line = (tl.program_id(1).to(tl.int64) * slots + slot) * ROWS
            to_keys += load_rows(part_k, line, held, CHANNELS, CHANNELS)
            to_values += load_rows(part_v, line, held, CHANNELS, CHANNELS)
            if dbias is not None:
                to_bias += tl.load(part_bias + line + place, mask=held, other=0.0)
        store_rows(dk + head * stride_dk_head, tile_first, held, to_keys, stride_dk_row, CHANNELS)
        store_rows(dv + head * stride_dk_head, tile_first, held, to_values, stride_dk_row, CHANNELS)
        if dbias is not None:
            tl.store(dbias + head * rows + tile_first + place, to_bias, mask=held)


def backward(
    grad: Tensor,
    grad_lse: Tensor,
    out: Tensor,
    lse: Tensor,
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
) -> tuple[Tensor | None, ...]:
    """Gradients of the six inputs; see `shas_kb.kernels.ops.register_attention`.

    Raises:
        ValueError: As the forward does.
    """
    validate("q", q, CHANNELS)
    (queries, heads, channels), rows = q.shape, len(k)
    routing, blocks, width = table.tile.shape
    shared, tiles = heads // routing, len(geometry.tile_start)
    bias = bias_of(mass, geometry)
    strides = bias_and_gate_strides(bias, gate)
    by_tile = tiles_of(q), tiles_of(k), tiles_of(v)
    lean = mass is None and gate is None

    def empty(*shape: int) -> Tensor:
        return q.new_empty(shape, dtype=torch.float32)

    dq, dk, dv = (x.new_empty(x.shape) for x in (q, k, v))
    dbias = None if mass is None else empty(heads, rows)
    dgate = None if gate is None else gate.new_empty(gate.shape)
    drho = None if rho is None else empty(heads, blocks, width).zero_()
    rho = None if rho is None else rho.contiguous()
    levels = 1 if gate is None else gate.shape[2]
    shift, delta = empty(heads * levels, blocks * TILE), empty(heads, blocks * TILE)
    with on_device(q):
        if queries:
            shas_query_backward_kernel[blocks, heads](
                *by_tile, vectors_of(bias), gate, rho, tiles_of(out), lse, tiles_of(grad), grad_lse,
                dq, dgate, drho, shift, delta,
                geometry.start, geometry.length, geometry.tile_level, *seen(table, geometry),
                scale, levels, shared, width, *grad_lse.stride(), *dq.stride()[:2], *strides,
                LEVELS=triton.next_power_of_2(levels),
                **launch("query_backward", q.dtype, channels, lean),
            )  # fmt: skip
        if tiles:
            lists = lists_of(table, tiles, PARTIAL_BYTES // (shared * TILE * (2 * channels + 1) * 4))
            part_k, part_v = (empty(shared, lists.slots, TILE, channels) for _ in range(2))
            part_bias = None if mass is None else empty(shared, lists.slots, TILE)
            shas_key_backward_kernel[len(lists.piece_list), shared](
                *by_tile, bias, rho, tiles_of(grad), vectors_of(shift), vectors_of(delta),
                dk, dv, dbias, part_k, part_v, part_bias,
                geometry.tile_start, geometry.tile_full, geometry.tile_level,
                *lists[:3], geometry.start[lists.block], *lists[3:6],
                scale, levels, rows, tiles, routing * tiles, lists.slots, *dk.stride()[:2], strides[0],
                **launch("key_backward", q.dtype, channels, lean),
            )  # fmt: skip
            if lists.slots:
                shas_piece_sum_kernel[routing * tiles, shared](
                    part_k, part_v, part_bias, dk, dv, dbias, geometry.tile_start, geometry.tile_full,
                    lists.list_slots, rows, tiles, lists.slots, *dk.stride()[:2], CHANNELS=channels,
                )  # fmt: skip
    dmass = None if mass is None or dbias is None else dbias.T.to(mass.dtype).contiguous()
    drho = None if rho is None or drho is None else drho.view(routing, shared, blocks, width).sum(1).to(rho.dtype)
    return dq, dk, dv, dmass, dgate, drho
