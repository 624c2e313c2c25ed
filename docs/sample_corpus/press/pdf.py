"""Articles as PDF pages: columns, floats, footnotes, running heads, an outline, and no dates or ids of the day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pymupdf

from press.drawing import Canvas
from press.figures import FIGURES
from press.lines import (
    BOLD,
    FONTS,
    ITALIC,
    MONO,
    ROMAN,
    SANS,
    SANS_BOLD,
    Atom,
    Line,
    Run,
    break_lines,
    hyphenate,
    width,
)
from press.source import Article, Code, Figure, Heading, Items, Paragraph, Table, spans


@dataclass(frozen=True)
class Layout:
    """How a page looks, in points. `indent` is a paragraph's first; without one, paragraphs stand apart."""

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

    @property
    def measure(self) -> float:
        """The width of a column."""
        return (self.page[0] - 2 * self.margin - (self.columns - 1) * self.gap) / self.columns

    @property
    def bottom(self) -> float:
        return self.page[1] - self.top


LAYOUTS = {
    "journal": Layout((516, 729), 46, 60, 2, 18, 9.6, 12, 10, BOLD, 26),
    "magazine": Layout((540, 720), 48, 58, 2, 22, 9.6, 12.6, 12, SANS_BOLD, 28),
    "notes": Layout((499, 709), 62, 64, 1, 0, 10.4, 13.8, 0, SANS_BOLD, 20),
}


def atoms(text: str, size: float, article: Article, font: str = ROMAN) -> list[Atom]:
    """The words of a text with its italics, bold and note marks."""
    words: list[list[Run | str]] = [[]]
    fonts = {"plain": font, "italic": ITALIC, "bold": BOLD}
    for kind, piece in spans(text):
        if kind == "note":
            words[-1] += [Run(ROMAN, size * 0.68, str(article.note_number(piece)), size * 0.34), piece]
            continue
        for number, word in enumerate(piece.split(" ")):
            if number:
                words.append([])
            if word:
                words[-1].append(Run(fonts[kind], size, word))
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


