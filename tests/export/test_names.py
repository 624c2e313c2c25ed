"""File names, Markdown, YAML and tags: what must hold for any text at all."""

from __future__ import annotations

import re
import unicodedata
from html import escape

import yaml
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from shas_kb.export.text import one_line, paragraphs
from shas_kb.export.vault.filenames import Names, legal_name
from shas_kb.export.vault.markdown import front_matter, link, plain, slug, unescaped
from shas_kb.export.vault.merge import Note, merged, note_id, pristine

PIECES = [
    *"a1 Ж光 .-+%#[]()|\\/:*?<>^`~=$&!_'\"\n\t{}",
    "CON",
    "..",
    "e\u0301",
    "🌞",
    "\x00",
    "\ud800",
    "\u2028",
    "---",
    "https://",
]
ANYTHING = st.text(st.characters(codec=None)) | st.lists(st.sampled_from(PIECES), max_size=60).map("".join)
RENDERED = MarkdownIt("commonmark").enable(["table", "strikethrough"])


@given(ANYTHING)
def test_a_file_name_is_legal_everywhere(text: str) -> None:
    name = legal_name(text, "fallback")
    assert 0 < len(name.encode()) <= 200
    assert not re.search(r'[\\/:*?"<>|#^\[\]\x00-\x1f\x7f]|%%', name)
    assert name == name.strip(" .") == unicodedata.normalize("NFC", name)
    assert not re.fullmatch(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?", name)


def test_names_keep_what_they_can() -> None:
    assert legal_name("光と熱: 第1部", "x") == "光と熱 第1部"
    assert legal_name("../../etc/passwd", "x") == "etc passwd"
    assert legal_name("CON", "x") == "CON_"
    assert legal_name("con.txt", "x") == "con txt"
    assert legal_name("report.pdf", "x") == "report pdf"
    assert legal_name("Version 1.2", "x") == "Version 1.2"
    assert legal_name("👩‍🚀 in space", "x") == "👩‍🚀 in space"
    assert legal_name("???", "e12") == "e12"
    assert len(legal_name("光" * 300, "x").encode()) == 198


@given(st.lists(st.sampled_from(["Stars", "stars", "STARS", "ſtars", "é", "É", "x" * 200]), max_size=30))
def test_names_differ_in_more_than_case(wanted: list[str]) -> None:
    names = Names("Home")
    taken = [names.take(name, ("entity", "abc123"), ".md") for name in wanted]
    keys = {unicodedata.normalize("NFC", name.casefold()) for name in taken}
    assert len(keys) == len(taken)
    assert all(len(name.encode()) <= 200 for name in taken)


def test_names_set_apart_by_the_first_mark_that_helps() -> None:
    names = Names()
    given = [names.take("Introduction", (mark, "id")) for mark in ("Stars", "Stars", "Money", "Money", "Money")]
    assert given == [
        "Introduction",
        "Introduction (Stars)",
        "Introduction (Money)",
        "Introduction (id)",
        "Introduction (2)",
    ]


@given(ANYTHING)
def test_text_stays_text_in_markdown(text: str) -> None:
    line = one_line(text)
    expected = f"<p>{escape(line)}</p>\n" if line else ""
    assert RENDERED.render(plain(line)).replace("&#x27;", "'") == expected.replace("&#x27;", "'")
    assert "%%" not in plain(line)
    assert "[[" not in plain(line)


def test_paragraphs_and_rows_stay_apart() -> None:
    text = "A  first\nparagraph.\n \n\nNo. | What\n1 | this\n2 | that\n\n\x00\n\nThe last"
    assert paragraphs(text).split("\n") == ["A first paragraph.", "No. | What", "1 | this", "2 | that", "The last"]


@given(ANYTHING)
def test_what_was_escaped_comes_back(text: str) -> None:
    assert unescaped(plain(one_line(text))) == one_line(text)


@given(ANYTHING)
def test_a_link_has_one_end(text: str) -> None:
    assert re.fullmatch(r"\[\[Note(\|[^\[\]|`<>%]+)?\]\]", link("Note", one_line(text)))


@given(ANYTHING)
def test_tags_are_legal(text: str) -> None:
    tag = slug(one_line(text), "e12")
    assert tag
    assert all(c.isalnum() or unicodedata.category(c)[0] == "M" or c == "-" for c in tag)


@given(ANYTHING, st.lists(ANYTHING, min_size=1))
def test_front_matter_parses_to_what_went_in(text: str, many: list[str]) -> None:
    properties = {"kb_id": one_line(text), "kb_pages": 3, "kb_weight": 0.5, "aliases": [one_line(t) for t in many]}
    matter = front_matter(properties)
    assert yaml.safe_load(matter.split("---\n")[1]) == properties
    assert note_id(front_matter({"kb_id": "d12"} | properties | {"kb_id": "d12"})) == "d12"


@given(ANYTHING)
def test_merging_into_an_untouched_note_changes_nothing(text: str) -> None:
    title = one_line(text)
    properties = {"kb_id": "d1", "tags": ["kb/x"], "aliases": [title]}
    note = Note("d1", "domain", title, properties, f"# {plain(title)}")
    assert merged(note, pristine(note)) == pristine(note)
