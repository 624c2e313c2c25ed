"""What query blocks see, as lists of rows, and blocks that go together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from shas_kb.kernels.layout import Geometry, Table
from shas_kb.kernels.pyramid import TILE

TOGETHER = 32_768
"""Units gathered at once, through all heads; their keys and values fill about 16 MB at 64 channels."""


class Chunk(NamedTuple):
    """Query blocks that go together, as all heads have them that share a routing head.

    Attributes:
        row: Their queries, clipped to the last of each, int64 [blocks, 64].
        own: Which of those are a block's own.
        full: Whether all are.
        unit: The rows that each sees, those of the longest list; shorter ones repeat their first, int64 [blocks, seen].
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
    counts = seen.tolist()
    last = 0
    while last < len(counts):
        first, most = last, 0
        while last < len(counts) and (
            last == first or (last + 1 - first) * max(most, counts[last]) * heads <= TOGETHER
        ):
            most = max(most, counts[last])
            last += 1
        some = block[first:last]
        held = torch.arange(most) < seen[first:last, None]
        # In the order of the table's entries, as the places in `held` are taken too.
        nth_block, nth, bit = (masks[some][..., None] >> torch.arange(TILE) & 1).nonzero().unbind(-1)
        which = some[nth_block]
        entry, unit = torch.zeros(2, *held.shape, dtype=torch.int64)
        entry[held] = which * width + nth
        unit[held] = geometry.tile_start[table.tile[routing_head, which, nth]] + bit
        entry, unit = (x.where(held, x[:, :1]) for x in (entry, unit))
        start, length = geometry.start[some, None], geometry.length[some, None]
        row = start + torch.minimum(torch.arange(TILE), length - 1)
        own = torch.arange(TILE) < length
        yield Chunk(row, own, bool(own.all()), unit, entry, held)
