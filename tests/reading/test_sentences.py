"""Sentences: where they end, and that nothing is lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shas_kb.reading.sentences import split_sentences


def sentences(text: str, language: str = "") -> list[str]:
    return [text[start:end] for start, end in split_sentences(text, language)]


@pytest.mark.parametrize(
    "parts",
    [
        ["Dr. Smith met Mr. J. R. Jones at 5 p.m. on Monday.", "They talked."],
        ["It grew by 3.14 percent.", "Why?", "Nobody knows!"],
        ["See Fig. 3 and Eq. 4 for details, e.g. the slope, i.e. the rate.", "It is steep."],
        ["Vaswani et al. (2017) showed this.", "Others (cf. Smith et al. 2019) agree."],
        ["The work of Li et al. is known.", "This was shown by Li et al.", "We build on it."],
        ["He lives in the U.S. and works there.", "She left the U.S.", "The rest stayed."],
        ['He said "Stop." and left.', 'She said "Go."', "Then it ended."],
        ["It ended (at last.)", "Nothing followed."],
        ["Wait... what is it?", "Nothing."],
        ["1. Introduction", "2. Methods of vol. 3, no. 7, pp. 11-12."],
        ["This is version 2.0.1 of example.com.", "It works."],
        ["我来了。", "你看见了吗？", "太好了！", "他说：“好。”", "然后走了。"],
        ["これは本です。", "あれは何ですか？", "はい。"],
        ["هل وصلت؟", "نعم وصلت."],
        ["यह एक वाक्य है।", "यह दूसरा है।"],
        ["Das ist z.B. ein Satz, d.h. keiner.", "Er endet hier."],
    ],
)
def test_sentences_end_where_a_reader_ends_them(parts: list[str]) -> None:
    spaced = "" if "\u3000" < parts[0][0] < "\ufb00" else " "
    assert sentences(spaced.join(parts)) == parts or sentences("\n".join(parts)) == parts
    if not parts[0].startswith("1."):
        assert sentences(spaced.join(parts)) == parts


@pytest.mark.parametrize(
    ("language", "parts"),
    [
        ("de", ["Wir kommen am 1. April zurück.", "Der Vertrag vom 14. März gilt."]),
        ("de", ["Der 2. Weltkrieg und das 19. Jahrhundert.", "Montag, 1. Mai, ist frei (3. Absatz)."]),
        ("de", ["Das steht in Kapitel 3.", "Menschen lesen es.", "Es waren 12.", "Dann ging er."]),
        ("de", ["Das war 1914.", "April war es."]),
        ("cs", ["Přišel dne 1. dubna.", "Bylo jich 12.", "Potom odešli."]),
        ("da", ["Han kom den 14. marts.", "Der var 12.", "Så gik de."]),
        ("en", ["It was 1914.", "April came.", "She was 12.", "April came."]),
    ],
)
def test_the_full_stop_of_an_ordinal_ends_no_sentence(language: str, parts: list[str]) -> None:
    assert sentences(" ".join(parts), language) == parts


def test_ordinals_in_a_text_without_capitals() -> None:
    text = "byl to den. potom odešli. všichni šli. nikdo nepřišel. přišel 1. dubna. konec."
    assert "přišel 1. dubna." in sentences(text, "cs")
    assert "přišel 1." in sentences(text)


def test_a_line_break_always_ends_one() -> None:
    assert sentences("A heading\n\nThe text\n- an item\n- another") == [
        "A heading",
        "The text",
        "- an item",
        "- another",
    ]


def test_text_without_capitals_is_cut_too() -> None:
    assert (
        sentences("so we went there. and it was nice. then they came back. it was late. we left. ok bye.")[0]
        == "so we went there."
    )


@given(st.text(alphabet=st.sampled_from('aB1 .!?。！“”"()\n\t…é中')), st.sampled_from(["", "de", "cs"]))
def test_sentences_are_in_order_trimmed_and_hold_every_character(text: str, language: str) -> None:
    spans = split_sentences(text, language)
    place = 0
    for start, end in spans:
        assert start < end
        assert not text[place:start].strip()
        assert text[start:end] == text[start:end].strip()
        place = end
    assert not text[place:].strip()
