"""The descent on a CPU: level by level, for many query blocks at once."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from shas_kb.kernels.layout import Geometry, Table, all_of_texts

TOGETHER = 128
"""Query blocks that descend at once; the keys of what they may open fill about 12 MB at 32 channels."""


def descent(
    means: Tensor,
    route_k: Tensor,
    route_mass: Tensor | None,
    closed: Tensor | None,
    geometry: Geometry,
    k: Sequence[int],
    widths: Sequence[int],
    width: int,
    longest: int,
) -> Table:
    """The table; see `shas_kb.kernels.ops.register_descent`."""
    heads, blocks = means.shape[:2]
    shape = heads, blocks, width
    table = Table(
        tile=torch.zeros(shape, dtype=torch.int32),
        mask=torch.zeros(shape, dtype=torch.int64),
        used=torch.zeros(shape[:2], dtype=torch.int32),
        best_row=torch.full(shape, -1, dtype=torch.int32),
        best_summary=torch.zeros(shape, dtype=torch.int32),
    )
    whole = geometry.whole.nonzero()[:, 0]
    table.tile[:, whole], table.mask[:, whole], table.used[:, whole] = all_of_texts(geometry, whole, width)
    asking = (~geometry.whole).nonzero()[:, 0]
    if len(asking) and widths[-1]:
        units = _Units(route_k, route_mass, geometry, longest)
        for pair in torch.split(torch.arange(heads * len(asking)), TOGETHER):
            head, block = pair // len(asking), asking[pair % len(asking)]
            shut = None if closed is None else closed[head, block]
            seen = _descend(means[head, block], units, head, shut, geometry, block, k, widths, width)
            for rows, part in zip(table, seen, strict=True):
                rows[head, block] = part.to(rows.dtype)
    return table


def _descend(
    means: Tensor,
    units: _Units,
    head: Tensor,
    closed: Tensor | None,
    geometry: Geometry,
    block: Tensor,
    k: Sequence[int],
    widths: Sequence[int],
    width: int,
) -> Table:
    """The rows of the table for some pairs of a routing head and a block, [pairs, ...]."""
    first, last = geometry.top[block].long().T[..., None]
    tile = first + torch.arange(widths[-1])
    there = tile < last
    tile = tile.where(there, 0)
    row, summary = torch.full_like(tile, -1), torch.zeros_like(tile)
    parts = []
    for level in range(len(k) - 1, -1, -1):
        one, end = geometry.tile_children[tile].long().unbind(-1)
        fan = max(int((end - one).max()), 1)
        group = one[..., None] + torch.arange(fan)
        candidate = there[..., None] & (group < end[..., None])
        if closed is not None:
            candidate &= ~closed[:, level, None, None]
        group, candidate = group.where(candidate, 0).flatten(1), candidate.flatten(1)
        value, best_row, best_summary = units.score(means, head, group, candidate)
        near, after = geometry.near[block, level].T[..., None]
        always = candidate & ((group == geometry.first[block, level, None]) | (near <= group) & (group < after))
        opened = always | _best(value, candidate & ~always, k[level])
        away = geometry.tile_mask[group].where(opened, 0).view(*tile.shape, fan).sum(-1)
        parts.append((tile, (geometry.tile_full[tile] & ~away).where(there, 0), row, summary))
        pick, there = _compacted(opened, widths[level])
        tile, row, summary = (x.gather(1, pick) for x in (group, best_row, best_summary))
        tile = tile.where(there, 0)
    parts.append((tile, geometry.tile_full[tile].where(there, 0), row, summary))
    tile, mask, row, summary = (torch.cat(part, 1) for part in zip(*parts, strict=True))
    pick, there = _compacted(mask != 0, width)
    tile, mask, row, summary = (x.gather(1, pick) for x in (tile, mask, row, summary))
    return Table(
        tile.where(there, 0), mask.where(there, 0), there.sum(1), row.where(there, -1), summary.where(there, 0)
    )


class _Units:
    """Routing keys and mass logits of all units, head after head, so that a group's are one run of memory."""

    def __init__(self, route_k: Tensor, route_mass: Tensor | None, geometry: Geometry, longest: int) -> None:
        rows, heads, channels = route_k.shape
        wide = torch.float64 if route_k.dtype == torch.float64 else torch.float32
        self.longest = max(longest, 1)
        self.rows = rows + self.longest - 1  # The last group of a head may be read as long as any.
        self.keys = torch.zeros(heads, self.rows, channels, dtype=wide)
        self.mass = torch.zeros(heads, self.rows, dtype=wide)
        self.keys[:, :rows] = route_k.transpose(0, 1)
        self.mass[:, :rows] = geometry.log_count
        if route_mass is not None:
            self.mass[:, :rows] += route_mass.T
        self.groups = geometry.tile_group

    def score(self, means: Tensor, head: Tensor, group: Tensor, candidate: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Scores of groups, and the unit and the summary to which each owes it.

        Args:
            means: Summaries, [pairs, 4, channels].
            head: Routing head of each pair, [pairs].
            group: Groups, [pairs, groups].
            candidate: Which of them count; the others' scores mean nothing.
        """
        pairs, groups = group.shape
        channels = means.shape[-1]
        start, after = self.groups[group].long().unbind(-1)
        length = (after - start).where(candidate, 1)
        longest, at = self.longest, (start + head[:, None] * self.rows).flatten()
        runs = self.keys.numel() // channels - longest + 1
        keys = self.keys.as_strided((runs, longest * channels), (channels, 1)).index_select(0, at)
        mass = self.mass.as_strided((runs, longest), (1, 1)).index_select(0, at)
        logits = torch.baddbmm(
            mass.view(pairs, 1, -1), means.to(keys.dtype), keys.view(pairs, -1, channels).mT, alpha=channels**-0.5
        ).view(pairs, -1, groups, longest)
        logits.nan_to_num_(-torch.inf, torch.inf, -torch.inf)
        logits.masked_fill_((torch.arange(longest) >= length[..., None])[:, None], -torch.inf)
        # Of equal ones the first summary is taken, and the first unit for it.
        by_summary, unit = logits.max(-1)
        value, summary = by_summary.max(1)
        return value, start + unit.gather(1, summary[:, None])[:, 0], summary


def _best(value: Tensor, candidate: Tensor, k: int) -> Tensor:
    """The k best candidates of each pair, of equal ones the first, [pairs, groups]."""
    if k >= value.shape[1]:
        return candidate
    order = (-value).sort(dim=1, stable=True).indices
    ranked = candidate.gather(1, order)
    return torch.zeros_like(candidate).scatter_(1, order, ranked & (ranked.cumsum(1) <= k))


def _compacted(keep: Tensor, width: int) -> tuple[Tensor, Tensor]:
    """Places of what is kept, moved to the front, and which of those hold any, [pairs, width]."""
    place = (keep.cumsum(1) - 1).where(keep, width)
    pick = torch.zeros(len(keep), width + 1, dtype=torch.int64)
    pick.scatter_(1, place, torch.arange(keep.shape[1]).expand_as(place))
    return pick[:, :width], torch.arange(width) < keep.sum(1, keepdim=True)
