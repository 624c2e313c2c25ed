"""Questions made of texts: about their passage, from words that say something, and the same for the same seed."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shas_kb.records import Quote, StoredPassage
from shas_kb.training.questions import Questioner

COMMON = "the of and is it that a what are to in".split()  # noqa: SIM905
TEXTS = (
    "Mitochondria turn sugar into the energy of the cell. The inner membrane pumps protons across itself.",
    "A chloroplast catches light and fixes carbon. Its thylakoid membrane is where water is split.",
    "The ribosome reads messenger RNA. Transfer RNA brings amino acids to it, one after another.",
)


def rarity(words: Sequence[str]) -> list[float]:
    return [0.9 if word in COMMON else 0.01 for word in words]


def passages(texts: Sequence[str]) -> list[StoredPassage]:
    found, start = [], 100
    for ordinal, text in enumerate(texts):
        sentences, begin = [], 0
        while begin < len(text):
            end = text.find(". ", begin) + 1 or len(text)
            sentences.append(Quote(text[begin:end], "d", None, start + begin, start + end))
            begin = end + 1
        found.append(
            StoredPassage("d", ordinal, None, None, start, start + len(text), len(text) // 4, text, tuple(sentences))
        )
        start += len(text) + 1
    return found


def asked(count: int = 60, seed: int = 0, english: bool = True, texts: Sequence[str] = TEXTS, title: str = "Cells"):  # type: ignore[no-untyped-def]
    return Questioner(rarity, 1000).ask(title, english, passages(texts), count, Random(seed))


def test_both_kinds_are_asked_about_every_passage() -> None:
    found = asked()
    assert {question.passage for question in found} == {0, 1, 2}
    assert 0.25 < sum(question.source is None for question in found) / len(found) < 0.75


def test_the_same_seed_asks_the_same() -> None:
    assert asked() == asked() != asked(seed=1)


def test_a_fragment_is_from_the_sentence_it_names() -> None:
    fragments = [question for question in asked() if question.source]
    assert fragments
    for question in fragments:
        if question.source:
            start, end = question.source
            sentence = TEXTS[question.passage][start:end]
            assert sentence.endswith(".")
            shared = set(question.text.split()) & set(sentence.split())
            assert len(shared) >= 2


def test_words_that_all_passages_hold_stand_in_no_phrase() -> None:
    for phrase in Questioner(rarity, 1000)._phrases(TEXTS[0]):
        assert not set(phrase.split()) & set(COMMON)


def test_frames_are_for_english_only() -> None:
    framed = [question.text for question in asked(english=False) if question.source is None]
    assert framed and not any(text.endswith("?") for text in framed)


def test_texts_without_spaces_are_asked_about() -> None:
    text = "线粒体把糖变成细胞所用的能量，内膜把质子泵到膜外，质子流回时推动合成酶，合成酶由此制造三磷酸腺苷。"
    found = asked(texts=[text], title="细胞 的 能量", english=False)
    assert found
    assert all(len(question.text) < 80 for question in found)


@pytest.mark.parametrize("texts", [["1 2 3 4 5 6 7 8 9 10 | 11 | 12"], ["a"], ["!!! ??? " * 20]])
def test_nothing_is_asked_about_nothing(texts: list[str]) -> None:
    assert asked(texts=texts) == []


@given(st.lists(st.text(min_size=1, max_size=300), min_size=1, max_size=4), st.text(max_size=40), st.integers(0, 9))
def test_any_text_can_be_asked_about(texts: list[str], title: str, seed: int) -> None:
    for question in asked(8, seed, bool(seed % 2), texts, title):
        assert question.text.strip()
        assert 0 <= question.passage < len(texts)
