"""Figures, against what they are by hand."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shas_kb.evaluation.measures import calibration, mean_scores, scores, share


def test_what_comes_first_is_worth_most() -> None:
    assert scores(["a", None], 1) == {
        "recall@1": 1.0,
        "recall@5": 1.0,
        "recall@10": 1.0,
        "share@5": 1.0,
        "ndcg@10": 1.0,
    }


def test_a_later_place_is_discounted() -> None:
    found = scores([None, None, "a"], 1)
    assert (found["recall@1"], found["recall@5"]) == (0.0, 1.0)
    assert found["ndcg@10"] == pytest.approx(1 / math.log2(4))


def test_of_two_right_things_one_is_half() -> None:
    found = scores([None, "a"], 2)
    assert found["share@5"] == 0.5
    assert found["ndcg@10"] == pytest.approx((1 / math.log2(3)) / (1 + 1 / math.log2(3)))


def test_what_stands_there_twice_counts_once() -> None:
    assert scores(["a", "a", "a"], 2) == scores(["a"], 2)


def test_nothing_counts_beyond_the_tenth_place() -> None:
    assert scores([None] * 10 + ["a"], 1) == scores([], 1) == dict.fromkeys(scores([], 1), 0.0)


@given(st.lists(st.sampled_from([None, "a", "b", "c"]), max_size=15))
def test_figures_are_shares_and_grow_with_depth(places: list[str | None]) -> None:
    found = scores(places, 3)
    assert all(0 <= value <= 1 + 1e-12 for value in found.values())
    assert found["recall@1"] <= found["recall@5"] <= found["recall@10"]


def test_means_say_of_how_many() -> None:
    assert mean_scores([{"recall@1": 1.0}, {"recall@1": 0.0}]) == {"questions": 2, "recall@1": 0.5}
    assert share([True, False, True, True]) == {"questions": 4, "share": 0.75}


def test_what_comes_true_as_often_as_it_was_said_has_no_error() -> None:
    assert calibration([0.75] * 4, [True, True, True, False])["error"] == 0.0


def test_being_sure_and_wrong_is_an_error() -> None:
    found = calibration([1.0, 0.9, 0.1, 0.1], [False, False, False, True])
    # Two at .95 of which none came true, two at .1 of which half did.
    assert found["error"] == pytest.approx((2 * 0.95 + 2 * 0.4) / 4)
    assert found["bins"] == [
        {"questions": 2, "said": 0.1, "came true": 0.5},
        {"questions": 2, "said": 0.95, "came true": 0.0},
    ]


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), max_size=30))
def test_the_error_is_between_nothing_and_one(told: list[tuple[float, bool]]) -> None:
    found = calibration([said for said, _ in told], [came for _, came in told])
    assert isinstance(found["error"], float)
    assert 0 <= found["error"] <= 1
