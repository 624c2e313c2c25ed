"""Lines of code in a PDF stay lines; other text in type of one width is running text."""

from __future__ import annotations

import pymupdf

from shas_kb.reading.draft import Draft
from shas_kb.reading.pdf import read_pdf

PROSE = [f"The line {number} of this prose runs on to the next, as it was filled" for number in range(24)]
COMMANDS = ["$ dpkg -L vim", "$ apt-cache show vim-", "$ aptitude show vim"]


def read(*parts: tuple[str, list[str]]) -> Draft:
    """Read a PDF with a page for each of the parts: a font, and lines in it."""
    document = pymupdf.open()
    for font, lines in parts:
        page = document.new_page()
        page.insert_text((72, 100), PROSE[:8], fontsize=10)
        page.insert_text((72, 100 + 14 * 10), lines, fontname=font, fontsize=10)
    return read_pdf(document.tobytes(), "a.pdf", False)


def test_lines_of_code_stay_lines_and_are_no_prose() -> None:
    draft = read(*[("cour", COMMANDS)] * 4)
    assert draft.text.count("\n\n" + "\n".join(COMMANDS)) == 4
    assert [draft.text[start:end] for start, end in draft.code] == ["\n".join(COMMANDS)] * 4
    assert "$" not in draft.prose
    assert "prose runs on to the next, as it was filled The line 1 of" in draft.text
    for number, start in enumerate(draft.page_starts):
        assert draft.text[start:].startswith("The line 0"), number


def test_lines_in_other_fonts_are_joined() -> None:
    draft = read(*[("helv", COMMANDS)] * 4)
    assert "$ dpkg -L vim $ apt-cache" in draft.text
    assert not draft.code


def test_single_lines_and_few_lines_are_no_code() -> None:
    assert not read(*[("cour", ["/usr/share/doc/package/README"])] * 14).code
    assert not read(("cour", ["P(w) = max(c - D, 0) / c(v)", "+ D * N(v) / c(v) * P(w)"])).code


def test_a_typewritten_document_is_prose() -> None:
    document = pymupdf.open()
    document.new_page().insert_text((72, 100), PROSE, fontname="cour", fontsize=9)
    draft = read_pdf(document.tobytes(), "a.pdf", False)
    assert not draft.code
    assert "filled The line 1 of" in draft.text
