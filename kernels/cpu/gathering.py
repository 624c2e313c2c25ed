"""What query blocks see, as lists of rows, and blocks that go together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from shas_kb.kernels.layout import Geometry, Table
from shas_kb.kernels.pyramid import TILE

TOGETHER = 8192
"""Units gathered at once; their keys and values fill about 4 MB of cache at 64 channels."""


class Chunk(NamedTuple):
    """Query blocks that go together, as all heads have them that share a routing head.

    Attributes:
        row: Their queries, clipped to the last of each, int32 [blocks, 64].
        own: Which of those are a block's own.
        unit: The rows that each sees, those of the longest list; shorter ones repeat their first, int32 [blocks, seen].
        entry: The entries of the table to which these belong, counted through all blocks, int32 [blocks, seen].
        held: Which of those are a block's own.
    """

    row: Tensor
    own: Tensor
    unit: Tensor
    entry: Tensor
    held: Tensor


def chunks(table: Table, geometry: Geometry, block: Tensor, routing_head: int) -> Iterator[Chunk]:
    """Blocks that see anything, in text order, so that neighbours find in the cache what they share.

    Args:
        block: The blocks that are asked for, [some of the blocks].
    """
    width, masks = table.tile.shape[-1], table.mask[routing_head]
    seen = torch.from_numpy(np.bitwise_count(masks[block].numpy().view(np.uint64))).sum(-1)
    block, seen = block[seen > 0], seen[seen > 0]
    counts = seen.tolist()
    last = 0
    while last < len(counts):
        first, most = last, 0
        while last < len(counts) and (last == first or (last + 1 - first) * max(most, counts[last]) <= TOGETHER):
            most = max(most, counts[last])
            last += 1
        some = block[first:last]
        held = torch.arange(most) < seen[first:last, None]
        # In the order of the table's entries, as the places in `held` are taken too.
        nth_block, nth, bit = (masks[some][..., None] >> torch.arange(TILE) & 1).nonzero().unbind(-1)
        which = some[nth_block]
        entry, unit = torch.zeros(2, *held.shape, dtype=torch.int32)
        entry[held] = (which * width + nth).int()
        unit[held] = (geometry.tile_start[table.tile[routing_head, which, nth]] + bit).int()
        entry, unit = (x.where(held, x[:, :1]) for x in (entry, unit))
        start, length = geometry.start[some, None], geometry.length[some, None]
        row = start + torch.minimum(torch.arange(TILE), length - 1)
        yield Chunk(row.int(), torch.arange(TILE) < length, unit, entry, held)
