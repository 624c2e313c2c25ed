"""AsciiDoc in text files: headings and listings; and underlines that are none."""

from __future__ import annotations

import pytest

from shas_kb.reading.text import read_text

GUIDE = """\
// a comment
= A Walk in the Forest
:toc:

[[setup]]
== Setting Up

Create a branch:

[source,shell]
----
git checkout -b walk origin/master

./walk --all
----

Trees
~~~~~

....
drawn
....

Some more text
----
short
----
"""


def test_asciidoc_has_headings_and_listings() -> None:
    draft = read_text(GUIDE.encode(), "walk.txt")
    assert draft.title == "A Walk in the Forest"
    assert [(section.title, section.depth) for section in draft.sections] == [
        ("A Walk in the Forest", 1),
        ("Setting Up", 2),
        ("Trees", 2),
    ]
    assert [draft.text[start:end] for start, end in draft.code] == [
        "git checkout -b walk origin/master\n./walk --all",
        "drawn",
        "short",
    ]
    assert "Some more text" in draft.text
    assert not any(mark in draft.text for mark in ("----", "[[", "[source", ":toc:", "=="))


def test_a_title_with_an_underline_goes_with_marked_sections() -> None:
    text = "Submitting Patches\n==================\n\n== Guidelines\nSend them.\n\n=== Tests ===\n\nRun them.\n"
    draft = read_text(text.encode(), "a.txt")
    assert draft.title == "Submitting Patches"
    assert [(section.title, section.depth) for section in draft.sections] == [
        ("Submitting Patches", 1),
        ("Guidelines", 2),
        ("Tests", 3),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "git checkout -b revwalk origin/master\n----\n\nMore.",
        "----\ngit checkout -b revwalk origin/master\n----\n\nMore.",
        "$ ls\n------------------------------------------------\n\nMore.",
        "------------------------\nls\n------------------------\n\nMore.",
    ],
)
def test_a_fence_is_no_underline(text: str) -> None:
    draft = read_text(text.encode(), "a.txt")
    assert not draft.sections
    assert not draft.title


@pytest.mark.parametrize(
    "text",
    [
        "Oaks\n----\nText.",
        "Oaks\n=======\nText.",
        "Oaks\n================================================\nText.",
        "======\n Oaks\n======\nText.",
        "Oaks and elms\n-----------\nText.",
        "橡树与榆树\n==========\nText.",
    ],
)
def test_an_underline_about_as_long_as_its_title_makes_a_heading(text: str) -> None:
    draft = read_text(text.encode(), "a.txt")
    assert len(draft.sections) == 1
    assert draft.title == draft.sections[0].title
    assert draft.text.endswith("Text.")


TABLE = """\
:Author: Jane Oak
:Abstract: All there is.

=====  =====
Tree   Age
=====  =====
Oak    900
=====  =====

[see the list]

// a word on it
"""


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.rst", TABLE),
        ("a.txt", TABLE),
        ("a.rst", "= Oaks\n:toc:\n\n[NOTE]\nText."),
        ("a.txt", "x\n= 3x + 4\n= 10\n\n[by hand]\n\n// so it is"),
        ("a.txt", "= 3x + 4\n= 10\n\n[by hand]\n:so: it is"),
        ("a.txt", "== Oaks ==\n[citation needed]\n\n----\n\n== Elms ==\n[[Trees]]\n----"),
        ("a.txt", "= Oaks =\n\n----\n\n== Elms ==\n[[Trees]]\n----"),
    ],
)
def test_what_is_no_asciidoc_loses_nothing(name: str, text: str) -> None:
    read = read_text(text.encode(), name).text
    lines = [" ".join(line.split()) for line in text.split("\n") if line.strip("= -")]
    assert all(line in read for line in lines)


def test_text_in_brackets_or_with_colons_stays() -> None:
    text = "= Oaks\n:toc:\n\n[citation needed]\n\n[Hint: look up]\n\n[quote, A. Writer]\n\n:oak: a tree\n\n//host/share"
    read = read_text(text.encode(), "a.txt")
    assert read.title == "Oaks"
    assert read.text.split("\n\n")[1:] == text.split("\n\n")[1:]


@pytest.mark.parametrize(
    "text",
    [
        "= Oaks\n:toc: left\n\nText.",
        "= Oaks\n\n[NOTE]\nText.",
        "= Oaks\n\nSee link:elms.html[Elms].",
        "= Oaks\n\n----\nls\n----",
        "= Oaks\n\n== Elms\n\nText.",
        "Oaks\n====\n:toc:\n\n== Elms\n\nText.",
        "= Oaks =\n\n[source,shell]\n----\nls\n----",
    ],
)
def test_a_title_with_another_mark_is_asciidoc(text: str) -> None:
    read = read_text(text.encode(), "a.txt")
    assert read.title == "Oaks"
    assert not any(mark in read.text for mark in ("= ", ":toc", "[NOTE]", "[source", "----"))


def test_a_heading_of_many_blanks_is_read_fast() -> None:
    assert read_text(f"= a{' ' * 50_000}b\n:toc:".encode(), "a.txt").text
