"""Words into lines: widths of the built-in fonts, hyphenation, and the line breaks that look best over a paragraph."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from math import inf

import pymupdf

ROMAN, ITALIC, BOLD, SANS, SANS_ITALIC, SANS_BOLD, MONO = "tiro", "tiit", "tibo", "helv", "heit", "hebo", "cour"
FONTS = (ROMAN, ITALIC, BOLD, SANS, SANS_ITALIC, SANS_BOLD, MONO)
# After the first of two consonants between vowels, but not inside one sound, nor before an ending.
HYPHEN = re.compile(
    r"(?<=[aeiouy])(?!th|ch|sh|ph|gh|wh|ck|ng|[bcfgp]l|[bcdfgpt]r|s[cpt]|tw|wr)"
    r"[bcdfghjklmnprstvwxz](?=[bcdfghjklmnpqrstvwxz][aeiouy])(?!.(?:ings?|ed|ers?|est)\b)"
)


@dataclass(frozen=True)
class Run:
    """Characters of one font and size; `rise` lifts them above the line."""

    font: str
    size: float
    text: str
    rise: float = 0.0

    @property
    def width(self) -> float:
        return self.size * width(self.font, self.text)


@dataclass(frozen=True)
class Atom:
    """What a line break cannot divide. `joined` atoms continue the word before them, with a hyphen at a break."""

    runs: tuple[Run, ...]
    joined: bool = False
    notes: tuple[str, ...] = ()

    @property
    def width(self) -> float:
        return sum(run.width for run in self.runs)


@dataclass(frozen=True)
class Line:
    """A line as it is set; `stretch` is added to each space."""

    runs: tuple[Run, ...]
    stretch: float
    notes: tuple[str, ...]


@cache
def _widths(font: str) -> tuple[float, ...]:
    metrics = pymupdf.Font(font)
    return tuple(metrics.glyph_advance(ord(bytes([code]).decode("cp1252", "replace"))) for code in range(256))


@cache
def width(font: str, text: str) -> float:
    """The width of a text at size 1."""
    return sum(_widths(font)[code] for code in text.encode("cp1252"))


def hyphenate(word: str) -> list[str]:
    """The parts between which a word may be divided."""
    if len(word) < 7 or not re.fullmatch(r"[a-z]+[.,;:]?", word):
        return [word]
    cuts = [match.end() for match in HYPHEN.finditer(word) if 3 <= match.end() <= len(word) - 4]
    return [word[a:b] for a, b in zip([0, *cuts], [*cuts, len(word)], strict=True)]


def break_lines(atoms: Sequence[Atom], measure: float, *, justify: bool = True, indent: float = 0.0) -> list[Line]:
    """The lines of a paragraph, chosen together: the sum of how far their spaces are stretched is least.

    After Knuth and Plass, "Breaking paragraphs into lines" (1981), at its simplest. `indent` narrows the first line.
    """
    space = atoms[0].runs[0].size * width(atoms[0].runs[0].font, " ")
    hyphen = atoms[0].runs[0].size * width(atoms[0].runs[0].font, "-")
    best, origin = [0.0] + [inf] * len(atoms), [0] * (len(atoms) + 1)
    for start in range(len(atoms)):
        if best[start] == inf:
            continue
        room = measure - (indent if start == 0 else 0.0)
        natural, spaces = 0.0, 0
        for end in range(start + 1, len(atoms) + 1):
            atom = atoms[end - 1]
            spaced = end - 1 > start and not atom.joined
            natural += atom.width + (space if spaced else 0.0)
            spaces += spaced
            divided = end < len(atoms) and atoms[end].joined
            slack = room - natural - (hyphen if divided else 0.0)
            if slack < (-0.12 * space * spaces if justify else 0.0) and end > start + 1:
                if natural > room:
                    break
                continue
            last, short = end == len(atoms), natural < 10 * space
            cost = _cost(slack, space * max(spaces, 0.5), last=last, short=short, justify=justify) + 40.0 * divided
            if best[start] + cost < best[end]:
                best[end], origin[end] = best[start] + cost, start
    ends = [len(atoms)]
    while origin[ends[-1]]:
        ends.append(origin[ends[-1]])
    starts = [0, *reversed(ends[1:])]
    return [
        _line(atoms, start, end, measure - (indent if start == 0 else 0.0), justify)
        for start, end in zip(starts, reversed(ends), strict=True)
    ]


def _cost(slack: float, spaces: float, *, last: bool, short: bool, justify: bool) -> float:
    """How ugly a line is. A ragged line only minds being short; a last line only being squeezed, or one short word."""
    if last and slack >= 0:
        return 30.0 if short else 1.0
    ratio = slack / spaces if justify else max(slack, 0.0) / (8 * spaces)
    return (1 + 100 * abs(ratio if ratio > 0 else 3 * ratio) ** 3) ** 2 / 100


def _line(atoms: Sequence[Atom], start: int, end: int, room: float, justify: bool) -> Line:
    """Atoms as one line: equal neighbours joined, spaces and hyphen put in."""
    runs: list[Run] = []
    for index in range(start, end):
        between = " " if index > start and not atoms[index].joined else ""
        for number, run in enumerate(atoms[index].runs):
            lead = between if number == 0 else ""
            if runs and (runs[-1].font, runs[-1].size, runs[-1].rise) == (run.font, run.size, run.rise):
                runs[-1] = Run(run.font, run.size, runs[-1].text + lead + run.text, run.rise)
            else:
                if lead and runs[-1].font != MONO:
                    runs[-1] = replace(runs[-1], text=runs[-1].text + lead)
                    lead = ""
                runs.append(replace(run, text=lead + run.text))
    if end < len(atoms) and atoms[end].joined:
        runs[-1] = Run(runs[-1].font, runs[-1].size, runs[-1].text + "-", runs[-1].rise)
    slack, spaces = room - sum(run.width for run in runs), sum(run.text.count(" ") for run in runs)
    full = justify and (end < len(atoms) or slack < 0)
    notes = tuple(note for atom in atoms[start:end] for note in atom.notes)
    return Line(tuple(runs), slack / spaces if full and spaces else 0.0, notes)
