"""Geometry on a device: what the implementations read of a plan, and the table that a descent writes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from shas_kb.kernels.plan import Plan
from shas_kb.kernels.pyramid import TILE, ones

SUMMARIES = 4


class Geometry(NamedTuple):
    """The tensors of a layout.

    Attributes:
        start: First row of each query block, int64 [blocks].
        length: Rows of each query block, int32 [blocks].
        top: Top tiles of the block's text, from the first to the one after the last, int32 [blocks, 2].
        bottom: Tiles of level 0 of the block's text, likewise, int32 [blocks, 2].
        first: First tile of the block's text at each level, int32 [blocks, levels].
        near: Tiles always opened beside the first, int32 [blocks, levels, 2].
        whole: Blocks that see all tokens of their text, bool [blocks].
        tile_start: First row of each tile, int64 [tiles].
        tile_level: Its level, int32 [tiles].
        tile_full: As many lowest bits as it has rows, int64 [tiles].
        tile_mask: The units of the parent tile for which it stands, int64 [tiles].
        tile_group: Those units as rows, first and after the last, int32 [tiles, 2].
        tile_children: Tiles into which it opens, first and after the last, int32 [tiles, 2].
        tile_log2_count: Logarithm of base 2 of the tokens under its units, -inf past its end, float32 [tiles, 64].
        log_count: Logarithm of the tokens under each unit, float32 [rows].
    """

    start: Tensor
    length: Tensor
    top: Tensor
    bottom: Tensor
    first: Tensor
    near: Tensor
    whole: Tensor
    tile_start: Tensor
    tile_level: Tensor
    tile_full: Tensor
    tile_mask: Tensor
    tile_group: Tensor
    tile_children: Tensor
    tile_log2_count: Tensor
    log_count: Tensor


@dataclass(frozen=True, eq=False)
class Layout:
    """A plan and its geometry on one device. Make it once for all calls on texts of the same lengths.

    What is a plain number here is known on the host, so that nothing has to be read back from the device.

    Attributes:
        plan: Where it comes from.
        geometry: What the implementations read.
        queries: Number of queries.
        rows: Number of units of all levels.
        levels: Number of levels.
        blocks: Number of query blocks.
        seen: What blocks see where none descends, as one routing head's table; None where any does.
        whole: For every text seen whole, where its queries and its tokens begin and end: flat fours of rows.
    """

    plan: Plan
    geometry: Geometry
    queries: int
    rows: int
    levels: int
    blocks: int
    seen: Table | None
    whole: tuple[int, ...]

    @classmethod
    def of(cls, plan: Plan, device: torch.device | str = "cpu") -> Layout:
        """Copy a plan's geometry to a device."""
        pyramid, tiles, text = plan.pyramid, plan.pyramid.tiles, plan.text

        def put(values: npt.NDArray[Any], dtype: type = np.int32) -> Tensor:
            return torch.from_numpy(np.array(values, dtype, order="C")).to(device)

        span, bounds, unit = pyramid.span, pyramid.tile_bounds, np.arange(TILE)
        log_count = np.log(span[:, 1] - span[:, 0])
        row = np.minimum(tiles.start[:, None] + unit, max(pyramid.rows - 1, 0))
        geometry = Geometry(
            start=put(plan.start, np.int64),
            length=put(plan.length),
            top=put(np.stack([bounds[-1, text], bounds[-1, text + 1]], 1)),
            bottom=put(np.stack([bounds[0, text], bounds[0, text + 1]], 1)),
            first=put(bounds[:, text].T),
            near=put(plan.near),
            whole=put(plan.whole, np.bool_),
            tile_start=put(tiles.start, np.int64),
            tile_level=put(tiles.level),
            tile_full=put(ones(tiles.length), np.int64),
            tile_mask=put(tiles.mask, np.int64),
            tile_group=put(tiles.group),
            tile_children=put(tiles.children),
            tile_log2_count=put(
                np.where(unit < tiles.length[:, None], log_count[row] / np.log(2), -np.inf), np.float32
            ),
            log_count=put(log_count, np.float32),
        )
        seen = _seen(plan, geometry) if plan.whole.all() else None
        whole = tuple(_whole_texts(plan))
        return cls(plan, geometry, plan.rows, pyramid.rows, pyramid.levels, len(plan.start), seen, whole)

    @property
    def descends(self) -> bool:
        """Whether any block does, and not all see their texts whole."""
        return self.seen is None

    @property
    def device(self) -> torch.device:
        """Where the geometry lies."""
        return self.geometry.start.device

    def rows_of_blocks(self) -> tuple[Tensor, Tensor]:
        """Query rows of every block, clipped to its last, and which of them are its own, [blocks, 64]."""
        start, length = self.geometry.start[:, None], self.geometry.length[:, None]
        place = torch.arange(TILE, device=self.device)
        return start + torch.minimum(place, length - 1), place < length


