"""What teaches the router: divergences that are what they say, whose gradient reaches the router alone, and a router
that has learned by them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from problems import DEVICE, RAGGED, Problem, problem, ragged_pyramid
from torch import Tensor, nn

from shas_kb.kernels.abstraction import Abstraction, windows
from shas_kb.kernels.attention import attend, attention_mass, descend, shas_attention
from shas_kb.kernels.layout import Layout, Table, scores, summaries
from shas_kb.kernels.plan import Plan
from shas_kb.kernels.pyramid import Pyramid
from shas_kb.kernels.router import explore_loss, explored, follow_loss


def opened(p: Problem) -> tuple[Tensor, Tensor, Table]:
    """Scores of what a problem opens, the mass spent on it, and the table."""
    seen = shas_attention(
        p.q, p.k, p.v, p.route_q, p.route_k, p.layout,
        mass=p.mass, route_mass=p.route_mass, gate=p.gate, impl="reference",
    )  # fmt: skip
    spent = attention_mass(p.q, p.k, p.layout, seen, mass=p.mass, gate=p.gate)
    score = scores(summaries(p.route_q, p.layout), p.route_k, p.route_mass, seen.table, p.layout)
    return score, spent, seen.table


def explore(p: Problem, blocks: list[int]) -> Tensor:
    return explore_loss(p.q, p.k, p.route_q, p.route_k, p.layout, blocks, mass=p.mass, route_mass=p.route_mass)


def divergence(mass: list[float], score: list[float]) -> float:
    share = np.array(mass) / sum(mass)
    log_softmax = np.array(score) - np.logaddexp.reduce(score)
    return float((share[share > 0] * (np.log(share[share > 0]) - log_softmax[share > 0])).sum())


def beneath(spent: Tensor, table: Table, layout: Layout, head: int, block: int) -> dict[int, float]:
    """Mass on each tile of a block's table and on what lies beneath it, by climbing from every tile to the top."""
    parent, total = layout.plan.pyramid.tiles.parent, dict.fromkeys(table.tile[head, block].tolist(), 0.0)
    for entry in range(int(table.used[head, block])):
        tile = int(table.tile[head, block, entry])
        while tile >= 0:
            total[tile] = total.get(tile, 0.0) + float(spent[head, block, entry])
            tile = int(parent[tile])
    return total


def slow_follow(score: Tensor, spent: Tensor, table: Table, layout: Layout) -> float:
    level, found = layout.plan.pyramid.tiles.level, []
    for head, block in np.ndindex(*table.used.shape):
        total = beneath(spent, table, layout, head, block)
        for each in range(layout.levels - 1):
            scored = [
                (total[tile], float(score[head, block, entry]))
                for entry, tile in enumerate(table.tile[head, block, : table.used[head, block]].tolist())
                if level[tile] == each and table.best_row[head, block, entry] >= 0
            ]
            if len(scored) > 1:
                found.append(divergence([mass for mass, _ in scored], [score for _, score in scored]))
    return float(np.mean(found)) if found else 0.0


def slow_explore(p: Problem, blocks: list[int]) -> float:
    plan, pyramid, shared = p.layout.plan, p.layout.plan.pyramid, p.q.shape[1] // p.route_k.shape[1]
    means, found = summaries(p.route_q, p.layout), []
    for block, head in [(block, head) for block in blocks for head in range(p.route_k.shape[1])]:
        first, last = pyramid.bounds[0, plan.text[block] :][:2]
        rows = slice(plan.start[block], plan.start[block] + plan.length[block])
        spent = torch.zeros(last - first, dtype=p.q.dtype, device=DEVICE)
        for each in range(head * shared, (head + 1) * shared):
            mass = 0 if p.mass is None else p.mass[first:last, each]
            spent += (p.q[rows, each] @ p.k[first:last, each].T / p.q.shape[2] ** 0.5 + mass).softmax(-1).sum(0)
        for level in range(pyramid.levels - 1):
            groups = pyramid.tiles.group[slice(*pyramid.tile_bounds[level, plan.text[block] :][:2])]
            masses, values = [], []
            for one, end in groups:
                masses.append(float(spent[pyramid.span[one, 0] - first : pyramid.span[end - 1, 1] - first].sum()))
                each_score = means[head, block] @ p.route_k[one:end, head].T / p.route_k.shape[2] ** 0.5
                route_mass = 0 if p.route_mass is None else p.route_mass[one:end, head]
                values.append(float((each_score + route_mass + p.layout.geometry.log_count[one:end]).max()))
            if len(groups) > 1:
                found.append(divergence(masses, values))
    return float(np.mean(found)) if found else 0.0


