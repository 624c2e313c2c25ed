"""Text, Markdown, HTML, Word and EPUB; and what only pretends to be one of them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import datetime

import docx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shas_kb.reading.docx import read_docx
from shas_kb.reading.draft import Draft, UnreadableError
from shas_kb.reading.epub import read_epub
from shas_kb.reading.frontmatter import title_from_name
from shas_kb.reading.html import read_html
from shas_kb.reading.markdown import read_markdown
from shas_kb.reading.text import decode, read_text
from shas_kb.records import Problem, Reading

Read = Callable[[str, bytes | str], Reading | Problem]

SAMPLES = {
    "en": "The quick brown fox jumps over the lazy dog, and it’s a rather long way home.",
    "fr": "Où est passé l’élève français ? Il a mangé une crêpe à Noël, très tôt le matin, près de la forêt.",
    "ru": "Съешь же ещё этих мягких французских булок, да выпей чаю. Это предложение содержит все буквы алфавита.",
    "zh": "知识就是力量。人工智能正在改变我们的生活方式，许多文件需要整理和分类，才能够方便地查找。",
    "ja": "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。何でも薄暗いじめじめした所で泣いていた。",
}

TRADITIONAL = "知識就是力量。人工智慧正在改變我們的生活方式，許多文件需要整理和分類，才能夠方便地查找。"


def outline(draft: Draft) -> list[tuple[int, str]]:
    assert all(draft.text[section.start :].startswith(section.title) for section in draft.sections)
    return [(section.depth, section.title) for section in draft.sections]


@pytest.mark.parametrize(
    ("language", "encoding"),
    [
        *((language, encoding) for language in SAMPLES for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-32")),
        *(("en", "utf-16-le"), ("en", "utf-16-be"), ("fr", "cp1252"), ("fr", "latin-1"), ("ru", "cp1251")),
        *(("zh", "gb18030"), ("zh", "big5"), ("ja", "shift_jis"), ("ja", "euc_jp")),
    ],
)
def test_text_in_any_encoding(language: str, encoding: str) -> None:
    text = SAMPLES[language] * 3
    if encoding == "big5":
        text = TRADITIONAL * 3
    if encoding == "latin-1":
        text = text.replace("’", "'")
    assert decode(text.encode(encoding)) == text


def test_wrapped_lines_become_paragraphs_and_lists_stay() -> None:
    draft = read_text(
        b"This is a paragraph whose lines were broken at a width of some\n"
        b"seventy characters or so, as in letters and old text files, and\n"
        b"which ends here.\n\n- one item\n- another item\n\nA Heading\n=========\n\nText below.\n",
        "a.txt",
    )
    first, listed, *_ = draft.text.split("\n\n")
    assert first.startswith("This is a paragraph")
    assert "\n" not in first
    assert listed == "- one item\n- another item"
    assert outline(draft) == [(1, "A Heading")]
    assert draft.title == "A Heading"


def test_tex_sections() -> None:
    draft = read_text(b"\\section{First}\nSome text.\n\n\\subsection{Second}\n\nMore text.", "a.tex")
    assert outline(draft) == [(2, "First"), (3, "Second")]


def test_markdown() -> None:
    draft = read_markdown(
        b'---\ntitle: "On *Trees*"\nauthors:\n  - Ada Lovelace\n  - Alan Turing\ndate: 2021-05-06\n---\n# Trees\n\n'
        b'They have **leaves** and [roots](http://x.y/z "t").  ![an oak](oak.png)\nThey grow.\n\n'
        b"## Kinds\n\n- oak `a_b`\n- elm\n  - wych elm\n\n"
        b"| name | height |\n|---|---|\n| oak | 40 |\n\n```python\nprint(1)\nprint(2)\n```\n\n"
        b"Setext\n---\n<div>html &amp; more</div>\n",
        "a.md",
    )
    assert draft.title == "On *Trees*"
    assert draft.authors == ("Ada Lovelace", "Alan Turing")
    assert draft.year == 2021
    assert outline(draft) == [(1, "Trees"), (2, "Kinds"), (2, "Setext")]
    assert "They have leaves and roots. an oak They grow." in draft.text
    assert "oak a_b\nelm\nwych elm" in draft.text
    assert "name | height\noak | 40" in draft.text
    assert "print(1)\nprint(2)" in draft.text
    assert draft.text.endswith("html & more")
    assert "http://x.y" not in draft.text


def test_code_in_markdown_is_text_but_no_prose() -> None:
    text = (
        "# Sockets\n\nA socket sends.\n\n```cpp\nvirtual BOOL Create();\n```\n\n- Close it.\n\n      shut(it);\n\nEnd."
    )
    draft = read_markdown(text.encode(), "a.md")
    assert draft.prose == "Sockets\n\nA socket sends.\n\nClose it.\n\nEnd."
    assert [draft.text[start:end] for start, end in draft.code] == ["virtual BOOL Create();", "shut(it);"]
    assert read_markdown(b"    only(code);", "a.md").prose == "only(code);"


def test_markdown_without_front_matter_takes_its_first_heading() -> None:
    assert read_markdown(b"intro\n\n# The Title\n\ntext", "a.md").title == "The Title"


def test_html() -> None:
    draft = read_html(
        b"<!DOCTYPE html><html><head><title>Oaks &amp; Elms</title><meta name=author content='Ada Lovelace'>"
        b"<meta property='article:published_time' content='2020-01-02'><style>p {color: red}</style></head><body>"
        b"<nav>Home | About</nav><h1>Oaks</h1><p>They are <b>tall</b>,<br>and old.</p>"
        b"<ul><li>red</li><li>white</li></ul>"
        b"<h2>Elms</h2>loose text<table><tr><td>a</td><td>b</td></tr></table><script>alert(1)</script>"
        b"<footer>(c)</footer></body></html>",
        "a.html",
    )
    assert (draft.title, draft.authors, draft.year) == ("Oaks & Elms", ("Ada Lovelace",), 2020)
    assert draft.text == "Oaks\n\nThey are tall, and old.\nred\nwhite\n\nElms\n\nloose text\na | b"
    assert outline(draft) == [(1, "Oaks"), (2, "Elms")]


def test_html_within_a_form_is_read() -> None:
    page = (
        b"<html><body><form><p>All of the page</p><select><option>no</select><button>no</button></form></body></html>"
    )
    assert read_html(page, "a.html").text == "All of the page"


def test_html_in_the_encoding_it_declares() -> None:
    page = "<html><head><meta charset='windows-1251'></head><body><p>Съешь ещё булок</p></body></html>"
    assert read_html(page.encode("cp1251"), "a.html").text == "Съешь ещё булок"


def test_html_nested_very_deep(read: Read) -> None:
    result = read("deep.html", "<html>" + "<div>" * 10_000 + "At the bottom there is a text." + "</div>" * 10_000)
    assert isinstance(result, Reading)


def word_file() -> bytes:
    document = docx.Document()
    document.add_heading("The Report", 0)
    document.add_heading("Findings", 1)
    document.add_paragraph("We found a thing.")
    document.add_paragraph("first", style="List Bullet")
    document.add_paragraph("second", style="List Bullet")
    document.add_heading("Details", 2)
    table = document.add_table(2, 2)
    for index, text in enumerate(("a", "b", "c", "d")):
        table.cell(index // 2, index % 2).text = text
    document.core_properties.author = "Ada Lovelace; Alan Turing"
    document.core_properties.created = datetime(2018, 1, 1)
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def test_docx() -> None:
    draft = read_docx(word_file(), "a.docx")
    assert (draft.title, draft.authors, draft.year) == ("The Report", ("Ada Lovelace", "Alan Turing"), 2018)
    assert outline(draft) == [(1, "Findings"), (2, "Details")]
    assert draft.text == "The Report\n\nFindings\n\nWe found a thing.\nfirst\nsecond\n\nDetails\n\na | b\nc | d"


def book(**parts: str) -> bytes:
    files = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
        '<rootfile full-path="OEBPS/content.opf"/></rootfiles></container>',
        "OEBPS/content.opf": '<package xmlns="http://www.idpf.org/2007/opf"><metadata xmlns:dc="http://purl.org/dc/elements/1.1/">'
        "<dc:title>A Book</dc:title><dc:creator>Ada Lovelace</dc:creator><dc:date>1999-01-01</dc:date></metadata>"
        "<manifest>"
        '<item id="b" href="text/two.xhtml" media-type="application/xhtml+xml"/>'
        '<item id="a" href="text/one%20a.xhtml" media-type="application/xhtml+xml"/></manifest>'
        '<spine><itemref idref="a"/><itemref idref="b"/></spine></package>',
        "OEBPS/text/one a.xhtml": "<html><body><h1>One</h1><p>It begins.</p></body></html>",
        "OEBPS/text/two.xhtml": "<html><body><h1>Two</h1><p>It ends.</p></body></html>",
        **parts,
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def test_epub() -> None:
    draft = read_epub(book(), "a.epub")
    assert (draft.title, draft.authors, draft.year) == ("A Book", ("Ada Lovelace",), 1999)
    assert draft.text == "One\n\nIt begins.\n\nTwo\n\nIt ends."
    assert outline(draft) == [(1, "One"), (1, "Two")]


def zip_bomb() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("word/document.xml", "w", force_zip64=True) as part:
            for _ in range(40):
                part.write(bytes(1 << 20))
        archive.writestr("[Content_Types].xml", "")
    return buffer.getvalue()


ENTITIES = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">' + "".join(
    f'<!ENTITY {chr(ord("a") + i)} "{("&" + chr(ord("a") + i - 1) + ";") * 10}">' for i in range(1, 10)
)


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("bomb.docx", zip_bomb(), "too large: unpacks to"),
        ("broken.docx", word_file()[:-400], "damaged"),
        ("cut.docx", word_file()[: len(word_file()) // 2], "damaged"),
        ("text.docx", b"This is not a Word file.", "damaged: not a docx file"),
        ("old.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500), "encrypted or an old Word format"),
        ("bomb.epub", book(**{"META-INF/container.xml": ENTITIES + "]><x>&j;</x>"}), "damaged"),
        ("no-package.epub", book(**{"META-INF/container.xml": "<container/>"}), "damaged: the book has no package"),
        ("archive.epub", zip_bomb().replace(b"word/document.xml", b"some/document.xml"), "an archive"),
        ("noise.txt", bytes(range(256)) * 40, "not a text"),
        ("picture.txt", b"\x89PNG\r\n\x1a\n" + bytes(100), "an image"),
        ("letter.txt", b"{\\rtf1 hello}", "rich text"),
        ("empty.pdf", b"", "empty file"),
        ("blank.html", b" \n\n\t ", "empty file"),
        ("nothing.html", b"<html><body><script>1</script></body></html>", "no text in it"),
    ],
)
def test_what_cannot_be_read_has_a_reason(read: Read, name: str, data: bytes, reason: str) -> None:
    problem = read(name, data)
    assert isinstance(problem, Problem)
    assert problem.reason.startswith(reason)
    assert problem.kind == "failed"
    assert not problem.passing


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("empty.md", b"", "empty file"),
        ("blank.txt", b" \n\n\t ", "empty file"),
        ("daily.md", b"---\ntags: [daily]\n---\n", "no text in it"),
        ("query.md", b"```dataview\nLIST\n```\n", "no text in it"),
    ],
)
def test_a_note_with_nothing_in_it_is_skipped(read: Read, name: str, data: bytes, reason: str) -> None:
    assert read(name, data) == Problem(reason, "skipped")


@pytest.mark.parametrize(
    ("path", "title"),
    [
        ("daily/2024-03-01.md", "2024-03-01"),
        ("2024-03-01 Meeting.md", "2024-03-01 Meeting"),
        ("report-2024-03-01_final-draft.pdf", "report 2024-03-01 final draft"),
        ("2024-03.md", "2024-03"),
        ("notes/on_trees-v2.pdf", "on trees v2"),
        ("1914-18_war.txt", "1914 18 war"),
        ("part-12024-03-017.txt", "part 12024 03 017"),
    ],
)
def test_titles_from_names_keep_dates(path: str, title: str) -> None:
    assert title_from_name(path) == title


def test_controls_ligatures_and_surrogates_do_not_survive(read: Read) -> None:
    result = read(
        "a.txt",
        "An e\ufb03cient\x00 \x07o\ufb00er\u00ad with\u00a0a \u200bcafe\u0301 and a \ud83d\ude00.".encode(
            "utf-8", "surrogatepass"
        ),
    )
    assert isinstance(result, Reading)
    assert "efficient offer with a café" in result.passages[0].text


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=300), st.sampled_from([read_text, read_markdown, read_html, read_docx, read_epub]))
def test_no_bytes_crash_a_reader(data: bytes, reader: Callable[[bytes, str], Draft]) -> None:
    try:
        draft = reader(data, "a.tex")
    except UnreadableError:
        return
    draft.text.encode("utf-8")
    assert [section.start for section in draft.sections] == sorted(section.start for section in draft.sections)
