"""File names that Obsidian and every common file system take, unique even where upper and lower case are one."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from itertools import chain, count

from shas_kb.export.text import one_line

# Refused by Windows, or with a meaning in Obsidian's links.
_ILLEGAL = re.compile(r'[\\/:*?"<>|#^\[\]]|%%')
_DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\.|$)", re.IGNORECASE)
# `[[report.pdf]]` would mean the file and not the note of that name.
_EXTENSION = re.compile(
    r"\.(md|txt|pdf|html?|docx?|epub|csv|json|png|jpe?g|gif|svg|webp|mp[34]|canvas|base)$", re.IGNORECASE
)
_JOINERS = "\u200c\u200d"
LONGEST = 200
_LONGEST_MARK = 60


def legal_name(text: str, fallback: str, longest: int = LONGEST) -> str:
    """The text as a file name without extension, at most `longest` bytes; `fallback` where nothing is left of it."""
    name = _ILLEGAL.sub(" ", one_line(text))
    name = "".join(c for c in name if c in _JOINERS or unicodedata.category(c) not in {"Cf", "Cn", "Co"})
    name = _EXTENSION.sub(r" \1", _cut(_trim(name), longest))
    if not name.strip(_JOINERS):
        name = fallback
    return f"{name[:3]}_{name[3:]}"[:longest] if _DEVICE.match(name) else name


class Names:
    """Hands out names that differ in more than upper and lower case."""

    def __init__(self, *taken: str) -> None:
        self._taken = {_key(name) for name in taken}

    def reserve(self, name: str) -> None:
        """Nobody else gets this name."""
        self._taken.add(_key(name))

    def take(self, wanted: str, marks: Sequence[str], ending: str = "", folder: str = "") -> str:
        """`folder` + `wanted` + `ending`, and where that is taken the first of `marks` that sets it apart, in brackets.

        Where no mark does, a number.
        """
        for mark in chain(("",), marks, map(str, count(2))):
            text = _cut(legal_name(mark, ""), _LONGEST_MARK)
            suffix = (f" ({text})" if text else "") + ending
            name = folder + _cut(wanted, LONGEST - len(suffix.encode())) + suffix
            if _key(name) not in self._taken:
                break
        self.reserve(name)
        return name


def _key(name: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def _trim(name: str) -> str:
    return " ".join(name.split()).strip(" .")


def _cut(name: str, longest: int) -> str:
    """At most `longest` bytes, never through a character; what was cut does not end in a dot, a space or a joiner."""
    if len(name.encode()) <= longest:
        return name
    name = name.encode()[:longest].decode(errors="ignore")
    while name and unicodedata.category(name[-1]) in {"Mn", "Me", "Cf"}:
        name = name[:-1]
    return name.rstrip(" ." + _JOINERS)
