"""Documents that come later: they go where they belong, and it is told when they fit nowhere."""

from __future__ import annotations

import numpy as np
import pytest

from shas_kb.organise import place
from shas_kb.organise.material import unit

GROUPS, EACH, WIDTH = 12, 30, 32


@pytest.fixture(scope="module")
def groups() -> np.ndarray:
    return unit(np.random.default_rng(0).standard_normal((GROUPS, WIDTH)))


def near(groups: np.ndarray, each: int, seed: int) -> np.ndarray:
    noise = np.random.default_rng(seed).standard_normal((each * GROUPS, WIDTH))
    return np.repeat(groups, each, axis=0) + 0.12 * noise


@pytest.fixture(scope="module")
def known(groups: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return near(groups, EACH, 1), np.repeat(np.arange(GROUPS), EACH)


def test_a_document_goes_to_those_it_is_like(groups, known) -> None:
    places = place(*known, near(groups, 5, 2))
    assert [its.entities[0][0] for its in places] == np.repeat(np.arange(GROUPS), 5).tolist()
    assert np.mean([its.fits for its in places]) > 0.8
    for its in places:
        assert sum(weight for _, weight in its.entities) == pytest.approx(1)
        assert its.entities[0][1] == max(weight for _, weight in its.entities)


def test_what_is_like_nothing_has_a_place_but_does_not_fit(known) -> None:
    strangers = unit(np.random.default_rng(3).standard_normal((40, WIDTH)))
    places = place(*known, strangers)
    assert all(its.entities for its in places)
    assert not any(its.fits for its in places)


def test_a_document_between_two_entities_belongs_to_both() -> None:
    corners, between = np.repeat(np.eye(3), 4, axis=0), np.array([[1.0, 0.98, 0.0]])
    (its,) = place(corners, np.repeat([0, 1, 2], 4), between)
    assert [entity for entity, _ in its.entities] == [0, 1]


def test_a_place_depends_on_no_other_new_document(groups, known) -> None:
    new = near(groups, 2, 4)
    together = place(*known, new)
    assert together[::-1] == place(*known, new[::-1])
    assert together[3:4] == place(*known, new[3:4])


def test_a_tree_of_one_document_takes_all(groups) -> None:
    places = place(groups[:1], np.array([0]), groups[:3])
    assert [its.entities for its in places] == [((0, 1.0),)] * 3


def test_nothing_to_place(known) -> None:
    assert place(*known, np.zeros((0, WIDTH))) == []