def over(pyramid: Pyramid, plan: Plan, seed: int = 0) -> Problem:
    """A bare problem over another pyramid."""
    draw = torch.Generator().manual_seed(seed)
    q, k, route_q, route_k = (
        torch.randn(rows, heads, 16, generator=draw, dtype=torch.float64).to(DEVICE)
        for rows, heads in ((plan.rows, 4), (pyramid.rows, 4), (plan.rows, 2), (pyramid.rows, 2))
    )
    return Problem(Layout.of(plan, DEVICE), q, k, k, route_q, route_k, None, None, None)


def _ragged() -> Problem:
    pyramid = ragged_pyramid([300, 0, 70, 1], 5, 4)
    return over(pyramid, Plan.asking(pyramid, 2, dense=0))


def _questions() -> Problem:
    pyramid = Pyramid.from_lengths([300, 0, 500], 4, 4)
    return over(pyramid, Plan.questions(pyramid, [70, 2, 3, 1], [2, 1, 0, 2], 1))


CASES: dict[str, Callable[[], Problem]] = {
    "packed": lambda: problem(RAGGED, routing_heads=2),
    "heads that share": lambda: problem([700, 65], heads=4, routing_heads=2, k=(3, 2, 1), ratio=3),
    "bare": lambda: problem([600], bare=True, k=1),
    "ragged units": _ragged,
    "questions, also to an empty text": _questions,
    "some seen whole": lambda: problem([500, 200, 64], dense=200),
    "some levels closed": lambda: problem([700, 300], threshold=0.91, k=3),
}


@pytest.mark.parametrize("case", CASES)
def test_both_losses_are_what_a_slow_plain_computation_gives(case: str) -> None:
    p = CASES[case]()
    followed, explored_ = follow_loss(*opened(p), p.layout), explore(p, list(range(p.layout.blocks)))
    assert followed.item() == pytest.approx(slow_follow(*opened(p), p.layout), rel=1e-6)
    assert explored_.item() == pytest.approx(slow_explore(p, list(range(p.layout.blocks))), rel=1e-6)
    assert followed > 0 and explored_ > 0


def test_a_case_has_closed_levels_and_one_has_texts_seen_whole() -> None:
    closed, whole = CASES["some levels closed"](), CASES["some seen whole"]()
    _, _, table = opened(closed)
    level = torch.from_numpy(closed.layout.plan.pyramid.tiles.level)[table.tile.long().cpu()]
    deepest = level.masked_fill((table.mask == 0).cpu(), 99).amin(-1)
    assert {0, 1} <= set(deepest.flatten().tolist())
    assert 0 < whole.layout.plan.whole.sum() < whole.layout.blocks


def test_follow_is_zero_where_scores_are_the_logarithm_of_the_mass() -> None:
    p = CASES["packed"]()
    score, spent, table = opened(p)
    exact = score.clone()
    for head, block in np.ndindex(*table.used.shape):
        total = beneath(spent, table, p.layout, head, block)
        for entry, tile in enumerate(table.tile[head, block, : table.used[head, block]].tolist()):
            exact[head, block, entry] = float(np.log(total[tile])) + 3
    assert follow_loss(exact, spent, table, p.layout).item() == pytest.approx(0, abs=1e-6)
    assert follow_loss(score, spent, table, p.layout) > 0.01


def test_explore_is_zero_where_scores_are_the_logarithm_of_the_mass() -> None:
    pyramid = Pyramid.from_lengths([500, 300], 4, 4)
    p = over(pyramid, Plan.questions(pyramid, [40, 3], [1, 0]))
    spent = torch.zeros(pyramid.bounds[0, -1], 2, dtype=p.q.dtype, device=DEVICE)
    for rows, (first, last) in ((slice(40), (500, 800)), (slice(40, 43), (0, 500))):
        share = (torch.einsum("qhc,khc->hqk", p.q[rows], p.k[first:last]) / 4).softmax(-1).sum(1)
        spent[first:last] = share.view(2, 2, -1).sum(1).T
    # One channel, one question to each text: a unit's key is the score of the group in which it is.
    route_k = torch.zeros(pyramid.rows, 2, 1, dtype=p.q.dtype, device=DEVICE)
    for one, last in pyramid.tiles.group[pyramid.tiles.parent >= 0]:
        route_k[one:last, :, 0] = spent[pyramid.span[one, 0] : pyramid.span[last - 1, 1]].sum(0).log()
    route_k -= p.layout.geometry.log_count[:, None, None]
    exact = replace(p, route_q=torch.ones_like(p.route_q[..., :1]), route_k=route_k)
    assert explore(exact, [0, 1]).item() == pytest.approx(0, abs=1e-6)
    assert explore(p, [0, 1]) > 0.01


