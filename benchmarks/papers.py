"""Typeset a stand-in for a big conference's folder of papers: what a large `shas-kb ingest` is measured on.

    python benchmarks/papers.py OUT [--papers 190]

The text is that of OpenStax textbook sections (`../shared/eval/openstax`, which is not part of the repository):
neighbouring sections of a chapter become one paper of 10 to 60 pages, in one of three layouts, with headings, running
heads, page numbers, hyphenation, plots, tables, an outline and metadata. Beside them stands what any big folder has:
empty files, scans, a locked and a truncated one, a web page named .pdf, duplicates. Same call, same bytes.
"""

from __future__ import annotations

import argparse
import gzip
import itertools
import json
import random
import re
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pymupdf

DATA = Path(__file__).resolve().parents[2] / "shared" / "eval" / "openstax" / "docs.jsonl.gz"
PAGE_WIDTH, PAGE_HEIGHT = 612.0, 792.0
FONTS = {
    "tiro": "Times-Roman",
    "tibo": "Times-Bold",
    "tiit": "Times-Italic",
    "helv": "Helvetica",
    "hebo": "Helvetica-Bold",
}
NAMES = (
    "Abe Berg Chen Diaz Eriksen Fofana Garcia Haddad Ito Jansen Lopez Mbeki Novak Okafor Patel Rossi Sato Tran Weiss"
)
INITIALS = "ABCDEFGHIJKLMNOPRSTVWY"
EMPTY, SCANS, DUPLICATES = 10, 3, 2
HYPHEN = re.compile(
    r"(?<=[aeiouy])(?!th|ch|sh|ph|gh|wh|ck|ng|[bcfgp]l|[bcdfgpt]r|s[cpt]|tw|wr)"
    r"[bcdfghjklmnprstvwxz](?=[bcdfghjklmnpqrstvwxz][aeiouy])(?!.(?:ings?|ed|ers?|est)\b)"
)


@dataclass(frozen=True)
class Layout:
    """How a page looks, lengths in points. `density` is about how many characters a page holds, plots included."""

    columns: int
    margin: float
    gap: float
    size: float
    leading: float
    body: str
    bold: str
    density: int

    @property
    def measure(self) -> float:
        """The width of a line."""
        return (PAGE_WIDTH - 2 * self.margin - (self.columns - 1) * self.gap) / self.columns


TWO_COLUMNS = Layout(2, 54, 22, 10, 12, "tiro", "tibo", 3700)
ONE_COLUMN = Layout(1, 100, 0, 10.5, 13.5, "tiro", "tibo", 3050)
MANUSCRIPT = Layout(1, 86, 0, 11, 18, "helv", "hebo", 1950)
LAYOUTS = (TWO_COLUMNS, ONE_COLUMN, TWO_COLUMNS, MANUSCRIPT, TWO_COLUMNS, ONE_COLUMN)


@dataclass(frozen=True)
class Paper:
    """A paper to typeset: its sections are (title, text)."""

    number: int
    title: str
    authors: tuple[str, ...]
    layout: Layout
    sections: tuple[tuple[str, str], ...]

    @property
    def name(self) -> str:
        slug = re.sub(r"[^a-z0-9]+", "-", self.title.lower()).strip("-")[:48].strip("-")
        return f"{self.number:04d}-{slug}.pdf"


@cache
def char_widths(font: str) -> tuple[float, ...]:
    """The width of each Windows-1252 character at size 1."""
    metrics = pymupdf.Font(font)
    return tuple(metrics.glyph_advance(ord(bytes([code]).decode("cp1252", "replace"))) for code in range(256))


@cache
def width(font: str, text: str) -> float:
    """The width of a text at size 1."""
    widths = char_widths(font)
    return sum(widths[code] for code in text.encode("cp1252", "replace"))


def plain(text: str) -> str:
    """The text in the characters that the built-in fonts have."""
    text = text.translate({0x2212: "–", 0x2032: "'", 0x2010: "-", 0xFB01: "fi", 0x2028: " "})
    return text.encode("cp1252", "ignore").decode("cp1252")


def hyphenate(word: str, font: str, room: float) -> tuple[str, str] | None:
    """The word in two parts of which the first, with its hyphen, fits the room; None where there is no such cut."""
    if len(word) < 8 or not word.isalpha() or not word.islower():
        return None
    for cut in reversed([match.end() for match in HYPHEN.finditer(word)]):
        if 3 <= cut <= len(word) - 3 and width(font, word[:cut]) + width(font, "-") <= room:
            return word[:cut] + "-", word[cut:]
    return None


