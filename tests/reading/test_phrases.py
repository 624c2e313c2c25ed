"""Words, phrases and languages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shas_kb.reading.language import guess_language
from shas_kb.reading.phrases import key_phrases, terms

CONSENSUS = (
    "Byzantine fault tolerance is a property of systems. TCP is not enough for Byzantine fault tolerance. The TCP"
    " stack of a replica, and its state machine, are tested. A state machine with Byzantine fault tolerance uses"
    " 3f+1 replicas,"
    " and 42 of them are Byzantine. "
)
CHINESE = (
    "人工智能正在改变世界。机器学习是人工智能的一部分，而深度学习是机器学习的一部分。"
    "研究人工智能的人很多，他们用机器学习来研究深度学习。"
)


def test_terms_are_counted_without_stop_words_and_numbers() -> None:
    found = terms("The tree, the TREE and a 2019 tree's x1 naïve हिन्दी don't", "en")
    assert found == {"tree": 3, "naïve": 1, "x1": 1, "हिन्दी": 1}


def test_chinese_terms_are_pairs_of_characters() -> None:
    found = terms("数据结构和数据。BERT模型", "zh")
    assert found["数据"] == 2
    assert found["bert"] == 1
    assert "构和" not in found


def test_terms_are_capped() -> None:
    assert len(terms(" ".join(f"word{i}" for i in range(9000)), "en")) == 4000


def test_phrases_stand_as_they_are_written() -> None:
    found = key_phrases(CONSENSUS * 30, "en", [])
    assert found["Byzantine fault tolerance"] == 90
    assert found["TCP"] == 60
    assert found["state machine"] == 60
    assert "fault tolerance" not in found
    assert not any(phrase.lower().split()[0] in ("the", "of", "a", "is") for phrase in found)
    assert not any(phrase.replace(" ", "").isdigit() for phrase in found)


def test_in_a_long_text_a_phrase_must_come_twice_or_in_a_heading() -> None:
    text = "The lonely phrase is here. " + CONSENSUS * 90 + " A purple heading word stands here."
    assert "lonely phrase" not in key_phrases(text, "en", [])
    assert "lonely phrase" in key_phrases(text, "en", ["Lonely Phrase"])
    assert "lonely phrase" in key_phrases("The lonely phrase is here.", "en", [])


def test_chinese_phrases_are_words() -> None:
    found = key_phrases(CHINESE * 5, "zh", [])
    assert {"人工智能", "机器学习", "深度学习"} <= set(found)
    assert not {"工智", "器学习", "能的"} & set(found)


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("en", "This is a plain text in a language that many people know."),
        ("de", "Das ist ein einfacher Text in einer Sprache, die viele kennen."),
        ("fr", "Ceci est un texte simple dans une langue que beaucoup connaissent."),
        ("zh", "这是一篇用许多人都懂的语言写成的简单文章。"),
        ("ja", "これは多くの人が知っている言語で書かれた簡単な文章です。"),
        ("ru", "Это простой текст на языке, который знают многие люди."),
        ("und", "12 + 30 = 42"),
    ],
)
def test_languages(code: str, text: str) -> None:
    assert guess_language(text) == code
    assert guess_language(text * 300) == code


@given(st.text(), st.sampled_from(["en", "zh", "xx"]))
def test_any_text_has_words_and_phrases_that_stand_in_it(text: str, language: str) -> None:
    for found in (terms(text, language), key_phrases(text, language, [text[:20]])):
        assert all(count > 0 and word.strip() == word != "" for word, count in found.items())
    plain = " ".join(text.lower().split())
    for phrase in key_phrases(text, language, []):
        assert phrase.split(" ")[0].lower() in plain or len(phrase.lower()) != len(phrase)
