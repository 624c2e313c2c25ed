"""Markdown, reduced to what a person reads: no marks, no addresses of links."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from html import unescape

from markdown_it import MarkdownIt
from markdown_it.token import Token

from shas_kb.reading.draft import Builder, Draft
from shas_kb.reading.frontmatter import split_authors, year_of
from shas_kb.reading.obsidian import obsidian
from shas_kb.reading.text import decode

_FRONT = re.compile(r"\A---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_FIELD = re.compile(r"^([A-Za-z_-]+):[ \t]*(.*)$")
_TAG = re.compile(r"<!--.*?-->|</?[a-zA-Z][^>]*>", re.DOTALL)
_PARSER = MarkdownIt("commonmark").enable("table").enable("strikethrough").use(obsidian)


def read_markdown(data: bytes, path: str) -> Draft:
    """Read Markdown: headings as sections, front matter (title, author, date), tables row by row.

    Raises:
        UnreadableError: if it is no text.
    """
    text = decode(data)
    fields: dict[str, list[str]] = {}
    if front := _FRONT.match(text):
        fields = _front_matter(front[1])
        text = text[front.end() :]
    builder = Builder()
    first = _write(builder, _PARSER.parse(text))
    title = next((" ".join(fields[name]) for name in ("title",) if fields.get(name)), first)
    authors = split_authors([*fields.get("author", []), *fields.get("authors", [])])
    year = next(
        (year for name in ("date", "year", "published") for value in fields.get(name, []) if (year := year_of(value))),
        None,
    )
    return builder.finish(title, authors, year)


def _front_matter(text: str) -> dict[str, list[str]]:
    """The simple fields of YAML: one value, a list in brackets, or a list with dashes."""
    fields: dict[str, list[str]] = {}
    values: list[str] = []
    for line in text.split("\n"):
        if found := _FIELD.match(line):
            values = fields.setdefault(found[1].lower(), [])
            value = found[2].strip()
            parts = value[1:-1].split(",") if value.startswith("[") and value.endswith("]") else [value]
            values += [part.strip().strip("\"'") for part in parts if part.strip().strip("\"'")]
        elif line.lstrip().startswith("- "):
            item = line.lstrip()[2:].strip()
            values.append(item.removeprefix("name:").strip().strip("\"'"))
    return fields


def _write(builder: Builder, tokens: Sequence[Token]) -> str:
    """Put the document into the builder; returns its first heading of the first depth."""
    title = ""
    depth = 0
    items: list[str] = []
    row: list[str] = []
    lists = 0
    in_row = False
    for token in tokens:
        match token.type:
            case "heading_open":
                depth = int(token.tag[1])
            case "heading_close":
                depth = 0
            case "bullet_list_open" | "ordered_list_open":
                lists += 1
            case "bullet_list_close" | "ordered_list_close":
                lists -= 1
                if not lists:
                    builder.lines(items)
                    items = []
            case "tr_open":
                in_row, row = True, []
            case "tr_close":
                in_row = False
                items.append(" | ".join(cell for cell in row if cell))
            case "table_close":
                if not lists:
                    builder.lines(items)
                    items = []
            case "fence" | "code_block":
                builder.lines(items)
                builder.code(token.content)
                items = []
            case "html_block":
                builder.paragraph(unescape(_TAG.sub(" ", token.content)))
            case "inline":
                text = "".join(_inline(token.children or ()))
                if depth:
                    builder.heading(text, depth)
                    title = title or (text if depth == 1 else "")
                elif in_row:
                    row.append(text.strip())
                elif lists:
                    items.append(text)
                else:
                    builder.paragraph(text)
    return title


def _inline(tokens: Sequence[Token]) -> Iterator[str]:
    for token in tokens:
        match token.type:
            case "text" | "code_inline":
                yield token.content
            case "softbreak" | "hardbreak":
                yield " "
            case "html_inline" if token.content.startswith(("<br", "<BR")):
                yield " "
            case "image":
                yield token.content
