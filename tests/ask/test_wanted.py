"""What kind of thing a question asks for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shas_kb.ask.wanted import Kinds, asked_for, is_whole, there

NUMBER, NAME, NOTHING = Kinds(True, False, False), Kinds(False, True, False), Kinds(*3 * (False,))
SPAN, BOTH = NUMBER._replace(span=True), NUMBER._replace(name=True)


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("How many moons has Mars?", NUMBER),
        ("WHEN did prices double?", NUMBER),
        ("In which year were radar echoes understood?", NUMBER),
        ("火星有多少颗卫星？", NUMBER),
        ("长城是什么时候修建的？", NUMBER),
        ("How long does the whey keep?", SPAN),
        ("How many days did it sleep?", SPAN),
        ("它能活多久？", SPAN),
        ("Who computed the limit of white dwarfs?", NAME),
        ("Where is Olympus Mons?", NAME),
        ("Who built it, and when?", BOTH),
        ("How does a membrane work?", NOTHING),
        ("Whenever planets turn, whoever sees it", NOTHING),
        ("怎样防止通货膨胀？", NOTHING),
        ("Wie viele Monde hat der Mars?", NOTHING),
        ("", NOTHING),
    ],
)
def test_what_is_asked_for(question: str, wanted: Kinds) -> None:
    assert asked_for(question) == wanted


@pytest.mark.parametrize("text", ["in 1962", "twice daily", "Twelve of them", "三个月", "half of it"])
def test_numbers_in_figures_and_words(text: str) -> None:
    assert there(text).number


@pytest.mark.parametrize(
    ("question", "span"),
    [
        *[("How many more days?", True), ("How many light years?", False), ("How late does it run?", False)],
        *[("要几天？", True), ("多少年？", True), ("很多年来人们吃什么？", False), ("几年来谁写了它？", False)],
    ],
)
def test_a_length_of_time_is_asked_for(question: str, span: bool) -> None:
    assert asked_for(question).span == span


def test_a_long_row_of_figures_is_read_at_once() -> None:
    assert not there("1." * 200_000).span


@pytest.mark.parametrize("text", ["none of them", "everyone", "月亮", ""])
def test_no_number(text: str) -> None:
    assert not there(text).number


def test_a_name_is_a_capital_within_the_sentence() -> None:
    assert there("It was Chandrasekhar who computed it.").name
    assert there("The planet’s Olympus Mons").name
    assert not there("Tariffs once paid for most of it. They fell.").name


@pytest.mark.parametrize(
    "text",
    [
        *("for more than an hour", "38 days", "every 20 minutes", "two long weeks", "eighteen months", "half a second"),
        *("a couple of days", "within 5 ms", "三个月", "10 年", "十五分钟", "数百年", "三百五十年"),
    ],
)
def test_lengths_of_time(text: str) -> None:
    assert there(text).span


@pytest.mark.parametrize(
    "text",
    [
        *("by the hour", "these days", "38 dayflies", "a second opinion", "4 light years away", "a new generation"),
        *("月亮", "在三月", "第二天", "第 3 天", "1998年", "一九九八年", "二零零八年", "三十年代", "一日千里"),
    ],
)
def test_no_length_of_time(text: str) -> None:
    assert not there(text).span


@pytest.mark.parametrize(
    "text", ["It turns.", "It turns!  ", "“It turns.”", "长城是防御工程。", "It said: “so”", "(It turns.)"]
)
def test_a_statement_is_whole(text: str) -> None:
    assert is_whole(text)


@pytest.mark.parametrize("text", ["The planets", "What is it?", "谁修的？", ""])
def test_headings_and_questions_are_not(text: str) -> None:
    assert not is_whole(text)


@given(st.text(), st.text())
def test_only_what_is_wanted_is_met(question: str, text: str) -> None:
    wanted, its = asked_for(question), there(text)
    assert wanted.met_by(its) == its.met_by(wanted)
    assert all(found == (asked and has) for asked, has, found in zip(wanted, its, wanted.met_by(its), strict=True))
    assert NOTHING.met_by(its) == NOTHING
