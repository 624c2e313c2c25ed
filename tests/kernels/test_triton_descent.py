"""The descent as a Triton kernel gives the table of the reference, entry for entry."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import pytest
import torch
from problems import DEVICE, RAGGED, ragged_pyramid
from torch import Tensor

from shas_kb.kernels import reference
from shas_kb.kernels.layout import Layout, Table, scores
from shas_kb.kernels.plan import Plan
from shas_kb.kernels.pyramid import Pyramid

triton_descent = pytest.importorskip("shas_kb.kernels.triton.descent")

EVERYTHING = 1 << 30


def routing(
    layout: Layout, heads: int = 1, channels: int = 32, dtype: torch.dtype = torch.float32, seed: int = 0
) -> tuple[Tensor, Tensor, Tensor]:
    """Random summaries, keys and masses; none of them lies in memory as densely as it could."""
    generator = torch.Generator().manual_seed(seed)

    def draw(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator).to(DEVICE, dtype)

    means = draw(layout.blocks, 4, heads, channels + 1)[..., :channels].permute(2, 0, 1, 3)
    return means, draw(layout.rows, heads, channels + 8)[..., 8:], draw(layout.rows, 2 * heads)[:, ::2] / 4


@contextmanager
def no_memory_is_zero_by_chance() -> Iterator[None]:
    """Fills what `torch.empty` gives, so that an element which is never written cannot hide."""
    torch.use_deterministic_algorithms(True)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(False)


def descend(means: Tensor, keys: Tensor, mass: Tensor | None, layout: Layout, closed: Tensor | None = None) -> Table:
    with no_memory_is_zero_by_chance():
        table: Table = triton_descent.descend(means, keys, mass, layout, closed)
    return table


def assert_same(given: Table, expected: Table) -> None:
    for name, ours, its in zip(Table._fields, given, expected, strict=True):
        assert ours.dtype == its.dtype
        assert torch.equal(ours, its), f"{name}: {ours[ours != its]} instead of {its[ours != its]}"


def assert_as_the_reference(
    means: Tensor, keys: Tensor, mass: Tensor | None, layout: Layout, closed: Tensor | None = None
) -> None:
    given = descend(means, keys, mass, layout, closed)
    assert_same(given, reference.descend(means, keys, mass, layout, closed))


def assert_exact_cover(table: Table, layout: Layout) -> None:
    """Every token of a block's text lies under exactly one active unit."""
    pyramid = layout.plan.pyramid
    for head, block in np.ndindex(*table.used.shape):
        pairs = zip(table.tile[head, block].tolist(), table.mask[head, block].tolist(), strict=True)
        start = pyramid.tiles.start
        spans = pyramid.span[[start[tile] + bit for tile, mask in pairs for bit in range(64) if mask >> bit & 1]]
        tokens = sorted(token for one, last in spans for token in range(one, last))
        assert tokens == list(range(*pyramid.bounds[0, layout.plan.text[block] :][:2]))


@pytest.mark.parametrize(
    ("lengths", "ratio", "levels", "k", "heads", "massive", "asking"),
    [
        ((*RAGGED, 600), 4, 4, 1, 1, True, 1),
        ((300, 65, 0, 1), 2, 6, (4, 3, 2), 1, True, 1),
        ((3, 300, 63), 3, 3, 0, 2, False, 1),
        ((600, 64), 5, 5, EVERYTHING, 1, True, 1),
        ((64, 0, 600), 2, 2, 3, 1, False, 1),
        ((1, 300), 4, 1, 3, 2, True, 1),
        ((200, 65), 3, 3, 1, 1, True, 3),
        ((0, 0), 4, 3, 1, 1, True, 1),
    ],
)
def test_the_table_is_that_of_the_reference(
    lengths: Sequence[int], ratio: int, levels: int, k: int | Sequence[int], heads: int, massive: bool, asking: int
) -> None:
    layout = Layout.of(
        Plan.asking(Pyramid.from_lengths(lengths, ratio, levels), k, levels=asking, window=0, dense=0), DEVICE
    )
    means, keys, mass = routing(layout, heads)
    assert_as_the_reference(means, keys, mass if massive else None, layout)


def test_texts_seen_whole_lie_between_texts_that_are_not() -> None:
    plan = Plan.asking(Pyramid.from_lengths([300, 1, 65, 0, 260], 4, 3), 1, levels=1, dense=100)
    assert 0 < plan.whole.sum() < len(plan.whole)
    layout = Layout.of(plan, DEVICE)
    assert_as_the_reference(*routing(layout), layout)


def test_questions_from_outside_descend_too_and_one_may_ask_a_text_of_no_tokens() -> None:
    pyramid = Pyramid.from_lengths([600, 0, 65], 3, 4)
    layout = Layout.of(Plan.questions(pyramid, [1, 70, 0, 5, 5], [0, 2, 0, 1, 0], 1), DEVICE)
    assert_as_the_reference(*routing(layout), layout)
    layout = Layout.of(Plan.questions(Pyramid.from_lengths([0], 4, 3), [1], [0]), DEVICE)
    assert descend(*routing(layout), layout).used.tolist() == [[0]]