def break_lines(text: str, font: str, measure: float) -> Iterator[tuple[str, float]]:
    """The lines of a paragraph with the room each leaves; `measure` in units of the font size."""
    space = width(font, " ")
    line: list[str] = []
    used = 0.0
    for word in text.split():
        long = width(font, word)
        while line and used + space + long > measure:
            parts = hyphenate(word, font, measure - used - space)
            if parts is not None:
                line.append(parts[0])
                used += space + width(font, parts[0])
                word, long = parts[1], width(font, parts[1])
            yield " ".join(line), measure - used
            line, used = [], 0.0
        used += long + (space if line else 0.0)
        line.append(word)
    if line:
        yield " ".join(line), 0.0


@dataclass
class Sheets:
    """Pages in the making, each a list of pieces of PDF content; `y` counts down from the top of the page."""

    layout: Layout
    running: str
    pages: list[list[str]] = field(default_factory=list)
    outline: list[tuple[int, str, int]] = field(default_factory=list)
    column: int = 0
    start: float = 66.0
    y: float = 0.0

    def __post_init__(self) -> None:
        self.turn()

    @property
    def x(self) -> float:
        return self.layout.margin + self.column * (self.layout.measure + self.layout.gap)

    @property
    def bottom(self) -> float:
        return PAGE_HEIGHT - 66

    def turn(self) -> None:
        """Begin the next column, or a new page with its running head and number."""
        self.column += 1
        if not self.pages or self.column == self.layout.columns:
            self.column = 0
            self.pages.append([])
            number = str(len(self.pages))
            self.ink(
                self.layout.body, 9, (PAGE_WIDTH - 9 * width(self.layout.body, number)) / 2, PAGE_HEIGHT - 36, number
            )
            if len(self.pages) > 1:
                self.ink("tiit", 9, self.layout.margin, 40, self.running)
        self.y = self.start if len(self.pages) == 1 else 66.0

    def ink(self, font: str, size: float, x: float, y: float, text: str, stretch: float = 0.0) -> None:
        """Put a line of text at a place; `stretch` is added to each space."""
        shown = text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
        self.pages[-1].append(
            f"BT /{font} {size:g} Tf {stretch:.3f} Tw {x:.2f} {PAGE_HEIGHT - y:.2f} Td ({shown}) Tj ET\n"
        )

    def need(self, height: float) -> None:
        """Make sure that so much is left of the column."""
        if self.y + height > self.bottom:
            self.turn()

    def paragraph(self, text: str, font: str, size: float, leading: float, indent: float = 0.0) -> None:
        """A justified paragraph."""
        measure = (self.layout.measure - 2 * indent) / size
        for line, room in break_lines(text, font, measure):
            self.need(leading)
            self.y += leading
            spaces = line.count(" ")
            self.ink(font, size, self.x + indent, self.y, line, min(room * size / spaces, size) if spaces else 0.0)

    def heading(self, text: str, size: float, above: float) -> None:
        """A heading that keeps two lines of what follows with it."""
        self.need(above + 4 * self.layout.leading)
        self.y += above
        self.paragraph(text, self.layout.bold, size, size * 1.25)
        self.y += 3

    def plot(self, number: int, caption: str, dice: random.Random) -> None:
        """A small line plot with its caption."""
        wide, high = self.layout.measure - 40, 120.0
        self.need(high + 60)
        x, y = self.x + 25, self.y + 14
        base = PAGE_HEIGHT - y - high
        rules = [f"{x:.2f} {base + high:.2f} m {x:.2f} {base:.2f} l {x + wide:.2f} {base:.2f} l S"]
        for grey in (0, 0.4, 0.7):
            value, path = dice.random() * high / 2 + high / 4, []
            for step in range(25):
                value = min(max(value + dice.gauss(0, 6), 2), high - 2)
                path.append(f"{x + wide * step / 24:.2f} {base + value:.2f} {'l' if step else 'm'}")
            rules.append(f"{grey} G " + " ".join(path) + " S 0 G")
        self.pages[-1].append("\n".join(rules) + "\n")
        for tick in range(5):
            self.ink("helv", 7, x - 14, y + high - tick * high / 4.4, f"{tick * 2 / 10:.1f}")
            self.ink("helv", 7, x + tick * wide / 4.4, y + high + 9, str(tick * 25))
        self.y = y + high + 14
        self.paragraph(f"Figure {number}: {caption.rstrip('?!.')}.", "tiit", 9, 11)
        self.y += 10

    def table(self, number: int, caption: str, dice: random.Random) -> None:
        """A table of six rows with its caption."""
        self.need(150)
        self.y += 6
        self.paragraph(f"Table {number}: {caption.rstrip('?!.')}.", "tiit", 9, 11)
        self.y += 6
        for row in range(7):
            self.y += 12
            cells = [f"{dice.uniform(10, 99):.1f}" for _ in range(4)] if row else ["1990", "2000", "2010", "2020"]
            for place, cell in enumerate([f"Group {row}" if row else "Group", *cells]):
                self.ink(
                    self.layout.body if row else self.layout.bold,
                    9,
                    self.x + place * self.layout.measure / 5,
                    self.y,
                    cell,
                )
        self.y += 12


