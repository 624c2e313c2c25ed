"""Text from documents, made fit for any format: one line, and no character that a file format refuses."""

from __future__ import annotations

import re
import unicodedata

# Control characters, lone surrogates, noncharacters and the byte order mark: XML and YAML know no way to write them.
_REFUSED = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufdd0-\ufdef\ufeff\ufffe\uffff]")

_BREAK = re.compile(r"\n\s*\n")
_CELLS = " | "


def one_line(text: str) -> str:
    """The text in Unicode form NFC, white space and line breaks as single spaces, refused characters left out."""
    return " ".join(_REFUSED.sub("", unicodedata.normalize("NFC", text)).split())


def paragraphs(text: str) -> str:
    """The text with each of its paragraphs in one line, and of a table each row."""
    blocks = (block.split("\n") if _CELLS in block else [block] for block in _BREAK.split(text))
    return "\n".join(filter(None, (one_line(line) for block in blocks for line in block)))


def counted(number: int, noun: str) -> str:
    """How many there are, in words: "1 entity", "2,000 documents"."""
    plural = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{number:,} {noun if number == 1 else plural}"


def shorten(text: str, limit: int) -> str:
    """At most `limit` characters, cut between words where the script has spaces, with an ellipsis where cut."""
    if len(text) <= limit:
        return text
    cut = text[: limit - 1]
    space = cut.rfind(" ")
    return (cut[:space] if space > limit // 2 else cut).rstrip(" ,;:.-") + "…"
