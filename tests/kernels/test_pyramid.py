"""The geometry of pyramids: every unit is in one tile, every group opens into one, whatever the lengths."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from problems import ragged_pyramid

from shas_kb.kernels.plan import Plan
from shas_kb.kernels.pyramid import TILE, Pyramid, ones

LENGTHS = st.lists(st.integers(0, 700), min_size=0, max_size=5)


@st.composite
def pyramids(draw: st.DrawFn) -> Pyramid:
    """Regular and ragged ones."""
    lengths, ratio, levels = draw(LENGTHS), draw(st.integers(2, 5)), draw(st.integers(1, 6))
    if draw(st.booleans()):
        return Pyramid.from_lengths(lengths, ratio, levels)
    return ragged_pyramid(lengths, ratio, levels, seed=draw(st.integers(0, 99)))


@settings(deadline=None)
@given(pyramids())
def test_tiles_hold_every_unit_once(pyramid: Pyramid) -> None:
    tiles = pyramid.tiles
    held = np.concatenate([np.arange(one, one + n) for one, n in zip(tiles.start, tiles.length, strict=True)] or [[]])
    assert held.tolist() == list(range(pyramid.rows))
    assert tiles.length.min(initial=1) >= 1 and tiles.length.max(initial=1) <= TILE
    for text in range(pyramid.texts):
        for level in range(pyramid.levels):
            inside = range(*pyramid.tile_bounds[level, text : text + 2])
            assert all(tiles.text[i] == text and tiles.level[i] == level for i in inside)
            assert sum(tiles.length[i] for i in inside) == np.diff(pyramid.bounds[level, text : text + 2])


@settings(deadline=None)
@given(pyramids())
def test_a_group_opens_into_exactly_the_units_it_stands_for(pyramid: Pyramid) -> None:
    tiles, span = pyramid.tiles, pyramid.span
    for tile in range(len(tiles.start)):
        one, length = tiles.start[tile], tiles.length[tile]
        groups = range(*tiles.children[tile])
        if tiles.level[tile] == 0:
            assert len(groups) == 0
            continue
        masks = [int(tiles.mask[group]) for group in groups]
        assert sum(masks) == int(ones(length)), "the groups of a tile are a partition of its units"
        for group in groups:
            assert tiles.parent[group] == tile
            first, after = tiles.group[group]
            assert one <= first < after <= one + length
            below = slice(tiles.start[group], tiles.start[group] + tiles.length[group])
            assert span[first, 0] == span[below][0, 0] and span[after - 1, 1] == span[below][-1, 1]


@pytest.mark.parametrize(("ratio", "group"), [(2, 32), (3, 21), (4, 16), (5, 12)])
def test_groups_have_the_size_of_the_design(ratio: int, group: int) -> None:
    pyramid = Pyramid.from_lengths([10_000], ratio, 4)
    sizes = np.diff(pyramid.tiles.group[pyramid.tiles.level == 1])[:, 0]
    assert (sizes[:-1] == group).all() and 0 < sizes[-1] <= group
    lengths = pyramid.tiles.length[pyramid.tiles.level == 0]
    assert (lengths[:-1] == group * ratio).all()


def test_auto_leaves_at_most_256_units_at_the_top() -> None:
    found = {n: Pyramid.from_lengths([n], levels="auto").levels for n in (10, 65_536, 262_144, 1 << 20)}
    assert found == {10: 2, 65_536: 5, 262_144: 6, 1 << 20: 7}


def test_a_million_tokens_and_more_rows_than_fit_32_bits_of_elements() -> None:
    pyramid = Pyramid.from_lengths([1 << 20, 1 << 20], levels="auto")
    plan = Plan.asking(pyramid, levels=1)
    assert pyramid.rows * 12 * 128 > 2**31, "offsets of elements need 64 bits"
    assert plan.start.dtype == pyramid.tiles.start.dtype == np.int64
    assert plan.rows == 2 << 20 and len(plan.start) == 2 << 14
    assert plan.width <= 80, "what a block sees grows with the logarithm of the length"


def test_no_texts_and_empty_texts() -> None:
    assert Pyramid.from_lengths([]).rows == 0
    pyramid = Pyramid.from_lengths([0, 5, 0])
    assert pyramid.tokens.tolist() == [0, 5, 0] and pyramid.rows == 5 + 2 + 1 + 1 + 1
    assert Plan.asking(pyramid).rows == pyramid.rows


def test_units_may_open_alone_into_any_number() -> None:
    pyramid = Pyramid.from_offsets([[0, 150, 151], [0, 2]], [0, 1], alone=True)
    assert pyramid.tiles.length.tolist() == [150, 1, 2, 1]
    with pytest.raises(ValueError, match="a tile must hold at most 64 units"):
        Plan.asking(pyramid)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Pyramid.from_lengths([5], ratio=1), "ratio must be 2 to 64, got 1"),
        (lambda: Pyramid.from_lengths([-5]), "lengths must be"),
        (lambda: Pyramid.from_lengths([5], levels=0), 'levels must be "auto" or at least 1, got 0'),
        (lambda: Pyramid.from_lengths([5], levels="many"), "levels must be"),
        (lambda: Pyramid.from_offsets([[0, 3, 2]], [0, 2]), "offsets of level 1 must rise from 0"),
        (lambda: Pyramid.from_offsets([[0, 3, 3]], [0, 2]), "a unit of level 1 must have 1 to 64 children, got 0 to 3"),
        (lambda: Pyramid.from_offsets([[0, 65]], [0, 1]), "a unit of level 1 must have 1 to 64 children, got 65"),
        (lambda: Pyramid.from_offsets([[0, 3, 5], [0, 3]], [0, 1]), "offsets of level 2 must end at 2"),
        (lambda: Pyramid.from_offsets([[0, 3, 5]], [0, 1]), "texts must end at 2, the units of the top level, got 1"),
        (lambda: Plan.asking(Pyramid.from_lengths([5]), k=-1), "k must be None, a number of at least 0"),
        (lambda: Plan.asking(Pyramid.from_lengths([5]), k=[]), "k must be None"),
        (lambda: Plan.asking(Pyramid.from_lengths([5]), levels=6), "levels must be 1 to 5, got 6"),
        (lambda: Plan.asking(Pyramid.from_lengths([5]), window=-1), "window must be at least 0 tiles, got -1"),
        (lambda: Plan.asking(Pyramid.from_lengths([5]), threshold=2.0), "threshold must be 0 to 1, got 2.0"),
        (lambda: Plan.questions(Pyramid.from_lengths([5]), [1], [1]), "texts must be 0 to 0, got 1 to 1"),
        (lambda: Plan.questions(Pyramid.from_lengths([5]), [1, 2], [0]), "lengths and texts must be lists"),
    ],
)  # fmt: skip
def test_what_cannot_be_built_is_refused(make: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()  # type: ignore[operator]
