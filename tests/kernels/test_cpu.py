"""The fast path on a CPU against the reference."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from agreement import assert_agrees, attended, reference_table
from problems import DEVICE, RAGGED, problem, ragged_pyramid
from torch.nn.functional import scaled_dot_product_attention

from shas_kb.kernels import reference
from shas_kb.kernels.attention import attend, descend, shas_attention
from shas_kb.kernels.cpu.gathering import chunks
from shas_kb.kernels.layout import Layout, Table, summaries
from shas_kb.kernels.plan import Plan
from shas_kb.kernels.pyramid import Pyramid

pytestmark = pytest.mark.skipif(DEVICE == "cuda", reason="for a CPU")


def assert_same(one: Table, two: Table) -> None:
    for name, ours, its in zip(Table._fields, one, two, strict=True):
        assert torch.equal(ours, its), name


@pytest.mark.parametrize("ratio", [2, 3, 4, 5])
@pytest.mark.parametrize("bare", [False, True])
def test_attention_is_that_of_the_reference_to_the_last_digits(ratio: int, bare: bool) -> None:
    assert_agrees(problem(RAGGED, ratio=ratio, k=1, bare=bare), "cpu", 1e-10)


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 2e-5), (torch.bfloat16, 0.04), (torch.float16, 5e-3)])
def test_each_dtype(dtype: torch.dtype, tolerance: float) -> None:
    p = problem([300, 64], k=1, channels=64, heads=4, routing_heads=2, dense=100).to(dtype)
    assert_agrees(p, "cpu", tolerance)


def test_texts_seen_whole_between_others() -> None:
    p = problem([300, 1, 65, 0, 260], k=1, levels=3, asking=1, dense=100)
    assert 0 < p.layout.plan.whole.sum() < p.layout.blocks
    assert_agrees(p, "cpu", 1e-10)
    assert_agrees(replace(p, mass=None, gate=None), "cpu", 1e-10)


def test_questions_from_outside_and_one_that_asks_nothing() -> None:
    p = problem([300, 0, 65], asking=1)
    layout = Layout.of(Plan.questions(p.layout.plan.pyramid, [1, 70, 5], [0, 2, 1], 1))
    p = replace(p, layout=layout, q=p.q[:76], route_q=p.route_q[:76], gate=None if p.gate is None else p.gate[:76])
    assert_agrees(p, "cpu", 1e-10)
    seen, _ = attended(p, reference_table(p), "cpu")
    assert (seen.out[71:] == 0).all() and (seen.lse[71:] == -torch.inf).all()


def test_opening_everything_is_dense_attention() -> None:
    p = problem([1, 64, 65, 500], k=1 << 30, bare=True)
    seen = shas_attention(p.q, p.k, p.v, p.route_q, p.route_k, p.layout, impl="cpu")
    for one, last in zip(p.layout.plan.pyramid.bounds[0], p.layout.plan.pyramid.bounds[0][1:], strict=False):
        q, k, v = (x[one:last].transpose(0, 1) for x in (p.q, p.k, p.v))
        dense = scaled_dot_product_attention(q, k, v).transpose(0, 1)
        torch.testing.assert_close(seen.out[one:last], dense, rtol=1e-12, atol=1e-12)


def test_a_text_has_the_same_output_alone() -> None:
    lengths = [70, 300, 1]
    p = problem(lengths, k=1)
    packed = shas_attention(p.q, p.k, p.v, p.route_q, p.route_k, p.layout, impl="cpu").out
    bounds = torch.from_numpy(p.layout.plan.pyramid.bounds)
    for text, length in enumerate(lengths):
        rows = torch.cat([torch.arange(int(b[text]), int(b[text + 1])) for b in bounds])
        layout = Layout.of(Plan.asking(Pyramid.from_lengths([length], 4, 4), 1, dense=0))
        alone = shas_attention(*(x[rows] for x in (p.q, p.k, p.v, p.route_q, p.route_k)), layout, impl="cpu").out
        torch.testing.assert_close(packed[rows], alone, rtol=1e-12, atol=1e-12)


def test_logits_of_120_and_a_closed_gate() -> None:
    p = problem([300], k=1)
    assert p.gate is not None
    gate = p.gate.clone()
    gate[::2, :, 1] = -torch.inf
    p = replace(p, q=p.q * 20, k=p.k * 2, gate=gate)
    layout, table = p.layout, reference_table(p)
    ours, its = (attend(p.q, p.k, p.v, layout, table, mass=p.mass, gate=p.gate, impl=x) for x in ("cpu", "reference"))
    assert float(its.lse.max()) > 100
    torch.testing.assert_close(ours.out, its.out, rtol=1e-10, atol=1e-10)
    torch.testing.assert_close(ours.lse, its.lse, rtol=1e-10, atol=1e-10)


def test_what_a_block_does_not_see_may_be_nan() -> None:
    p = problem([300, 65], k=0, bare=True)
    table = reference_table(p)
    p.k[-1], p.v[-1] = torch.nan, torch.nan
    block = int(p.layout.geometry.start[1])
    p = replace(p, q=p.q.clone())
    out = attend(p.q, p.k, p.v, p.layout, table, impl="cpu").out
    assert out[:block].isfinite().all()


def test_bf16_is_at_most_twice_as_far_from_the_truth_as_dense_attention() -> None:
    p = problem([700], k=1 << 30, bare=True, channels=64, asking=1)
    low = p.to(torch.bfloat16)
    exact = low.to(torch.float64)
    truth, dense = (
        scaled_dot_product_attention(*(x[:700].transpose(0, 1) for x in (y.q, y.k, y.v))).transpose(0, 1).double()
        for y in (exact, low)
    )
    ours = shas_attention(low.q, low.k, low.v, low.route_q, low.route_k, low.layout, impl="cpu").out.double()
    assert (ours - truth).abs().mean() <= 2 * (dense - truth).abs().mean()


def test_one_long_text_after_many_short_ones_does_not_widen_them() -> None:
    layout = Layout.of(Plan.asking(Pyramid.from_lengths([8] * 401 + [9000]), dense=0))
    generator = torch.Generator().manual_seed(0)
    route_q, route_k = (torch.randn(rows, 2, 32, generator=generator) for rows in (layout.queries, layout.rows))
    table = descend(summaries(route_q, layout), route_k, layout)
    together = list(chunks(table, layout.geometry, torch.arange(layout.blocks), 0, 3))
    assert sum(int(chunk.row.shape[0]) for chunk in together) == layout.blocks
    assert max(chunk.held.numel() for chunk in together) <= 2 * max(int(chunk.held.sum()) for chunk in together)
    assert sum(chunk.held.numel() for chunk in together) <= 2 * sum(int(chunk.held.sum()) for chunk in together)


def test_three_runs_are_the_same() -> None:
    p = problem([300, 65], k=1, dtype=torch.float32)
    table = reference_table(p)
    first, grads = attended(p, table, "cpu")
    for _ in range(2):
        again, its_grads = attended(p, table, "cpu")
        assert torch.equal(first.out, again.out)
        assert all(torch.equal(a, b) for a, b in zip(grads, its_grads, strict=True))


@pytest.mark.parametrize(
    ("lengths", "ratio", "levels", "k", "heads"),
    [
        ([*RAGGED, 600], 4, 4, 1, 1),
        ([300, 65, 0, 1], 2, 6, (4, 3, 2), 2),
        ([600, 64], 5, 5, 1 << 30, 1),
        ([3, 300, 63], 3, 3, 0, 2),
        ([0, 0], 4, 3, 1, 1),
    ],
)
def test_the_table_is_that_of_the_reference(
    lengths: list[int], ratio: int, levels: int, k: int | tuple[int, ...], heads: int
) -> None:
    p = problem(lengths, ratio=ratio, levels=levels, k=k, heads=2, routing_heads=heads)
    means = summaries(p.route_q, p.layout)
    given = descend(means, p.route_k, p.layout, route_mass=p.route_mass, impl="cpu")
    assert_same(given, reference.descend(means, p.route_k, p.route_mass, p.layout))


def test_the_table_with_closed_levels_and_ragged_children() -> None:
    layout = Layout.of(Plan.asking(ragged_pyramid([300, 1, 65], 5, 4, seed=2), 1, levels=1, dense=0, threshold=0.4))
    generator = torch.Generator().manual_seed(0)
    means = torch.randn(2, layout.blocks, 4, 16, generator=generator, dtype=torch.float64)
    keys = torch.randn(layout.rows, 2, 16, generator=generator, dtype=torch.float64)
    gate = torch.randn(layout.queries, 2, layout.levels, generator=generator) - 2.5
    given = descend(means, keys, layout, gate=gate, impl="cpu")
    assert_same(given, descend(means, keys, layout, gate=gate, impl="reference"))
    assert not torch.equal(given.used, descend(means, keys, layout, impl="cpu").used), "the gate did close some"
