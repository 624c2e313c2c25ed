"""Articles as PDF pages: columns, floats, footnotes, running heads, an outline, and no dates or ids of the day."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pymupdf

from press import layouts
from press.charts import CHARTS
from press.drawing import Canvas
from press.figures import FIGURES
from press.layouts import LAYOUTS, Layout, atoms, one_font
from press.lines import FONTS, MONO, ROMAN, Atom, Line, break_lines, width
from press.source import Article, Code, Figure, Heading, Items, Paragraph, Quote, Table


@dataclass
class Flow:
    """An article flowing into pages.

    `short` ends the columns of one page early, so that the last ones are level; `listed` are the pages of the headings,
    for the list of contents.
    """

    article: Article
    layout: Layout
    short: tuple[int, float] | None = None
    listed: tuple[int, ...] = ()
    pages: list[Canvas] = field(default_factory=list)
    outline: list[tuple[int, str, int, float]] = field(default_factory=list)
    floats: list[Canvas] = field(default_factory=list)
    notes: list[list[Line]] = field(default_factory=list)
    figures: int = 0
    tables: int = 0
    column: int = 0
    start: float = 0.0
    y: float = 0.0
    hung: float = 0.0
    first: bool = True

    def run(self) -> list[Canvas]:
        """Set the whole article; return its pages."""
        self._new_page()
        self._title()
        blocks = self.article.blocks[1 if self.layout.abstract else 0 :]
        for block, after in zip(blocks, (*blocks[1:], None), strict=True):
            match block:
                case Heading(text):
                    self._heading(text)
                case Paragraph(text):
                    self._paragraph(text, closed=isinstance(after, Items | Code))
                case Items(items, ordered):
                    self._items(items, ordered)
                case Quote(text):
                    self._quote(text)
                case Code(text):
                    self._code(text)
                case Table():
                    self._float(self._table(block))
                case Figure():
                    self._float(self._figure(block))
        while self.floats:
            self._turn()
        self._set_notes()
        return self.pages

    @property
    def x(self) -> float:
        return self.layout.left + self.column * (self.layout.measure + self.layout.gap)

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
        page = Canvas(*self.layout.page)
        self.pages.append(page)
        self.column, self.start = 0, self.layout.top
        self.y, self.hung = self.start, 0.0
        layouts.running(page, self.layout, self.article, len(self.pages))

    def _title(self) -> None:
        """The head of the first page, across all columns, and the abstract or the list of contents."""
        layout = self.layout
        self.y = layouts.head(self.pages[0], layout, self.article)
        if layout.abstract:
            self._abstract()
        if layout.contents:
            self._contents()
        self.start = self.y

    def _abstract(self) -> None:
        """The first paragraph, narrower than the columns together."""
        layout, block = self.layout, self.article.blocks[0]
        assert isinstance(block, Paragraph), f"{self.article.file}: a paper begins with a paragraph, its abstract"
        across = layout.page[0] - 2 * layout.margin - 80
        for line in break_lines(self._atoms(block.text, layout.size), across):
            self.y += layout.leading
            self.pages[0].set_line(layout.margin + 40, self.y, line)
        self.y += 22

    def _contents(self) -> None:
        """Headings with their pages."""
        layout, page = self.layout, self.pages[0]
        headings = [block.text for block in self.article.blocks if isinstance(block, Heading)]
        self.y += 6
        for number, text in enumerate(headings):
            self.y += 13
            page.line(layout.left + 12, self.y, layout.face[0], 9, self._numbered(text, number + 1))
            if self.listed:
                where = str(self.listed[number])
                page.line(layout.left + layout.measure - 12 - 9 * width(ROMAN, where), self.y, ROMAN, 9, where)
        self.y += 18

    def _numbered(self, text: str, number: int) -> str:
        return f"{number}  {text}" if self.layout.numbered and not text[0].isdigit() else text

    def _atoms(self, text: str, size: float) -> list[Atom]:
        return atoms(text, size, self.article, self.layout.face)

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
        return [replace(line, notes=()) for line in break_lines(self._atoms(text, 8), self.layout.measure)]

    def _need(self, height: float) -> None:
        while not self._at_top and self.y + height > self._bottom(self.notes):
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
                    self.pages[-1].line(self.x + 3, self.y, self.layout.face[0], self.layout.size, mark)
                self.pages[-1].set_line(self.x + indent + (first if line is lines[0] else 0.0), self.y, line)
            left = left[count:]
            if left:
                self._turn()

    def _heading(self, text: str) -> None:
        layout = self.layout
        size = layout.size + (1.2 if layout.heading == layout.face[2] else 0.6)
        text = self._numbered(text, len(self.outline) + 1)
        room = layout.inset - 16 if layout.beside else layout.measure
        lines = break_lines(atoms(text, size, self.article, one_font(layout.heading)), room, justify=False)
        above = 0.0 if self._at_top else layout.leading * 0.9
        self._need(above + len(lines) * size * 1.25 + 4 + 3 * layout.leading)
        self.y = max(self.y + (0.0 if self._at_top else above), self.hung)
        self.outline.append((1, text, len(self.pages), self.y))
        if layout.beside:
            for number, line in enumerate(lines):
                self.pages[-1].set_line(layout.margin, self.y + layout.leading + number * size * 1.25, line)
            self.hung = self.y + layout.leading * 1.5 + len(lines) * size * 1.25
        else:
            for line in lines:
                self.y += layout.leading if self._at_top else size * 1.25
                self.pages[-1].set_line(self.x, self.y, line)
            self.y += 3
        self.first = True

    def _set(self, text: str, indent: float = 0.0, first: float = 0.0, mark: str = "", follows: int = 0) -> None:
        """Set a text in the body's type; on one page with as many lines of the next as `follows` says."""
        layout = self.layout
        words = self._atoms(text, layout.size)
        lines = break_lines(words, layout.measure - indent, justify=layout.justify, indent=first)
        if follows:
            self._need((len(lines) + follows) * layout.leading)
        self._lines(lines, indent, first, mark)

    def _paragraph(self, text: str, *, closed: bool = False) -> None:
        """A paragraph; `closed` when a list or formula follows it directly. One all in bold stays with the next."""
        layout = self.layout
        follows = 2 if re.fullmatch(r"\*\*[^*]+\*\*", text) else 0
        self._set(text, first=0.0 if self.first else layout.indent, follows=follows)
        self.y += 2 if closed else 0 if layout.indent else layout.leading * 0.45
        self.first = False

    def _items(self, items: Sequence[str], ordered: bool) -> None:
        for number, item in enumerate(items, 1):
            self._set(item, indent=14.0, mark=f"{number}." if ordered else "•")
            self.y += 2
        self.y += 3
        self.first = True

    def _quote(self, text: str) -> None:
        """Words set off: narrower, italic, a bar at their left."""
        layout = self.layout
        self.y += 4
        face = (layout.face[1], layout.face[0], layout.face[2])
        lines = break_lines(atoms(text, layout.size, self.article, face), layout.measure - 20, justify=False)
        self._need(min(len(lines), 6) * layout.leading)
        page, column, top = len(self.pages), self.column, self.y
        self._lines(lines, indent=12.0)
        if (page, column) == (len(self.pages), self.column):
            self.pages[-1].path([(self.x + 3, top + 3), (self.x + 3, self.y + 3)], weight=2, grey=0.6)
        self.y += 8
        self.first = True

    def _code(self, text: str) -> None:
        rows = text.split("\n")
        shift = 24.0 if self.layout.columns == 1 else 8.0
        size = min(self.layout.size - 0.6, (self.layout.measure - shift) / max(width(MONO, row) for row in rows))
        for row in rows:
            self._need(self.layout.leading)
            self.y += self.layout.leading
            self.pages[-1].line(self.x + shift, self.y, MONO, size, row)
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
        return break_lines(self._atoms(f"**{label}.** {caption}", 8.6), self.layout.measure, justify=False)

    def _figure(self, figure: Figure) -> Canvas:
        self.figures += 1
        wide = self.layout.measure
        drawing = CHARTS[figure.name](figure.rows, figure.axis, wide) if figure.rows else FIGURES[figure.name](wide)
        lines = self._caption(f"Figure {self.figures}", figure.caption)
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
            [self._atoms(f"**{cell}**" if number == 0 and cell else cell, size) for cell in row]
            for number, row in enumerate(table.rows)
        ]
        space = size * width(ROMAN, " ")
        natural = [
            max(sum(atom.width + (0 if atom.joined else space) for atom in cell) for cell in column)
            for column in zip(*cells, strict=True)
        ]
        least = [
            max((atom.width for cell in column for atom in cell), default=0.0) for column in zip(*cells, strict=True)
        ]
        room = measure - gap * (len(natural) - 1)
        while sum(natural) > room + 0.01:
            # The widest column that can wrap gives way, down to the second widest or to its longest word.
            free = [wide if wide > low + 0.01 else 0.0 for wide, low in zip(natural, least, strict=True)]
            second, first = sorted([0.0, *free])[-2:]
            if not first:
                natural = [wide * room / sum(natural) for wide in natural]
                break
            at = free.index(first)
            natural[at] = max(first - (sum(natural) - room), least[at], second if second < first else 0.95 * first)
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
    if layout.contents:
        flow = Flow(article, layout, listed=tuple(page for _, _, page, _ in flow.outline))
        flow.run()
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
