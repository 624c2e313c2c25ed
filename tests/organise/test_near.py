"""Many units: neighbours, centres and merges found in cells are nearly those found by comparing all."""

from __future__ import annotations

from threading import Barrier

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from shas_kb.organise import near, ward
from shas_kb.organise.cells import split
from shas_kb.organise.group import identify_concepts
from shas_kb.organise.material import relabelled, unit
from shas_kb.organise.near import nearest
from shas_kb.organise.together import both, together
from shas_kb.organise.ward import merging

GROUPS = 40


@pytest.fixture(scope="module")
def units() -> np.ndarray:
    """Forty groups of twenty units."""
    random = np.random.default_rng(0)
    centres = unit(random.standard_normal((GROUPS, 24)))
    return unit(np.repeat(centres, 20, axis=0) + 0.12 * random.standard_normal((20 * GROUPS, 24)))


def compared_with_all(units: np.ndarray, points: np.ndarray, count: int) -> np.ndarray:
    far = ((units[:, None] - points) ** 2).sum(axis=2)
    return np.argsort(np.round(far, 12), axis=1, kind="stable")[:, :count]


def test_the_nearest_are_the_nearest(units: np.ndarray) -> None:
    found, distance = nearest(units, units[::7], 5)
    np.testing.assert_array_equal(found, compared_with_all(units, units[::7], 5))
    np.testing.assert_allclose(distance[:, 0], ((units - units[::7][found[:, 0]]) ** 2).sum(axis=1), atol=1e-9)


def test_of_points_that_are_the_same_the_first_is_nearest() -> None:
    found, distance = nearest(np.eye(2), np.repeat(np.eye(2), 6, axis=0), 3)
    assert found.tolist() == [[0, 1, 2], [6, 7, 8]]
    assert not distance.any()


def test_nothing_is_asked(units: np.ndarray) -> None:
    assert nearest(units[:0], units, 3)[0].shape == (0, 3)


def test_cells_find_nearly_all_of_the_nearest(units: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(near, "CHEAP", 0)
    monkeypatch.setattr(near, "LOOK", 5)
    found, _ = nearest(units, units, 10)
    true = compared_with_all(units, units, 10)
    assert np.mean([len(set(a) & set(b)) for a, b in zip(found, true, strict=True)]) > 9
    np.testing.assert_array_equal(found, nearest(units, units, 10)[0])


@pytest.mark.parametrize("largest", [7, 100, 5000])
def test_cells_hold_every_unit_once_and_are_small(units: np.ndarray, largest: int) -> None:
    parts = split(units.astype(np.float32), largest)
    assert sorted(np.concatenate(parts)) == list(range(len(units)))
    assert max(map(len, parts)) <= largest


def test_units_that_are_all_the_same_are_cut_into_small_cells() -> None:
    parts = split(np.ones((50, 3), np.float32), 8)
    assert sorted(np.concatenate(parts)) == list(range(50))
    assert max(map(len, parts)) <= 8


def test_merging_in_cells_finds_the_groups(units: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    weights = np.ones(len(units))
    whole = merging(units, weights)
    monkeypatch.setattr(ward, "LARGEST", 100)
    in_cells = merging(units, weights)
    assert len(in_cells.pairs) == len(units) - 1
    assert (np.diff(in_cells.costs) >= 0).all()
    assert in_cells.cut(1).max() == 0
    assert in_cells.cut(len(units)).tolist() == list(range(len(units)))
    assert adjusted_rand_score(in_cells.cut(GROUPS), whole.cut(GROUPS)) > 0.99
    truth = np.repeat(np.arange(GROUPS), 20)
    found = identify_concepts(units, weights, lambda merges: GROUPS)
    np.testing.assert_array_equal(relabelled(found), truth)


def test_pieces_come_back_in_their_order() -> None:
    assert list(together(lambda piece: piece * piece, range(50))) == [piece * piece for piece in range(50)]
    assert list(together(lambda piece: piece, ())) == []


def test_two_pieces_of_work_are_done_at_once() -> None:
    met = Barrier(2, timeout=30)
    assert [done >= 0 for done in both(met.wait, met.wait)] == [True, True]
    assert both(lambda: "one", lambda: 2) == ("one", 2)


def test_what_goes_wrong_in_another_thread_is_told() -> None:
    with pytest.raises(ZeroDivisionError):
        both(int, lambda: 1 // 0)
