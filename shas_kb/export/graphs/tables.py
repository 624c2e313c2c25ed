"""The graph as CSV, in a folder: `neo4j/` for `neo4j-admin database import`, `gephi/` for Gephi's data laboratory.

A spreadsheet takes a cell that begins with `=` for a formula. Text that begins so (or goes on so after a semicolon, at
which some spreadsheets split) has an apostrophe in front; text that has one of its own gets another, so that taking one
away gives the text back.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from shas_kb.export.content import Content
from shas_kb.export.graphs.graph import COLUMNS, Value, attributes, joined, links
from shas_kb.writing import Written, write_folder

_NEO4J_TYPES = {str: "string", int: "int", float: "double", tuple: "string[]"}
_DIRECTIONS = {"related": "Undirected"}
_FORMULA = re.compile(r"(^|;)(\s*)(?=[=+\-@'＝＋－＠])")


def write_tables(content: Content, out: Path) -> Written:
    """Write the folder.

    Raises:
        UsageError: `out` is a file, or a folder with something else in it.
    """
    return write_folder(out, build_tables(content))


def build_tables(content: Content) -> dict[str, bytes]:
    """The files, by their paths in the folder."""
    everything, edges = attributes(content), links(content)
    return {
        "gephi/edges.csv": _csv(
            ("Source", "Target", "Type", "Weight", "Kind"),
            ((e.source, e.target, _DIRECTIONS.get(e.kind, "Directed"), e.weight, e.kind) for e in edges),
        ),
        "gephi/nodes.csv": _csv(
            ("Id", "Label", "Level", "Parent", *map(str.capitalize, COLUMNS)),
            (
                (id, facts["name"], facts["level"], facts.get("parent"), *_cells(facts, "|", "/"))
                for id, facts in everything.items()
            ),
        ),
        "neo4j/nodes.csv": _csv(
            ("id:ID", ":LABEL", "name:string", *(f"{column}:{_NEO4J_TYPES[type]}" for column, type in COLUMNS.items())),
            (
                (id, str(facts["level"]).capitalize(), facts["name"], *_cells(facts, ";", ","))
                for id, facts in everything.items()
            ),
        ),
        "neo4j/relationships.csv": _csv(
            (":START_ID", ":END_ID", ":TYPE", "weight:double"),
            ((e.source, e.target, e.kind.upper(), e.weight) for e in edges),
        ),
    }


def harmless(text: str) -> str:
    """The text with an apostrophe wherever a spreadsheet would begin to read a formula, or an apostrophe stands."""
    return _FORMULA.sub(r"\1\2'", text)


def _cells(facts: dict[str, Value], by: str, instead: str) -> Iterable[object]:
    return (joined(facts[column], by, instead) if column in facts else None for column in COLUMNS)


def _csv(header: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    file = io.StringIO(newline="")
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(header)
    for row in rows:
        writer.writerow([harmless(cell) if isinstance(cell, str) else cell for cell in row])
    return file.getvalue().encode()
