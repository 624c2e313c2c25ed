"""AsciiDoc in plain text files: headings with leading marks ("== Setting Up"), listings between fences."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_FENCE = re.compile(r"(?:-{4,}|\.{4,})[ \t]*")
# what surrounds an example or a quotation, what joins a block to an item: lines without a word
_FRAME = re.compile(r"(?:={4,}|_{4,}|\*{4,}|\+)[ \t]*")
# what a block is, in brackets above it; other words in brackets are text: "[citation needed]", "[quote, A. Writer]"
_KIND = re.compile(
    r"\[(?:(?:source|listing|verse|horizontal|qanda)(?:[,%].*)?|(?:NOTE|TIP|IMPORTANT|WARNING|CAUTION)"
    r"|(?:cols|options|opts|role|id|subs|width|frame|grid|format|start)=.*|[#.%][A-Za-z][^\s\[\]]*)\]"
)
_ANCHOR = re.compile(r"\[\[[A-Za-z_][\w.-]*\]\]")
_COMMENT = re.compile(r"//(?:[ \t].*|(?:tag|end)::.*)?")
_ATTRIBUTE = re.compile(r":!?[a-z0-9_][\w-]*!?:(?:[ \t].*)?")
_MACRO = re.compile(r"include::[^\s\[\]]+\[[^\[\]]*\]|(?:.*[\s(])?(?:link|xref):[^\s\[\]]+\[.*")
_WORD = re.compile(r"[^\W\d_]{2}")
_EQUATION = re.compile(r"\s[=+*^×÷<>]\s|\A[\d.,]+\s*\S{0,3}\Z")
_DEEPEST = 6
_HEADINGS = 2  # sections that tell AsciiDoc where no title does


@dataclass(frozen=True, slots=True)
class Part:
    """A heading (its `depth` is more than 0), a listing, or lines of text."""

    lines: list[str]
    depth: int = 0
    code: bool = False


@dataclass(frozen=True, slots=True)
class _Heading:
    title: str
    depth: int
    closed: bool  # the mark stands after the title too, as in a wiki


def is_asciidoc(lines: Sequence[str], path: str = "") -> bool:
    """Whether marked headings stand together with something that only AsciiDoc has: a heading alone may be an equation
    or the syntax of a wiki."""
    if path.lower().endswith(".rst"):
        return False
    headings = [found for line in lines if (found := _heading(line)) is not None]
    start, end = _header(lines)
    title = _heading(lines[start]) if start < end else None
    if title is not None and title.depth == 1:
        return (
            any(map(_is_certain, lines))
            or _has_attributes(lines[:end])
            or (not title.closed and (bool(_closing(lines)) or any(not each.closed for each in headings[1:])))
        )
    if start < end and start + 1 < len(lines) and is_underline(lines[start + 1], lines[start]):
        return len(headings) >= (1 if _has_attributes(lines[:end]) else _HEADINGS)
    return len(headings) >= _HEADINGS and any(map(_is_certain, lines))


def parts(lines: Sequence[str]) -> Iterator[Part]:
    """The parts of a document. A line of dashes that may underline the one above it stays with that."""
    held: list[str] = []
    closing = _closing(lines)
    _, header = _header(lines)
    number = 0
    while number < len(lines):
        line = lines[number]
        heading = None if held else _heading(line)
        fenced = closing.get(number)
        if fenced is not None and not (len(held) == 1 and is_underline(line, held[0])):
            yield from _text(held)
            yield Part(list(lines[number + 1 : fenced]), code=True)
            held, number = [], fenced
        elif heading is not None:
            yield Part([heading.title], depth=heading.depth)
        elif not line.strip():
            yield from _text(held)
            held = []
        elif (held and is_underline(line, held[-1])) or not _is_mark(line, number < header):
            held.append(line)
        number += 1
    yield from _text(held)


def is_underline(line: str, title: str) -> bool:
    """Whether a line of marks is about as long as the line above it."""
    return bool(title.strip()) and set(line.strip()) <= set("=-~^+") and abs(len(line.strip()) - len(title.strip())) < 4


def _heading(line: str) -> _Heading | None:
    """The heading that a line is, by its mark. By methods of strings: the patterns for it take long on many spaces."""
    rest = line.lstrip("=")
    depth = len(line) - len(rest)
    if not 1 <= depth <= _DEEPEST or rest[:1] not in (" ", "\t"):
        return None
    title = rest.strip()
    bare = title.removesuffix("=" * depth)
    closed = bare != title and bare[-1:] in (" ", "\t")
    title = bare.rstrip() if closed else title
    if not title[:1].isalnum() or not _WORD.search(title) or _EQUATION.search(title):
        return None
    return _Heading(title, depth, closed)


def _header(lines: Sequence[str]) -> tuple[int, int]:
    """Where the title of a document would be, its first line but for comments and attributes, and where the lines end
    that belong to it. The same place twice if there is none."""
    start = 0
    while start < len(lines) and (not lines[start].strip() or _is_mark(lines[start], in_header=True)):
        start += 1
    end = start
    while end < len(lines) and lines[end].strip():
        end += 1
    return start, end


def _has_attributes(lines: Sequence[str]) -> bool:
    return any(_ATTRIBUTE.fullmatch(line) for line in lines)


def _is_certain(line: str) -> bool:
    """Whether a line is of AsciiDoc and nothing else."""
    return _KIND.fullmatch(line.rstrip()) is not None or _MACRO.fullmatch(line) is not None


def _is_mark(line: str, in_header: bool) -> bool:
    """Whether a line of AsciiDoc has nothing to read. Attributes have their place only beside the title."""
    bare = line.rstrip()
    patterns = (_FRAME, _KIND, _ANCHOR, _COMMENT, *((_ATTRIBUTE,) if in_header else ()))
    return any(pattern.fullmatch(bare) for pattern in patterns)


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
