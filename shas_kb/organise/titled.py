"""How names are written, and names out of titles, where no phrase gives one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import count

from shas_kb.organise.script import is_wide
from shas_kb.organise.vocabulary import stem, usable

Parts = tuple[str, ...]
"""What a name is made of: one phrase or a few."""

LONGEST_TITLE = 60
_EDGES = " .,;:-–—_"
_BREAKS = re.compile(r"[:;.?!()|]+\s|\s[-–—|]\s")
_WORD = re.compile(r"[^\W\d_]{4,}")


def written(parts: Parts) -> str:
    """Names as one, with a capital to begin with, unless the first word has its own capitals ("mRNA")."""
    if len(parts) > 1 and any(map(is_wide, parts)):
        name = "、".join(parts)
    else:
        name = " & ".join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else parts[0]
    first = name.split(" ")[0]
    return name if any(letter.isupper() for letter in first) else name[:1].upper() + name[1:]


def titled(title: str) -> Iterator[Parts]:
    """Names out of a title, without end: all of it, its parts, its words, then the title with a number."""
    whole = _cut(title) or "untitled"
    words = sorted((word for word in _WORD.findall(title) if usable(stem(word))), key=len, reverse=True)
    for name in filter(None, (whole, *map(_cut, _BREAKS.split(title)), *words)):
        yield (name,)
    for number in count(2):
        yield (f"{whole} {number}",)


def _cut(title: str) -> str:
    """A title on one line, without marks at its ends, cut after a word where it is too long for a name."""
    text = " ".join(title.split()).strip(_EDGES)
    if len(text) <= LONGEST_TITLE:
        return text
    return text[: LONGEST_TITLE - 1].rsplit(" ", 1)[0].rstrip(_EDGES) + "…"
