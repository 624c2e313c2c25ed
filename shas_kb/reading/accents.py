"""Accents that stand beside their letters in PDFs of old TeX ("Br¨oker", "Jos´e") go on them again.

The marks of some accents serve as quotation marks, apostrophes and operators as well: these count as accents in a
document in which they stand in words more often than elsewhere, and which has no letters with such accents of its own.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator

_ACCENTS = {"¨": "\u0308", "ˇ": "\u030c", "¸": "\u0327", "´": "\u0301", "`": "\u0300", "ˆ": "\u0302", "˜": "\u0303"}
_NOTHING_ELSE = frozenset("¨ˇ¸")  # never stand for anything but an accent
_OPERATORS = frozenset("ˆ˜")  # stand in words of code too ("xˆa")
_MARKS = re.compile(f"[{''.join(_ACCENTS)}]")
_BASES = {"´": "aeiouy", "`": "aeiou", "ˆ": "aeiou", "˜": "ano"}  # of those that may be something else
_DOTLESS = {"ı": "i", "ȷ": "j"}
_CIRCLED = ((re.compile("(?<![^\\W\\d_])[cC]\u20dd"), "©"), (re.compile("R\u20dd"), "®"))


class Accents:
    """The accents of a document."""

    def __init__(self, lines: Iterable[str]) -> None:
        """Learn from `lines` which marks are accents here."""
        text = "\n".join(lines)
        inside: Counter[str] = Counter()
        outside: Counter[str] = Counter()
        for place in (found.start() for found in _MARKS.finditer(text)):
            (inside if _is_inside(text, place) else outside)[text[place]] += 1
        own = _composed(text) if inside else Counter()
        self._marks = _NOTHING_ELSE | {
            mark
            for mark, count in inside.items()
            if count > outside[mark] * (4 if mark in _OPERATORS else 1) and own[_ACCENTS[mark]] < max(3, count)
        }

    def mend(self, text: str) -> str:
        """`text` with its accents on their letters, and with © where its parts stood."""
        for circled, sign in _CIRCLED:
            text = circled.sub(sign, text)
        return "".join(self._mended(text)) if _MARKS.search(text) else text

    def _mended(self, text: str) -> Iterator[str]:
        held, place = "", 0
        while place < len(text):
            mark, following = text[place], text[place + 1 : place + 2]
            if mark in self._marks and not held.isdigit():
                if letter := _with_accent(following, mark):
                    yield held
                    held, place = letter, place + 2
                    continue
                if mark in _NOTHING_ELSE and (letter := _with_accent(held, mark)):
                    held, place = letter, place + 1
                    continue
            yield held
            held, place = mark, place + 1
        yield held


def _is_inside(text: str, place: int) -> bool:
    """Whether the mark stands in a word before a letter that can have the accent ("Jos´e", but not "D´Angelo")."""
    before, after = text[place - 1 : place] if place else "", text[place + 1 : place + 2]
    name = before.isupper() and after.isupper()
    return before.isalpha() and not name and _with_accent(after, text[place]) != ""


def _with_accent(letter: str, mark: str) -> str:
    """The letter with the accent, "" if there is no such letter."""
    letter = _DOTLESS.get(letter, letter)
    if not letter.isalpha() or letter.lower() not in _BASES.get(mark, letter.lower()):
        return ""
    made = unicodedata.normalize("NFC", letter + _ACCENTS[mark])
    return made if len(made) == 1 else ""


def _composed(text: str) -> Counter[str]:
    """How often letters of the text have each accent already."""
    beyond = "".join(character for character in text if character > "\x7f")
    return Counter(unicodedata.normalize("NFD", beyond))
