"""Which of the titles that a document offers is taken."""

from __future__ import annotations

import pymupdf
import pytest

from shas_kb.reading.html import read_html
from shas_kb.reading.pdf import read_pdf


@pytest.mark.parametrize(
    ("title", "heading", "taken"),
    [
        ("TH3", "1. Overview", "TH3"),
        ("TH3", "54.1. Overview", "TH3"),
        ("TH3", "Introduction", "TH3"),
        ("TH3", "Chapter 1", "TH3"),
        ("TH3", "The TH3 Harness", "The TH3 Harness"),
        ("TH3", "", "TH3"),
        ("", "1. Overview", "1. Overview"),
        ("Untitled", "1. Overview", "1. Overview"),
        ("Testing with TH3", "1. Overview", "Testing with TH3"),
        ("th3", "3 Ways to Test", "3 Ways to Test"),
        ("th3", "Parts of a Test", "Parts of a Test"),
    ],
)
def test_the_title_of_a_page(title: str, heading: str, taken: str) -> None:
    page = f"<html><head><title>{title}</title></head><body><h1>{heading}</h1><p>Text.</p></body></html>"
    assert read_html(page.encode(), "docs/th3.html").title == taken


def pdf(*lines: tuple[str, float]) -> bytes:
    """A page with lines of a size each, and text below."""
    document = pymupdf.open()
    page = document.new_page()
    for number, (text, size) in enumerate(lines):
        page.insert_text((72, 100 + 40 * number), text, fontsize=size)
    body = [f"It runs on for line {number} and for more of them, as text does." for number in range(8)]
    page.insert_text((72, 140 + 40 * len(lines)), body, fontsize=10)
    data: bytes = document.tobytes()
    return data


@pytest.mark.parametrize(
    ("lines", "title"),
    [
        ([("NAME", 10.9), ("bash - the shell", 10), ("SYNOPSIS", 10.9), ("bash [options]", 10)], "bash - the shell"),
        ([("NAME", 14), ("bash - the shell", 10), ("DESCRIPTION", 14)], "bash - the shell"),
        ([("Chapter 1", 20), ("Of the Oaks", 16)], "Of the Oaks"),
        ([("Contents", 20), ("A Book of Oaks", 16)], "A Book of Oaks"),
        ([("Abstract", 20), ("A Paper on Oaks", 16)], "A Paper on Oaks"),
        ([("HISTORY", 20), ("by Ada Lovelace", 12)], "HISTORY"),
        ([("Parts of Speech", 20), ("by Ada Lovelace", 12)], "Parts of Speech"),
    ],
)
def test_the_name_of_a_part_is_no_title(lines: list[tuple[str, float]], title: str) -> None:
    assert read_pdf(pdf(*lines), "a.pdf", False).title == title