@dataclass
class Flow:
    """An article flowing into pages. `short` ends the columns of one page early, so that the last ones are level."""

    article: Article
    layout: Layout
    short: tuple[int, float] | None = None
    pages: list[Canvas] = field(default_factory=list)
    outline: list[tuple[int, str, int, float]] = field(default_factory=list)
    floats: list[Canvas] = field(default_factory=list)
    notes: list[list[Line]] = field(default_factory=list)
    figures: int = 0
    tables: int = 0
    column: int = 0
    start: float = 0.0
    y: float = 0.0
    first: bool = True

    def run(self) -> list[Canvas]:
        """Set the whole article; return its pages."""
        self._new_page()
        self._title()
        follows = (*self.article.blocks[1:], None)
        for block, after in zip(self.article.blocks, follows, strict=True):
            match block:
                case Heading(text):
                    self._heading(text)
                case Paragraph(text):
                    self._paragraph(text, closed=isinstance(after, Items | Code))
                case Items(items, ordered):
                    self._items(items, ordered)
                case Code(text):
                    self._code(text)
                case Table():
                    self._float(self._table(block))
                case Figure(name, caption):
                    self._float(self._figure(name, caption))
        while self.floats:
            self._turn()
        self._set_notes()
        return self.pages

    @property
    def x(self) -> float:
        return self.layout.margin + self.column * (self.layout.measure + self.layout.gap)

    def _notes_height(self, notes: Sequence[list[Line]]) -> float:
        return sum(len(lines) for lines in notes) * 9.8 + 12 if notes else 0.0

    def _bottom(self, notes: Sequence[list[Line]]) -> float:
        """Where the column ends above these footnotes."""
        bottom = self.layout.bottom - self._notes_height(notes)
        return min(bottom, self.short[1]) if self.short and self.short[0] == len(self.pages) else bottom

    @property
    def _at_top(self) -> bool:
        return self.y == self.start

    def _turn(self) -> None:
        """Go on to the next column or page, and put there what did not fit into the one before."""
        self._set_notes()
        self.column += 1
        if self.column == self.layout.columns:
            self._new_page()
        self.y = self.start
        while self.floats and (self._at_top or self.y + self.floats[0].high <= self._bottom(self.notes)):
            self._place(self.floats.pop(0))

    def _new_page(self) -> None:
        wide, high = self.layout.page
        page = Canvas(wide, high)
        self.pages.append(page)
        self.column, self.start = 0, self.layout.top
        self.y = self.start
        number, y = str(len(self.pages)), high - self.layout.top + 30
        page.line((wide - 9 * width(ROMAN, number)) / 2, y, ROMAN, 9, number)
        if len(self.pages) > 1:
            title, author = self.article.title, self.article.author
            page.line(self.layout.margin, self.layout.top - 24, ITALIC, 9, title)
            page.line(wide - self.layout.margin - 9 * width(ITALIC, author), self.layout.top - 24, ITALIC, 9, author)
            page.path(
                [(self.layout.margin, self.layout.top - 18), (wide - self.layout.margin, self.layout.top - 18)],
                weight=0.4,
            )

    def _title(self) -> None:
        """The head of the first page, across all columns."""
        layout, article, page = self.layout, self.article, self.pages[0]
        left, across = layout.margin, layout.page[0] - 2 * layout.margin
        page.line(left, self.y, SANS, 8.5, article.author)
        page.line(left + across - 8.5 * width(SANS, article.year), self.y, SANS, 8.5, article.year)
        page.path([(left, self.y + 6), (left + across, self.y + 6)], weight=3 if layout.columns == 2 else 0.6)
        self.y += 12
        subtitle = ITALIC if layout.heading == BOLD else SANS
        for text, font, size in ((article.title, layout.heading, layout.title), (article.subtitle, subtitle, 12.5)):
            for line in break_lines(atoms(text, size, article, font), across, justify=False):
                self.y += size * 1.2
                page.set_line(left, self.y, line)
            self.y += 4
        page.path([(left, self.y + 8), (left + across, self.y + 8)], weight=0.4)
        self.y += 14
        self.start = self.y

    def _set_notes(self) -> None:
        """Put the footnotes of this column at its foot."""
        if not self.notes:
            return
        y = self.layout.bottom - self._notes_height(self.notes) + 8
        page = self.pages[-1]
        page.path([(self.x, y), (self.x + 60, y)], weight=0.4)
        for line in (line for lines in self.notes for line in lines):
            y += 9.8
            page.set_line(self.x, y, line)
        self.notes = []

    def _note(self, key: str) -> list[Line]:
        text = f"[^{key}] {dict(self.article.notes)[key]}"
        return [replace(line, notes=()) for line in break_lines(atoms(text, 8, self.article), self.layout.measure)]

    def _need(self, height: float) -> None:
        if not self._at_top and self.y + height > self._bottom(self.notes):
            self._turn()

    def _lines(self, lines: Sequence[Line], indent: float = 0.0, first: float = 0.0, mark: str = "") -> None:
        """Set lines, a mark before the first; never one alone at the foot or the head of a column."""
        left, leading = list(lines), self.layout.leading
        while left:
            y, notes, count = self.y, list(self.notes), 0
            for line in left:
                wanted = notes + [self._note(key) for key in line.notes]
                if y + leading > self._bottom(wanted):
                    break
                y, notes, count = y + leading, wanted, count + 1
            if len(left) - count == 1 and count > 1:
                count -= 1
            if count == 1 and len(left) > 1:
                count = 0
            count = max(count, 1 if self._at_top else 0)
            for line in left[:count]:
                self.y += leading
                self.notes += [self._note(key) for key in line.notes]
                if line is lines[0] and mark:
                    self.pages[-1].line(self.x + 3, self.y, ROMAN, self.layout.size, mark)
                self.pages[-1].set_line(self.x + indent + (first if line is lines[0] else 0.0), self.y, line)
            left = left[count:]
            if left:
                self._turn()

    def _heading(self, text: str) -> None:
        size = self.layout.size + (1.2 if self.layout.heading == BOLD else 0.6)
        lines = break_lines(atoms(text, size, self.article, self.layout.heading), self.layout.measure, justify=False)
        above = 0.0 if self._at_top else self.layout.leading * 0.9
        self._need(above + len(lines) * size * 1.25 + 4 + 3 * self.layout.leading)
        self.y += 0.0 if self._at_top else above
        self.outline.append((1, text, len(self.pages), self.y))
        for line in lines:
            self.y += self.layout.leading if self._at_top else size * 1.25
            self.pages[-1].set_line(self.x, self.y, line)
        self.y += 3
        self.first = True

    def _paragraph(self, text: str, *, closed: bool = False) -> None:
        """A paragraph; `closed` when a list or a formula follows it directly."""
        layout = self.layout
        indent = 0.0 if self.first else layout.indent
        lines = break_lines(atoms(text, layout.size, self.article), layout.measure, indent=indent)
        self._lines(lines, first=indent)
        self.y += 2 if closed else 0 if layout.indent else layout.leading * 0.45
        self.first = False

    def _items(self, items: Sequence[str], ordered: bool) -> None:
        layout, hang = self.layout, 14.0
        for number, item in enumerate(items, 1):
            lines = break_lines(atoms(item, layout.size, self.article), layout.measure - hang)
            self._lines(lines, indent=hang, mark=f"{number}." if ordered else "•")
            self.y += 2
        self.y += 3
        self.first = True

    def _code(self, text: str) -> None:
        for row in text.split("\n"):
            self._need(self.layout.leading)
            self.y += self.layout.leading
            self.pages[-1].line(self.x + 24, self.y, MONO, self.layout.size, row)
        self.y += self.layout.leading * 0.6
        self.first = True

    def _float(self, drawing: Canvas) -> None:
        """Place a figure or table here if it fits, else at the top of the next column."""
        if not self.floats and self.y + drawing.high <= self._bottom(self.notes):
            self._place(drawing)
        else:
            self.floats.append(drawing)

    def _place(self, drawing: Canvas) -> None:
        self.y += 0 if self._at_top else 6
        self.pages[-1].place(drawing, self.x, self.y)
        self.y += drawing.high

    def _caption(self, label: str, caption: str) -> list[Line]:
        return break_lines(atoms(f"**{label}.** {caption}", 8.6, self.article), self.layout.measure, justify=False)

    def _figure(self, name: str, caption: str) -> Canvas:
        self.figures += 1
        drawing = FIGURES[name](self.layout.measure)
        lines = self._caption(f"Figure {self.figures}", caption)
        canvas = Canvas(self.layout.measure, drawing.high + len(lines) * 10.6 + 14)
        canvas.place(drawing, 0, 2)
        for number, line in enumerate(lines):
            canvas.set_line(0, drawing.high + 14 + number * 10.6, line)
        return canvas

    def _table(self, table: Table) -> Canvas:
        """A table as a drawing: columns as wide as they need; where that is too much, the widest wraps."""
        self.tables += 1
        size, leading, gap, measure = 8.8, 11.0, 12.0, self.layout.measure
        cells = [
            [atoms(f"**{cell}**" if number == 0 and cell else cell, size, self.article) for cell in row]
            for number, row in enumerate(table.rows)
        ]
        space = size * width(ROMAN, " ")
        natural = [
            max(sum(atom.width + (0 if atom.joined else space) for atom in cell) for cell in column)
            for column in zip(*cells, strict=True)
        ]
        room = measure - gap * (len(natural) - 1)
        while sum(natural) > room + 0.01:
            *_, second, first = sorted([0.0, *natural])
            natural[natural.index(first)] = max(
                first - (sum(natural) - room), second if second < first else 0.9 * first
            )
        gap += min((room - sum(natural)) / (len(natural) - 1), 36)
        across = sum(natural) + gap * (len(natural) - 1)
        lines = self._caption(f"Table {self.tables}", table.caption)
        canvas = Canvas(measure, 0)
        content: list[tuple[float, float, Line]] = [
            (0.0, 10.6 * (number + 1), line) for number, line in enumerate(lines)
        ]
        y = 10.6 * len(lines) + 5
        rules = [y]
        for row in cells:
            set_cells = [
                break_lines(cell, wide + 0.1, justify=False) if cell else []
                for cell, wide in zip(row, natural, strict=True)
            ]
            x = 0.0
            for wide, cell_lines in zip(natural, set_cells, strict=True):
                content += [(x, y + leading * (number + 1), line) for number, line in enumerate(cell_lines)]
                x += wide + gap
            y += leading * max(len(cell_lines) for cell_lines in set_cells) + 3.5
            if len(rules) == 1:
                rules.append(y)
        rules.append(y)
        canvas.high = y + 9
        for number, rule in enumerate(rules):
            canvas.path([(0, rule), (across, rule)], weight=0.4 if number == 1 else 0.8)
        for x, line_y, line in content:
            canvas.set_line(x, line_y, line)
        return canvas


