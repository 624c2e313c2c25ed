"""What counts as a word, and what it is worth."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shas_kb.ask.words import MOST_WORDS, Covering, commonness, content_words, stem, stems, subject_words, words, worth


def test_words_of_scripts_with_and_without_spaces() -> None:
    assert words("The Sun's CORONA, 1.4 masses") == ["the", "sun", "s", "corona", "1", "4", "masses"]
    assert words("明朝的长城 wall") == ["明朝", "朝的", "的长", "长城", "wall"]
    assert words("¿? — “” 🙂") == []


def test_a_question_keeps_the_words_that_carry_a_topic() -> None:
    assert content_words("How does the Sun shine, and how does it end?") == ["sun", "shine", "end"]
    assert content_words("to be or not to be") == []
    assert len(content_words(" ".join(f"word{i}" for i in range(10_000)))) == MOST_WORDS


def test_words_of_asking_are_no_subject() -> None:
    assert subject_words(content_words("Summarize the main topics of this collection")) == []
    assert subject_words(content_words("Summarize the inflation paper")) == ["inflation"]


@pytest.mark.parametrize(
    ("one", "other"), [("theory", "theories"), ("planet", "planets"), ("measure", "measured"), ("trading", "trades")]
)
def test_inflections_meet(one: str, other: str) -> None:
    assert stem(one) == stem(other)


def test_a_rare_word_says_more_than_a_common_one() -> None:
    assert worth(1.0, 1000) == 0.0
    assert 0.0 < worth(0.5, 1000) < worth(0.1, 1000) < worth(0.001, 1000)
    assert worth(0.001, 1000) == pytest.approx(1.0) == worth(0.0, 1000)


def test_the_rarest_known_word_decides_how_common_a_question_is() -> None:
    assert commonness({"water": 0.5, "aquaporin": 0.001}, {}, 1000) == pytest.approx(0.0)
    assert commonness({"water": 0.5, "unheard": 0.0}, {}, 1000) == pytest.approx(commonness({"water": 0.5}, {}, 1000))
    assert commonness({"economics": 0.0}, {"economic": 0.4, "economics": 0.4}, 1000) > 0.8
    assert commonness({"unheard": 0.0}, {}, 1000) == 0.5
    assert commonness({}, {}, 1000) == 1.0


def test_coverage_counts_what_the_words_are_worth() -> None:
    covering = Covering({"venus": 0.8, "turns": 0.2})
    assert covering.share(covering.among(stems("Venus is hot"))) == pytest.approx(0.8)
    assert covering.share(covering.among(stems("Venus, turning"))) == pytest.approx(1.0)
    assert Covering({}).among(stems("Venus")) == set()
    assert Covering({}).share(()) == 0.0


@given(st.dictionaries(st.text(max_size=9), st.floats(0, 1)), st.integers(0, 10**6))
def test_weights_stay_between_nothing_and_one(shares: dict[str, float], passages: int) -> None:
    weights = {word: worth(share, passages) for word, share in shares.items()}
    assert all(0.0 <= weight <= 1.0 for weight in weights.values())
    assert 0.0 <= commonness(shares, {}, passages) <= 1.0
    covering = Covering(weights)
    assert 0.0 <= covering.share(covering.among(stems(" ".join(shares)))) <= 1.0 + 1e-9


@pytest.mark.parametrize(
    ("question", "content"),
    [
        ("Wann tritt der Hauswart von dem Amt zurück?", ["wann", "tritt", "hauswart", "amt", "zurück"]),
        ("Quelle est la température de la mer ?", ["température", "mer"]),
        ("Did the man with the red hat die?", ["man", "red", "hat", "die"]),
        ("wifi", ["wifi"]),
        ("war", ["war"]),
        ("man pages", ["man", "pages"]),
        ("world war", ["world", "war"]),
        ("man die", ["man", "die"]),
    ],
)
def test_grammar_is_that_of_the_questions_own_language(question: str, content: list[str]) -> None:
    assert content_words(question) == content


@pytest.mark.parametrize(
    "question",
    [
        *("What is this vault about?", "Worum geht es in dieser Sammlung?", "De quoi parle cette collection ?"),
        *("¿De qué trata esta colección?", "О чём эта коллекция?", "Gib mir einen Überblick über die Sammlung"),
    ],
)
def test_a_question_about_everything_names_no_subject(question: str) -> None:
    assert subject_words(content_words(question)) == []


def test_a_name_of_programs_is_a_word_with_its_parts() -> None:
    assert words("What is PROMPT_COMMAND?") == ["what", "is", "prompt_command", "prompt", "command"]
    assert words("__init__") == ["init"]
