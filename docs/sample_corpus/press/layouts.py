"""How pages look, and the heads of first pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from press.drawing import Canvas
from press.lines import (
    BOLD,
    ITALIC,
    MONO,
    ROMAN,
    SANS,
    SANS_BOLD,
    SANS_ITALIC,
    Atom,
    Run,
    break_lines,
    hyphenate,
    width,
)
from press.source import Article, spans

SERIF_FACE, SANS_FACE = (ROMAN, ITALIC, BOLD), (SANS, SANS_ITALIC, SANS_BOLD)


@dataclass(frozen=True)
class Layout:
    """How a page looks, in points. `indent` is a paragraph's first; without one, paragraphs stand apart.

    `face` are the body's upright, italic and bold fonts; `inset` is the space
    left of the text, where headings stand if they are `beside` it.
    """

    page: tuple[float, float]
    margin: float
    top: float
    columns: int
    gap: float
    size: float
    leading: float
    indent: float
    heading: str
    title: float
    face: tuple[str, str, str] = SERIF_FACE
    head: Literal["rule", "centre", "masthead", "band"] = "rule"
    running: Literal["head", "outside", "foot", "none"] = "head"
    inset: float = 0.0
    beside: bool = False
    justify: bool = True
    abstract: bool = False
    numbered: bool = False
    contents: bool = False

    @property
    def left(self) -> float:
        """Where the text begins."""
        return self.margin + self.inset

    @property
    def measure(self) -> float:
        """The width of a column."""
        return (self.page[0] - self.left - self.margin - (self.columns - 1) * self.gap) / self.columns

    @property
    def bottom(self) -> float:
        return self.page[1] - self.top


LAYOUTS = {
    "journal": Layout((516, 729), 46, 60, 2, 18, 9.6, 12, 10, BOLD, 26),
    "magazine": Layout((540, 720), 48, 58, 2, 22, 9.6, 12.6, 12, SANS_BOLD, 28, running="foot"),
    "notes": Layout((499, 709), 62, 64, 1, 0, 10.4, 13.8, 0, SANS_BOLD, 20),
    "report": Layout(
        (595, 842), 84, 78, 1, 0, 10.2, 14.6, 0, SANS_BOLD, 24, running="outside", numbered=True, contents=True
    ),
    "newsletter": Layout(
        (595, 842), 40, 54, 3, 16, 8.9, 11.4, 8, BOLD, 24, head="masthead", running="foot", justify=False
    ),
    "manual": Layout(
        (595, 780),
        48,
        66,
        1,
        0,
        9.4,
        13.2,
        0,
        SANS_BOLD,
        22,
        face=SANS_FACE,
        running="outside",
        inset=124,
        beside=True,
        justify=False,
    ),
    "paper": Layout(
        (612, 792), 56, 64, 2, 20, 9.4, 11.4, 11, BOLD, 19, head="centre", running="none", abstract=True, numbered=True
    ),
    "interview": Layout((432, 648), 52, 58, 1, 0, 10.2, 14.2, 0, ITALIC, 22, running="foot", inset=44),
    "leaflet": Layout(
        (420, 595), 38, 48, 1, 0, 9.0, 12.2, 0, SANS_BOLD, 21, face=SANS_FACE, head="band", running="foot"
    ),
}


def atoms(text: str, size: float, article: Article, face: tuple[str, str, str] = SERIF_FACE) -> list[Atom]:
    """The words of a text with its italics, bold and note marks."""
    words: list[list[Run | str]] = [[]]
    fonts = {"code": MONO, **dict(zip(("plain", "italic", "bold"), face, strict=True))}
    for kind, piece in spans(text):
        if kind == "note":
            words[-1] += [Run(ROMAN, size * 0.68, str(article.note_number(piece)), size * 0.34), piece]
            continue
        for number, word in enumerate(piece.split(" ")):
            if number:
                words.append([])
            if word:
                words[-1].append(Run(fonts[kind], size * (0.88 if kind == "code" else 1), word))
    made: list[Atom] = []
    for parts in filter(None, words):
        runs = tuple(part for part in parts if isinstance(part, Run))
        notes = tuple(part for part in parts if isinstance(part, str))
        pieces = hyphenate(runs[0].text) if len(runs) == 1 else []
        if len(pieces) > 1:
            made += [Atom((replace(runs[0], text=piece),), joined=index > 0) for index, piece in enumerate(pieces)]
        else:
            made.append(Atom(runs, notes=notes))
    return made


def one_font(font: str) -> tuple[str, str, str]:
    """A face that is one font throughout, as titles are."""
    return (font, font, font)


def head(page: Canvas, layout: Layout, article: Article) -> float:
    """Draw the head of the first page, across all columns; return where it ends."""
    match layout.head:
        case "masthead":
            return _masthead(page, layout, article)
        case "band":
            return _band(page, layout, article)
        case "centre":
            return _centred(page, layout, article)
        case _:
            return _ruled(page, layout, article)


def running(page: Canvas, layout: Layout, article: Article, number: int) -> None:
    """Draw page number, running head or foot."""
    wide, high = layout.page
    margin, above, below = layout.margin, layout.top - 24, high - layout.top + 30
    title, author, face = article.title, article.author, layout.face[1]
    if layout.running == "outside":
        _right(page, wide - margin, above, SANS, 8, str(number))
        if number > 1:
            page.line(margin, above, SANS, 8, title, 0.35)
        return
    if layout.running == "foot":
        page.line(margin, below, face, 8.2, author)
        _right(page, wide - margin, below, face, 8.2, str(number))
        return
    page.line((wide - 9 * width(ROMAN, str(number))) / 2, below, ROMAN, 9, str(number))
    if number > 1 and layout.running == "head":
        page.line(margin, above, ITALIC, 9, title)
        _right(page, wide - margin, above, ITALIC, 9, author)
        page.path([(margin, above + 6), (wide - margin, above + 6)], weight=0.4)


def _right(page: Canvas, x: float, y: float, font: str, size: float, text: str, tint: float = 0) -> None:
    page.line(x - size * width(font, text), y, font, size, text, tint)


def _titles(
    page: Canvas,
    article: Article,
    parts: Sequence[tuple[str, str, float]],
    place: tuple[float, float, float],
    *,
    centred: bool = False,
    tint: float = 0,
) -> float:
    """Set (text, font, size) one below the other, from y on, between x and x + across; return where they end."""
    x, y, across = place
    for text, font, size in parts:
        if not text:
            continue
        for line in break_lines(atoms(text, size, article, one_font(font)), across, justify=False):
            y += size * 1.2
            shift = (across - sum(run.width for run in line.runs)) / 2 if centred else 0.0
            page.set_line(x + shift, y, line, tint)
        y += 4
    return y


def _ruled(page: Canvas, layout: Layout, article: Article) -> float:
    """Author and year over a rule, title, subtitle, a rule."""
    left, across, y = layout.margin, layout.page[0] - 2 * layout.margin, layout.top
    if layout.running != "outside":
        page.line(left, y, SANS, 8.5, article.author)
        _right(page, left + across, y, SANS, 8.5, article.year)
    page.path([(left, y + 6), (left + across, y + 6)], weight=3 if layout.columns == 2 else 0.6)
    subtitle = ITALIC if layout.heading in (BOLD, ITALIC) else SANS
    parts = [(article.title, layout.heading, layout.title), (article.subtitle, subtitle, 12.5)]
    if layout.running == "outside":
        parts.append((f"{article.author}, {article.year}", SANS, 8.5))
    y = _titles(page, article, parts, (left, y + 12, across))
    page.path([(left, y + 8), (left + across, y + 8)], weight=0.4)
    return y + 14


def _centred(page: Canvas, layout: Layout, article: Article) -> float:
    """Title, subtitle and author in the middle."""
    across = layout.page[0] - 2 * layout.margin - 60
    parts = [
        (article.title, layout.heading, layout.title),
        (article.subtitle, ROMAN, 12),
        (f"{article.author}, {article.year}", ITALIC, 10),
    ]
    return _titles(page, article, parts, (layout.margin + 30, layout.top - 8, across), centred=True) + 10


def _masthead(page: Canvas, layout: Layout, article: Article) -> float:
    """The newsletter's name, white in a dark band, then title and subtitle."""
    left, across, y = layout.margin, layout.page[0] - 2 * layout.margin, layout.top - 16
    page.box(left, y, across, 44, fill=0.18)
    size = min(26.0, (across - 80) / width(BOLD, article.author))
    page.line(left + 12, y + 31, BOLD, size, article.author, 1)
    _right(page, left + across - 12, y + 30, SANS, 10, article.year, 1)
    parts = [(article.title, layout.heading, layout.title), (article.subtitle, ITALIC, 12)]
    y = _titles(page, article, parts, (left, y + 52, across))
    page.path([(left, y + 6), (left + across, y + 6)], weight=1.5)
    return y + 12


def _band(page: Canvas, layout: Layout, article: Article) -> float:
    """Title and subtitle, white in a dark band over the whole width of the sheet."""
    wide = layout.page[0]
    parts = [(article.title, layout.heading, layout.title), (article.subtitle, SANS, 11)]
    place = (layout.margin, 22.0, wide - 2 * layout.margin)
    deep = _titles(Canvas(*layout.page), article, parts, place) + 12
    page.box(-1, -1, wide + 2, deep + 1, fill=0.25)
    _titles(page, article, parts, place, tint=1)
    _right(page, wide - layout.margin, deep + 14, SANS, 8, article.year)
    return deep + 20
