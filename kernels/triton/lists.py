"""Who sees each tile: a table turned round, for gradients that are summed by tile without atomic additions.

The entries of a table are sorted by routing head and tile, which makes a list of entries for each. Few tiles, those of
the top levels, are seen by all blocks of a text: long lists are cut into **pieces**, whose sums are kept apart, each in
a **slot**, and then added in order. All sizes follow from those of the table; nothing is read back from the device.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from shas_kb.kernels.layout import Table

PIECE = 128
"""Entries of a piece at most, so many that its sums are little beside what it reads."""
SHORT = 32
"""Where few blocks are, they are fewer, so that nobody waits for a list that all of them are in; but so many."""


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
    head = torch.arange(routing, dtype=torch.int32, device=device)[:, None, None]
    number = torch.where(table.mask != 0, table.tile + head * tiles, lists).flatten()
    number, entry = torch.sort(number, stable=True)
    edges = torch.searchsorted(number, torch.arange(lists + 1, dtype=torch.int32, device=device))

    piece = min(PIECE, max(blocks // 8, SHORT))
    while slots_of(entries, piece, lists, blocks) > max(most, 1):
        piece *= 2
    # A list without entries has a piece too, which writes its zeros.
    pieces = ((edges.diff() + piece - 1) // piece).clamp(min=1)
    piece_end = pieces.cumsum(0)
    nth = torch.arange(entries // piece + lists, device=device)
    piece_list = torch.searchsorted(piece_end, nth, right=True)
    known = piece_list.clamp(max=lists - 1)
    nth -= (piece_end - pieces)[known]
    begin = edges[known] + nth * piece
    needed = torch.where(pieces > 1, pieces, 0)
    slot_end = needed.cumsum(0)
    slot = torch.where(needed[known] > 0, (slot_end - needed)[known] + nth, -1)
    return Lists(
        entry=entry,
        block=(entry // width % blocks).int(),
        mask=table.mask.flatten()[entry],
        piece_list=piece_list,
        piece_bounds=torch.stack([begin, torch.minimum(begin + piece, edges[known + 1])], 1),
        piece_slot=slot,
        list_slots=torch.stack([slot_end - needed, slot_end], 1),
        slots=slots_of(entries, piece, lists, blocks),
    )


def slots_of(entries: int, piece: int, lists: int, blocks: int) -> int:
    """At most so many pieces can belong to lists of several: each is full but for the last of its list."""
    if blocks <= piece:
        return 0
    full = entries // piece
    return full + min(full, lists)
