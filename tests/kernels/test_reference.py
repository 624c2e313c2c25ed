"""What SHAS attention means: an exact cover, dense attention as a special case, gradients of every term."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from problems import DEVICE, RAGGED, Problem, problem, ragged_pyramid
from torch import Tensor
from torch.nn.functional import logsigmoid, scaled_dot_product_attention

from shas_kb.kernels import reference
from shas_kb.kernels.attention import Attended, attend, attention_mass, descend, shas_attention
from shas_kb.kernels.descent import walk
from shas_kb.kernels.layout import Layout, Table, scores, summaries
from shas_kb.kernels.plan import Plan
from shas_kb.kernels.pyramid import Pyramid


def run(p: Problem) -> Attended:
    return shas_attention(
        p.q, p.k, p.v, p.route_q, p.route_k, p.layout,
        mass=p.mass, route_mass=p.route_mass, gate=p.gate, impl="reference",
    )  # fmt: skip


def seen_by_block(table: Table, layout: Layout, head: int, block: int) -> list[int]:
    """Rows of all active units."""
    start = layout.plan.pyramid.tiles.start
    pairs = zip(table.tile[head, block].tolist(), table.mask[head, block].tolist(), strict=True)
    return [int(start[tile]) + bit for tile, mask in pairs for bit in range(64) if mask >> bit & 1]


def assert_exact_cover(table: Table, layout: Layout) -> None:
    """Every token of the block's text lies under exactly one active unit, and no other token under any."""
    pyramid = layout.plan.pyramid
    for head, block in np.ndindex(*table.used.shape):
        spans = pyramid.span[seen_by_block(table, layout, head, block)]
        spans = spans[spans[:, 0].argsort()]
        first, last = pyramid.bounds[0, layout.plan.text[block] :][:2]
        assert spans[0, 0] == first and spans[-1, 1] == last
        assert (spans[1:, 0] == spans[:-1, 1]).all()


@settings(deadline=None, max_examples=60)
@given(
    lengths=st.lists(st.integers(1, 2000), min_size=1, max_size=3).filter(lambda lengths: sum(lengths) <= 2000),
    ratio=st.integers(2, 5),
    levels=st.integers(1, 6),
    k=st.sampled_from([0, 1, 2, 5, 1 << 30, None]),
    ragged=st.booleans(),
    asking=st.booleans(),
    seed=st.integers(0, 1000),
)
def test_the_cover_is_exact(
    lengths: list[int], ratio: int, levels: int, k: int | None, ragged: bool, asking: bool, seed: int
) -> None:
    make = ragged_pyramid if ragged else Pyramid.from_lengths
    pyramid = make(lengths, ratio, levels)
    layout = Layout.of(Plan.asking(pyramid, k, levels=1 if asking else levels, dense=0))
    generator = torch.Generator().manual_seed(seed)
    means = torch.randn(1, layout.blocks, 4, 8, generator=generator)
    table = descend(means, torch.randn(pyramid.rows, 1, 8, generator=generator), layout, impl="reference")
    assert_exact_cover(table, layout)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), 0.0])
def test_the_cover_is_exact_whatever_the_scores(value: float) -> None:
    p = problem([500, 3], k=1)
    means = summaries(p.route_q, p.layout)
    assert_exact_cover(descend(means, torch.full_like(p.route_k, value), p.layout, impl="reference"), p.layout)


def test_a_block_always_sees_itself_its_neighbours_and_the_beginning() -> None:
    p = problem([2000], k=0, levels=5)
    table = descend(summaries(p.route_q, p.layout), p.route_k, p.layout, impl="reference")
    tiles = p.layout.plan.pyramid.tiles
    for block in range(int(p.layout.plan.pyramid.tile_bounds[0, -1])):
        seen = {tile for tile in table.tile[0, block, : table.used[0, block]].tolist() if tiles.level[tile] == 0}
        assert seen == {0, *range(max(block - 1, 0), min(block + 2, 32))}


def test_the_best_groups_are_opened_and_of_equal_ones_the_first() -> None:
    pyramid = Pyramid.from_offsets([[0, 3, 5, 9], [0, 2, 3]], [0, 2], alone=True)
    value = {3: 5.0, 4: 5.0, 0: 0.0, 1: 2.0, 2: 2.0}
    visits = walk(pyramid, 0, (1, 1), lambda groups: np.array([value[int(group)] for group in groups]))
    assert [visit.tiles.tolist() for visit in visits] == [[5], [3], [1]]
    assert [visit.scores.tolist() for visit in visits] == [[0.0], [5.0], [2.0]]
    everything = walk(pyramid, 0, (9, 9), lambda groups: np.zeros(len(groups)))
    assert [visit.tiles.tolist() for visit in everything] == [[5], [3, 4], [0, 1, 2]]
    assert [v.level for v in walk(pyramid, 0, (9, 9), lambda g: np.zeros(len(g)), closed=[True, False, False])] == [
        2,
        1,
    ]