def _whole_texts(plan: Plan) -> list[int]:
    runs: list[int] = []
    for block in np.flatnonzero(plan.whole):
        one, last = int(plan.start[block]), int(plan.start[block] + plan.length[block])
        tokens = plan.pyramid.bounds[0, plan.text[block] : plan.text[block] + 2].tolist()
        if runs and runs[-2:] == tokens and runs[-3] == one:
            runs[-3] = last
        else:
            runs += [one, last, *tokens]
    return runs


class Table(NamedTuple):
    """Which units each query block sees, for each routing head: tiles, and bits for the units that are active in them.

    Attributes:
        tile: Tiles seen, coarse levels first and rising in each level; after `used` of them zeros,
            int32 [routing heads, blocks, width].
        mask: Active units of each, bit j for its row j; zero after `used`, int64 [routing heads, blocks, width].
        used: Number of tiles, int32 [routing heads, blocks].
        best_row: The unit to which the tile's group owes its score, -1 where it has none (at the top level, and where
            a text is seen whole), int32 [routing heads, blocks, width].
        best_summary: The summary of the block to which it owes it, int32 [routing heads, blocks, width].
    """

    tile: Tensor
    mask: Tensor
    used: Tensor
    best_row: Tensor
    best_summary: Tensor


def all_of_texts(geometry: Geometry, block: Tensor, width: int) -> tuple[Tensor, Tensor, Tensor]:
    """All tokens of blocks' texts, as a table has them: its `tile`, `mask` and `used`, without routing heads."""
    first, last = geometry.bottom[block].T[..., None]
    tile = first + torch.arange(width, dtype=torch.int32, device=first.device)
    there = tile < last
    tile = torch.where(there, tile, 0)
    return tile, torch.where(there, geometry.tile_full[tile], 0), (last - first)[:, 0]


def _seen(plan: Plan, geometry: Geometry) -> Table:
    block = torch.arange(len(plan.start), device=geometry.start.device)
    tile, mask, used = (x[None] for x in all_of_texts(geometry, block, plan.width))
    return Table(tile, mask, used, torch.full_like(tile, -1), torch.zeros_like(tile))


def summaries(route_q: Tensor, layout: Layout) -> Tensor:
    """Mean routing query of each quarter of a query block; quarters without rows repeat the first.

    Args:
        route_q: Routing queries, [queries, routing heads, channels].

    Returns:
        [routing heads, blocks, 4, channels].
    """
    rows, own = layout.rows_of_blocks()
    quarters = own.view(-1, SUMMARIES, TILE // SUMMARIES)
    held = quarters.sum(-1)
    weight = (quarters / held.clamp(min=1)[..., None]).to(route_q.dtype)
    picked = route_q[rows].view(len(rows), SUMMARIES, TILE // SUMMARIES, *route_q.shape[1:])
    mean = (picked * weight[..., None, None]).sum(2)
    mean = torch.where(held[..., None, None] > 0, mean, mean[:, :1])
    return mean.permute(2, 0, 1, 3)


def scores(means: Tensor, route_k: Tensor, route_mass: Tensor | None, table: Table, layout: Layout) -> Tensor:
    """Scores of the groups that opened into the tiles of a table, differentiable; 0 where a tile has none.

    A group's score is the largest over the block's summaries u and the group's units of u . k / sqrt(channels) + m.

    Args:
        means: Summaries, [routing heads, blocks, 4, channels].
        route_k: Routing keys, [rows, routing heads, channels].
        route_mass: What m adds to the logarithm of the token count, [rows, routing heads], or None.

    Returns:
        [routing heads, blocks, width].
    """
    head = torch.arange(means.shape[0], device=means.device)[:, None, None]
    block = torch.arange(means.shape[1], device=means.device)[None, :, None]
    row = table.best_row.long().clamp(min=0)
    key = route_k[row, head]
    query = means[head, block, table.best_summary.long()]
    wide = torch.promote_types(means.dtype, torch.float32)
    value = (query.to(wide) * key).sum(-1) * means.shape[-1] ** -0.5 + layout.geometry.log_count[row]
    if route_mass is not None:
        value = value + route_mass[row, head]
    return torch.where(table.best_row >= 0, value, value.new_zeros(()))
