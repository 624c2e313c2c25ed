"""CSV read strictly after RFC 4180: commas between fields; what has a comma or a quote in quotes, quotes doubled."""

from __future__ import annotations

import re
from pathlib import Path

FIELD = re.compile(r'(?:"((?:[^"]|"")*)"|([^",\n]*))(,|\n)')


def read_csv(path: Path) -> list[dict[str, str]]:
    """The rows, by the names in the first one."""
    text = path.read_bytes().decode()
    rows: list[list[str]] = [[]]
    at = 0
    while at < len(text):
        field = FIELD.match(text, at)
        assert field, text[at : at + 80]
        quoted, bare, end = field.groups()
        rows[-1].append(quoted.replace('""', '"') if quoted is not None else bare)
        if end == "\n":
            rows.append([])
        at = field.end()
    assert rows.pop() == []
    header, *rest = rows
    assert len(set(header)) == len(header)
    return [dict(zip(header, row, strict=True)) for row in rest]


def plain(cell: str) -> str:
    """A text without the apostrophes that keep a spreadsheet from reading formulas in it."""
    return re.sub(r"(^|;)(\s*)'", r"\1\2", cell)
