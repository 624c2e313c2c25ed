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
