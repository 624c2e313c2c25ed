"""Word files (.docx)."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any

import docx
from docx.opc.exceptions import OpcError
from docx.table import Table

from shas_kb.reading.archive import Archive
from shas_kb.reading.draft import Builder, Draft, UnreadableError, one_line
from shas_kb.reading.frontmatter import credible_title, split_authors
from shas_kb.records import Problem

_HEADING = re.compile(r"(?:heading|überschrift|titre|título|titolo|标题|見出し)\s*(\d)", re.IGNORECASE)
_LIST = re.compile(r"list|aufzählung", re.IGNORECASE)


def read_docx(data: bytes, path: str) -> Draft:
    """Read a Word file: headings as sections, tables row by row, core properties.

    Raises:
        UnreadableError: if it is damaged or would unpack to too much.
    """
    Archive(data)
    try:
        document = docx.Document(io.BytesIO(data))
        builder = Builder()
        titles = list(_write(builder, document.iter_inner_content()))
        facts = document.core_properties
        date = facts.created or facts.modified
        title = credible_title(facts.title, path.rpartition("/")[2]) or next(iter(titles), "")
        return builder.finish(title, split_authors(facts.author), date.year if date else None)
    except (OpcError, SyntaxError, KeyError, ValueError, TypeError, AttributeError, IndexError, OSError) as error:
        # python-docx raises whatever it stumbles over in a package that is not whole
        what = one_line(str(error)).strip("\"'")[:120] or type(error).__name__
        raise UnreadableError(Problem(f"damaged: {what}; open and save it again")) from error


def _write(builder: Builder, blocks: Any) -> Iterator[str]:
    """Put the document into the builder; yields what may be its title: text in the style for titles, then headings."""
    headings: list[str] = []
    for block in blocks:
        if isinstance(block, Table):
            builder.lines(_rows(block))
            continue
        text = block.text
        style = (block.style.name if block.style is not None else None) or ""
        if not text.strip():
            continue
        if found := _HEADING.match(style):
            builder.heading(text, int(found[1]))
            headings.append(text)
        elif style == "Title":
            builder.paragraph(text)
            yield text
        else:
            builder.paragraph(text, joint="\n" if _LIST.search(style) else "\n\n")
    yield from headings[:1]


def _rows(table: Table) -> Iterator[str]:
    for row in table.rows:
        cells: list[str] = []
        for cell in row.cells:
            text = one_line(cell.text)
            # a merged cell comes once for each place it covers
            if text and (not cells or cells[-1] != text):
                cells.append(text)
        yield " | ".join(cells)
