"""Tables of contents and indexes are no text; leaders in prose, tables and bills of fare are."""

from __future__ import annotations

from bisect import bisect_right

import pymupdf
import pytest

from shas_kb.reading.contents import contents_lines
from shas_kb.reading.pdf import read_pdf
from shas_kb.reading.text import read_text

SPACED = [
    "Preface . . . . . . . . . . . . . . . . . . . . . . . . iii",
    "1 Oaks . . . . . . . . . . . . . . . . . . . . . . . . . . 1",
    "1.1 Of the bark of oaks and of what lives in . . . . 2",
    "2 Elms 5",
    "2.1 Wych elms . . . . . . . . . . . . . . . . . . . . . 7",
    "Index . . . . . . . . . . . . . . . . . . . . . . . . . . . 90",
]
TIGHT = [
    "Preface ........ 3",
    "Oaks.............7",
    "Elms .......... 12",
    "Part Two",
    "Yews .......... 12",
    "Firs……………… 31",
]
CHAPTERS = ["Bark ......... 1-9", "Leaves ....... 1-10", "Roots ........ 2-3", "Seeds ........ 2-14"]
INDEX = [
    "acorn . . . . . . 12, 40",
    "bark . . . . . . . . 3",
    "B",
    "beech . . . . . . 31, 32",
    "$ . . . . . . . . . . . . 7",
    "yew . . . . . . 5",
]
FARE = ["Soup ........ 9", "Bread ....... 4", "Roast ....... 21", "Apple pie ... 6", "Coffee ...... 3"]
PRICES = ["Apples ...... 1.50", "Bread ....... 2.20", "Cheese ...... 4.10", "Dates ....... 5.00"]
YEARS = ["1950 ..... 12", "1960 ..... 15", "1970 ..... 18", "1980 ..... 30"]
PROSE = [
    "He waited . . . and waited .... 12 men came",
    "She said .... nothing",
    "Then . . . . no",
    "Well...... 3 of us",
]
TABLE = ["Oak 4 31", "Elm 5 32", "Yew 6 33", "Fir 7 34", "... ... ... ... 5"]


@pytest.mark.parametrize("lines", [SPACED, TIGHT, CHAPTERS, INDEX])
def test_contents_are_told_from_first_to_last_entry(lines: list[str]) -> None:
    assert contents_lines(["Contents", *lines, "It begins here."]) == set(range(1, len(lines) + 1))


@pytest.mark.parametrize("lines", [FARE, PRICES, YEARS, PROSE, TABLE, SPACED[:2], []])
def test_other_lines_with_dots_stay(lines: list[str]) -> None:
    assert contents_lines(lines) == set()


def test_a_line_of_nothing_but_dots_is_judged_in_time() -> None:
    assert contents_lines(["." * 300, ". " * 150, "a" + "." * 298, ". . . ." * 100_000] * 50) == set()


def test_text_between_two_tables_of_contents_stays() -> None:
    lines = [*TIGHT, "The oak is a tree.", "It is tall.", "It is old.", *CHAPTERS]
    assert not contents_lines(lines) & {6, 7, 8}
    assert len(contents_lines(lines)) == len(TIGHT) + len(CHAPTERS)


def book(*pages: list[str]) -> bytes:
    document = pymupdf.open()
    for lines in pages:
        document.new_page().insert_text((72, 120), lines, fontsize=11, lineheight=1.3)
    data: bytes = document.tobytes()
    return data


def test_contents_of_a_pdf_are_left_out_and_pages_stay_right() -> None:
    title = ["A Book of Trees, by one who grew them", "Contents"]
    imprint = ["Printed in Leipzig, as all of them are.", "None of it may be sold again.", "Ask first."]
    draft = read_pdf(
        book([*title, *SPACED, *imprint], TIGHT, ["The oak is a tree of a thousand years."]), "a.pdf", False
    )
    assert ". . ." not in draft.text
    assert "Elms" not in draft.text
    assert "Printed in Leipzig" in draft.text
    assert "Ask first" in draft.text
    assert bisect_right(draft.page_starts, draft.text.index("The oak")) == 3
    assert len(draft.page_starts) == 3


def test_a_pdf_that_is_all_contents_keeps_them() -> None:
    assert "Preface" in read_pdf(book(TIGHT), "a.pdf", False).text


def test_contents_of_a_text_file_are_left_out() -> None:
    text = "\n".join(["Trees", "=====", "", *TIGHT, "", "The oak is a tree."])
    assert read_text(text.encode(), "a.txt").text == "Trees\n\nThe oak is a tree."
    assert read_text("\n".join(TIGHT).encode(), "a.txt").text.startswith("Preface")
