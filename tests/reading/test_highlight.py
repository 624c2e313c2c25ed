"""Finding on a page what was read from it."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shas_kb.reading.highlight import PIECE, find, letters, line_boxes

PAGE = letters("The quick brown fox jumps over the lazy dog, and the dog does not even open one of its eyes for that.")


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Naïve, “quoted”—and\nex-\nample", "naivequotedandexample"),
        ("ﬁve Straße №", "fivestrasseno"),
        ("光と熱 2⁵", "光と熱25"),
        (" … ?!", ""),
    ],
)
def test_only_letters_and_digits_are_compared(text: str, kept: str) -> None:
    assert letters(text) == kept


def test_a_text_is_found_in_one_piece() -> None:
    (found,) = find(PAGE, [letters("over the lazy DOG")])
    assert PAGE[slice(*found)] == "overthelazydog"


def test_a_note_in_its_middle_does_not_hide_it() -> None:
    quote = letters("The quick brown fox jumps over the lazy dog, and the dog does not even open one of its eyes")
    page = PAGE.replace("lazydog", "lazydog17")
    (found,) = find(page, [quote])
    assert page[slice(*found)].startswith("thequickbrownfox")
    assert "17" in page[slice(*found)]


def test_of_a_text_on_two_pages_each_has_its_part() -> None:
    quote = letters("and so it was told again and again by everyone who had seen it:") + PAGE
    (found,) = find(PAGE, [quote])
    assert found[1] == len(PAGE)
    assert found[0] < PIECE


def test_what_is_not_there_is_not_found() -> None:
    assert find(PAGE, [letters("A sentence of another page that has nothing of this one in it."), "", "zzz"]) == []


@given(st.text("abc", min_size=1, max_size=300), st.lists(st.text("abc", max_size=120), max_size=5))
def test_stretches_are_in_order_and_apart(page: str, quotes: list[str]) -> None:
    found = find(page, quotes)
    assert all(0 <= start < end <= len(page) for start, end in found)
    assert all(before[1] < after[0] for before, after in pairwise(found))
    for quote in quotes:
        if quote and quote in page:
            at = page.find(quote)
            assert any(start <= at and at + len(quote) <= end for start, end in found)


def test_each_line_of_a_stretch_has_a_box() -> None:
    boxes = [(float(x), 10.0 * row, x + 1.0, 10.0 * row + 8) for row in range(3) for x in range(5)]
    rows = [row for row in range(3) for _ in range(5)]
    assert line_boxes(boxes, rows, [(3, 7), (14, 15)]) == [(3, 0, 5, 8), (0, 10, 2, 18), (4, 20, 5, 28)]