def test_gradients_reach_the_router_alone() -> None:
    p = problem([700, 3], routing_heads=2)
    assert p.mass is not None and p.route_mass is not None and p.gate is not None
    model, router = (p.q, p.k, p.v, p.mass, p.gate), (p.route_q, p.route_k, p.route_mass)
    for x in model + router:
        x.requires_grad_()
    score, spent, table = opened(p)
    spent = spent.requires_grad_()
    for loss in (follow_loss(score, spent, table, p.layout), explore(p, [0, 5])):
        loss.backward()
        assert all(x.grad is None for x in (*model, spent))
        for x in router:
            assert x.grad is not None and x.grad.isfinite().all() and x.grad.abs().sum() > 0
            x.grad = None


def test_the_gradients_are_those_of_the_losses() -> None:
    p = problem([300], levels=3, k=1, routing_heads=2)
    _, spent, table = opened(p)

    def losses(route_q: Tensor, route_k: Tensor, route_mass: Tensor) -> Tensor:
        score = scores(summaries(route_q, p.layout), route_k, route_mass, table, p.layout)
        routed = replace(p, route_q=route_q, route_k=route_k, route_mass=route_mass)
        return follow_loss(score, spent, table, p.layout) + explore(routed, [1, 4])

    assert p.route_mass is not None
    router = [x.clone().requires_grad_() for x in (p.route_q, p.route_k, p.route_mass)]
    assert torch.autograd.gradcheck(losses, router, fast_mode=True)


@pytest.mark.parametrize("lengths", [[], [0], [1], [64], [30, 0, 64]])
@pytest.mark.parametrize("levels", [1, 3])
def test_where_nothing_is_to_choose_both_are_zero_and_can_be_trained_by(lengths: list[int], levels: int) -> None:
    p = problem(lengths, levels=levels)
    p.route_q.requires_grad_(), p.route_k.requires_grad_()
    score, spent, table = opened(p)
    blocks = list(range(p.layout.blocks))
    loss = follow_loss(score, spent, table, p.layout) + explore(p, blocks) + explore(p, [])
    loss.backward()
    assert loss == 0 and p.route_k.grad is not None and not p.route_k.grad.any()


def test_what_is_seen_whole_cannot_be_followed_but_explored() -> None:
    p = problem([500], dense=500)
    assert follow_loss(*opened(p), p.layout) == 0
    assert explore(p, [0]) > 1e-3


@pytest.mark.skipif(DEVICE == "cuda", reason="PyTorch's own gradient of an index has no fixed order there")
def test_both_give_the_same_bits_again() -> None:
    def once() -> list[Tensor]:
        p = problem([900, 65], routing_heads=2, dtype=torch.float32)
        p.route_q.requires_grad_(), p.route_k.requires_grad_()
        loss = follow_loss(*opened(p), p.layout) + explore(p, [0, 3, 7])
        return [loss, *torch.autograd.grad(loss, (p.route_q, p.route_k))]

    first, second = once(), once()
    assert all(torch.equal(*pair) for pair in zip(first, second, strict=True))


def test_blocks_to_explore_are_seeded_and_never_those_of_an_empty_text() -> None:
    pyramid = Pyramid.from_lengths([300, 0, 100])
    layout = Layout.of(Plan.questions(pyramid, [64 * 20] * 3, [0, 1, 2]), DEVICE)
    some = [explored(layout, 1 / 4, torch.Generator().manual_seed(seed)) for seed in (0, 0, 1)]
    assert some[0] == some[1] != some[2]
    assert all(len(set(blocks)) == 10 and blocks == sorted(blocks) for blocks in some)
    generator = torch.Generator().manual_seed(0)
    assert explored(layout, 1.0, generator) == [*range(20), *range(40, 60)]
    assert len(explored(layout, 1e-9, generator)) == 1
    empty = Layout.of(Plan.questions(pyramid, [64], [1]), DEVICE)
    assert explored(empty, 1.0, generator) == []


