"""Summaries and scores by Triton give what the compositions of PyTorch give, and their gradients."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
import torch
from problems import DEVICE, RAGGED, ragged_pyramid
from torch import Tensor
from torch.autograd import grad

from shas_kb.kernels import layout as meaning
from shas_kb.kernels import reference
from shas_kb.kernels.layout import Layout, Table
from shas_kb.kernels.plan import Plan
from shas_kb.kernels.pyramid import Pyramid

pytest.importorskip("triton")

from sm90 import Spec, compile_kernels

from shas_kb.kernels.triton import lists, routing

TOLERANCE = {torch.float32: 1e-5, torch.bfloat16: 1e-2, torch.float16: 2e-3}


def asking(
    lengths: Sequence[int], ratio: int = 4, levels: int = 4, k: int = 1, asked: int | None = 1, dense: int = 0
) -> Layout:
    plan = Plan.asking(Pyramid.from_lengths(lengths, ratio, levels), k, levels=asked, dense=dense)
    return Layout.of(plan, DEVICE)


def ragged() -> Layout:
    return Layout.of(Plan.asking(ragged_pyramid([300, 1, 65], 5, 4, seed=2), 1, levels=1, dense=0), DEVICE)


def draw(*shape: int, dtype: torch.dtype = torch.float32, seed: int = 0) -> Tensor:
    """Random numbers which do not lie in memory as densely as they could."""
    generator = torch.Generator().manual_seed(seed)
    wide = torch.randn(*shape[:-1], shape[-1] + 8, generator=generator).to(DEVICE, dtype)
    return wide[..., 8:].requires_grad_()


def agree(
    ours: Callable[..., Tensor], theirs: Callable[..., Tensor], inputs: Sequence[Tensor | None], tolerance: float
) -> None:
    """Outputs and gradients against those in float64; what `torch.empty` gives is NaN meanwhile."""
    exact = [None if x is None else x.detach().double().requires_grad_() for x in inputs]
    expected = theirs(*exact)
    torch.use_deterministic_algorithms(True)
    try:
        found = ours(*inputs)
        given = torch.randn(found.shape, generator=torch.Generator().manual_seed(9)).to(DEVICE, found.dtype)
        grads = grad(found, [x for x in inputs if x is not None], given)
    finally:
        torch.use_deterministic_algorithms(False)
    torch.testing.assert_close(found.double(), expected, rtol=tolerance, atol=tolerance)
    slopes = grad(expected, [x for x in exact if x is not None], given.double())
    for one, other, its in zip(grads, slopes, [x for x in inputs if x is not None], strict=True):
        assert one.dtype == its.dtype and one.shape == its.shape
        limit = tolerance * max(float(other.abs().max()) if other.numel() else 0.0, 1.0)
        torch.testing.assert_close(one.double(), other, rtol=tolerance, atol=limit)


def scored(layout: Layout, heads: int = 1, channels: int = 32, dtype: torch.dtype = torch.float32) -> list[Tensor]:
    """Summaries, keys and masses."""
    means = draw(layout.blocks, 4, heads, channels, dtype=dtype).detach().permute(2, 0, 1, 3).requires_grad_()
    keys, mass = draw(layout.rows, heads, channels, dtype=dtype, seed=1), draw(layout.rows, heads, seed=2, dtype=dtype)
    return [means, keys, mass]


def assert_scores(layout: Layout, inputs: Sequence[Tensor | None], tolerance: float = 1e-5) -> Table:
    means, keys, mass = inputs
    assert means is not None and keys is not None
    with torch.no_grad():
        table: Table = reference.descend(means, keys, mass, layout)
    agree(
        lambda means, keys, mass: routing.scores(means, keys, mass, table, layout),
        lambda means, keys, mass: meaning.scores(means, keys, mass, table, layout),
        inputs,
        tolerance,
    )
    return table


@pytest.mark.parametrize(("heads", "channels"), [(1, 32), (3, 16), (2, 64)])
@pytest.mark.parametrize("dtype", list(TOLERANCE))
def test_summaries(heads: int, channels: int, dtype: torch.dtype) -> None:
    layout = asking(RAGGED)
    agree(
        lambda q: routing.summaries(q, layout),
        lambda q: meaning.summaries(q, layout),
        [draw(layout.queries, heads, channels, dtype=dtype)],
        TOLERANCE[dtype],
    )


def test_summaries_of_all_levels_and_of_questions_from_outside() -> None:
    pyramid = Pyramid.from_lengths([100, 0, 65], 3, 4)
    for plan in (Plan.asking(pyramid, 1), Plan.questions(pyramid, [1, 70, 0, 5, 17], [0, 2, 0, 1, 0], 1)):
        layout = Layout.of(plan, DEVICE)
        agree(
            lambda q, its=layout: routing.summaries(q, its),
            lambda q, its=layout: meaning.summaries(q, its),
            [draw(layout.queries, 2, 16)],
            1e-5,
        )


@pytest.mark.parametrize(
    ("lengths", "options", "heads", "massive"),
    [
        (RAGGED, {}, 1, True),
        ((300, 20), {"ratio": 2, "levels": 6}, 2, False),
        ((65, 250), {"ratio": 3, "levels": 3, "k": 3}, 3, True),
        ((200, 65), {"levels": 3, "asked": None}, 1, True),
        ((60, 250, 30), {"k": 0, "dense": 100}, 1, True),
        ((130,), {"k": 9}, 1, True),
    ],
)
def test_scores(lengths: Sequence[int], options: dict[str, Any], heads: int, massive: bool) -> None:
    layout = asking(lengths, **options)
    means, keys, mass = scored(layout, heads)
    assert_scores(layout, [means, keys, mass if massive else None])


def test_units_may_have_any_number_of_children() -> None:
    layout = Layout.of(Plan.asking(ragged_pyramid([300, 1, 65], 5, 4, seed=2), 1, levels=1, dense=0), DEVICE)
    assert_scores(layout, scored(layout, 2))


def test_questions_from_outside_have_scores_and_one_may_ask_a_text_of_no_tokens() -> None:
    pyramid = Pyramid.from_lengths([400, 0, 65], 3, 4)
    layout = Layout.of(Plan.questions(pyramid, [1, 70, 0, 5, 5], [0, 2, 0, 1, 0], 1), DEVICE)
    assert_scores(layout, scored(layout))
    for nothing in (Layout.of(Plan.questions(Pyramid.from_lengths([0], 4, 3), [1], [0]), DEVICE), asking((0, 0))):
        assert_scores(nothing, scored(nothing))


@pytest.mark.parametrize("channels", [16, 64])
@pytest.mark.parametrize("dtype", list(TOLERANCE))
def test_each_dtype_and_width(dtype: torch.dtype, channels: int) -> None:
    layout = asking((250, 65), levels=3)
    assert_scores(layout, scored(layout, 1, channels, dtype), TOLERANCE[dtype])


@pytest.mark.parametrize("piece", [1, 3])
def test_long_lists_are_cut_into_pieces(piece: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "PIECE", piece)
    monkeypatch.setattr(routing, "SUMMED", 2 * 16 * 32)
    layout = asking((400, 65), k=2, levels=3)
    table = assert_scores(layout, scored(layout, 2))
    assert lists.lists_of(table, len(layout.geometry.tile_group), 1 << 20).list_slots.diff().max() > 2


def test_what_has_no_score_gets_and_gives_nothing() -> None:
    layout = asking((60, 300, 30), k=0, dense=100)
    means, keys, mass = scored(layout)
    table = assert_scores(layout, [means, keys, mass])
    # Beyond the used entries a table may hold anything.
    beyond = torch.arange(table.tile.shape[2], device=DEVICE) >= table.used[..., None]
    assert beyond.any() and (table.best_row[~beyond] < 0).any()
    wild = table._replace(best_row=torch.where(beyond, 7, table.best_row).int())
    found = routing.scores(means, keys, mass, wild, layout)
    assert torch.equal(found, routing.scores(means, keys, mass, table, layout))
    slope = torch.full_like(found, 1.0).masked_fill(wild.best_row < 0, float("nan")).masked_fill(beyond, float("nan"))
    for one, other in zip(
        grad(found, (means, keys, mass), slope, retain_graph=True),
        grad(found, (means, keys, mass), slope.nan_to_num(0.0)),
        strict=True,
    ):
        assert torch.equal(one, other)


def test_strides_are_what_they_are() -> None:
    layout = asking((150, 65), levels=3)
    q = draw(2, 32, layout.queries).detach().permute(2, 0, 1).requires_grad_()
    agree(lambda x: routing.summaries(x, layout), lambda x: meaning.summaries(x, layout), [q], 1e-5)
    means, keys, mass = (x.detach().transpose(0, -1).contiguous().transpose(0, -1) for x in scored(layout, 2))
    assert_scores(layout, [x.requires_grad_() for x in (means, keys, mass)])


def test_the_same_input_gives_the_same_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "PIECE", 2)
    layout = asking((300, 65), levels=3)
    q = draw(layout.queries, 1, 32)
    _, keys, mass = scored(layout)
    with torch.no_grad():
        table = reference.descend(routing.summaries(q, layout), keys, mass, layout)
    runs = []
    for _ in range(3):
        found = routing.scores(routing.summaries(q, layout), keys, mass, table, layout)
        runs.append([found, *grad(found.square().sum(), (q, keys, mass))])
    for again in runs[1:]:
        assert all(torch.equal(one, two) for one, two in zip(runs[0], again, strict=True))


@pytest.mark.parametrize("massive", [False, True])
def test_opcheck(massive: bool) -> None:
    layout = asking((70, 3), levels=3)
    geometry = layout.geometry
    torch.library.opcheck(
        torch.ops.shas_kb.summaries_triton.default, (draw(layout.queries, 2, 16), geometry.start, geometry.length)
    )
    means, keys, mass = scored(layout, 2)
    table = reference.descend(means, keys, mass, layout)
    rest = list(table), geometry.log_count, geometry.tile_group, layout.plan.longest
    torch.library.opcheck(torch.ops.shas_kb.scores_triton.default, (means, keys, mass if massive else None, *rest))


def test_it_compiles_into_one_graph() -> None:
    layout = asking((150, 3), levels=3)
    q = draw(layout.queries, 2, 32)
    means, keys, mass = scored(layout, 2)
    table = reference.descend(means, keys, mass, layout)

    def loss(q: Tensor, keys: Tensor, mass: Tensor) -> Tensor:
        return routing.scores(routing.summaries(q, layout), keys, mass, table, layout).square().sum()

    torch._dynamo.reset()
    compiled = torch.compile(loss, fullgraph=True, backend="aot_eager")
    for one, other in zip(*(grad(its(q, keys, mass), (q, keys, mass)) for its in (loss, compiled)), strict=True):
        torch.testing.assert_close(one, other)


def test_what_the_kernels_do_not_know_is_refused() -> None:
    layout = asking((65,), levels=2)
    with pytest.raises(ValueError, match=r"channels of route_q must be one of \(16, 32, 64\), got 24"):
        routing.summaries(draw(layout.queries, 1, 24), layout)
    with pytest.raises(ValueError, match="route_q must be float32, bfloat16 or float16"):
        routing.summaries(draw(layout.queries, 1, 32, dtype=torch.float64), layout)


BLOCKS = "start:*i64 length:*i32"
KEYS = "stride_key_row:i32 stride_key_head:i32"
MEANS = "stride_means_head:i32 stride_means_block:i32 stride_means_side:i32"
BEST = "best_row:*i32 best_summary:*i32 scale:fp32"
TYPES = {
    "summaries": f"route_q:*{{0}} means:*{{0}} {BLOCKS} stride_row:i32 stride_head:i32",
    "summaries_backward": f"grad:*{{0}} dq:*{{0}} {BLOCKS} stride_head:i32 stride_block:i32 stride_side:i32",
    "scores": f"means:*{{0}} route_k:*{{0}} route_mass:*{{0}} log_count:*fp32 table_used:*i32 {BEST} out:*fp32 "
    f"blocks:i32 width:i32 entries:i32 {MEANS} {KEYS} stride_mass_row:i32 stride_mass_head:i32",
    "scores_means": f"grad:*fp32 route_k:*{{0}} table_used:*i32 {BEST} dmeans:*{{0}} width:i32 {KEYS}",
    "scores_keys": f"grad:*fp32 means:*{{0}} {BEST} dkeys:*{{0}} dmass:*{{0}} part_keys:*fp32 part_mass:*fp32 "
    "tile_group:*i32 entry:*i64 entry_block:*i32 piece_list:*i64 piece_bounds:*i64 piece_slot:*i64 tiles:i32 lists:i32 "
    f"{MEANS}",
    "scores_pieces": "part_keys:*fp32 part_mass:*fp32 dkeys:*{0} dmass:*{0} tile_group:*i32 list_slots:*i64 tiles:i32 "
    "heads:i32",
}
WARPS = {"summaries": 1, "summaries_backward": 1, "scores": 4, "scores_means": 1, "scores_keys": 4, "scores_pieces": 4}


def spec(kernel: str, dtype: str, channels: int, units: int) -> Spec:
    constants: dict[str, Any] = {"CHANNELS": channels}
    if kernel in ("scores_keys", "scores_pieces"):
        constants["UNITS"] = units
    if kernel == "scores_pieces":
        constants["SLOTS"] = max(routing.SUMMED // (units * channels), 1)
    if kernel == "summaries_backward":
        constants["stride_channel"] = 1
    name = f"shas_kb.kernels.triton.routing_kernels:shas_{kernel}_kernel"
    return Spec(name, TYPES[kernel].format(dtype), constants, num_warps=WARPS[kernel])


@pytest.mark.slow
def test_they_compile_without_spills() -> None:
    cases = [("bf16", 32, 16), ("fp32", 64, 64)]
    specs = [spec(kernel, *case) for kernel in TYPES for case in cases]
    for its, report in zip(specs, compile_kernels(specs), strict=True):
        assert report.spills == 0, its
        assert report.shared < 64 * 1024, its
        assert "scores_keys" not in its.kernel or report.wgmma or report.mma