def test_units_may_have_any_number_of_children() -> None:
    layout = Layout.of(Plan.asking(ragged_pyramid([300, 1, 65], 5, 4, seed=2), 1, levels=1, dense=0), DEVICE)
    assert_as_the_reference(*routing(layout), layout)


@pytest.mark.parametrize(("tokens", "ratio", "levels", "k"), [(9000, 64, 3, 5), (30_000, 4, 2, 3), (9000, 64, 2, 70)])
def test_hundreds_of_groups_compete(tokens: int, ratio: int, levels: int, k: int) -> None:
    layout = Layout.of(Plan.questions(Pyramid.from_lengths([tokens], ratio, levels), [1], [0], k), DEVICE)
    assert_as_the_reference(*routing(layout), layout)


def test_levels_closed_to_a_block_are_not_visited_and_nothing_below_them() -> None:
    layout = Layout.of(Plan.asking(Pyramid.from_lengths([300, 65], 4, 4), 1, levels=1, dense=0), DEVICE)
    closed = torch.rand(layout.blocks, 2, 4, generator=torch.Generator().manual_seed(0)) < 0.3
    assert_as_the_reference(*routing(layout, 2), layout, closed.to(DEVICE).transpose(0, 1))


def test_of_equal_groups_the_first_is_opened() -> None:
    layout = Layout.of(Plan.questions(Pyramid.from_lengths([1000], 2, 4), [64], [0], (3, 2, 1)), DEVICE)
    means, keys, _ = routing(layout)
    means, keys = means.round(), torch.ones_like(keys)
    table = descend(means, keys, None, layout)
    assert_same(table, reference.descend(means, keys, None, layout))
    assert table.tile[0, 0, : table.used[0, 0]].tolist()[-2:] == [0, 1]


@pytest.mark.parametrize("odd", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("share", [0.02, 1.0])
def test_whatever_the_scores_are_the_cover_is_exact(odd: float, share: float) -> None:
    layout = Layout.of(Plan.asking(Pyramid.from_lengths([250, 3], 4, 3), 1, levels=1, dense=0, window=0), DEVICE)
    means, keys, mass = routing(layout)
    keys[torch.rand(keys.shape, generator=torch.Generator().manual_seed(1)).to(DEVICE) < share] = odd
    with np.errstate(invalid="ignore"):
        table = descend(means, keys, mass, layout)
    assert_exact_cover(table, layout)
    assert_same(table, reference.descend(means, keys, mass, layout))


@pytest.mark.parametrize(
    ("dtype", "channels"), [(torch.bfloat16, 32), (torch.float16, 16), (torch.bfloat16, 64), (torch.float32, 64)]
)
def test_each_dtype_and_width_of_keys(dtype: torch.dtype, channels: int) -> None:
    layout = Layout.of(Plan.asking(Pyramid.from_lengths([300], 4, 3), 1, levels=1, dense=0, window=0), DEVICE)
    assert_as_the_reference(*routing(layout, channels=channels, dtype=dtype), layout)


def test_three_runs_are_the_same() -> None:
    layout = Layout.of(Plan.asking(Pyramid.from_lengths([200, 65], 4, 3), 1, levels=1, dense=0), DEVICE)
    inputs = routing(layout)
    once = descend(*inputs, layout)
    for _ in range(2):
        assert_same(descend(*inputs, layout), once)


def test_an_entry_says_to_which_unit_and_summary_its_group_owes_its_score() -> None:
    layout = Layout.of(Plan.asking(Pyramid.from_lengths([300, 65], 4, 3), 1, levels=1, dense=0), DEVICE)
    means, keys, mass = routing(layout)
    table = descend(means, keys, mass, layout)
    given = scores(means, keys, mass, table, layout)
    tiles = layout.plan.pyramid.tiles
    for block in range(layout.blocks):
        for entry in range(int(table.used[0, block])):
            one, last = tiles.group[int(table.tile[0, block, entry])]
            expected = torch.zeros((), device=DEVICE)
            if last > one:
                each = means[0, block] @ keys[one:last, 0].T * 32**-0.5
                expected = (each + layout.geometry.log_count[one:last] + mass[one:last, 0]).max()
            # The same sum of 32 products in two orders.
            torch.testing.assert_close(given[0, block, entry], expected, rtol=1e-5, atol=1e-5)


def test_what_the_kernel_does_not_know_is_refused() -> None:
    layout = Layout.of(Plan.asking(Pyramid.from_lengths([65], 4, 2), 1), DEVICE)
    with pytest.raises(ValueError, match=r"channels of route_k must be one of \(16, 32, 64\), got 24"):
        descend(*routing(layout, channels=24), layout)
    with pytest.raises(ValueError, match=r"route_k must be float32, bfloat16 or float16, got torch.float64"):
        descend(*routing(layout, dtype=torch.float64), layout)
