"""Where on a page a text stands that was read from it.

What was read has lost hyphens, notes and line breaks, and may stand on two pages or in two columns. So only letters and
digits are compared, and what is not found in one piece is looked for in pieces.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence

Box = tuple[float, float, float, float]
"""x0, y0, x1, y1."""

PIECE = 24
"""Letters and digits: some five words, which hardly stand on a page twice by chance."""

SHORTEST = 6
"""Of the end of a text, right after the piece before it."""

NEAR = 2 * PIECE
"""What may stand between two pieces that belong together: the number of a note, a broken word."""


def letters(text: str) -> str:
    """What is compared of a text: its letters and digits without accents, ligatures apart, in small letters."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKD", text).casefold()))


def find(page: str, quotes: Iterable[str]) -> list[tuple[int, int]]:
    """The stretches of `page` that say the `quotes`, as (start, end), in order, none overlapping.

    Args:
        page: letters of a page.
        quotes: letters of each text that is looked for.
    """
    found = [stretch for quote in quotes for stretch in _stretches(page, quote)]
    joined: list[tuple[int, int]] = []
    for start, end in sorted(found):
        if joined and start <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(end, joined[-1][1])
        else:
            joined.append((start, end))
    return joined


def line_boxes(boxes: Sequence[Box], rows: Sequence[int], stretches: Iterable[tuple[int, int]]) -> list[Box]:
    """One box for each line of type that a stretch covers.

    Args:
        boxes: of each letter of the page.
        rows: the line that each letter stands in.
        stretches: of the page's letters.
    """
    found: list[Box] = []
    for start, end in stretches:
        by_row: dict[int, list[Box]] = {}
        for box, row in zip(boxes[start:end], rows[start:end], strict=True):
            by_row.setdefault(row, []).append(box)
        for inside in by_row.values():
            x0, y0, x1, y1 = zip(*inside, strict=True)
            found.append((min(x0), min(y0), max(x1), max(y1)))
    return found


def _stretches(page: str, quote: str) -> list[tuple[int, int]]:
    """The quote in one piece, or all of it that stands in pieces of at least `PIECE`, and its end after these."""
    at = page.find(quote) if quote else -1
    if at >= 0:
        return [(at, at + len(quote))]
    found: list[tuple[int, int]] = []
    place = 0
    while place <= len(quote) - SHORTEST:
        piece = quote[place : place + PIECE]
        after = found[-1][1] if found else 0
        at = page.find(piece, after, after + NEAR) if found else -1
        if at < 0 and len(piece) == PIECE:
            at = page.find(piece)
        if at < 0:
            place += 1
            continue
        length = _common(page[at:], quote[place:])
        if found and after <= at < after + NEAR:
            found[-1] = found[-1][0], at + length
        else:
            found.append((at, at + length))
        place += length
    return found


def _common(one: str, other: str) -> int:
    """How many letters two texts have in common at their beginning."""
    return next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
