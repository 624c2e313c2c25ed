"""Tables of contents and indexes with leaders ("Preface . . . . . 3"): signposts to the text, and no text.

A line with leaders alone may be of a bill of fare or a form. Those of a table of contents come in numbers, and in the
order of their pages, or as in an index in that of the alphabet.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from shas_kb.reading.layout import Paragraph

_PAGE = r"(?:[A-Za-z0-9]{1,3}[-–])?(?:\d{1,4}|[ivxlcdm]{1,7}|[IVXLCDM]{1,7})"
_TAIL = re.compile(rf"\s*(?:(?:[.·]\s*){{4,}}|(?:…\s*){{2,}})({_PAGE}(?:,\s*{_PAGE})*)\s*\Z")
# an entry of the first rank often has no leaders: "2 Oaks 14"
_BARE = re.compile(rf".*[^\W\d_].*\s{_PAGE}\s*")
_LEADERS = re.compile(r"(?:[.·]\s*){4}|(?:…\s*){2}")
_LETTER = re.compile(r"[^\W\d_]")
_LONGEST = 300  # characters of a line with leaders
_FEWEST = 4  # lines of a table of contents
_BETWEEN = 2  # lines without a page between two entries: the name of a part, the first half of a long title
_NO_PROSE = 100  # characters of such a line
_IN_ORDER = 0.8  # share of the entries that come in the order of the entries before them
_ROMAN = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100, "d": 500, "m": 1000}


@dataclass(frozen=True, slots=True)
class _Entry:
    """The letters of its title, and its first page: of which kind its number is, and which."""

    letters: str
    kind: str
    page: int


def without_contents(found: Sequence[Paragraph]) -> list[Paragraph]:
    """Paragraphs without the lines of tables of contents and indexes; all of them where nothing else is there."""
    rows = [line for paragraph in found for line in paragraph.lines]
    listed = contents_lines(rows)
    if not listed or len(listed) == len(rows):
        return list(found)
    kept: list[Paragraph] = []
    row = 0
    for paragraph in found:
        end = row + len(paragraph.lines)
        lines = [line for number, line in enumerate(paragraph.lines, row) if number not in listed]
        if lines:
            kept.append(paragraph if len(lines) == len(paragraph.lines) else replace(paragraph, lines=lines))
        row = end
    return kept


def contents_lines(rows: Sequence[str]) -> set[int]:
    """Which of the lines of a document are of its table of contents or its index."""
    entries = [(number, entry) for number, row in enumerate(rows) if (entry := _entry(row)) is not None]
    listed: set[int] = set()
    run: list[tuple[int, _Entry]] = []
    for number, entry in entries:
        if run and not _close(rows, run[-1][0], number):
            listed |= _lines_of(run)
            run = []
        run.append((number, entry))
    return listed | _lines_of(run)


def _entry(row: str) -> _Entry | None:
    """The entry that a line is: words, leaders, pages."""
    tail = _TAIL.search(row) if len(row) <= _LONGEST and _LEADERS.search(row) else None
    title = row[: tail.start()].strip(" .·…") if tail else ""
    return _Entry("".join(_LETTER.findall(title)).casefold(), *_rank(tail[1])) if tail and title else None


def _close(rows: Sequence[str], before: int, number: int) -> bool:
    """Whether hardly anything stands between two entries but entries without leaders."""
    left = _BETWEEN
    for row in rows[before + 1 : number]:
        if len(row) > _NO_PROSE:
            return False
        if row.strip() and _BARE.fullmatch(row) is None:
            left -= 1
            if left < 0:
                return False
    return True


def _lines_of(run: Sequence[tuple[int, _Entry]]) -> set[int]:
    """All lines from the first to the last entry of a run, if it is long enough and in order."""
    named = sum(bool(entry.letters) for _, entry in run)
    if len(run) < _FEWEST or 2 * named < len(run):
        return set()
    follow = list(pairwise(entry for _, entry in run))
    rising = [one.page <= other.page for one, other in follow if one.kind == other.kind]
    alphabetical = [one.letters <= other.letters for one, other in follow if one.letters and other.letters]
    if max(_share(rising), _share(alphabetical)) < _IN_ORDER:
        return set()
    return set(range(run[0][0], run[-1][0] + 1))


def _share(held: Sequence[bool]) -> float:
    return sum(held) / len(held) if held else 0.0


def _rank(pages: str) -> tuple[str, int]:
    """The kind of a page number (Roman, or with the number of a chapter before it) and its place among these."""
    first = pages.partition(",")[0].strip()
    kind, _, number = first.replace("–", "-").rpartition("-")
    if number.isdigit():
        return kind, int(number)
    values = [_ROMAN[letter] for letter in number.lower()]
    pairs = zip(values, [*values[1:], 0], strict=True)
    return f"{kind} roman", sum(-value if value < following else value for value, following in pairs)