def typeset(paper: Paper) -> pymupdf.Document:
    """The paper as a PDF."""
    layout, dice = paper.layout, random.Random(paper.number)
    sheets = Sheets(layout, paper.title[:80])
    lines = [line for line, _ in break_lines(paper.title, "tibo", (PAGE_WIDTH - 160) / 17)]
    for font, size, line in [*(("tibo", 17.0, line) for line in lines), ("tiro", 11.0, ", ".join(paper.authors))]:
        sheets.y += size * 1.4
        sheets.ink(font, size, (PAGE_WIDTH - size * width(font, line)) / 2, sheets.y, line)
    sheets.y += 24
    sheets.start = sheets.y
    figures, tables, since = itertools.count(1), itertools.count(1), 0
    for number, (title, text) in enumerate(paper.sections, 1):
        sheets.heading(f"{number} {title}", layout.size + 2, 12)
        sheets.outline.append((1, f"{number} {title}", len(sheets.pages)))
        for part in filter(None, (plain(part).strip() for part in text.split("\n"))):
            if len(part) < 70 and part[-1] not in '.,:;?!)”’"':
                sheets.heading(part, layout.size, 6)
                sheets.outline.append((2, part, len(sheets.pages)))
            else:
                sheets.paragraph(part, layout.body, layout.size, layout.leading)
                sheets.y += 4
            since += len(part)
            if since > 1.15 * layout.density:
                since = 0
                if dice.random() < 0.7:
                    sheets.plot(next(figures), title, dice)
                else:
                    sheets.table(next(tables), title, dice)
    return bind(sheets, paper)


def bind(sheets: Sheets, paper: Paper) -> pymupdf.Document:
    """The finished sheets as a PDF with outline and metadata."""
    document = pymupdf.open()
    for drops in sheets.pages:
        page = document.new_page(width=PAGE_WIDTH, height=PAGE_HEIGHT)
        for font in FONTS:
            document.xref_set_key(page.insert_font(fontname=font), "Encoding", "/WinAnsiEncoding")
        stream = document.get_new_xref()
        document.update_object(stream, "<<>>")
        document.update_stream(stream, "".join(drops).encode("cp1252"), new=True)
        page.set_contents(stream)
    document.set_toc([list(entry) for entry in sheets.outline])
    document.set_metadata(
        {"title": paper.title, "author": ", ".join(paper.authors), "creationDate": "D:20240101000000Z"}
    )
    return document


