"""How the router learns what is worth opening: the divergence of its scores from where attention's mass went.

A router distilled from attention apart from everything else comes from DeepSeek-V3.2 (arXiv 2512.02556): its indexer
follows attention summed over heads, by KL(p || softmax(I)), first over all tokens, then over those selected, its inputs
detached. Here what is scored are groups, at every level of the descent. `follow_loss` is the form over what was
selected, for every query block. What was never opened cannot be followed, so `explore_loss` is the form over
everything, for a few blocks. In both, with sums over the groups G that open into one level:

    p_G  = mass on G / mass on all of them
    loss = sum_G p_G (log p_G - log softmax(scores)_G)

Mass is a target, without gradient. Who wants the router apart from the model makes routing queries and keys from
detached states.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import kl_div

from shas_kb.kernels.layout import Layout, Table, summaries
from shas_kb.kernels.pyramid import TILE


def follow_loss(scores: Tensor, spent: Tensor, table: Table, layout: Layout) -> Tensor:
    """KL from the mass that each block spent to the scores of what it opened, level by level.

    What was spent beneath an opened tile counts for the group that opened it. A tile all of whose groups were opened
    is not in the table: nobody saw it, and it has no score to learn by.

    Args:
        scores: Of the table's tiles, by `shas_kb.kernels.layout.scores`, [routing heads, blocks, width].
        spent: Mass on the table's tiles, by `shas_kb.kernels.attention.attention_mass`, likewise.
        table: What the blocks saw.
        layout: The geometry.

    Returns:
        The mean over routing heads, blocks and levels, of those in which two tiles or more have a score.
    """
    level = layout.geometry.tile_level[table.tile]
    total = _with_beneath(spent.detach(), table, layout)
    loss, count = scores[..., :0].sum(), scores.new_zeros(())  # a zero that can be trained by
    for each in range(layout.levels - 1):
        scored = (table.best_row >= 0) & (level == each)
        contested = scored.sum(-1) > 1
        loss = loss + (_divergence(total, scores, scored) * contested).sum()
        count = count + contested.sum()
    return loss / count.clamp(min=1)


def explored(layout: Layout, share: float, generator: torch.Generator) -> list[int]:
    """Query blocks for `explore_loss`: a random part of those whose texts have tokens, at least one.

    Args:
        layout: The geometry.
        share: Of the blocks. At 64 K tokens 1/32 of them cost about what all of them cost in sparse attention.
        generator: On the CPU, so that nothing waits for the device.
    """
    blocks = (layout.plan.pyramid.tokens[layout.plan.text] > 0).nonzero()[0]
    chosen = torch.randperm(len(blocks), generator=generator)[: max(1, round(share * len(blocks)))]
    return sorted(blocks[chosen.numpy()].tolist())


def explore_loss(
    q: Tensor,
    k: Tensor,
    route_q: Tensor,
    route_k: Tensor,
    layout: Layout,
    blocks: Sequence[int],
    *,
    mass: Tensor | None = None,
    route_mass: Tensor | None = None,
    scale: float | None = None,
) -> Tensor:
    """KL from dense attention's mass to the scores of all groups of a block's text, level by level, for a few blocks.

    It needs the memory of one head's dense attention of one block.

    Args:
        q: Queries, [queries, heads, channels].
        k: Keys of all units, of which those of the tokens are used, [rows, heads, channels].
        route_q: Routing queries, [queries, routing heads, routing channels].
        route_k: Routing keys, [rows, routing heads, routing channels].
        layout: The geometry.
        blocks: For instance those that `explored` chose.
        mass: Learned part of the mass logit in attention, [rows, heads].
        route_mass: Learned part of the mass logit in the descent, [rows, routing heads].
        scale: Of q . k; 1 / sqrt(channels) by default.

    Returns:
        The mean over blocks, routing heads and levels, of those with two groups or more. It has gradients in
        `route_q`, `route_k` and `route_mass` alone.
    """
    geometry, pyramid = layout.geometry, layout.plan.pyramid
    means = summaries(route_q, layout)
    scale = q.shape[-1] ** -0.5 if scale is None else scale
    losses = []
    for block in blocks:
        text = int(layout.plan.text[block])
        tile, row = (bounds[:, text : text + 2].tolist() for bounds in (pyramid.tile_bounds, pyramid.bounds))
        spent = _dense_mass(q, k, mass, layout, block, route_k.shape[1], scale)
        start = geometry.tile_start[slice(*tile[0])] - row[0][0]
        held, inside = _runs(start, torch.cat([start[1:], start.new_full((1,), len(spent))]))
        for level in range(layout.levels - 1):
            spent = (spent[held] * inside[..., None]).sum(1)  # [tiles of the level, routing heads]
            units = slice(*row[level + 1])
            each = torch.einsum("hsc,uhc->uhs", means[:, block], route_k[units]).amax(-1) * route_k.shape[-1] ** -0.5
            each = each + geometry.log_count[units, None].to(each.dtype)
            if route_mass is not None:
                each = each + route_mass[units]
            group = geometry.tile_group[slice(*tile[level])].long() - units.start
            score = each[_runs(*group.T)[0]].amax(1)  # likewise
            if len(score) > 1:
                losses.append(_divergence(spent.T, score.T).mean())
            held, inside = _runs(*(geometry.tile_children[slice(*tile[level + 1])].long() - tile[level][0]).T)
    return torch.stack(losses).mean() if losses else route_k[:0].sum()  # a zero that can be trained by


def _divergence(mass: Tensor, scores: Tensor, among: Tensor | None = None) -> Tensor:
    """KL(mass, as a distribution, || softmax of scores) over the last dimension, of those `among` which it is meant."""
    finite = scores.isfinite()  # What is worth nothing cannot be learned.
    among = finite if among is None else among & finite
    share = mass.to(scores.dtype).masked_fill(~among, 0)
    share = share / share.sum(-1, keepdim=True).clamp(min=torch.finfo(scores.dtype).tiny)
    # The least number and not -inf, whose gradient is NaN where there is nothing else.
    log_softmax = scores.masked_fill(~among, torch.finfo(scores.dtype).min).log_softmax(-1).masked_fill(~among, 0)
    return kl_div(log_softmax, share, reduction="none").sum(-1)


def _with_beneath(spent: Tensor, table: Table, layout: Layout) -> Tensor:
    """Mass on the table's tiles and on all tiles beneath them, [routing heads, blocks, width] to the same.

    Compares entries pairwise, so that sums have an order of their own and come out the same each time.
    """
    group, start = layout.geometry.tile_group, layout.geometry.tile_start
    parent = torch.searchsorted(start, group[:, 0].long(), right=True) - 1
    # A tile at the top has none; -1 finds the -1 at the end.
    parent = torch.cat([parent.masked_fill(group[:, 1] == 0, -1), parent.new_full((1,), -1)])
    at = torch.where(torch.arange(table.tile.shape[-1], device=start.device) < table.used[..., None], table.tile, -1)
    total = torch.zeros_like(spent)
    for _ in range(layout.levels):
        total = total + ((table.tile[..., None] == at[..., None, :]) * spent[..., None, :]).sum(-1)
        at = parent[at]
    return total


def _dense_mass(
    q: Tensor, k: Tensor, mass: Tensor | None, layout: Layout, block: int, routing_heads: int, scale: float
) -> Tensor:
    """Mass of a block's dense attention on the tokens of its text, over rows and heads, [tokens, routing heads]."""
    plan = layout.plan
    rows = slice(int(plan.start[block]), int(plan.start[block] + plan.length[block]))
    tokens = slice(*plan.pyramid.bounds[0, plan.text[block] :][:2].tolist())
    spent = []
    with torch.no_grad():
        for head in range(q.shape[1]):
            logits = q[rows, head] @ k[tokens, head].T * scale
            if mass is not None:
                logits = logits + mass[tokens, head]
            spent.append(logits.softmax(-1, dtype=torch.promote_types(q.dtype, torch.float32)).sum(0))
        return torch.stack(spent, 1).view(-1, routing_heads, q.shape[1] // routing_heads).sum(-1)


def _runs(first: Tensor, last: Tensor) -> tuple[Tensor, Tensor]:
    """Indices of runs of at most 64 side by side, [runs, 64], past its end a run's last; and which are not past it."""
    index = first[:, None] + torch.arange(TILE, device=first.device)
    return torch.minimum(index, last[:, None] - 1), index < last[:, None]
