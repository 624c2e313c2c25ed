"""The attentions that SHAS is compared with are what they are said to be: dense attention under a mask, or a count."""

from __future__ import annotations

from collections.abc import Callable, Collection
from itertools import pairwise

import numpy as np
import pytest
import torch
from problems import RAGGED, Problem, problem
from torch import Tensor
from torch.nn.functional import logsigmoid, scaled_dot_product_attention

from shas_kb.kernels import reference
from shas_kb.kernels.attention import descend
from shas_kb.kernels.layout import Table, summaries
from shas_kb.kernels.reference import Combine, one_softmax
from shas_kb.kernels.variants import attend_apart, counting_again, softmax_over

CASES: dict[str, Callable[[], Problem]] = {
    "packed": lambda: problem(RAGGED, k=1),
    "two routing heads": lambda: problem([700, 65], heads=4, routing_heads=2, k=2, ratio=3),
    "bare": lambda: problem([500], bare=True, k=1, asking=1),
    "some seen whole": lambda: problem([500, 100, 3], dense=100, k=1),
    "some levels closed": lambda: problem([700, 300], threshold=0.91, k=3),
}


def tabled(p: Problem) -> Table:
    means = summaries(p.route_q, p.layout)
    return descend(means, p.route_k, p.layout, route_mass=p.route_mass, gate=p.gate, impl="reference")


def attended(p: Problem, table: Table, combine: Combine = one_softmax) -> tuple[Tensor, Tensor]:
    gate = None if p.gate is None else logsigmoid(p.gate)
    scale = p.q.shape[-1] ** -0.5
    return reference.attend(p.q, p.k, p.v, p.mass, gate, None, table, p.layout, scale, combine=combine)


def levels_of_rows(p: Problem) -> Tensor:
    pyramid = p.layout.plan.pyramid
    return torch.from_numpy(np.repeat(np.arange(pyramid.levels), pyramid.bounds[:, -1] - pyramid.bounds[:, 0]))


def seen_rows(p: Problem, table: Table) -> Tensor:
    """Which units each query sees, one by one from the bits of the table, bool [routing heads, queries, rows]."""
    plan, start = p.layout.plan, p.layout.plan.pyramid.tiles.start
    seen = torch.zeros(table.tile.shape[0], p.layout.queries, p.layout.rows, dtype=torch.bool)
    for head, block, entry in np.ndindex(*table.tile.shape):
        bits, first = int(table.mask[head, block, entry]), int(start[int(table.tile[head, block, entry])])
        rows = slice(plan.start[block], plan.start[block] + plan.length[block])
        seen[head, rows, [first + bit for bit in range(64) if bits >> bit & 1]] = True
    return seen


