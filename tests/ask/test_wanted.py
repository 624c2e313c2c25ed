"""What kind of thing a question asks for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shas_kb.ask.wanted import Wanted, is_whole

NUMBER, NAME, BOTH, NEITHER = Wanted(True, False), Wanted(False, True), Wanted(True, True), Wanted(False, False)


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("How many moons has Mars?", NUMBER),
        ("WHEN did prices double?", NUMBER),
        ("In which year were radar echoes understood?", NUMBER),
        ("火星有多少颗卫星？", NUMBER),
        ("长城是什么时候修建的？", NUMBER),
        ("Who computed the limit of white dwarfs?", NAME),
        ("Where is Olympus Mons?", NAME),
        ("Who built it, and when?", BOTH),
        ("How does a membrane work?", NEITHER),
        ("Whenever planets turn, whoever sees it", NEITHER),
        ("怎样防止通货膨胀？", NEITHER),
        ("Wie viele Monde hat der Mars?", NEITHER),
        ("", NEITHER),
    ],
)
def test_what_is_asked_for(question: str, wanted: Wanted) -> None:
    assert Wanted.of(question) == wanted


@pytest.mark.parametrize("text", ["in 1962", "twice daily", "Twelve of them", "三个月", "half of it"])
def test_numbers_in_figures_and_words(text: str) -> None:
    assert NUMBER.number_in(text)
    assert not NAME.number_in(text)


@pytest.mark.parametrize("text", ["none of them", "everyone", "月亮", ""])
def test_no_number(text: str) -> None:
    assert not NUMBER.number_in(text)


def test_a_name_is_a_capital_within_the_sentence() -> None:
    assert NAME.name_in("It was Chandrasekhar who computed it.")
    assert NAME.name_in("The planet’s Olympus Mons")
    assert not NAME.name_in("Tariffs once paid for most of it. They fell.")
    assert not NEITHER.name_in("It was Chandrasekhar who computed it.")


@pytest.mark.parametrize(
    "text", ["It turns.", "It turns!  ", "“It turns.”", "长城是防御工程。", "It said: “so”", "(It turns.)"]
)
def test_a_statement_is_whole(text: str) -> None:
    assert is_whole(text)


@pytest.mark.parametrize("text", ["The planets", "What is it?", "谁修的？", ""])
def test_headings_and_questions_are_not(text: str) -> None:
    assert not is_whole(text)


@given(st.text(), st.text())
def test_nothing_is_found_where_nothing_is_wanted(question: str, text: str) -> None:
    wanted = Wanted.of(question)
    assert wanted.number or not wanted.number_in(text)
    assert wanted.name or not wanted.name_in(text)