@pytest.mark.parametrize("ratio", [2, 3, 4, 5])
@pytest.mark.parametrize("k", [None, 1 << 30])
def test_opening_everything_is_dense_attention(ratio: int, k: int | None) -> None:
    p = problem([1, 64, 65, 0, 500], ratio=ratio, k=k, bare=True)
    out = run(p).out
    for one, last in zip(p.layout.plan.pyramid.bounds[0], p.layout.plan.pyramid.bounds[0][1:], strict=False):
        q, key, value = (x[one:last].transpose(0, 1) for x in (p.q, p.k, p.v))
        dense = scaled_dot_product_attention(q, key, value).transpose(0, 1)
        torch.testing.assert_close(out[one:last], dense, rtol=1e-12, atol=1e-12)


def expanded(p: Problem, table: Table, rho: Tensor | None = None) -> Tensor:
    """The same as one dense attention of every row to every unit under a mask, [queries, heads, channels]."""
    geometry, plan = p.layout.geometry, p.layout.plan
    level = torch.empty(plan.pyramid.rows, dtype=torch.long, device=DEVICE)
    for each, first in enumerate(plan.pyramid.bounds):
        level[first[0] : first[-1]] = each
    outs = []
    for head in range(p.q.shape[1]):
        routing = head * table.tile.shape[0] // p.q.shape[1]
        bias = torch.full((plan.rows, plan.pyramid.rows), -torch.inf, dtype=p.q.dtype, device=DEVICE)
        for block in range(p.layout.blocks):
            rows = slice(int(geometry.start[block]), int(geometry.start[block] + geometry.length[block]))
            seen = seen_by_block(table, p.layout, routing, block)
            bias[rows, seen] = geometry.log_count[seen].to(bias.dtype)
            if p.mass is not None:
                bias[rows, seen] += p.mass[seen, head].detach()
            if p.gate is not None:
                bias[rows, seen] += logsigmoid(p.gate[rows, head]).detach()[:, level[seen]]
            if rho is not None:
                for entry, tile in enumerate(table.tile[routing, block, : table.used[routing, block]].tolist()):
                    of_tile = np.arange(plan.pyramid.tiles.length[tile]) + plan.pyramid.tiles.start[tile]
                    bias[rows, of_tile] += rho[routing, block, entry].detach()
        outs.append(scaled_dot_product_attention(p.q[None, :, head], p.k[None, :, head], p.v[None, :, head], bias)[0])
    return torch.stack(outs, 1)


@pytest.mark.parametrize("routing_heads", [1, 2])
def test_it_is_dense_attention_under_the_expanded_mask(routing_heads: int) -> None:
    p = problem([1, 65, 300, 64], k=1, routing_heads=routing_heads)
    table = run(p).table
    rho = torch.randn(table.tile.shape, dtype=p.q.dtype, generator=torch.Generator().manual_seed(1)).to(DEVICE)
    out = attend(p.q, p.k, p.v, p.layout, table, mass=p.mass, gate=p.gate, rho=rho, impl="reference").out
    torch.testing.assert_close(out, expanded(p, table, rho), rtol=1e-12, atol=1e-12)


def test_gradients_of_q_k_v_mass_gate_and_rho() -> None:
    p = problem([70, 3], ratio=4, levels=3, k=1, channels=4)
    table = run(p).table
    rho = torch.zeros(table.tile.shape, dtype=p.q.dtype, device=DEVICE)
    inputs = [x.clone().requires_grad_() for x in (p.q, p.k, p.v, p.mass, p.gate, rho) if x is not None]

    def attended(q: Tensor, k: Tensor, v: Tensor, mass: Tensor, gate: Tensor, rho: Tensor) -> tuple[Tensor, Tensor]:
        seen = attend(q, k, v, p.layout, table, mass=mass, gate=gate, rho=rho, impl="reference")
        return seen.out, seen.lse

    assert torch.autograd.gradcheck(attended, inputs, fast_mode=True)


def test_the_router_gets_its_gradient_through_rho_and_rho_changes_nothing() -> None:
    p = problem([300], k=1, levels=4)
    routed = replace(p, route_q=p.route_q.requires_grad_(), route_k=p.route_k.requires_grad_())
    routed.route_mass.requires_grad_()  # type: ignore[union-attr]
    seen = run(routed)
    plain = attend(p.q, p.k, p.v, p.layout, seen.table, mass=p.mass, gate=p.gate, impl="reference")
    torch.testing.assert_close(seen.out, plain.out, rtol=0, atol=0)
    seen.out.square().sum().backward()
    opened = seen.table.best_row[seen.table.best_row >= 0].unique().long()
    assert routed.route_k.grad is not None and routed.route_q.grad is not None
    touched = routed.route_k.grad[:, 0].abs().sum(-1) > 0
    assert set(touched.nonzero().flatten().tolist()) == set(opened.tolist())
    assert routed.route_q.grad.abs().sum() > 0


