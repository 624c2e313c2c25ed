"""Other attentions over the same units, for comparison with the partition under one softmax. By the reference, slowly.

`softmax_over` and `counting_again` go into `shas_kb.kernels.reference.attend`, as its `combine` and as its table:

    select-only          attend(..., table, ..., combine=softmax_over({0})): the selected tokens; all else is dropped,
                         as in MoBA (arXiv 2502.13189)
    counting again       attend(..., counting_again(table, layout), ...): the coarse units above what was opened stay
                         in the softmax, so that a token counts at several levels, as in LLSA (arXiv 2512.16615)
    separate softmaxes   attend_apart(...): one over each of some sets of levels, mixed by gates, as in NSA (arXiv
                         2502.11089)
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import torch
from torch import Tensor

from shas_kb.kernels.layout import Layout, Table
from shas_kb.kernels.reference import Combine, attend, one_softmax


def softmax_over(levels: Collection[int]) -> Combine:
    """One softmax over the units of some levels; the others are not seen. Where there are none, 0 and -inf."""

    def combine(logits: Tensor, values: Tensor, level: Tensor) -> tuple[Tensor, Tensor]:
        kept = torch.isin(level, torch.tensor(sorted(levels), device=level.device))
        return one_softmax(logits[:, kept], values[kept], level[kept])

    return combine


def attend_apart(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    mass: Tensor | None,
    gates: Tensor,
    table: Table,
    layout: Layout,
    scale: float,
    branches: Sequence[Collection[int]],
) -> Tensor:
    """Separate softmaxes: sum over branches of sigmoid(gate) times attention to the levels of the branch.

    Args:
        gates: Logits, [queries, heads, branches].
        branches: The levels of each. NSA's are the tokens that were selected, and one coarser level; a third, for the
            neighbourhood, is among the selected here.

    Returns:
        [queries, heads, channels]; the other arguments as in `shas_kb.kernels.reference.attend`.
    """
    apart = [
        attend(q, k, v, mass, None, None, table, layout, scale, combine=softmax_over(levels))[0] for levels in branches
    ]
    return (torch.stack(apart, -1) * gates.sigmoid()[:, :, None]).sum(-1)


def counting_again(table: Table, layout: Layout) -> Table:
    """The table of the same descent in which opened groups stay active: all units of all tiles that were visited."""
    plan, tiles, full = layout.plan, layout.plan.pyramid.tiles, layout.geometry.tile_full.cpu().numpy()
    tile, best_row, best_summary = (np.zeros(table.tile.shape, np.int32) for _ in range(3))
    mask, used = np.zeros(table.mask.shape, np.int64), np.zeros(table.used.shape, np.int32)
    best_row -= 1
    for head, block in np.ndindex(*used.shape):
        held = table.tile[head, block, : table.used[head, block]].tolist()
        visited = set(held)
        for each in () if plan.whole[block] else held:
            # Those on the way to what was opened; one of which nothing was left to see is not in the table.
            while (each := int(tiles.parent[each])) >= 0:
                visited.add(each)
        seen = sorted(visited, key=lambda each: (-tiles.level[each], each))
        used[head, block] = len(seen)
        tile[head, block, : len(seen)], mask[head, block, : len(seen)] = seen, full[seen]
        place = {each: i for i, each in enumerate(held)}
        for i, each in enumerate(seen):
            if each in place:
                best_row[head, block, i] = table.best_row[head, block, place[each]]
                best_summary[head, block, i] = table.best_summary[head, block, place[each]]
    return Table(*(torch.from_numpy(x).to(table.tile.device) for x in (tile, mask, used, best_row, best_summary)))