def plan(rows: list[dict[str, str]], count: int) -> list[Paper]:
    """Join neighbouring sections of a chapter until they fill a paper's pages; take `count` papers evenly from all."""
    dice = random.Random(0)
    found: list[tuple[str, Layout, list[tuple[str, str]]]] = []
    for (_, chapter), group in itertools.groupby(rows, key=lambda row: (row["l2"], row["l3"])):
        if chapter.startswith("("):
            continue
        held: list[tuple[str, str]] = []
        goal, size = 0.0, 0
        for row in group:
            if not held:
                layout = LAYOUTS[len(found) % len(LAYOUTS)]
                goal = layout.density * min(max(dice.lognormvariate(3.08, 0.42), 11), 45)
            held.append((plain(row["title"]).strip(), row["text"][: 50 * layout.density - size]))
            size += len(held[-1][1])
            if size > goal:
                found.append((chapter, layout, held))
                held, size = [], 0
        if size > 12 * layout.density:
            found.append((chapter, layout, held))
    chosen = [found[index * len(found) // count] for index in range(count)] if count < len(found) else found
    names = NAMES.split()
    return [
        Paper(
            number,
            plain(chapter if sections[0][0].startswith("Introduction") else f"{sections[0][0]} ({chapter})"),
            tuple(f"{dice.choice(INITIALS)}. {name}" for name in dice.sample(names, dice.randint(1, 4))),
            layout,
            tuple(sections),
        )
        for number, (chapter, layout, sections) in enumerate(chosen, 1)
    ]


def write(paper: Paper, folder: Path) -> tuple[int, int]:
    """Write one paper; return how many pages and characters of source text it has."""
    document = typeset(paper)
    document.save(folder / paper.name, garbage=1, deflate=True, no_new_id=True)
    return document.page_count, sum(len(text) for _, text in paper.sections)


def scan(source: Path, target: Path, pages: int = 6) -> None:
    """Photograph the first pages of a paper: a PDF without a text layer."""
    pictures = pymupdf.open()
    with pymupdf.open(source) as document:
        for page in itertools.islice(document, pages):
            picture = page.get_pixmap(dpi=110, colorspace=pymupdf.csGRAY).tobytes("jpeg", jpg_quality=60)
            pictures.new_page(width=PAGE_WIDTH, height=PAGE_HEIGHT).insert_image(page.rect, stream=picture)
    pictures.save(target, garbage=1, deflate=True, no_new_id=True)


def add_strays(folder: Path, papers: list[Paper]) -> dict[str, int]:
    """Write the files that are no papers; return how many there are of each kind."""
    for number in range(1, EMPTY + 1):
        (folder / f"empty-{number:02d}.pdf").write_bytes(b"")
    for number, paper in enumerate(papers[:SCANS], 1):
        scan(folder / paper.name, folder / f"scan-{number}.pdf")
    for number, paper in enumerate(papers[-DUPLICATES:], 1):
        (folder / f"copy-{number}-of-{paper.number:04d}.pdf").write_bytes((folder / paper.name).read_bytes())
    whole = (folder / papers[0].name).read_bytes()
    (folder / "truncated.pdf").write_bytes(whole[: len(whole) // 3])
    (folder / "webpage.pdf").write_text(
        "<!DOCTYPE html><title>Sign in</title><p>Please sign in to download this paper.</p>\n"
    )
    with pymupdf.open(folder / papers[0].name) as document:
        # RC4 and a fixed file id: AES or a fresh id would make other bytes each time.
        document.xref_set_key(-1, "ID", "[<00><00>]")
        locked = document.tobytes(encryption=pymupdf.PDF_ENCRYPT_RC4_128, user_pw="secret", owner_pw="owner")
    (folder / "password.pdf").write_bytes(re.sub(rb"(/ID\[<00><)[0-9A-F]{32}", rb"\g<1>" + b"0" * 32, locked))
    return {"empty": EMPTY, "scans": SCANS, "duplicates": DUPLICATES, "truncated": 1, "html": 1, "password": 1}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("out", type=Path, help="folder to write to; made where it is missing")
    parser.add_argument("--papers", type=int, default=190, help="how many papers (default: %(default)s)")
    parser.add_argument("--jobs", type=int, default=2, help="processes (default: %(default)s)")
    options = parser.parse_args()
    if not DATA.exists():
        sys.exit(f"The text of the papers must be in {DATA}, got no such file; fetch the evaluation data first.")
    started = time.perf_counter()
    options.out.mkdir(parents=True, exist_ok=True)
    with gzip.open(DATA, "rt", encoding="utf-8") as lines:
        papers = plan([json.loads(line) for line in lines], options.papers)
    with ProcessPoolExecutor(options.jobs) as pool:
        sizes = list(pool.map(write, papers, itertools.repeat(options.out), chunksize=4))
    strays = add_strays(options.out, papers)
    pages = [page_count for page_count, _ in sizes]
    print(f"{len(papers)} papers of {min(pages)} to {max(pages)} pages, {sum(pages):,} pages in all,")
    print(
        f"{sum(count for _, count in sizes):,} characters; beside them {strays}; {time.perf_counter() - started:.0f} s."
    )


if __name__ == "__main__":
    main()
