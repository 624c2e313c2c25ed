"""SHAS attention written to be read, exact in float64, differentiable by autograd.

Loops over heads and query blocks, and gathers what each sees. Slow: for tests, and as the meaning of the other two.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from shas_kb.kernels.descent import Scores, walk
from shas_kb.kernels.layout import Layout, Table, scores, summaries
from shas_kb.kernels.pyramid import TILE, Ints

__all__ = ["attend", "descend", "scores", "summaries", "tile_mass"]

Best = dict[int, tuple[int, int]]


def descend(
    means: Tensor, route_k: Tensor, route_mass: Tensor | None, layout: Layout, closed: Tensor | None = None
) -> Table:
    """Which units each query block sees. See `shas_kb.kernels.attention.descend`."""
    plan = layout.plan
    pyramid, tiles = plan.pyramid, plan.pyramid.tiles
    logits = layout.geometry.log_count[:, None] + (
        route_k.new_zeros(route_k.shape[:2]) if route_mass is None else route_mass
    )
    u, k, m = (x.detach().cpu().double().numpy() for x in (means, route_k, logits))
    shut = None if closed is None else closed.cpu().numpy()
    heads, blocks = u.shape[:2]
    tile, best_row, best_summary = (np.zeros((heads, blocks, plan.width), np.int32) for _ in range(3))
    mask = np.zeros((heads, blocks, plan.width), np.int64)
    used = np.zeros((heads, blocks), np.int32)
    best_row -= 1
    for head, block in np.ndindex(heads, blocks):
        text = int(plan.text[block])
        best: Best = {}

        def score(groups: Ints, head: int = head, block: int = block, best: Best = best) -> Scores:
            found = np.zeros(len(groups))
            for i, group in enumerate(groups):
                one, last = tiles.group[group]
                with np.errstate(invalid="ignore"):
                    each = u[head, block] @ k[one:last, head].T * u.shape[-1] ** -0.5 + m[one:last, head]
                each[np.isnan(each)] = -np.inf
                summary, unit = np.unravel_index(each.argmax(), each.shape)
                found[i], best[int(group)] = each[summary, unit], (int(one + unit), int(summary))
            return found

        if plan.whole[block]:
            seen = np.arange(*pyramid.tile_bounds[0, text : text + 2]).tolist()
        else:
            closes = None if shut is None else shut[head, block]
            visits = walk(pyramid, text, plan.k, score, near=plan.near[block], closed=closes)
            seen = np.concatenate([visit.tiles for visit in visits]).tolist()
        active = dict(zip(seen, layout.geometry.tile_full[seen].tolist(), strict=True))
        for each in seen:
            if not plan.whole[block] and tiles.parent[each] >= 0:
                active[int(tiles.parent[each])] &= ~int(tiles.mask[each])
        kept = [each for each in seen if active[each]]
        used[head, block] = len(kept)
        for i, each in enumerate(kept):
            tile[head, block, i], mask[head, block, i] = each, active[each]
            best_row[head, block, i], best_summary[head, block, i] = best.get(each, (-1, 0))
    put = [torch.from_numpy(x).to(means.device) for x in (tile, mask, used, best_row, best_summary)]
    return Table(*put)


Combine = Callable[[Tensor, Tensor, Tensor], tuple[Tensor, Tensor]]


def one_softmax(logits: Tensor, values: Tensor, level: Tensor) -> tuple[Tensor, Tensor]:
    """SHAS: all that a block sees under one softmax. [rows, seen], [seen, channels], [seen] to output and lse.

    A row to which nothing is worth anything, or that sees nothing, has an output of 0 and an lse of -inf.
    """
    nothing = (logits == -torch.inf).all(-1)
    logits = logits.masked_fill(nothing[:, None], 0)
    out = (torch.softmax(logits, -1) @ values).masked_fill(nothing[:, None], 0)
    return out, torch.logsumexp(logits, -1).masked_fill(nothing, -torch.inf)


def attend(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    mass: Tensor | None,
    gate: Tensor | None,
    rho: Tensor | None,
    table: Table,
    layout: Layout,
    scale: float,
    combine: Combine = one_softmax,
) -> tuple[Tensor, Tensor]:
    """Attention over the units of a table. See `shas_kb.kernels.attention.attend`.

    Args:
        gate: Logarithms of the relevance of each level, [queries, heads, levels].
        combine: What to do with the logits of all that a block sees; another one makes another attention.
    """
    dtype, wide = q.dtype, torch.promote_types(q.dtype, torch.float32)
    q, k, v = q.to(wide), k.to(wide), v.to(wide)
    outputs, logsums = [], []
    for head in range(q.shape[1]):
        rows_out, rows_lse = [], []
        for block in range(layout.blocks):
            seen = _logits(q, k, mass, gate, rho, table, layout, scale, head, block)
            out, lse = combine(seen.logits, v[seen.row, head], seen.level)
            rows_out.append(out)
            rows_lse.append(lse)
        outputs.append(torch.cat(rows_out) if rows_out else q[:0, head])
        logsums.append(torch.cat(rows_lse) if rows_lse else q[:0, head, 0])
    return torch.stack(outputs, 1).to(dtype), torch.stack(logsums, 1)


class _Seen(NamedTuple):
    """What a block sees: its rows among the queries, and of every unit the entry of the table, row, level, logits."""

    asking: slice
    entry: Tensor
    row: Tensor
    level: Tensor
    logits: Tensor


def _logits(
    q: Tensor,
    k: Tensor,
    mass: Tensor | None,
    gate: Tensor | None,
    rho: Tensor | None,
    table: Table,
    layout: Layout,
    scale: float,
    head: int,
    block: int,
) -> _Seen:
    one = int(layout.geometry.start[block])
    asking = slice(one, one + int(layout.geometry.length[block]))
    routing = head * table.tile.shape[0] // q.shape[1]
    bits = table.mask[routing, block][:, None] >> torch.arange(TILE, device=q.device) & 1
    entry, unit = bits.nonzero(as_tuple=True)
    tile = table.tile[routing, block][entry].long()
    row, level = layout.geometry.tile_start[tile] + unit, layout.geometry.tile_level[tile].long()
    logits = q[asking, head] @ k[row, head].T * scale + layout.geometry.log_count[row].to(q.dtype)
    if mass is not None:
        logits = logits + mass[row, head].to(q.dtype)
    if gate is not None:
        logits = logits + gate[asking, head][:, level].to(q.dtype)
    if rho is not None:
        logits = logits + rho[routing, block][entry].to(q.dtype)
    return _Seen(asking, entry, row, level, logits)


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
    spent = torch.zeros(table.tile.shape, dtype=torch.float32, device=q.device)
    shared, wide = q.shape[1] // table.tile.shape[0], torch.promote_types(q.dtype, torch.float32)
    q, k, lse = q.to(wide), k.to(wide), lse.masked_fill(lse == -torch.inf, torch.inf)
    for head in range(q.shape[1]):
        for block in range(layout.blocks):
            seen = _logits(q, k, mass, gate, None, table, layout, scale, head, block)
            share = (seen.logits - lse[seen.asking, head][:, None]).exp().sum(0)
            spent[head // shared, block].index_add_(0, seen.entry, share.float())
    return spent