class Searching:
    """Texts in which one token of 64 is marked, and a router with its abstraction that is to find one of those again.

    Each question's row is the token looked for, without the mark. Each head asks for one of its own.
    """

    width, heads, questions = 32, 8, 8

    def __init__(self, seed: int, tokens: int, *, learned: bool) -> None:
        torch.manual_seed(seed)
        self.generator = torch.Generator().manual_seed(seed)
        self.learned = learned
        self.abstraction = Abstraction(self.width, levels=4, groups=1)
        self.ask, self.key = (nn.Linear(self.width, self.width, bias=False) for _ in range(2))
        nn.init.eye_(self.ask.weight), nn.init.eye_(self.key.weight)
        self.over(tokens)

    def over(self, tokens: int) -> None:
        pyramid = Pyramid.from_lengths([tokens], levels=4)
        self.tokens, self.windows = tokens, windows(pyramid, 4)
        self.layout = Layout.of(Plan.questions(pyramid, [1] * self.questions, [0] * self.questions, 2))

    def draw(self) -> tuple[Tensor, Tensor, Tensor]:
        """States of the tokens; what is looked for, [questions, heads]; the queries."""
        tiles = self.tokens // 64
        marked = torch.arange(0, self.tokens, 64) + torch.randint(64, (tiles,), generator=self.generator)
        states = torch.randn(self.tokens, self.width, generator=self.generator)
        states[:, 0] = 0
        place = marked[torch.randint(tiles, (self.questions, self.heads), generator=self.generator)]
        q = 3 * states[place]
        states[marked, 0] = 6
        return states, place, q

    def routed(self, states: Tensor, q: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Units of all levels, routing queries, routing keys."""
        units = self.abstraction(states, self.windows)
        return units, self.ask(q), self.key(units)[:, None].expand(-1, self.heads, -1)

    def loss(self) -> Tensor:
        states, _, q = self.draw()
        units, route_q, route_k = self.routed(states, q)
        k = units.detach()[:, None].expand(-1, self.heads, -1).contiguous()
        means = summaries(route_q, self.layout)
        seen = attend(q, k, k, self.layout, descend(means, route_k, self.layout))
        spent = attention_mass(q, k, self.layout, seen)
        followed = follow_loss(scores(means, route_k, None, seen.table, self.layout), spent, seen.table, self.layout)
        return followed + explore_loss(q, k, route_q, route_k, self.layout, range(self.questions))

    def train(self, steps: int) -> None:
        pooling = [self.abstraction.score.weight, self.abstraction.gate] if self.learned else []
        if self.learned:
            # From zero, where it is the mean, a gate learns too, but not which way: pushed below zero by chance, it
            # takes from the mean what is not marked, which is half as good.
            nn.init.constant_(self.abstraction.gate, 0.5)
        optimizer = torch.optim.Adam([
            {"params": [self.ask.weight, self.key.weight], "lr": 2e-3},
            *({"params": [x], "lr": 0.1} for x in pooling),
        ])  # fmt: skip
        for _ in range(steps):
            optimizer.zero_grad()
            self.loss().backward()
            optimizer.step()

    @torch.no_grad()
    def recall(self, rounds: int = 2) -> float:
        """How often what is looked for is among the tokens that are seen."""
        found = []
        for _ in range(rounds):
            states, place, q = self.draw()
            _, route_q, route_k = self.routed(states, q)
            table = descend(summaries(route_q, self.layout), route_k, self.layout)
            tile = torch.searchsorted(self.layout.geometry.tile_start, place.T.contiguous(), right=True) - 1
            used = torch.arange(table.tile.shape[-1]) < table.used[..., None]
            found.append(((table.tile == tile[..., None]) & used).any(-1).float().mean())
        return float(torch.stack(found).mean())


@pytest.mark.slow
def test_a_trained_router_finds_a_planted_unit_where_one_over_means_does_not() -> None:
    recall = {}
    for learned in (True, False):
        searching = Searching(0, 2048, learned=learned)
        searching.train(40)
        searching.over(4096)  # in longer texts than it was trained on
        recall[learned] = searching.recall()
    assert recall[True] >= 0.9
    assert recall[False] <= 0.5
