"""Two questions in one."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shas_kb.ask.clauses import FEWEST, FEWEST_OF_DETAIL, MOST, SURE, apart, clauses, may_stand


@pytest.mark.parametrize(
    ("question", "parts"),
    [
        (
            "How do birds cross oceans, and what did the thing on the tern's leg weigh?",
            ["How do birds cross oceans", "what did the thing on the tern's leg weigh"],
        ),
        ("What is a tariff? Who pays it?", ["What is a tariff", "Who pays it"]),
        ("What is a tariff; who pays it", ["What is a tariff", "who pays it"]),
        ("What is trade and in which year did it fall?", ["What is trade", "in which year did it fall"]),
        ("鸟怎样飞越海洋，哪些鸟飞得最远？", ["鸟怎样飞越海洋", "哪些鸟飞得最远"]),
        ("候鸟飞越海洋，中途不落地。", []),
        ("候鸟怎样迁徙，以及什么时候出发？", ["候鸟怎样迁徙", "什么时候出发"]),
        ("什么是关税？谁来付？", ["什么是关税", "谁来付"]),
        ("What is a tariff?", []),
        ("wine and cloth", []),
        ("what and how and why and when", []),
        ("??;;", []),
        ("", []),
    ],
)
def test_a_question_is_split_where_another_begins(question: str, parts: list[str]) -> None:
    assert clauses(question) == parts


WORDS = (
    "how",
    "What",
    "who",
    "and",
    "plus",
    "or",
    "trade,",
    "Venus?",
    "cell;",
    "1923",
    "怎样",
    "谁",
    "，什么时候",
    "，以及为什么",
    "？",
)
QUESTIONS = st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join)


@given(QUESTIONS | st.text(max_size=60))
def test_clauses_keep_all_words_but_those_that_join(question: str) -> None:
    found = clauses(question)
    assert not found or 2 <= len(found) <= MOST
    assert all(found)
    joining = r"\b(?:and|plus)\b|以及|并且|另外|还有|而且|[\s,?？，;；]"
    if found:
        left = re.sub(joining, "", question, flags=re.IGNORECASE)
        assert re.sub(joining, "", "".join(f" {part} " for part in found), flags=re.IGNORECASE) == left


def test_a_detail_and_more_than_that_are_apart() -> None:
    assert apart([("subject", 0.9, 2), ("detail", 0.9, 4)])
    assert apart([("detail", SURE, FEWEST_OF_DETAIL), ("overview", 0.4, FEWEST)])


@pytest.mark.parametrize(
    "told",
    [
        [],
        [("detail", 0.9, 4)],
        [("detail", 0.9, 4), ("detail", 0.9, 4)],
        [("subject", 0.9, 4), ("overview", 0.9, 4)],
        [("detail", SURE - 0.01, 4), ("subject", 0.9, 4)],
        [("detail", 0.9, FEWEST_OF_DETAIL - 1), ("subject", 0.9, 4)],
        [("detail", 0.9, 4), ("subject", 0.9, FEWEST - 1)],
    ],
)
def test_clauses_that_lean_on_one_another_are_not(told: list[tuple[str, float, int]]) -> None:
    assert not apart(told)


@pytest.mark.parametrize(
    ("parts", "stands"),
    [
        ((), False),
        (("How does cheese ripen in caves",), False),
        (("How does cheese ripen", "how do these differ"), False),
        (("How does cheese ripen", "how do people in Saxony-Anhalt use mites for it"), True),
    ],
)
def test_clauses_need_words_to_stand_alone(parts: tuple[str, ...], stands: bool) -> None:
    assert may_stand(parts) == stands
