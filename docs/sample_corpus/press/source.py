"""Articles as they are written: a head of `key: value` lines, then a little Markdown.

Blocks are separated by empty lines: `## heading`, paragraphs, `- ` and `1. ` lists, `> ` quotations, code indented by
four spaces, tables in pipes followed by a `Table:` caption, figures, and footnotes `[^key]: text`. A figure is
`![caption](name)` for one of figures.py, or `![caption](kind: axis)` with rows of data in pipes below for one of
charts.py. Inside a line there are *italic*, **bold**, `code` and `[^key]`. An article for a .md or .txt file is copied
as it stands. Where an article belongs is told by its folder, sources/domain/category/entity, and by `also` in its head.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

FIGURE = re.compile(r"!\[(?P<caption>.+)\]\((?P<name>\w+)(?:: (?P<axis>.+?))?\)")
SPAN = re.compile(r"`(?P<code>[^`]+)`|\*\*(?P<bold>.+?)\*\*|\*(?P<italic>.+?)\*|\[\^(?P<note>\w+)\]")


@dataclass(frozen=True)
class Heading:
    text: str


@dataclass(frozen=True)
class Paragraph:
    text: str


@dataclass(frozen=True)
class Items:
    items: tuple[str, ...]
    ordered: bool


@dataclass(frozen=True)
class Quote:
    text: str


@dataclass(frozen=True)
class Code:
    text: str


@dataclass(frozen=True)
class Table:
    rows: tuple[tuple[str, ...], ...]
    caption: str


@dataclass(frozen=True)
class Figure:
    name: str
    axis: str
    rows: tuple[tuple[str, ...], ...]
    caption: str


Block = Heading | Paragraph | Items | Quote | Code | Table | Figure


@dataclass(frozen=True)
class Article:
    """One article. `file` is where it goes, `body` the text as written, `notes` the footnotes in order.

    `place` is its entity, category and domain; `also` are other entities that it belongs to.
    """

    file: str
    place: tuple[str, str, str]
    also: tuple[str, ...]
    title: str
    subtitle: str
    author: str
    year: str
    layout: str
    body: str
    blocks: tuple[Block, ...]
    notes: tuple[tuple[str, str], ...]

    def note_number(self, key: str) -> int:
        """The number of a footnote, from 1."""
        return [name for name, _ in self.notes].index(key) + 1


def read(path: Path) -> Article:
    """Read an article from its source file."""
    _, head, body = path.read_text(encoding="utf-8").split("---\n", 2)
    facts = dict(line.split(": ", 1) for line in head.splitlines())
    plain = facts["file"].endswith((".md", ".txt"))
    blocks, notes = ((), ()) if plain else parse(body)
    entity, category, domain = (folder.name.replace("-", " ") for folder in path.parents[:3])
    return Article(
        facts["file"],
        (entity, category, domain),
        tuple(name.strip() for name in facts.get("also", "").split(",") if name.strip()),
        facts.get("title", ""),
        facts.get("subtitle", ""),
        facts.get("author", ""),
        facts.get("year", ""),
        facts.get("layout", ""),
        body,
        blocks,
        notes,
    )


def parse(body: str) -> tuple[tuple[Block, ...], tuple[tuple[str, str], ...]]:
    """The blocks of a text, and its footnotes."""
    blocks: list[Block] = []
    notes: list[tuple[str, str]] = []
    for part in re.split(r"\n\s*\n", body.strip("\n")):
        lines = part.split("\n")
        if part.startswith("## "):
            blocks.append(Heading(part[3:]))
        elif part.startswith("[^"):
            notes += [(key, text) for key, text in re.findall(r"^\[\^(\w+)\]: (.+)$", part, re.MULTILINE)]
        elif part.startswith("    "):
            blocks.append(Code("\n".join(line[4:] for line in lines)))
        elif part.startswith("> "):
            blocks.append(Quote(" ".join(line.removeprefix("> ") for line in lines)))
        elif part.startswith("|"):
            head, _, *rows = cells(lines)
            blocks.append(Table((head, *rows), lines[-1].removeprefix("Table: ")))
        elif figure := FIGURE.fullmatch(lines[0]):
            blocks.append(Figure(figure["name"], figure["axis"] or "", cells(lines[1:]), figure["caption"]))
        elif re.match(r"- |1\. ", part):
            blocks.append(Items(tuple(re.sub(r"^(- |\d+\. )", "", line) for line in lines), part[0] == "1"))
        else:
            blocks.append(Paragraph(" ".join(lines)))
    return tuple(blocks), tuple(notes)


def cells(lines: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """The cells of those lines that are rows in pipes."""
    rows = (line.strip().removeprefix("|").removesuffix("|") for line in lines if line.startswith("|"))
    return tuple(tuple(cell.strip() for cell in row.split("|")) for row in rows)


def spans(text: str) -> Iterator[tuple[str, str]]:
    """The pieces of a line as (kind, text): "plain", "code", "bold", "italic", or "note", whose text is its key."""
    end = 0
    for match in SPAN.finditer(text):
        if match.start() > end:
            yield "plain", text[end : match.start()]
        yield str(match.lastgroup), match[str(match.lastgroup)]
        end = match.end()
    if end < len(text):
        yield "plain", text[end:]
