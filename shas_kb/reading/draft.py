"""What the reader of one format hands on: clean text with headings and pages, not yet cut into passages.

The text is made of paragraphs with an empty line between them. Within a paragraph a line break stands only where it
means something (a list item, a row, a line of code); everything after this relies on that.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from shas_kb.records import Problem, Section

# C0 and C1 controls but line feed and tab, invisible marks, direction marks, byte order marks, lone surrogates
_UNWANTED = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x84\x86-\x9f\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff\ufffe\uffff]"
)
_LIGATURES = str.maketrans(
    {
        "ﬀ": "ff",
        "ﬁ": "fi",
        "ﬂ": "fl",
        "ﬃ": "ffi",
        "ﬄ": "ffl",
        "ﬅ": "st",
        "ﬆ": "st",
        "\x0b": "\n",
        "\x0c": "\n",
        "\x85": "\n",
    }
)
_UNSPACED = re.compile("[\u2e80-\u312f\u3190-\ua4cf\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef\U00020000-\U0003ffff]")


# the rest of a word that a soft hyphen divides at the end of a line
_DIVIDED = re.compile("\u00ad[ \t]*\n[ \t]*([^\\W\\d_]\\S*)[ \t]*\n?")


class UnreadableError(Exception):
    """A file cannot be read, for a reason that its reader knows."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.reason)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Draft:
    """A document as its format gives it. `page_starts` is empty where the format has no pages; `code` are the spans of
    the text that are code."""

    text: str
    title: str = ""
    authors: tuple[str, ...] = ()
    year: int | None = None
    page_starts: tuple[int, ...] = ()
    sections: tuple[Section, ...] = ()
    code: tuple[tuple[int, int], ...] = ()

    @property
    def prose(self) -> str:
        """The text without code, an empty line in place of each; all of it where nothing else is."""
        ends = [0, *(end for _, end in self.code)]
        starts = [*(start for start, _ in self.code), len(self.text)]
        kept = [self.text[end:start].strip() for end, start in zip(ends, starts, strict=True)]
        return "\n\n".join(filter(None, kept)) or self.text


def clean(text: str) -> str:
    """The same text without control characters, ligatures, soft hyphens and decomposed accents; line breaks are line
    feeds."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").translate(_LIGATURES)
    text = _DIVIDED.sub(r"\1\n", text)
    text = _UNWANTED.sub("", text)
    return text if unicodedata.is_normalized("NFC", text) else unicodedata.normalize("NFC", text)


def one_line(text: str) -> str:
    """`text` cleaned, with every stretch of white space as one space."""
    return " ".join(clean(text).split())


def is_unspaced(character: str) -> bool:
    """Whether `character` belongs to a script, or its punctuation, that puts no spaces between words and lines."""
    return _UNSPACED.match(character) is not None


class Builder:
    """Puts paragraphs, headings and pages together and keeps their offsets."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._length = 0
        self._open_pages = 0
        self._page_starts: list[int] = []
        self._sections: list[Section] = []
        self._code: list[tuple[int, int]] = []

    def paragraph(self, text: str, *, joint: str = "\n\n") -> None:
        """Add `text`, cleaned and on one line, after `joint`."""
        self._add(one_line(text), joint)

    def lines(self, lines: Iterable[str], *, joint: str = "\n\n") -> None:
        """Add lines that stay lines: list items, rows, code."""
        self._add("\n".join(kept for line in lines if (kept := one_line(line))), joint)

    def code(self, text: str) -> None:
        """Add lines of code. They are part of the text, but not of its prose."""
        kept = list(filter(None, map(one_line, text.split("\n"))))
        self.lines(kept)
        if kept:
            self._code.append((self._length - len("\n".join(kept)), self._length))

    def heading(self, title: str, depth: int) -> None:
        """Begin a section; its title is part of the text."""
        title = one_line(title)
        if title:
            self._add(title, "\n\n")
            self._sections.append(Section(title, max(1, depth), self._length - len(title)))

    def page(self) -> None:
        """Begin a page: it starts at the next character that is added."""
        self._open_pages += 1

    def mark(self, title: str, depth: int, offset: int) -> None:
        """Note a section whose heading is in the text already, or is not part of it. Call in the order of the text."""
        title = one_line(title)
        if title:
            self._sections.append(Section(title, max(1, depth), offset))

    @property
    def offset(self) -> int:
        """The length of the text so far."""
        return self._length

    def finish(self, title: str = "", authors: Iterable[str] = (), year: int | None = None) -> Draft:
        """The draft. Pages that had no text start where the next begins."""
        self._start_pages()
        return Draft(
            "".join(self._parts),
            one_line(title),
            tuple(authors),
            year,
            tuple(self._page_starts),
            tuple(self._sections),
            tuple(self._code),
        )

    def _add(self, text: str, joint: str) -> None:
        if not text:
            return
        if self._parts:
            self._parts.append(joint)
            self._length += len(joint)
        self._start_pages()
        self._parts.append(text)
        self._length += len(text)

    def _start_pages(self) -> None:
        self._page_starts += [self._length] * self._open_pages
        self._open_pages = 0