def test_scores_are_what_the_descent_ranked_by() -> None:
    p = problem([400], k=2, routing_heads=2)
    means = summaries(p.route_q, p.layout)
    table = descend(means, p.route_k, p.layout, route_mass=p.route_mass, impl="reference")
    value = scores(means, p.route_k, p.route_mass, table, p.layout)
    assert p.route_mass is not None
    each = torch.einsum("hbsc,rhc->hbsr", means, p.route_k) / 32**0.5
    each = each + (p.route_mass + p.layout.geometry.log_count[:, None]).T[:, None, None]
    tiles = p.layout.plan.pyramid.tiles
    for head, block, entry in np.ndindex(*table.tile.shape):
        tile = int(table.tile[head, block, entry])
        if entry < table.used[head, block] and tiles.parent[tile] >= 0:
            one, last = tiles.group[tile]
            torch.testing.assert_close(value[head, block, entry], each[head, block, :, one:last].max())
        else:
            assert value[head, block, entry] == 0


def test_summaries_are_means_of_the_quarters_of_a_block() -> None:
    p = problem([64, 20, 1])
    means = summaries(p.route_q, p.layout)
    torch.testing.assert_close(means[0, 0], p.route_q[:64, 0].view(4, 16, 32).mean(1))
    second = p.route_q[64:84, 0]
    torch.testing.assert_close(
        means[0, 1], torch.stack([second[:16].mean(0), second[16:].mean(0), *[second[:16].mean(0)] * 2])
    )
    torch.testing.assert_close(means[0, 2], p.route_q[84:85, 0].expand(4, -1))


def test_a_level_below_the_threshold_is_not_opened_and_nothing_is_dropped() -> None:
    p = problem([600], levels=4, k=3, threshold=0.5, asking=1)
    assert p.gate is not None
    p.gate[:, :, 0] = -1.0
    table = run(p).table
    level = p.layout.geometry.tile_level[table.tile]
    assert (level[table.mask != 0] >= 1).all(), "tokens stay closed"
    assert_exact_cover(table, p.layout)
    p.gate[100, 1, 0] = 1.0
    opened = run(p).table
    blocks = ((p.layout.geometry.tile_level[opened.tile] == 0) & (opened.mask != 0)).any(-1)
    assert blocks[0].nonzero().flatten().tolist() == [1], "one row of the second block asks for tokens"
    assert_exact_cover(opened, p.layout)


def test_packed_texts_do_not_see_each_other() -> None:
    p = problem(RAGGED, k=1)
    out = run(p).out
    first, last = p.layout.plan.pyramid.bounds[0, 6:8]
    changed = replace(p, k=p.k.clone(), v=p.v.clone(), route_k=p.route_k.clone())
    for level in p.layout.plan.pyramid.bounds:
        for x in (changed.k, changed.v, changed.route_k):
            x[level[6] : level[7]] += 1.0
    other = run(changed).out
    mine = torch.zeros(len(out), dtype=torch.bool, device=DEVICE)
    for level in p.layout.plan.pyramid.bounds:
        mine[level[6] : level[7]] = True
    torch.testing.assert_close(out[~mine], other[~mine], rtol=0, atol=0)
    assert not torch.equal(out[first:last], other[first:last])


def test_attention_mass_adds_up_to_the_rows_of_a_block() -> None:
    p = problem([300, 5], k=1)
    seen = run(p)
    mass = attention_mass(p.q, p.k, p.layout, seen, mass=p.mass, gate=p.gate)
    rows = p.layout.geometry.length * p.q.shape[1]
    torch.testing.assert_close(mass.sum(-1)[0], rows.float(), rtol=1e-5, atol=0)
    assert (mass[torch.arange(mass.shape[-1], device=DEVICE) >= seen.table.used[..., None]] == 0).all()


def test_questions_from_outside_ask_one_text_each_and_an_empty_text_answers_nothing() -> None:
    pyramid = Pyramid.from_lengths([300, 0, 40], 4, 3)
    plan = Plan.questions(pyramid, [70, 2, 0, 1], [2, 1, 0, 0], k=1)
    layout = Layout.of(plan)
    generator = torch.Generator().manual_seed(0)
    q = torch.randn(73, 1, 8, dtype=torch.float64, generator=generator)
    k, v = torch.randn(2, pyramid.rows, 1, 8, dtype=torch.float64, generator=generator)
    seen = shas_attention(q, k, v, q, k, layout, impl="reference")
    assert plan.length.tolist() == [64, 6, 2, 1]
    assert seen.table.used.tolist() == [[1, 1, 0, 4]]
    assert (seen.out[70:72] == 0).all() and (seen.lse[70:72] == -torch.inf).all()
    assert seen.out[:70].abs().sum() > 0 and seen.out[72:].abs().sum() > 0
    assert reference.descend(summaries(q, layout), k, None, layout).tile.equal(seen.table.tile)
