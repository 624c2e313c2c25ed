"""At the edges all implementations mean the same, and say what is wrong in the words of who calls."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from agreement import assert_agrees, attended, reference_table
from problems import DEVICE, Problem, problem
from torch import Tensor

from shas_kb.kernels.attention import attend, attention_mass, descend, scores, shas_attention, summaries
from shas_kb.kernels.layout import Layout
from shas_kb.kernels.plan import Plan
from shas_kb.kernels.pyramid import Pyramid

pytest.importorskip("triton")

FAST = ["triton", *(["cpu"] if DEVICE == "cpu" else [])]
EVERY = ["reference", *FAST]


def run(p: Problem, impl: Any) -> Tensor:
    given = {"mass": p.mass, "route_mass": p.route_mass, "gate": p.gate}
    return shas_attention(p.q, p.k, p.v, p.route_q, p.route_k, p.layout, impl=impl, **given).out


@pytest.mark.parametrize("impl", FAST)
@pytest.mark.parametrize("dense", [0, 400])
def test_where_nothing_is_worth_anything_the_output_is_0(impl: Any, dense: int) -> None:
    p = problem([130, 70], k=1, levels=3, dense=dense, asking=1, dtype=torch.float32)
    assert p.gate is not None
    gate = p.gate.clone()
    gate[5] = -math.inf
    gate[::50, :, 0] = -math.inf
    p = replace(p, gate=gate)
    seen, _ = attended(p, reference_table(p), impl)
    nothing = seen.lse == -math.inf
    assert nothing[5].all() and (seen.out[nothing] == 0).all()
    assert_agrees(p, impl, 1e-4)


@pytest.mark.parametrize("impl", FAST)
@pytest.mark.parametrize("worth", [torch.finfo(torch.float32).min, -1e31])
def test_masses_may_be_the_least_there_is(impl: Any, worth: float) -> None:
    p = problem([65, 300, 1], k=1, asking=1, dtype=torch.float32)
    assert p.mass is not None
    first = [slice(int(level[0]), int(level[1])) for level in p.layout.plan.pyramid.bounds]
    for rows in first:
        p.mass[rows] = worth
    _, grads = attended(replace(p, gate=None), reference_table(p), impl)
    assert all(grad.isfinite().all() for grad in grads)


@pytest.mark.parametrize("impl", FAST)
def test_texts_of_one_level_may_differ_in_length(impl: Any) -> None:
    p = problem([200, 90, 0], levels=1, k=3, heads=1, bare=True, dtype=torch.float32)
    table = descend(summaries(p.route_q, p.layout, impl=impl), p.route_k, p.layout, impl=impl)
    assert all(torch.equal(one, two) for one, two in zip(table, reference_table(p), strict=True))


@pytest.mark.parametrize("impl", EVERY)
def test_a_group_that_is_worth_nothing_may_be_opened_all_the_same(impl: Any) -> None:
    p = problem([200], k=1, levels=3, asking=1, dtype=torch.float32)
    assert p.route_mass is not None
    p = replace(p, route_mass=torch.full_like(p.route_mass, -math.inf), route_q=p.route_q.requires_grad_())
    out = run(p, impl)
    out.sum().backward()  # type: ignore[no-untyped-call]
    assert out.isfinite().all() and p.route_q.grad is not None and p.route_q.grad.isfinite().all()


@pytest.mark.parametrize("impl", FAST)
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_the_reference_knows_half_precision_and_masses_of_another(impl: Any, dtype: torch.dtype) -> None:
    p = problem([130], k=1, levels=3, dtype=torch.float32).to(dtype)
    assert p.mass is not None
    mixed = replace(p, mass=p.mass.float(), route_q=p.route_q.requires_grad_())
    one, two = run(mixed, impl), run(mixed, "reference")
    assert one.dtype == two.dtype == dtype
    torch.testing.assert_close(one, two, rtol=0.05, atol=0.05)


@pytest.mark.parametrize("impl", EVERY)
def test_no_texts_with_a_threshold(impl: Any) -> None:
    p = problem([0], levels=3, threshold=0.5, dtype=torch.float32)
    assert run(p, impl).shape == p.q.shape


@pytest.mark.parametrize("impl", FAST)
def test_a_gradient_that_is_one_row_spread_out(impl: Any) -> None:
    p = problem([130], k=1, levels=3, asking=1, bare=True, dtype=torch.float32)
    p = replace(p, v=p.v.requires_grad_())
    given = torch.randn(*p.q.shape[1:], generator=torch.Generator().manual_seed(0)).to(DEVICE)
    (run(p, impl).sum(0) * given).sum().backward()
    assert p.v.grad is not None
    torch.testing.assert_close(p.v.grad.sum(0), given * len(p.q), rtol=1e-3, atol=1e-3)


@pytest.mark.skipif(DEVICE == "cuda", reason="of a CPU")
def test_what_is_chosen_does_not_hang_on_autocast() -> None:
    p = problem([600], k=1, levels=3, dtype=torch.float32)
    plain = run(p, "cpu")
    seen = attend(p.q, p.k, p.v, p.layout, reference_table(p), impl="cpu")
    spent = attention_mass(p.q, p.k, p.layout, seen)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(run(p, "cpu"), plain)
        assert torch.equal(attention_mass(p.q, p.k, p.layout, seen), spent)


@pytest.mark.parametrize("impl", EVERY)
def test_what_does_not_fit_is_refused_in_every_step(impl: Any) -> None:
    p = problem([70], k=1, levels=3, dtype=torch.float32)
    rows = p.layout.queries
    with pytest.raises(ValueError, match=rf"route_q must be \[{rows} queries, routing heads, channels\], got \[70, 1"):
        run(replace(p, route_q=p.route_q[:70]), impl)
    means = summaries(p.route_q, p.layout, impl=impl)
    table = descend(means, p.route_k, p.layout, route_mass=p.route_mass, impl=impl)
    with pytest.raises(ValueError, match="route_k must be"):
        scores(means, p.route_k[:50], p.route_mass, table, p.layout, impl=impl)
    with pytest.raises(ValueError, match="mask of the table must be"):
        attend(p.q, p.k, p.v, p.layout, table._replace(mask=table.mask[..., :1]), impl=impl)
    with pytest.raises(ValueError, match=r"mass must have a floating dtype, got torch.int64"):
        attend(p.q, p.k, p.v, p.layout, table, mass=torch.zeros_like(p.k[..., 0], dtype=torch.int64), impl=impl)
    with pytest.raises(ValueError, match="scale must be above 0, got 0"):
        attend(p.q, p.k, p.v, p.layout, table, scale=0, impl=impl)
    seen = attend(p.q, p.k, p.v, p.layout, table, impl=impl)
    with pytest.raises(ValueError, match="k must be"):
        attention_mass(p.q, p.k[:50], p.layout, seen)


def test_numbers_may_be_of_any_kind_that_is_whole() -> None:
    pyramid = Pyramid.from_lengths(np.array([300, 20]), levels=np.int64(3))  # type: ignore[arg-type]
    assert pyramid.levels == 3
    assert Plan.asking(pyramid, np.int64(2)).k == (2, 2)  # type: ignore[arg-type]
    assert Plan.asking(pyramid, np.array([1, 2])).k == (2, 1)  # type: ignore[arg-type]
    assert Layout.of(Plan.asking(pyramid, math.inf)).descends is False  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r'levels must be "auto" or at least 1, got 2\.5'):
        Pyramid.from_lengths([300], levels=2.5)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="whole numbers of tokens"):
        Pyramid.from_lengths([10.7])  # type: ignore[list-item]