def typeset(article: Article) -> bytes:
    """The article as the bytes of a PDF."""
    layout = LAYOUTS[article.layout]
    flow = Flow(article, layout)
    count = len(flow.run())
    low, high = layout.top + 60, layout.bottom
    while layout.columns > 1 and high - low > 2:
        level = Flow(article, layout, (count, (low + high) / 2))
        if len(level.run()) == count:
            flow, high = level, (low + high) / 2
        else:
            low = (low + high) / 2
    document = pymupdf.open()
    for canvas in flow.pages:
        page = document.new_page(width=canvas.wide, height=canvas.high)
        for font in FONTS:
            document.xref_set_key(page.insert_font(fontname=font), "Encoding", "/WinAnsiEncoding")
        stream = document.get_new_xref()
        document.update_object(stream, "<<>>")
        document.update_stream(stream, "".join(canvas.content).encode("cp1252"), new=True)
        page.set_contents(stream)
    document.set_toc([[depth, text, page, y] for depth, text, page, y in flow.outline])
    document.set_metadata(
        {
            "title": article.title,
            "author": article.author,
            "subject": article.subtitle,
            "creationDate": f"D:{article.year}0101000000Z",
        }
    )
    return bytes(document.tobytes(garbage=3, deflate=True, no_new_id=True))
