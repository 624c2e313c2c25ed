"""Kernels of `shas_kb.kernels.triton.routing`. All add in float32, in a fixed order, and nothing atomically.

The rows of all blocks are the queries, each once, and so gradients of summaries go back block by block. A score's go to
the summaries of its block, by block again; and to the unit to which it is due, by tile: groups are disjoint, and each
opens into one tile. So the lists of `lists.py`, which have a table's entries by tile, hold all that a group gets. In
each piece of a list what its units get is a product of which entry is due to which unit, and of the entries'
summaries; pieces are then added in order.
"""

# Kernels have no types for mypy, and their constants are upper case.
# mypy: disable-error-code="no-untyped-def, untyped-decorator"
# ruff: noqa: N803

from __future__ import annotations

import triton
import triton.language as tl

from shas_kb.kernels.layout import SUMMARIES
from shas_kb.kernels.pyramid import TILE

ROWS = tl.constexpr(TILE)
SIDES = tl.constexpr(SUMMARIES)
QUARTER = tl.constexpr(TILE // SUMMARIES)
ENTRIES = tl.constexpr(64)  # Entries of a table that are looked at side by side,
BATCH = tl.constexpr(32)  # and so many where each meets several summaries or units.


@triton.jit
def shas_summaries_kernel(route_q, means, start, length, stride_row, stride_head, CHANNELS: tl.constexpr):
    """Summaries of block `program_id(0)` for routing head `program_id(1)`."""
    block, head = tl.program_id(0), tl.program_id(1)
    place, side, channel = tl.arange(0, ROWS), tl.arange(0, SIDES), tl.arange(0, CHANNELS)
    rows = tl.load(length + block)
    row = tl.load(start + block) + place
    its = route_q + row[:, None] * stride_row + head.to(tl.int64) * stride_head + channel[None, :]
    its = tl.load(its, mask=(place < rows)[:, None], other=0.0).to(tl.float32)
    held = tl.minimum(tl.maximum(rows - side * QUARTER, 0), QUARTER)
    mean = tl.sum(tl.reshape(its, [SIDES, QUARTER, CHANNELS]), 1) / tl.maximum(held, 1)[:, None]
    first = tl.sum(tl.where(side[:, None] == 0, mean, 0.0), 0)
    mean = tl.where(held[:, None] > 0, mean, first[None, :])
    to = (head.to(tl.int64) * tl.num_programs(0) + block) * SIDES + side
    tl.store(means + to[:, None] * CHANNELS + channel[None, :], mean.to(means.dtype.element_ty))


@triton.jit
def shas_summaries_backward_kernel(
    grad, dq, start, length, stride_head, stride_block, stride_side, stride_channel, CHANNELS: tl.constexpr
):
    """Gradients of the routing queries of block `program_id(0)`, for routing head `program_id(1)`."""
    block, head = tl.program_id(0), tl.program_id(1)
    place, side, channel = tl.arange(0, ROWS), tl.arange(0, SIDES), tl.arange(0, CHANNELS)
    rows = tl.load(length + block)
    row = tl.load(start + block) + place
    its = grad + head.to(tl.int64) * stride_head + block.to(tl.int64) * stride_block
    its = tl.load(its + side[:, None] * stride_side + channel[None, :] * stride_channel).to(tl.float32)
    held = tl.minimum(tl.maximum(rows - side * QUARTER, 0), QUARTER)
    lent = tl.sum(tl.where(held[:, None] > 0, 0.0, its), 0)  # What is owed by quarters that repeat the first.
    its += tl.where(side[:, None] == 0, lent[None, :], 0.0)
    its /= tl.maximum(held, 1)[:, None]
    each = tl.broadcast_to(its[:, None, :], [SIDES, QUARTER, CHANNELS])
    each = tl.reshape(each, [ROWS, CHANNELS]).to(dq.dtype.element_ty)
    to = dq + (row[:, None] * tl.num_programs(1) + head) * CHANNELS + channel[None, :]
    tl.store(to, each, mask=(place < rows)[:, None])


@triton.jit
def shas_scores_kernel(
    means, route_k, route_mass, log_count, table_used, best_row, best_summary, out, scale, blocks, width, entries,
    stride_means_head, stride_means_block, stride_means_side, stride_key_row, stride_key_head,
    stride_mass_row, stride_mass_head, CHANNELS: tl.constexpr,
):  # fmt: skip
    """Scores of 64 entries, numbered as the table has them in memory."""
    entry = tl.program_id(0).to(tl.int64) * ENTRIES + tl.arange(0, ENTRIES)
    channel = tl.arange(0, CHANNELS)
    there = entry < entries
    line = entry // width  # of a block, for a routing head
    row = tl.load(best_row + entry, mask=there, other=-1)
    due = (row >= 0) & (entry % width < tl.load(table_used + line, mask=there, other=0))
    row, head, block = row.to(tl.int64), line // blocks, line % blocks
    side = tl.load(best_summary + entry, mask=due, other=0)
    query = means + (head * stride_means_head + block * stride_means_block + side * stride_means_side)[:, None]
    key = route_k + (row * stride_key_row + head * stride_key_head)[:, None]
    query = tl.load(query + channel[None, :], mask=due[:, None], other=0.0).to(tl.float32)
    key = tl.load(key + channel[None, :], mask=due[:, None], other=0.0).to(tl.float32)
    score = tl.sum(query * key, 1) * scale + tl.load(log_count + row, mask=due, other=0.0)
    if route_mass is not None:
        mass = route_mass + row * stride_mass_row + head * stride_mass_head
        score += tl.load(mass, mask=due, other=0.0).to(tl.float32)
    tl.store(out + entry, score, mask=there)


@triton.jit
def shas_scores_means_kernel(
    grad, route_k, table_used, best_row, best_summary, dmeans, scale, width, stride_key_row, stride_key_head,
    CHANNELS: tl.constexpr,
):  # fmt: skip
    """Gradients of the summaries of block `program_id(0)`, for routing head `program_id(1)`."""
    block, head = tl.program_id(0), tl.program_id(1)
    side, channel, nth = tl.arange(0, SIDES), tl.arange(0, CHANNELS), tl.arange(0, BATCH)
    line = head.to(tl.int64) * tl.num_programs(0) + block
    used = tl.load(table_used + line)
    total = tl.zeros([SIDES, CHANNELS], tl.float32)
    for at in range(0, used, BATCH):
        entry = line * width + at + nth
        row = tl.load(best_row + entry, mask=at + nth < used, other=-1)
        its = tl.load(best_summary + entry, mask=row >= 0, other=0)
        slope = tl.load(grad + entry, mask=row >= 0, other=0.0)
        key = route_k + (row.to(tl.int64) * stride_key_row + head.to(tl.int64) * stride_key_head)[:, None]
        owed = tl.load(key + channel[None, :], mask=(row >= 0)[:, None], other=0.0).to(tl.float32) * slope[:, None]
        owes = (its[None, :] == side[:, None])[:, :, None]
        total += tl.sum(tl.where(owes, owed[None, :, :], 0.0), 1)
    to = dmeans + (line * SIDES + side)[:, None] * CHANNELS + channel[None, :]
    tl.store(to, (total * scale).to(dmeans.dtype.element_ty))


@triton.jit
def shas_scores_keys_kernel(
    grad, means, best_row, best_summary, dkeys, dmass, part_keys, part_mass, tile_group,
    entry, entry_block, piece_list, piece_bounds, piece_slot, scale, tiles, lists,
    stride_means_head, stride_means_block, stride_means_side,
    UNITS: tl.constexpr, CHANNELS: tl.constexpr,
):  # fmt: skip
    """Gradients of keys and masses of a group, from piece `program_id(0)` of the list of the tile into which it opens.

    No group has more than `UNITS` units. Sums go to the piece's slot, if it has one.
    """
    piece = tl.program_id(0)
    number = tl.load(piece_list + piece)
    if number < lists:
        tile, head = number % tiles, number // tiles
        one, last = tl.load(tile_group + 2 * tile), tl.load(tile_group + 2 * tile + 1)
        at, end = tl.load(piece_bounds + 2 * piece), tl.load(piece_bounds + 2 * piece + 1)
        unit, channel, nth = tl.arange(0, UNITS), tl.arange(0, CHANNELS), tl.arange(0, BATCH)
        to_keys = tl.zeros([UNITS, CHANNELS], tl.float32)
        to_mass = tl.zeros([UNITS, BATCH], tl.float32)
        means += head * stride_means_head
        # Nobody owes a score to a top tile, which has no group, and which all blocks see.
        for turn in range(at, tl.where(one < last, end, at), BATCH):
            there = turn + nth < end
            its = tl.load(entry + turn + nth, mask=there, other=0)
            row = tl.load(best_row + its, mask=there, other=-1)
            due = row >= 0
            slope = tl.load(grad + its, mask=due, other=0.0)
            query = tl.load(entry_block + turn + nth, mask=due, other=0).to(tl.int64) * stride_means_block
            query += tl.load(best_summary + its, mask=due, other=0) * stride_means_side
            query = tl.load(means + query[:, None] + channel[None, :], mask=due[:, None], other=0.0)
            owes = tl.where((row - one)[None, :] == unit[:, None], slope[None, :], 0.0)
            # Three products of a shorter format come close to full precision, and have a matrix instruction.
            to_keys = tl.dot(owes, query.to(tl.float32), to_keys, input_precision="tf32x3")
            to_mass += owes
        to_mass = tl.sum(to_mass, 1)
        slot = tl.load(piece_slot + piece)
        if slot < 0:
            _store(dkeys, dmass, to_keys * scale, to_mass, one, last, head, lists // tiles)
        else:
            line = slot * UNITS + unit
            tl.store(part_keys + line[:, None] * CHANNELS + channel[None, :], to_keys * scale)
            tl.store(part_mass + line, to_mass)


@triton.jit
def shas_scores_pieces_kernel(
    part_keys, part_mass, dkeys, dmass, tile_group, list_slots, tiles, heads,
    UNITS: tl.constexpr, CHANNELS: tl.constexpr, SLOTS: tl.constexpr,
):  # fmt: skip
    """Add the pieces of list `program_id(0)`, if it has several, `SLOTS` side by side."""
    number = tl.program_id(0).to(tl.int64)
    first, end = tl.load(list_slots + 2 * number), tl.load(list_slots + 2 * number + 1)
    tile, head = number % tiles, number // tiles
    one, last = tl.load(tile_group + 2 * tile), tl.load(tile_group + 2 * tile + 1)
    if (first < end) & (one < last):
        unit, channel, nth = tl.arange(0, UNITS), tl.arange(0, CHANNELS), tl.arange(0, SLOTS)
        to_keys = tl.zeros([SLOTS, UNITS, CHANNELS], tl.float32)
        to_mass = tl.zeros([SLOTS, UNITS], tl.float32)
        for turn in range(first, end, SLOTS):
            line = (turn + nth)[:, None] * UNITS + unit[None, :]
            there = (turn + nth < end)[:, None] & (unit < last - one)[None, :]
            its = part_keys + line[:, :, None] * CHANNELS + channel[None, None, :]
            to_keys += tl.load(its, mask=there[:, :, None], other=0.0)
            to_mass += tl.load(part_mass + line, mask=there, other=0.0)
        _store(dkeys, dmass, tl.sum(to_keys, 0), tl.sum(to_mass, 0), one, last, head, heads)


@triton.jit
def _store(dkeys, dmass, to_keys, to_mass, one, last, head, heads):
    """Write the gradients of the units `one` to `last`."""
    unit, channel = tl.arange(0, to_keys.shape[0]), tl.arange(0, to_keys.shape[1])
    held = unit < last - one
    line = (one + unit).to(tl.int64) * heads + head
    to = dkeys + line[:, None] * to_keys.shape[1] + channel[None, :]
    tl.store(to, to_keys.to(dkeys.dtype.element_ty), mask=held[:, None])
    if dmass is not None:
        tl.store(dmass + line, to_mass.to(dmass.dtype.element_ty), mask=held)
