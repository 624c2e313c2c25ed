"""Who sees each tile: a table turned round, for gradients that are summed by tile without atomic additions.

The entries of a table are sorted by routing head and tile, which makes a list of entries for each. Few tiles, those of
the top levels, are seen by all blocks of a text: long lists are cut into **pieces**, whose sums are kept apart, each in
a **slot**, and then added in order. All sizes follow from those of the table; nothing is read back from the device.
"""

# Kernels have no types for mypy, and their constants are upper case.
# mypy: disable-error-code="no-untyped-def, untyped-decorator"
# ruff: noqa: N803

from __future__ import annotations

from typing import NamedTuple

import torch
import triton
import triton.language as tl
from torch import Tensor

from shas_kb.kernels.layout import Table
from shas_kb.kernels.triton.config import on_device

PIECE = 128
"""Entries of a piece at most, so many that its sums are little beside what it reads."""
SHORT = 32
"""Where few blocks are, they are fewer, so that nobody waits for a list that all of them are in; but so many."""
LANES = tl.constexpr(256)  # Of a program. Where little is done, launches are what takes time, so there are few of them.


class Lists(NamedTuple):
    """The entries of a table by tile. The list of routing head h and tile t is number h * tiles + t.

    Attributes:
        entry: Entries, numbered as the table has them in memory, list after list, int64 [entries].
        block: Their query blocks, int32 [entries].
        mask: Active units of each, int64 [entries].
        piece_list: The list of each piece; beyond the last piece the number of lists, int64 [pieces].
        piece_bounds: First entry of each piece and the one after its last, as places in `entry`, int64 [pieces, 2].
        piece_slot: Where its sums go; -1 for the only piece of a list, int64 [pieces].
        list_slots: Slots of each list, from the first to the one after the last, int64 [lists, 2].
        slots: At most so many slots are needed.
    """

    entry: Tensor
    block: Tensor
    mask: Tensor
    piece_list: Tensor
    piece_bounds: Tensor
    piece_slot: Tensor
    list_slots: Tensor
    slots: int


