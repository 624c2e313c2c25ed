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


PHONES = [
    "Adams, Jane ........ 4021",
    "Baker, Ann ........ 3310",
    "Clark ........ 1207",
    "Davis ........ 8",
    "Evans .... 9",
]
LOG = [
    "add ........ 1",
    "chop ........ 1",
    "drop ........ 1",
    "The run failed in fold as the disk was full.",
    "fold ..... 1",
]
BAR = ["Espresso .... 3", "Tea ...... 3", "with milk from our own cows", "Latte ....... 4", "Cake ..... 5"]


@pytest.mark.parametrize("heading", ["Contents", "TABLE OF CONTENTS", "Inhalt:", "Table des matières", "目 录"])
def test_contents_are_told_by_their_heading(heading: str) -> None:
    for lines in (SPACED, CHAPTERS):
        rows = [heading, "", *lines, "It begins here."]
        assert contents_lines(rows) == contents_lines(rows, 3) == set(range(2, len(lines) + 2))
    assert contents_lines(["Contents", *TIGHT, "It begins here."]) == {1, 2, 3, 5, 6}  # "Part Two" may be prose


def test_contents_are_told_by_the_pages_of_the_document() -> None:
    rows = [*TIGHT, "It begins here."]
    assert contents_lines(rows, 40) == {0, 1, 2, 4, 5}
    assert contents_lines(rows) == contents_lines(rows, 30) == contents_lines(rows, 200) == set()


def test_contents_go_on_after_a_long_title() -> None:
    more = ["Pines ....... 32", "Larches ....... 35", "Planes ....... 35", "Limes ....... 38"]
    rows = ["Contents", *TIGHT, "A part", "of many", "lines", *more, "It begins here."]
    assert contents_lines(rows, 40) == {1, 2, 3, 5, 6, 10, 11, 12, 13}
    assert contents_lines(rows, 37) == contents_lines(rows) == {1, 2, 3, 5, 6}


def test_an_index_is_told_by_its_letters_or_many_pages() -> None:
    rows = [*INDEX, "The end."]
    assert contents_lines(rows, 40) == set(range(len(INDEX)))
    assert contents_lines(rows) == contents_lines(rows, 20) == set()
    names = ["B", "bark ..... 31", "beech ....... 7", "E", "elm ....... 9,", "12, 14", "F", "fir ....... 3"]
    assert contents_lines([*names, "The end."], 40) == set(range(1, len(names))) | {0}


@pytest.mark.parametrize("lines", [PHONES, LOG, BAR])
@pytest.mark.parametrize("pages", [None, 1, 12])
def test_lists_of_other_numbers_stay(lines: list[str], pages: int | None) -> None:
    assert contents_lines([*lines, "The end."], pages) == set()


def test_prose_among_the_entries_stays() -> None:
    rows = ["Contents", *SPACED[:3], "A long word on elms 1", *SPACED[3:], "It begins here."]
    assert contents_lines(rows) == {1, 2, 3, 5, 6, 7}


def test_forms_of_dots_are_read_in_time() -> None:
    lines = [". " * 149, "Name" + "." * 280, "Name" + " ." * 140 + " x"] * 20_000
    assert contents_lines(lines) == set()


@pytest.mark.parametrize("lines", [FARE, PRICES, YEARS, PROSE, TABLE, SPACED[:2], []])
def test_other_lines_with_dots_stay(lines: list[str]) -> None:
    assert contents_lines(lines) == set()


def test_a_line_of_nothing_but_dots_is_judged_in_time() -> None:
    assert contents_lines(["." * 300, ". " * 150, "a" + "." * 298, ". . . ." * 100_000] * 50) == set()


def test_text_between_two_tables_of_contents_stays() -> None:
    lines = ["Contents", *SPACED, "The oak is a tree.", "It is tall.", "It is old.", "List of figures", *CHAPTERS]
    assert contents_lines(lines) == {*range(1, 7), *range(11, 15)}


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
        book([*title, *SPACED, *imprint], ["Contents", *TIGHT], ["The oak is a tree of a thousand years."]),
        "a.pdf",
        False,
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
    text = "\n".join(["Trees", "=====", "", "Contents", *CHAPTERS, "", "The oak is a tree."])
    assert read_text(text.encode(), "a.txt").text == "Trees\n\nContents\n\nThe oak is a tree."
    assert read_text("\n".join(["Preface", "Contents", *TIGHT]).encode(), "a.txt").text.startswith("Preface")