def dense(p: Problem, seen: Tensor, *, gated: bool = True) -> Tensor:
    """Attention of every query to every unit under a mask of bool [routing heads, queries, rows], masses and gates."""
    bias = p.layout.geometry.log_count.double().cpu().expand(p.q.shape[1], p.layout.queries, -1)
    if p.mass is not None:
        bias = bias + p.mass.T[:, None].cpu()
    if p.gate is not None and gated:
        bias = bias + logsigmoid(p.gate).transpose(0, 1).cpu()[:, :, levels_of_rows(p)]
    seen = seen.repeat_interleave(p.q.shape[1] // len(seen), 0)
    q, k, v = (x.transpose(0, 1).cpu() for x in (p.q, p.k, p.v))
    return scaled_dot_product_attention(q, k, v, bias.masked_fill(~seen, -torch.inf)).transpose(0, 1).nan_to_num()


def assert_equal(one: Tensor, two: Tensor) -> None:
    torch.testing.assert_close(one.cpu(), two, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("levels", [{0}, {1, 3}, {9}])
@pytest.mark.parametrize("case", CASES)
def test_a_softmax_over_some_levels_is_dense_attention_to_what_is_seen_of_them(case: str, levels: set[int]) -> None:
    p = CASES[case]()
    table = tabled(p)
    seen = seen_rows(p, table) & torch.isin(levels_of_rows(p), torch.tensor(sorted(levels)))
    out, lse = attended(p, table, softmax_over(levels))
    assert_equal(out, dense(p, seen))
    nothing = ~seen.repeat_interleave(p.q.shape[1] // len(seen), 0).any(-1).T
    assert (out.cpu()[nothing] == 0).all() and (lse.cpu()[nothing] == -torch.inf).all()
    assert lse.cpu()[~nothing].isfinite().all()


def test_a_softmax_over_all_levels_is_shas() -> None:
    p = CASES["packed"]()
    for one, two in zip(attended(p, tabled(p), softmax_over(range(4))), attended(p, tabled(p)), strict=True):
        torch.testing.assert_close(one, two, rtol=0, atol=0)


@pytest.mark.parametrize("case", CASES)
def test_counting_again_is_dense_attention_to_all_units_of_what_was_visited(case: str) -> None:
    p = CASES[case]()
    again = counting_again(tabled(p), p.layout)
    assert_equal(attended(p, again)[0], dense(p, seen_rows(p, again)))


@pytest.mark.parametrize("case", CASES)
def test_counting_again_holds_each_visited_tile_once_with_all_of_its_units(case: str) -> None:
    p = CASES[case]()
    table, tiles = tabled(p), p.layout.plan.pyramid.tiles
    again = counting_again(table, p.layout)
    for head, block in np.ndindex(*table.used.shape):
        held, used = table.tile[head, block].tolist()[: table.used[head, block]], int(again.used[head, block])
        listed = again.tile[head, block, :used].tolist()
        visited, whole = set(held), p.layout.plan.whole[block]
        above = {int(tiles.parent[tile]) for tile in held} - {-1}
        while above and not whole:
            visited |= above
            above = {int(tiles.parent[tile]) for tile in above} - {-1}
        assert len(listed) == len(set(listed)) and set(listed) == visited
        assert [-tiles.level[tile] for tile in listed] == sorted(-tiles.level[tile] for tile in listed)
        assert not again.mask[head, block, used:].any() and not again.tile[head, block, used:].any()
        entries = {tile: entry for entry, tile in enumerate(held)}
        for entry, tile in enumerate(listed):
            assert again.mask[head, block, entry] == p.layout.geometry.tile_full[tile]
            if tile in entries:
                assert again.best_row[head, block, entry] == table.best_row[head, block, entries[tile]]
                assert again.best_summary[head, block, entry] == table.best_summary[head, block, entries[tile]]
            else:
                assert again.best_row[head, block, entry] == -1


def test_with_counting_again_a_token_counts_at_each_level_from_the_top_to_where_it_is_seen() -> None:
    p = problem([700], k=1, asking=1)
    table, span, token = tabled(p), p.layout.plan.pyramid.span, np.arange(700)
    under = torch.from_numpy((span[:, :1] <= token) & (token < span[:, 1:])).double()  # [rows, tokens]
    counts = seen_rows(p, counting_again(table, p.layout))[0].double() @ under
    stopped = (seen_rows(p, table)[0] * levels_of_rows(p)).double() @ under
    assert counts.unique().tolist() == [2, 3, 4]
    assert torch.equal(counts, p.layout.levels - stopped)


@pytest.mark.parametrize("k", [None, 1 << 30])
def test_with_everything_opened_selecting_is_dense_attention(k: int | None) -> None:
    p = problem(RAGGED, k=k, bare=True)
    table = tabled(p)
    bounds = p.layout.plan.pyramid.bounds[0]
    out, branch = attended(p, table, softmax_over({0}))[0], torch.full((p.layout.queries, 2, 2), torch.inf)
    branch[..., 1] = -torch.inf
    again = counting_again(table, p.layout)
    apart = attend_apart(p.q, p.k, p.v, None, branch.to(p.q), again, p.layout, 32**-0.5, [{0}, {1, 2, 3}])
    for one, last in pairwise(bounds):
        q, key, value = (x[one:last].transpose(0, 1) for x in (p.q, p.k, p.v))
        exact = scaled_dot_product_attention(q, key, value).transpose(0, 1).cpu()
        assert_equal(out[one:last], exact)
        assert_equal(apart[one:last], exact)
        if last - one > 1 and k is not None:
            assert not torch.allclose(attended(p, again)[0][one:last].cpu(), exact, atol=1e-2), "tokens count again"


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("branches", [[{0}, {1, 2, 3}], [{0}, {3}, {1, 2}], [{0, 1}]])
def test_separate_softmaxes_are_a_sum_of_dense_attentions_under_gates(
    case: str, branches: list[Collection[int]]
) -> None:
    p = CASES[case]()
    table = counting_again(tabled(p), p.layout)
    draw = torch.Generator().manual_seed(3)
    gates = torch.randn(*p.q.shape[:2], len(branches), generator=draw, dtype=p.q.dtype)
    out = attend_apart(p.q, p.k, p.v, p.mass, gates.to(p.q), table, p.layout, 32**-0.5, branches)
    expected = torch.zeros_like(p.v[: p.layout.queries]).cpu()
    for branch, levels in enumerate(branches):
        seen = seen_rows(p, table) & torch.isin(levels_of_rows(p), torch.tensor(sorted(levels)))
        expected += gates[..., branch, None].sigmoid() * dense(p, seen, gated=False)
    assert_equal(out, expected)


def test_gradients_of_each_variant() -> None:
    p = problem([70, 0, 3], levels=3, k=1, channels=4, bare=True)
    table = tabled(p)
    again = counting_again(table, p.layout)
    gates = torch.zeros(*p.q.shape[:2], 3, dtype=p.q.dtype, device=p.q.device)
    inputs = [x.clone().requires_grad_() for x in (p.q, p.k, p.v, gates)]

    def variants(q: Tensor, k: Tensor, v: Tensor, gates: Tensor) -> tuple[Tensor, ...]:
        def one(table: Table, combine: Combine) -> Tensor:
            return reference.attend(q, k, v, None, None, None, table, p.layout, 0.5, combine=combine)[0]

        # A level which is not there, too: nobody sees anything of it.
        apart = attend_apart(q, k, v, None, gates, again, p.layout, 0.5, [{0}, {1, 2}, {9}])
        return one(table, softmax_over({0})), one(again, one_softmax), apart

    assert torch.autograd.gradcheck(variants, inputs, fast_mode=True)
