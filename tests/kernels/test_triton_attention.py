"""The attention kernels give what the reference gives: output, lse, six gradients, and the mass on each tile."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
import torch
from agreement import assert_agrees, attended, reference_table
from problems import DEVICE, Problem, problem, ragged_pyramid
from torch.nn.functional import scaled_dot_product_attention

from shas_kb.kernels.attention import shas_attention
from shas_kb.kernels.layout import Layout
from shas_kb.kernels.plan import Plan
from shas_kb.kernels.pyramid import Pyramid

pytest.importorskip("triton")

from shas_kb.kernels.triton import lists

# In full precision of float32; a GPU multiplies three products of a shorter format.
EXACT = 1e-5 if DEVICE == "cpu" else 1e-4
HALF = {torch.bfloat16: 2e-2, torch.float16: 3e-3}


@contextmanager
def nothing_is_zero_by_chance() -> Iterator[None]:
    """Fills what `torch.empty` gives with NaN, so that an element which is never written cannot hide."""
    torch.use_deterministic_algorithms(True)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(False)


def agrees(p: Problem, tolerance: float = EXACT) -> None:
    with nothing_is_zero_by_chance():
        assert_agrees(p, "triton", tolerance)


@pytest.mark.parametrize(
    ("lengths", "options"),
    [
        ((1, 3, 63, 64, 65, 0, 150), {"k": 1}),
        ((300, 20), {"ratio": 2, "levels": 6, "k": (2, 1, 1, 1)}),
        ((65, 250), {"ratio": 3, "levels": 3, "k": 1, "heads": 4, "routing_heads": 2, "asking": 1}),
        ((300,), {"ratio": 5, "levels": 4, "k": 0, "channels": 64, "asking": 1}),
        ((180, 7), {"levels": 3, "k": 1, "channels": 128, "asking": 1}),
        ((130,), {"levels": 1, "k": 3, "heads": 1, "bare": True}),
        ((0, 200, 0), {"ratio": 2, "levels": 3, "k": 1, "bare": True, "asking": 1}),
        ((200,), {"k": 1, "threshold": 0.4, "asking": 1}),
        ((60, 250, 30), {"k": 0, "dense": 100, "asking": 1}),
        ((0, 0), {}),
    ],
)
def test_it_agrees_with_the_reference(lengths: tuple[int, ...], options: dict[str, Any]) -> None:
    agrees(problem(lengths, dtype=torch.float32, **options))


def test_units_may_have_any_number_of_children() -> None:
    p = problem([200, 1], ratio=5, asking=1, dtype=torch.float32)
    plan = Plan.asking(ragged_pyramid([200, 1], 5, 3, seed=2), 1, levels=1, dense=0)
    rows = plan.pyramid.rows
    assert p.gate is not None and p.mass is not None and p.route_mass is not None
    agrees(
        replace(
            p,
            layout=Layout.of(plan, DEVICE),
            gate=p.gate[..., :3].contiguous(),
            k=repeated(p.k, rows),
            v=repeated(p.v, rows),
            mass=repeated(p.mass, rows),
            route_k=repeated(p.route_k, rows),
            route_mass=repeated(p.route_mass, rows),
        )
    )


def test_questions_from_outside_attend_too_and_one_may_ask_a_text_of_no_tokens() -> None:
    pyramid = Pyramid.from_lengths([250, 0, 65], 4, 3)
    plan = Plan.questions(pyramid, [1, 70, 0, 5, 5], [0, 2, 0, 1, 0], 1)
    p = problem([250, 0, 65], levels=3, dtype=torch.float32)
    p = replace(p, layout=Layout.of(plan, DEVICE), q=repeated(p.q, plan.rows), route_q=repeated(p.route_q, plan.rows))
    assert p.gate is not None
    p = replace(p, gate=repeated(p.gate, plan.rows))
    agrees(p)
    seen, grads = attended(p, reference_table(p), "triton")
    nowhere = slice(71, 76)
    assert (seen.out[nowhere] == 0).all() and (seen.lse[nowhere] == -math.inf).all()
    assert (grads[0][nowhere] == 0).all()


@pytest.mark.parametrize("piece", [1, 3])
@pytest.mark.parametrize("routing_heads", [1, 2])
def test_long_lists_are_cut_into_pieces(piece: int, routing_heads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "PIECE", piece)
    p = problem([300, 65], levels=3, k=1, asking=1, routing_heads=routing_heads, dtype=torch.float32)
    table = reference_table(p)
    tiles = len(p.layout.geometry.tile_start)
    turned = lists.lists_of(table, tiles, 1 << 20)
    assert (turned.piece_slot >= 0).sum() > 3, "there are lists of several pieces"
    agrees(p)
    # Fewer slots than the lists would have make longer pieces, down to none at all.
    assert lists.lists_of(table, tiles, 8).slots <= 8
    assert lists.lists_of(table, tiles, 0).slots <= 1


@pytest.mark.parametrize("dtype", list(HALF))
@pytest.mark.parametrize("channels", [32, 128])
def test_half_precision(dtype: torch.dtype, channels: int) -> None:
    agrees(problem([150, 20], levels=3, k=1, channels=channels, asking=1, dtype=dtype), HALF[dtype])


def test_its_error_in_bfloat16_is_that_of_dense_attention() -> None:
    p = problem([190], levels=1, k=1 << 20, heads=2, bare=True)
    coarse = p.to(torch.bfloat16)
    exact, dense = (
        scaled_dot_product_attention(*(x.transpose(0, 1)[None] for x in (y.q, y.k, y.v)))[0].transpose(0, 1)
        for y in (p, coarse)
    )
    ours = attended(coarse, reference_table(coarse), "triton")[0].out
    assert (ours.double() - exact).square().mean() < 4 * (dense.double() - exact).square().mean()


def test_huge_logits() -> None:
    p = problem([150], levels=3, k=1, dtype=torch.float32)
    wide = replace(p, q=p.q * 20, k=p.k * 20)
    assert (wide.q[:64, 0] @ wide.k[:64, 0].T / 32**0.5).abs().max() > 120 * 3
    agrees(wide, 10 * EXACT)


def test_strides_are_what_they_are() -> None:
    p = problem([150], levels=3, k=1, dtype=torch.float32)
    wide = torch.randn(3, 2, len(p.k), 40, generator=torch.Generator().manual_seed(3)).to(DEVICE)
    q, k, v = wide.permute(0, 2, 1, 3)[..., 3:35]
    assert p.gate is not None and p.mass is not None
    gate = p.gate.permute(2, 1, 0).contiguous().permute(2, 1, 0)
    mass = p.mass.T.contiguous().T
    agrees(replace(p, q=q, k=k, v=v, gate=gate, mass=mass))
    # Channels that are not side by side are laid so.
    q, k, v = (x.transpose(1, 2).contiguous().transpose(1, 2) for x in (q, k, v))
    agrees(replace(p, q=q, k=k, v=v))


def test_the_same_input_gives_the_same_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "PIECE", 2)
    p = problem([250, 65], levels=3, k=1, dtype=torch.float32)
    runs = []
    for _ in range(3):
        seen, grads = attended(p, reference_table(p), "triton")
        runs.append([seen.out, seen.lse, *grads])
    for again in runs[1:]:
        assert all(torch.equal(one, two) for one, two in zip(runs[0], again, strict=True))


def test_a_packed_text_is_what_it_is_alone() -> None:
    lengths = [65, 150]
    packed = problem(lengths, levels=3, k=1, asking=1, bare=True, dtype=torch.float32)
    together = run(packed)
    alone = problem(lengths[1:], levels=3, k=1, asking=1, bare=True, dtype=torch.float32)
    bounds = packed.layout.plan.pyramid.bounds
    own = torch.cat([torch.arange(bounds[level, 1], bounds[level, 2]) for level in range(3)]).to(DEVICE)
    single = run(
        replace(
            alone,
            q=packed.q[65:],
            k=packed.k[own],
            v=packed.v[own],
            route_q=packed.route_q[65:],
            route_k=packed.route_k[own],
        )
    )
    assert torch.equal(together[65:], single)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"dtype": torch.float64}, "q must be float32, bfloat16 or float16, got torch.float64; or change impl"),
        ({"channels": 48}, r"channels of q must be one of \(32, 64, 128\), got 48; pad them, or change impl"),
    ],
)
def test_what_the_kernels_do_not_know_is_refused(changed: dict[str, Any], message: str) -> None:
    p = problem([70], **{"dtype": torch.float32, **changed})
    with pytest.raises(ValueError, match=message):
        attended(p, reference_table(p), "triton")


def run(p: Problem) -> torch.Tensor:
    return shas_attention(p.q, p.k, p.v, p.route_q, p.route_k, p.layout, impl="triton").out


def repeated(x: torch.Tensor, rows: int) -> torch.Tensor:
    """As many rows, taken from the start again where there are too few."""
    return x[torch.arange(rows, device=x.device) % len(x)].contiguous()