def lists_of(table: Table, tiles: int, most: int) -> Lists:
    """Turn a table round.

    Args:
        tiles: Number of tiles of the pyramid, 1 or more.
        most: With more slots than so many, pieces are made longer.
    """
    routing, blocks, width = table.tile.shape
    device, lists, entries = table.tile.device, routing * tiles, table.tile.numel()
    piece = min(PIECE, max(blocks // 8, SHORT))
    while slots_of(entries, piece, lists, blocks) > max(most, 1):
        piece *= 2
    pieces = entries // piece + lists

    def empty(*shape: int, dtype: torch.dtype = torch.int64) -> Tensor:
        return torch.empty(shape, dtype=dtype, device=device)

    number, block, mask = empty(entries, dtype=torch.int32), empty(entries, dtype=torch.int32), empty(entries)
    count, piece_list, piece_bounds = empty(2, lists), empty(pieces), empty(pieces, 2)
    piece_slot, list_slots = empty(pieces), empty(lists, 2)
    with on_device(table.tile):
        if entries:
            shas_number_kernel[(triton.cdiv(entries, LANES),)](
                table.tile, table.mask, number, entries, blocks * width, tiles, lists
            )  # fmt: skip
        number, entry = torch.sort(number, stable=True)
        edges = torch.searchsorted(number, torch.arange(lists + 1, dtype=torch.int32, device=device))
        shas_count_kernel[(triton.cdiv(lists, LANES),)](edges, count, lists, piece)
        ends = count.cumsum(1)
        shas_cut_kernel[(triton.cdiv(pieces, LANES),)](
            edges, count, ends, piece_list, piece_bounds, piece_slot, list_slots, lists, pieces, piece,
            STEPS=lists.bit_length(),
        )  # fmt: skip
        if entries:
            shas_entry_kernel[(triton.cdiv(entries, LANES),)](table.mask, entry, block, mask, entries, blocks, width)
    return Lists(
        entry, block, mask, piece_list, piece_bounds, piece_slot, list_slots, slots_of(entries, piece, lists, blocks)
    )  # fmt: skip


@triton.jit
def shas_number_kernel(tile, mask, number, entries, of_head, tiles, lists):
    """The list of each entry; beyond the last of a block the number of lists."""
    entry = tl.program_id(0).to(tl.int64) * LANES + tl.arange(0, LANES)
    there = entry < entries
    its = tl.load(tile + entry, mask=there, other=0) + (entry // of_head).to(tl.int32) * tiles
    seen = tl.load(mask + entry, mask=there, other=0) != 0
    tl.store(number + entry, tl.where(seen, its, lists), mask=there)


@triton.jit
def shas_count_kernel(edges, count, lists, piece):
    """Pieces of each list, and as many slots if they are several. One without entries has a piece, for its zeros."""
    each = tl.program_id(0).to(tl.int64) * LANES + tl.arange(0, LANES)
    there = each < lists
    held = tl.load(edges + each + 1, mask=there, other=0) - tl.load(edges + each, mask=there, other=0)
    pieces = tl.maximum((held + piece - 1) // piece, 1)
    tl.store(count + each, pieces, mask=there)
    tl.store(count + lists + each, tl.where(pieces > 1, pieces, 0), mask=there)


@triton.jit
def shas_cut_kernel(
    edges, count, ends, piece_list, piece_bounds, piece_slot, list_slots, lists, pieces, piece, STEPS: tl.constexpr
):
    """Where each piece begins and ends, and what belongs to it; `count` and its sums `ends` are [2, lists]."""
    nth = tl.program_id(0).to(tl.int64) * LANES + tl.arange(0, LANES)
    # The list of a piece is the first whose pieces end after it.
    low, high = tl.zeros([LANES], tl.int64), tl.full([LANES], 0, tl.int64) + lists
    for _ in range(STEPS):
        middle = (low + high) // 2
        after = tl.load(ends + middle, mask=low < high, other=0) > nth
        high = tl.where((low < high) & after, middle, high)
        low = tl.where((low < high) & ~after, middle + 1, low)
    its = tl.minimum(low, lists - 1)
    turn = nth - (tl.load(ends + its) - tl.load(count + its))
    begin = tl.load(edges + its) + turn * piece
    needed = tl.load(count + lists + its)
    slot = tl.where(needed > 0, tl.load(ends + lists + its) - needed + turn, -1)
    there = nth < pieces
    tl.store(piece_list + nth, low, mask=there)
    tl.store(piece_bounds + 2 * nth, begin, mask=there)
    tl.store(piece_bounds + 2 * nth + 1, tl.minimum(begin + piece, tl.load(edges + its + 1)), mask=there)
    tl.store(piece_slot + nth, slot, mask=there)
    last = tl.load(ends + lists + nth, mask=nth < lists, other=0)
    first = last - tl.load(count + lists + nth, mask=nth < lists, other=0)
    tl.store(list_slots + 2 * nth, first, mask=nth < lists)
    tl.store(list_slots + 2 * nth + 1, last, mask=nth < lists)


@triton.jit
def shas_entry_kernel(table_mask, entry, block, mask, entries, blocks, width):
    """The query block of each sorted entry, and its active units."""
    nth = tl.program_id(0).to(tl.int64) * LANES + tl.arange(0, LANES)
    there = nth < entries
    its = tl.load(entry + nth, mask=there, other=0)
    tl.store(block + nth, (its // width % blocks).to(tl.int32), mask=there)
    tl.store(mask + nth, tl.load(table_mask + its, mask=there, other=0), mask=there)


def slots_of(entries: int, piece: int, lists: int, blocks: int) -> int:
    """At most so many pieces can belong to lists of several: each is full but for the last of its list."""
    if blocks <= piece:
        return 0
    full = entries // piece
    return full + min(full, lists)
