"""A taxonomy that a person wrote: an indented text or a Markdown list becomes nodes to be wished for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from unicodedata import category

from shas_kb.errors import UsageError
from shas_kb.records import NODE_LEVELS, Level

_LINE = re.compile(r"(?P<indent>\s*)(?:(?:[-*+]|\d+[.)])\s+)?(?P<name>[^:]*?)\s*(?::\s*(?P<words>.*?))?\s*")


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


def parse(text: str, top: Level = "domain") -> tuple[Seed, ...]:
    """The nodes of a taxonomy, parents before children.

    Args:
        text: a line for each node, `name` or `name: words that describe it`, indented under the one that it belongs
            to; with or without the marks of a Markdown list. Empty lines are passed over.
        top: the level of what is not indented.

    Raises:
        UsageError: there is no name in it, a line is indented too far, a name is missing or stands there twice.
    """
    levels: Sequence[Level] = NODE_LEVELS[NODE_LEVELS.index(top) :: -1]
    seeds: list[Seed] = []
    above: list[tuple[int, str]] = []
    for number, line in enumerate(text.expandtabs(4).splitlines(), 1):
        found = _LINE.fullmatch(line)
        if not line.strip() or found is None:
            continue
        indent, name = len(found["indent"]), as_name(found["name"])
        while above and above[-1][0] >= indent:
            above.pop()
        if not name:
            raise UsageError(f"line {number} must name a node, got {line.strip()!r}; write `name: words`.")
        if len(above) == len(levels):
            raise UsageError(
                f"line {number} must lie at most {len(levels)} deep ({' > '.join(levels)}), got {name!r} under "
                f"{above[-1][1]!r}; indent it less."
            )
        if name.casefold() in {seed.path[-1].casefold() for seed in seeds}:
            raise UsageError(f"line {number} must have a name of its own, got {name!r} again; call it otherwise.")
        seeds.append(Seed(levels[len(above)], (*(other for _, other in above), name), found["words"] or ""))
        above.append((indent, name))
    if not seeds:
        raise UsageError("a taxonomy must have a line with a name, got none; write one node a line.")
    return tuple(seeds)
