"""Lines of running text become one: words that were divided at the end of a line are whole again."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from shas_kb.reading.draft import is_unspaced

_WORD = re.compile(r"[^\W\d_]+(?:[-‐][^\W\d_]+)*")
_LAST_WORD = re.compile(r"[^\W\d_]+(?:[-‐][^\W\d_]+)*[-‐\u00ad]\Z")
_FIRST_WORD = re.compile(r"[^\W\d_]+")
_CONJUNCTIONS = frozenset(
    (
        *("and", "or", "to", "und", "oder", "bzw", "sowie", "bis", "et", "ou", "y", "o", "e"),
        *("og", "och", "eller", "lub", "oraz"),
    )
)


class Joiner:
    """Joins the lines of a document; a word divided at a line's end becomes what the rest of the document writes."""

    def __init__(self, lines: Iterable[str], dividing: str = "-‐\u00ad") -> None:
        """Learn how words are written from `lines`. A word that ends in one of the marks of `dividing` is divided
        where nothing tells; one that ends in another hyphen has it as part of it."""
        self._dividing = dividing
        self._written: Counter[str] = Counter()
        for line in lines:
            self._written.update(map(_plain, _WORD.findall(line)))

    def join(self, lines: Iterable[str]) -> str:
        """One paragraph out of its lines."""
        text = ""
        for line in lines:
            text = self.attach(text, line)[0]
        return text

    def attach(self, text: str, line: str) -> tuple[str, bool]:
        """`text` going on with `line`, and whether they meet within a word."""
        line = line.strip()
        if not text or not line:
            return text or line, False
        if text[-1] in "-‐\u00ad" and (kept := self.divided(text, line)) is not None:
            return kept + line, True
        unspaced = is_unspaced(text[-1]) and is_unspaced(line[0])
        # "Schwarz-" + "Weiß", "737–" + "8"; but not "pre-" + "and post-war", nor a dash between words
        hyphened = (
            len(text) > 1 and text[-1] in "-‐–" and text[-2].isalnum() and (line[0].isupper() or line[0].isdigit())
        )
        return text + ("" if unspaced or hyphened else " ") + line, False

    def divided(self, text: str, line: str) -> str | None:
        """`text` as it is before `line` if a word is divided between them (with its hyphen if that is part of it)."""
        last, first = _LAST_WORD.search(text, max(0, len(text) - 60)), _FIRST_WORD.match(line)
        if last is None or first is None or not first.group()[0].islower():
            return None
        head, tail = _plain(last.group()[:-1]), _plain(first.group())
        if tail in _CONJUNCTIONS:
            return None
        whole, hyphenated = self._written[head + tail], self._written[f"{head}-{tail}"]
        if text[-1] == "\u00ad" or whole > hyphenated:
            return text[:-1]
        # nobody divides a word after its first letter ("x-axis")
        real = hyphenated > whole or len(head) == 1 or text[-1] not in self._dividing
        return text if real else text[:-1]


def _plain(word: str) -> str:
    return word.lower().replace("‐", "-")
