"""What query blocks see, as lists of rows, and blocks that go together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from shas_kb.kernels.layout import Geometry, Table
from shas_kb.kernels.pyramid import TILE

TOGETHER = 16_384
"""Units gathered at once, through all heads, before more blocks are begun; at 64 channels their keys and values fill
8 MB."""
LISTED = 65_536
"""Units listed at once."""
BY = 4
"""Blocks are taken by so many at a time, so that all cores have work."""


class Chunk(NamedTuple):
    """Query blocks that go together, as all heads have them that share a routing head.

    Attributes:
        row: Their queries, clipped to the last of each, int64 [blocks, 64].
        own: Which of those are a block's own.
        full: Whether all are.
        unit: The rows that each sees, those of the longest list; shorter ones repeat their last, int64 [blocks, seen].
        entry: The entries of the table to which these belong, counted through all blocks, int64 [blocks, seen].
        held: Which of those are a block's own.
    """

    row: Tensor
    own: Tensor
    full: bool
    unit: Tensor
    entry: Tensor
    held: Tensor

    def owned(self, x: Tensor) -> Tensor:
        """What belongs to the blocks' own queries, [blocks, 64, ...] to [queries, ...]."""
        return x.flatten(0, 1) if self.full else x[self.own]


def chunks(
    table: Table, geometry: Geometry, block: Tensor, routing_head: int, heads: int
) -> Iterator[Chunk]:  # fmt: skip
    """Blocks that see anything, in text order, so that neighbours find in the cache what they share.

    Args:
        block: The blocks that are asked for, [some of the blocks].
        heads: So many share the routing head.
    """
    width, masks = table.tile.shape[-1], table.mask[routing_head]
    seen = torch.from_numpy(np.bitwise_count(masks[block].numpy().view(np.uint64))).sum(-1)
    block, seen = block[seen > 0], seen[seen > 0]
    start, length = geometry.start[block, None], geometry.length[block, None]
    row, own = start + torch.minimum(torch.arange(TILE), length - 1), torch.arange(TILE) < length
    counts = seen.tolist()
    for listed in _spans(counts, LISTED):
        # One after the other, in the order of the blocks and of their entries.
        nth_block, nth, bit = (masks[block[listed]][..., None] >> torch.arange(TILE) & 1).nonzero().unbind(-1)
        which = block[listed][nth_block]
        units = geometry.tile_start[table.tile[routing_head, which, nth]] + bit
        entries = which * width + nth
        its, ends = seen[listed, None], seen[listed].cumsum(0)[:, None]
        for some in _spans(counts[listed], TOGETHER // heads):
            place = torch.arange(max(counts[listed][some]))
            held = place < its[some]
            at = torch.minimum(ends[some] - its[some] + place, ends[some] - 1)
            rows = slice(listed.start + some.start, listed.start + some.stop)
            yield Chunk(row[rows], own[rows], bool(own[rows].all()), units[at], entries[at], held)


def _spans(counts: list[int], limit: int) -> Iterator[slice]:
    """Runs of lists, all padded to their longest, that end where one more would fill over `limit`.

    They are a multiple of `BY`, which may fill it several times, unless more than half of it all were padding.
    """
    first, most, own = 0, 0, 0
    for nth, count in enumerate(counts):
        padded = (nth + 1 - first) * max(most, count)
        if nth > first and padded > limit and ((nth - first) % BY == 0 or padded > 2 * (own + count)):
            yield slice(first, nth)
            first, most, own = nth, 0, 0
        most, own = max(most, count), own + count
    if counts:
        yield slice(first, len(counts))
