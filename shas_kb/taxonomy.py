"""A taxonomy that a person wrote: an indented text or a Markdown list becomes nodes to be wished for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple
from unicodedata import category

from shas_kb.errors import UsageError
from shas_kb.organise.vocabulary import Key, stem
from shas_kb.records import NODE_LEVELS, Level

_LINE = re.compile(
    r"(?:(?P<marks>\s*#{1,6})(?:\s+|$)|(?P<indent>\s*)(?:(?:[-*+]|\d+[.)])\s+)?)"
    r"(?P<name>[^:]*?)\s*(?::\s*(?P<words>.*?))?(?(marks)(?:\s+#+)?)\s*"
)
_DEEPEST = 6
"""Levels of headings in Markdown."""
_TITLE = -_DEEPEST
_MARKS = re.compile(r"[^\w\s'’-]")


@dataclass(frozen=True, slots=True)
class Seed:
    """A node that is wanted: `path` are the names down to its own, `words` describe it (may be empty)."""

    level: Level
    path: tuple[str, ...]
    words: str

    @property
    def text(self) -> str:
        """What its documents are about, for the encoder."""
        return f"{self.path[-1]}: {self.words}" if self.words else self.path[-1]


def as_name(text: str) -> str:
    """What a person wrote as a name, in one line and without control characters, which would move a terminal's cursor;
    empty if nothing of it can be seen."""
    if all(category(letter)[0] in "CZ" for letter in text):
        return ""
    return " ".join("".join(" " if category(letter) == "Cc" else letter for letter in text).split())


def name_key(name: str) -> tuple[Key, str]:
    """What two names have in common that are one name to a reader: their words without case and plural ("Tide",
    "Tides"), and their marks ("C" and "C++" are two)."""
    return stem(name), "".join(_MARKS.findall(name))


def parse(text: str, top: Level = "domain") -> tuple[Seed, ...]:
    """The nodes of a taxonomy, parents before children.

    Args:
        text: a line for each node, `name` or `name: words that describe it`, indented under the one that it belongs
            to; with or without the marks of a Markdown list. Headings of Markdown (`#` to `######`) are nodes, too, and
            what follows belongs to them. But a single `#` over everything else is the title of the text where all
            levels lie below it. Empty lines are passed over.
        top: the level of what is not indented.

    Raises:
        UsageError: there is no name in it, a line is indented too far, a name is missing or stands there twice.
    """
    levels: Sequence[Level] = NODE_LEVELS[NODE_LEVELS.index(top) :: -1]
    lines = _lines(text)
    depths = _depths([line.indent for line in lines])
    if lines and lines[0].indent == _TITLE and depths.count(0) == 1 and max(depths) >= len(levels):
        lines, depths = lines[1:], [depth - 1 for depth in depths[1:]]
    seeds: list[Seed] = []
    path: list[str] = []
    known: dict[tuple[Key, str], _Line] = {}
    for line, depth in zip(lines, depths, strict=True):
        del path[depth:]
        if depth == len(levels):
            raise UsageError(
                f"line {line.number} must lie at most {len(levels)} deep ({' > '.join(levels)}), got {line.name!r} "
                f"under {path[-1]!r}; indent it less."
            )
        first = known.setdefault(name_key(line.name), line)
        if first is not line:
            raise UsageError(
                f"line {line.number} must have a name of its own, got {line.name!r}, which is one name with "
                f"{first.name!r} in line {first.number}; call it otherwise."
            )
        path.append(line.name)
        seeds.append(Seed(levels[depth], tuple(path), line.words))
    if not seeds:
        raise UsageError("a taxonomy must have a line with a name, got none; write one node a line.")
    return tuple(seeds)


class _Line(NamedTuple):
    """A line with a name: its number from 1, and its indent, which is negative for headings."""

    number: int
    indent: int
    name: str
    words: str


def _lines(text: str) -> list[_Line]:
    lines: list[_Line] = []
    for number, line in enumerate(text.expandtabs(4).splitlines(), 1):
        found = _LINE.fullmatch(line)
        if not line.strip() or found is None:
            continue
        name = as_name(found["name"])
        if not name:
            raise UsageError(f"line {number} must name a node, got {line.strip()!r}; write `name: words`.")
        heading = found["marks"]
        indent = len(heading.strip()) - 1 - _DEEPEST if heading else len(found["indent"])
        lines.append(_Line(number, indent, name, found["words"] or ""))
    return lines


def _depths(indents: Sequence[int]) -> list[int]:
    """How many lines each line lies under."""
    above: list[int] = []
    depths: list[int] = []
    for indent in indents:
        while above and above[-1] >= indent:
            above.pop()
        depths.append(len(above))
        above.append(indent)
    return depths
