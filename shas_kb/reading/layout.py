"""From the lines on pages to running text: reading order, paragraphs, hyphens, running heads.

Knows nothing of PDF: it gets lines with their places. Coordinates are points from the top left of the page.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest

from shas_kb.reading.draft import is_unspaced

_GUTTER = 6.0  # the least space between two columns
_MANY_BLOCKS = 200  # more are a map or a table, and are read from top to bottom
_BAND = 0.12  # of the page's height, at the top and the bottom: where running heads stand
_EDGE_LINES = 3
_SAME_FOOT = 2.0  # by which the feet of lines on one baseline may differ
_DIGITS = re.compile(r"\d+")
_ROMAN = re.compile(r"[ivxlcdm]+", re.IGNORECASE)
_PAGE_NUMBER = re.compile(
    r"[-–—|\s]*(?:p(?:age|\.)?|seite|第)?\s*\d{1,4}\s*页?(?:\s*(?:of|/|von)\s*\d{1,4})?[-–—|\s]*", re.IGNORECASE
)
_TERMINAL = ".!?:;。！？：；…\"'”’)]』」"
_LIST_ITEM = re.compile(r"(?:[•◦▪‣●○■□–—*·-]|\(?[0-9]{1,3}[.)]|\(?[a-zA-Z][.)]|\[[0-9]{1,3}\])\s")


@dataclass(slots=True)
class Line:
    """A line of type: its text, its box, the size of its letters, whether they are bold, or all of one width."""

    text: str
    x0: float
    y0: float
    x1: float
    y1: float
    size: float
    bold: bool
    monospaced: bool = False


@dataclass(slots=True)
class Block:
    """Lines that stand together."""

    lines: list[Line]
    x0: float = 0.0
    y0: float = 0.0
    x1: float = 0.0
    y1: float = 0.0

    def __post_init__(self) -> None:
        self.x0 = min(line.x0 for line in self.lines)
        self.y0 = min(line.y0 for line in self.lines)
        self.x1 = max(line.x1 for line in self.lines)
        self.y1 = max(line.y1 for line in self.lines)


@dataclass(slots=True)
class Page:
    """A page: its height and its blocks, as they come."""

    height: float
    blocks: list[Block] = field(default_factory=list)


@dataclass(slots=True)
class Paragraph:
    """Lines that make one paragraph. `size` is of its largest part, `bold` if all of it is; `page` counts from 0. The
    lines of `code` are set in a monospaced font, and stay lines."""

    lines: list[str]
    size: float
    bold: bool
    page: int
    y0: float
    code: bool = False


def reading_order(blocks: Sequence[Block]) -> list[Block]:
    """Blocks in the order in which a person reads them: down the columns, from left to right.

    A region with blocks side by side is divided at the gutter that the least of its blocks run across. Those (titles,
    wide figures) are read between what is above and what is below them; the rest column by column, and so on within.
    """
    ordered: list[Block] = []
    pending = [list(blocks)]
    while pending:
        region = pending.pop()
        gutter = None if _one_column(region) else _gutter(region)
        if gutter is None:
            ordered += sorted(region, key=lambda block: (round(block.y0), block.x0))
            continue
        across = sorted((block for block in region if block.x0 < gutter < block.x1), key=_middle)
        if not across:
            pending += [
                [block for block in region if block.x0 >= gutter],
                [block for block in region if block.x1 <= gutter],
            ]
            continue
        middles = [_middle(block) for block in across]
        bands: list[list[Block]] = [[] for _ in range(len(across) + 1)]
        for block in region:
            if not block.x0 < gutter < block.x1:
                bands[bisect_left(middles, _middle(block))].append(block)
        for band, wide in zip_longest(reversed(bands), reversed(across)):
            pending += [part for part in (band, [wide] if wide else []) if part]
    return ordered


def _middle(block: Block) -> float:
    return (block.y0 + block.y1) / 2


def _one_column(region: Sequence[Block]) -> bool:
    """No two blocks stand side by side."""
    bottom = float("-inf")
    for block in sorted(region, key=lambda block: block.y0):
        if block.y0 < bottom - 2:
            return False
        bottom = max(bottom, block.y1)
    return True


def _gutter(region: Sequence[Block]) -> float | None:
    """Where a line from top to bottom divides columns of prose and cuts the least; None if nowhere."""
    if len(region) > _MANY_BLOCKS:
        return None
    best: tuple[float, float] | None = None
    for place in sorted({block.x1 for block in region}):
        left = [block for block in region if block.x1 <= place]
        right = [block for block in region if block.x0 >= place]
        if not right or not (_is_prose(left) and _is_prose(right)) or not _side_by_side(left, right):
            continue
        cut = sum(block.y1 - block.y0 for block in region if block.x0 < place < block.x1)
        nearest = min(block.x0 for block in right)
        if best is None or cut < best[0]:
            best = cut, (place + nearest) / 2
    return None if best is None else best[1]


def _is_prose(blocks: Sequence[Block]) -> bool:
    """Cells of a table or fields of a form are read row by row instead."""
    return sum(len(block.lines) for block in blocks) >= 1.5 * len(blocks)


def _side_by_side(left: Sequence[Block], right: Sequence[Block]) -> bool:
    return any(one.y0 < other.y1 - 2 and other.y0 < one.y1 - 2 for one in left for other in right)


def _columns(region: Sequence[Block]) -> list[list[Block]]:
    """The parts that gaps from top to bottom divide, from left to right."""
    parts: list[list[Block]] = []
    right = float("-inf")
    for block in sorted(region, key=lambda block: block.x0):
        if block.x0 > right + _GUTTER or not parts:
            parts.append([])
        parts[-1].append(block)
        right = max(right, block.x1)
    return parts


def gather(lines: Iterable[Line]) -> list[Block]:
    """Single lines, as OCR finds them, to blocks: each joins the block right above it."""
    groups: list[list[Line]] = []
    for line in sorted(lines, key=lambda line: (line.y0, line.x0)):
        for group in reversed(groups):
            above = group[-1]
            shared = min(above.x1, line.x1) - max(above.x0, line.x0)
            close = line.y0 - above.y1 < 0.9 * (above.y1 - above.y0)
            if close and shared > 0.6 * min(above.x1 - above.x0, line.x1 - line.x0) and line.y0 > above.y0 + 2:
                group.append(line)
                break
        else:
            groups.append([line])
    return [Block(group) for group in groups]


def split_columns(block: Block) -> list[Block]:
    """A block that runs across two columns of prose, as its columns; any other as it is."""
    if len(block.lines) < 8:
        return [block]
    singles = [Block([line]) for line in block.lines]
    columns = _columns(singles)
    prose = [
        part for part in columns if len(part) >= 4 and sum(len(one.lines[0].text) for one in part) > 25 * len(part)
    ]
    if len(columns) < 2 or len(prose) < len(columns):
        return [block]
    return [Block([one.lines[0] for one in part]) for part in columns]


def drop_running_heads(pages: Sequence[Page]) -> None:
    """Remove the lines that stand at the top or the bottom of several pages, figures not minded, and page numbers.

    A line that says again, in smaller type, what stood on the first page is one too: the title. What stands on one
    baseline with a running head, in type no larger, need not be of one size on all pages.
    """
    if len(pages) < 2:
        return
    edges = [list(_edge_lines(page)) for page in pages]
    counts = Counter(key for edge in edges for key in {_exact(line, top) for line, top in edge}.union(_once(edge)))
    least = 2 if len(pages) <= 4 else 3
    names = Counter(name for edge in edges for name in {_name(line) for line, _ in edge} if name)
    first = {_name(line): line.size for block in pages[0].blocks for line in block.lines}
    kept_blocks: list[list[Block]] = []
    for number, (page, edge) in enumerate(zip(pages, edges, strict=True)):
        heads = [
            line
            for line, top in edge
            if max(counts[_likeness(line, top)], counts[_exact(line, top)]) >= least
            or (number and first.get(_name(line), 0.0) > line.size)
        ]
        drop = {id(line) for line in heads} | {
            id(line)
            for line, _ in edge
            if _PAGE_NUMBER.fullmatch(line.text.strip())
            or (names[_name(line)] >= least and any(_beside(line, head) for head in heads))
        }
        lines_left = ([line for line in block.lines if id(line) not in drop] for block in page.blocks)
        kept_blocks.append([Block(lines) for lines in lines_left if lines] if drop else page.blocks)
    if not any(kept_blocks):
        # pages with nothing but a line each: that line is what they say
        return
    for page, blocks in zip(pages, kept_blocks, strict=True):
        page.blocks = blocks


def _edge_lines(page: Page) -> Iterator[tuple[Line, bool]]:
    lines = [line for block in page.blocks if len(block.lines) <= _EDGE_LINES for line in block.lines]
    top, bottom = page.height * _BAND, page.height * (1 - _BAND)
    yield from ((line, True) for line in _outermost([line for line in lines if line.y1 < top], 1))
    yield from ((line, False) for line in _outermost([line for line in lines if line.y0 > bottom], -1))


def _outermost(lines: list[Line], direction: int) -> list[Line]:
    """The lines on the outermost few heights."""
    heights = sorted({round(line.y0) for line in lines}, key=lambda height: direction * height)[:_EDGE_LINES]
    return [line for line in lines if round(line.y0) in heights]


def _once(edge: Iterable[tuple[Line, bool]]) -> Iterator[tuple[str, int, bool]]:
    """The likenesses that a page has on one baseline only, or of one text; rows of a table differ in their figures."""
    alike: dict[tuple[str, int, bool], list[Line]] = {}
    for line, top in edge:
        alike.setdefault(_likeness(line, top), []).append(line)
    for likeness, lines in alike.items():
        feet = [line.y1 for line in lines]
        if max(feet) - min(feet) < _SAME_FOOT or len({line.text.lower() for line in lines}) == 1:
            yield likeness


def _beside(line: Line, head: Line) -> bool:
    return abs(line.y1 - head.y1) < _SAME_FOOT and line.size < head.size + 1


def _name(line: Line) -> str:
    """The line without a page number before or behind it."""
    return line.text.strip("0123456789|·-–— ").lower()


def _exact(line: Line, top: bool) -> tuple[str, int, bool]:
    return line.text.strip().lower(), round(line.size), top


def _likeness(line: Line, top: bool) -> tuple[str, int, bool]:
    text = _DIGITS.sub("#", line.text.strip().lower())
    return "#" if _ROMAN.fullmatch(text) else text, round(line.size), top


def paragraphs(blocks: Iterable[Block], page: int) -> Iterator[Paragraph]:
    """The paragraphs of a page, from blocks in reading order."""
    for block in blocks:
        run: list[Line] = []
        pitch = 0.0
        rows = list(_rows(block.lines))
        for line, code, before in zip(rows, codes := _codes(rows), [False, *codes], strict=False):
            if run and (code != before or (not code and _starts_paragraph(run, line, pitch))):
                yield _paragraph(run, page, before)
                run, pitch = [], 0.0
            elif run:
                pitch = line.y0 - run[-1].y0
            run.append(line)
        if run:
            yield _paragraph(run, page, codes[-1])


def _codes(rows: Sequence[Line]) -> list[bool]:
    """Which lines are of code: two or more in a monospaced font, one under the other. One by itself may as well be a
    line of prose that is filled by a name or an address."""
    fixed = [False, *(row.monospaced for row in rows), False]
    return [fixed[at] and (fixed[at - 1] or fixed[at + 1]) for at in range(1, len(fixed) - 1)]


def _rows(lines: Sequence[Line]) -> Iterator[Line]:
    """Lines with those on one baseline put together."""
    row: Line | None = None
    for line in lines:
        if row is not None and abs(line.y1 - row.y1) < 0.35 * max(row.size, 4) and line.x0 >= row.x1 - 2:
            row = Line(
                row.text + ("" if is_unspaced(row.text[-1]) and is_unspaced(line.text[0]) else " ") + line.text,
                row.x0,
                min(row.y0, line.y0),
                line.x1,
                max(row.y1, line.y1),
                max(row.size, line.size),
                row.bold and line.bold,
                row.monospaced and line.monospaced,
            )
            continue
        if row is not None:
            yield row
        row = line
    if row is not None:
        yield row


def _starts_paragraph(run: Sequence[Line], line: Line, pitch: float) -> bool:
    before = run[-1]
    em = max(before.size, 4.0)
    if abs(line.size - before.size) > 0.08 * em + 0.3 and not (
        line.text[:1].islower() and abs(line.size - before.size) < 2
    ):
        return True
    if line.bold != before.bold and (before.bold or len(run) > 1) and before.text.rstrip()[-1:] not in ",-‐":
        return True
    if pitch and line.y0 - before.y0 > 1.35 * pitch:
        return True
    if _LIST_ITEM.match(line.text) and (before.text.rstrip()[-1:] in _TERMINAL or line.text[0] in "•◦▪‣●○■□"):
        return True
    if before.text.rstrip()[-1:] not in _TERMINAL or line.text[:1].islower():
        return False
    width = max(each.x1 for each in run) - min(each.x0 for each in run)
    short = len(run) > 1 and before.x1 < max(each.x1 for each in run) - 0.2 * width and not line.text[:1].islower()
    return short or abs(line.x0 - before.x0) > 0.8 * em


def _paragraph(lines: Sequence[Line], page: int, code: bool) -> Paragraph:
    return Paragraph(
        [line.text for line in lines],
        max(line.size for line in lines),
        all(line.bold for line in lines),
        page,
        lines[0].y0,
        code,
    )
