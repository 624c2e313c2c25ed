"""PDF: what comes out is what a person would read."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from pathlib import Path

import pymupdf
import pytest

from shas_kb.config import ReadConfig
from shas_kb.reading import discover
from shas_kb.reading.pdf import read_pdf
from shas_kb.reading.worker import Reader
from shas_kb.records import Problem, Reading

Read = Callable[[str, bytes | str], Reading | Problem]
Typeset = Callable[..., bytes]
NASTY = Path(__file__).parents[2].parent / "shared" / "eval" / "nasty-pdfs"
FILLER = (
    "<p>" + "It was a bright cold day and the clocks were striking thirteen in the town below the hill. " * 6 + "</p>"
)


def article(sections: int = 4) -> str:
    body = "".join(
        f"<h2>{number}. Part of name {name}</h2>"
        + f"<p>Here begins {name} with a sentence of its own. "
        + " ".join(
            f"The {name} has a step {step} that comes after step {step - 1} of the whole." for step in range(1, 60)
        )
        + f" Here ends {name} at last.</p>"
        for number, name in enumerate(["alpha", "beta", "gamma", "delta"][:sections], start=1)
    )
    return f"<h1>On the Order of Columns</h1><p style='text-align:center'>Ada Lovelace and Alan Turing</p>{body}"


def page_of(starts: tuple[int, ...], offset: int) -> int:
    return bisect_right(starts, offset)


@pytest.mark.parametrize("columns", [1, 2, 3])
def test_text_comes_in_reading_order_without_running_heads(typeset: Typeset, columns: int) -> None:
    data = typeset(article(), columns, head="Journal of Trees, page")
    draft = read_pdf(data, "a.pdf", False)
    places = [
        draft.text.index(f"The {name} has a step {step} ")
        for name in ("alpha", "beta", "gamma", "delta")
        for step in range(1, 60)
    ]
    assert places == sorted(places)
    assert "Journal of Trees" not in draft.text
    assert "thestep" not in draft.text
    assert len(draft.page_starts) == len(pymupdf.open(stream=data)) > 1
    # a sentence goes on over columns and pages
    assert all(
        f"The {name} has a step 40 that comes after step 39 of the whole." in draft.text for name in ("alpha", "delta")
    )


def test_what_stands_beside_a_running_head_is_part_of_it(typeset: Typeset) -> None:
    document = pymupdf.open(stream=typeset(article()))
    for page in document:
        page.insert_text((60, 50), "On the Order of Columns" if page.number else "Small Press, 12", fontsize=9)
        page.insert_text((420, 50), "Compact Library", fontsize=9 if page.number else 8)
    document[1].insert_text((420, 70), "kept: it stands lower", fontsize=9)
    draft = read_pdf(document.tobytes(), "a.pdf", False)
    assert draft.text.count("On the Order of Columns") == 1
    assert draft.text.count("Compact Library") == 1  # on the first page, in another size
    assert "kept: it stands lower" in draft.text


@pytest.mark.parametrize(
    ("head", "size", "texts"),
    [
        ("ACME", 24, ["Why trees fall", "How roots hold", "What fungi do", "When rain comes"]),
        ("Annual Report", 9, ["Introduction", "Methods of counting", "Results by region", "Discussion"]),
        ("Chapter {}", 18, ["The oak", "The ash", "The elm", "The yew"]),
        ("Name:", 10, ["Alice Meyer", "Bob Stone", "Carla Diaz", "Dan Wu"]),
        ("Ibid.", 8, ["see the charter of Oakwood.", "see the roll of Elm.", "on millers.", "see Fir, who doubts it."]),
    ],
)
def test_text_beside_what_stands_on_several_pages_stays(head: str, size: float, texts: list[str]) -> None:
    document = pymupdf.open()
    for number, text in enumerate(texts, 1):
        page = document.new_page(width=595, height=842)
        page.insert_text((60, 60), head.format(number), fontsize=size)
        page.insert_text((300, 60), text, fontsize=max(size, 10))
        page.insert_text((60, 300), f"Page {number} tells of grain and what the mill makes of it.", fontsize=10)
    draft = read_pdf(document.tobytes(), "a.pdf", False)
    assert all(text in draft.text for text in texts)
    assert head.split()[0] not in draft.text


def test_text_beside_a_word_that_the_first_page_has_as_its_heading_stays() -> None:
    document = pymupdf.open()
    for lines in ([(60, 150, "Costs", 16)], [(60, 60, "Costs", 10), (200, 60, "were four thousand crowns", 10)]):
        page = document.new_page(width=595, height=842)
        for x, y, text, size in [*lines, (60, 300, "This page tells of grain and of mills.", 10)]:
            page.insert_text((x, y), text, fontsize=size)
    assert "were four thousand crowns" in read_pdf(document.tobytes(), "a.pdf", False).text


@pytest.mark.parametrize(
    "lines",
    [
        [(60, 40, "Tel. 030 1234567"), (60, 55, "Tel. 040 7654321")],
        [(60, 40, "Trees | {left}"), (400, 40, "Trees | {right}")],
        [(60, 40, "TREES"), (400, 40, "Trees")],
    ],
)
def test_running_heads_that_differ_in_their_figures_go(lines: list[tuple[float, float, str]]) -> None:
    document = pymupdf.open()
    for number in range(1, 7):
        page = document.new_page(width=595, height=842)
        for x, y, text in lines:
            page.insert_text((x, y), text.format(left=2 * number, right=2 * number + 1), fontsize=9)
        page.insert_text((60, 300), f"Page {number} tells of grain and what the mill makes of it.", fontsize=10)
    text = read_pdf(document.tobytes(), "a.pdf", False).text.lower()
    assert "trees" not in text
    assert "tel." not in text


def test_rows_of_a_table_that_differ_in_their_figures_stay() -> None:
    document = pymupdf.open()
    for number in range(4):
        page = document.new_page(width=595, height=842)
        for row in range(40):
            page.insert_text((60, 50 + 16 * row), f"plot {number * 40 + row}", fontsize=9)
            page.insert_text((200, 50 + 16 * row), f"{row}.5 kilograms in {1900 + number * 40 + row}", fontsize=9)
    draft = read_pdf(document.tobytes(), "a.pdf", False)
    assert all(f"{1900 + row}" in draft.text for row in range(160))


def test_a_label_beside_a_figure_that_could_be_a_page_number_stays() -> None:
    document = pymupdf.open()
    for number in range(1, 5):
        page = document.new_page(width=595, height=842)
        page.insert_text((290, 60), f"{80 + number}", fontsize=8)
        page.insert_text((60, 60), f"endosperm {'abcd'[number - 1]}", fontsize=8)
        page.insert_text((60, 300), f"Page {number} tells of grain and what the mill makes of it.", fontsize=10)
    draft = read_pdf(document.tobytes(), "a.pdf", False)
    assert all(f"endosperm {letter}" in draft.text for letter in "abcd")


def test_page_starts_are_exact(typeset: Typeset) -> None:
    data = typeset(article())
    draft = read_pdf(data, "a.pdf", False)
    for number, page in enumerate(pymupdf.open(stream=data), start=1):
        words = page.get_text().split()
        start = draft.page_starts[number - 1]
        assert draft.text[start:].split()[:4] == words[:4]
        assert page_of(draft.page_starts, start) == number


def test_title_authors_year_and_sections(typeset: Typeset) -> None:
    metadata = {"title": "Microsoft Word - x.doc", "author": "", "creationDate": "D:20190304000000"}
    draft = read_pdf(typeset(article(), metadata=metadata), "a.pdf", False)
    assert draft.title == "On the Order of Columns"
    assert draft.authors == ("Ada Lovelace", "Alan Turing")
    assert draft.year == 2019
    assert [section.title for section in draft.sections] == [
        f"{n}. Part of name {name}" for n, name in enumerate(("alpha", "beta", "gamma", "delta"), 1)
    ]
    assert all(draft.text[section.start :].startswith(section.title) for section in draft.sections)


def test_credible_metadata_wins(typeset: Typeset) -> None:
    draft = read_pdf(
        typeset(article(), metadata={"title": "A Treatise", "author": "Knuth, Donald; Emmy Noether"}), "a.pdf", False
    )
    assert draft.title == "A Treatise"
    assert draft.authors == ("Knuth, Donald", "Emmy Noether")


def test_the_outline_gives_the_sections(typeset: Typeset) -> None:
    document = pymupdf.open(stream=typeset(article()))
    last = len(document)
    document.set_toc(
        [[1, "1. Part of name alpha", 1], [2, "Nowhere to be found", last], [1, "4. Part of name delta", last]]
    )
    draft = read_pdf(document.tobytes(), "a.pdf", False)
    assert {(section.title, section.depth) for section in draft.sections} == {
        ("1. Part of name alpha", 1),
        ("Nowhere to be found", 2),
        ("4. Part of name delta", 1),
    } or len(draft.sections) == 3
    assert [section.start for section in draft.sections] == sorted(section.start for section in draft.sections)
    assert draft.text[draft.sections[0].start :].startswith("1. Part of name alpha")


def lines_pdf(*pages: list[str]) -> bytes:
    document = pymupdf.open()
    for lines in pages:
        document.new_page().insert_text((72, 120), lines, fontsize=11, lineheight=1.3)
    data: bytes = document.tobytes()
    return data


def test_divided_words_are_joined_unless_the_hyphen_belongs() -> None:
    data = lines_pdf(
        [
            "The well-known method of regu-",
            "larisation is a well-",
            "known one, with pre-",
            "and post-processing by Lévy-",
            "Strauss and an exam-",
        ],
        ["ple that goes on here."],
    )
    draft = read_pdf(data, "a.pdf", False)
    assert draft.text == (
        "The well-known method of regularisation is a well-known one, with pre- and post-processing by Lévy-Strauss"
        " and an example that goes on here."
    )
    assert draft.text[draft.page_starts[1] :].startswith("ple that")


def test_a_page_without_text_keeps_its_number() -> None:
    data = lines_pdf(["This is the first page."], [], ["This is the third page."])
    draft = read_pdf(data, "a.pdf", False)
    assert page_of(draft.page_starts, draft.text.index("third")) == 3
    assert page_of(draft.page_starts, draft.text.index("first")) == 1
    assert len(draft.page_starts) == 3


def scan() -> bytes:
    words = pymupdf.open()
    words.new_page().insert_text((72, 200), "A scanned page of text", fontsize=24)
    picture = words[0].get_pixmap(dpi=100)
    document = pymupdf.open()
    document.new_page().insert_image(pymupdf.Rect(0, 0, 595, 842), pixmap=picture)
    data: bytes = document.tobytes()
    return data


def test_a_turned_page_is_read_upright() -> None:
    document = pymupdf.open()
    page = document.new_page(width=842, height=595)
    for number in range(6):
        page.insert_text((100 + 20 * number, 500), f"Line number {number} of a page on its side.", rotate=90)
    text = read_pdf(document.tobytes(), "a.pdf", False).text
    assert [text.index(f"number {number} ") for number in range(6)] == sorted(
        text.index(f"number {number} ") for number in range(6)
    )


def test_reasons_say_what_to_do(read: Read) -> None:
    good = pymupdf.open(stream=lines_pdf(["Hello there."]))
    locked = good.tobytes(encryption=pymupdf.PDF_ENCRYPT_AES_256, user_pw="secret", owner_pw="owner")
    cases = {
        "encrypted: needs a password": locked,
        "no text layer: try --ocr": scan(),
        "no text in it": lines_pdf([]),
        "empty file": b"",
        "damaged": b"%PDF-1.7\nnothing of the kind",
    }
    for reason, data in cases.items():
        problem = read("file.pdf", data)
        assert isinstance(problem, Problem), reason
        assert problem.reason.startswith(reason)
        assert not problem.passing


def test_owner_passwords_do_not_hinder_reading(read: Read) -> None:
    good = pymupdf.open(stream=lines_pdf(["Hello there."]))
    result = read("file.pdf", good.tobytes(encryption=pymupdf.PDF_ENCRYPT_AES_256, owner_pw="owner"))
    assert isinstance(result, Reading)


def test_the_content_decides_the_kind(read: Read) -> None:
    pdf = read("really-a-pdf.txt", lines_pdf(["Hello there."]))
    assert isinstance(pdf, Reading)
    assert (pdf.kind, pdf.pages) == ("pdf", 1)
    html = read("really-html.pdf", "<!DOCTYPE html><html><body><p>Hello there.</p></body></html>")
    assert isinstance(html, Reading)
    assert html.kind == "html"
    text = read("about.txt", "The mark %PDF-1.7 begins a PDF.")
    assert isinstance(text, Reading)
    assert text.kind == "text"


def test_a_title_is_made_of_the_file_name_as_a_last_resort(read: Read) -> None:
    result = read(
        "my_notes-on%20trees.pdf",
        lines_pdf(["this is some text that goes on, and on, and on,", "and has no title at all;"]),
    )
    assert isinstance(result, Reading)
    assert result.title == "my notes on trees"


def test_with_ocr_but_without_an_engine_the_reason_names_one(config: ReadConfig, tmp_path: Path) -> None:
    from importlib.util import find_spec

    if find_spec("rapidocr") or find_spec("rapidocr_onnxruntime"):
        pytest.skip("an engine is installed")
    (tmp_path / "scan.pdf").write_bytes(scan())
    (file,), _ = discover([tmp_path])
    _, problem = Reader(ReadConfig(config.tokenizer, ocr=True)).read(file)
    if isinstance(problem, Problem):
        assert "pip install rapidocr" in problem.reason


@pytest.mark.skipif(not NASTY.exists(), reason="the evaluation data is not here")
def test_pdfs_that_break_readers_break_nothing(reader: Reader) -> None:
    files, skipped = discover([NASTY])
    assert not skipped
    results = [reader.read(file)[1] for file in files]
    reasons = [result.reason for result in results if isinstance(result, Problem)]
    assert len(results) > 100
    assert len(reasons) < len(results) / 2
    assert all(
        reason.startswith(("encrypted", "no text", "no readable text", "damaged: no pages")) for reason in reasons
    )
    assert all(result.passages and result.title for result in results if isinstance(result, Reading))
