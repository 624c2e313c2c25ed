"""AsciiDoc in plain text files: headings with leading marks ("== Setting Up"), listings between fences."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_HEADING = re.compile(r"(={1,6})[ \t]+(\S.*?)(?:[ \t]+\1)?[ \t]*")
_FENCE = re.compile(r"(?:-{4,}|\.{4,})[ \t]*")
# what surrounds an example, a quotation or a note; what joins a block to an item; anchors, attributes, comments
_MARKUP = re.compile(
    r"(?:={4,}|_{4,}|\*{4,}|\+)[ \t]*|\[(?:\[.+\]|[a-zA-Z#.%].*)\][ \t]*|:!?\w[\w-]*!?:(?:[ \t].*)?|//(?!/).*",
)
_HEADINGS = 2  # sections that tell AsciiDoc where no title does


@dataclass(frozen=True, slots=True)
class Part:
    """A heading (its `depth` is more than 0), a listing, or lines of text."""

    lines: list[str]
    depth: int = 0
    code: bool = False


def is_asciidoc(lines: Sequence[str]) -> bool:
    """Whether the first line is a title with its mark before it, or several sections have such."""
    first = next((line for line in lines if line.strip() and not line.startswith("//")), "")
    title = _HEADING.fullmatch(first)
    if title is not None and len(title[1]) == 1:
        return True
    return sum(_HEADING.fullmatch(line) is not None for line in lines) >= _HEADINGS


def parts(lines: Sequence[str]) -> Iterator[Part]:
    """The parts of a document. A line of dashes that may underline the one above it stays with that."""
    held: list[str] = []
    closing = _closing(lines)
    number = 0
    while number < len(lines):
        line = lines[number]
        heading = None if held else _HEADING.fullmatch(line)
        fenced = closing.get(number)
        if fenced is not None and not (len(held) == 1 and is_underline(line, held[0])):
            yield from _text(held)
            yield Part(list(lines[number + 1 : fenced]), code=True)
            held, number = [], fenced
        elif heading is not None:
            yield Part([heading[2]], depth=len(heading[1]))
        elif not line.strip():
            yield from _text(held)
            held = []
        elif (held and is_underline(line, held[-1])) or _MARKUP.fullmatch(line) is None:
            held.append(line)
        number += 1
    yield from _text(held)


def is_underline(line: str, title: str) -> bool:
    """Whether a line of marks is about as long as the line above it."""
    return bool(title.strip()) and set(line.strip()) <= set("=-~^+") and abs(len(line.strip()) - len(title.strip())) < 4


def _text(held: list[str]) -> Iterator[Part]:
    if held:
        yield Part(held)


def _closing(lines: Sequence[str]) -> dict[int, int]:
    """For each fence the next one like it: of a fence that closes a listing too, which never is asked for."""
    following: dict[str, int] = {}
    closing: dict[int, int] = {}
    for number in range(len(lines) - 1, -1, -1):
        if _FENCE.fullmatch(lines[number]):
            fence = lines[number].strip()
            if fence in following:
                closing[number] = following[fence]
            following[fence] = number
    return closing
