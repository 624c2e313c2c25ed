"""CSV: what Neo4j's importer demands, and what a spreadsheet must not do."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from csvs import plain, read_csv
from hypothesis import given
from hypothesis import strategies as st

from shas_kb.errors import UsageError
from shas_kb.export import Extent, export
from shas_kb.export.graphs.tables import harmless
from shas_kb.storage import Store

VALUES = {"string": ".*", "int": r"-?\d{1,9}", "double": r"-?\d+(\.\d+)?(e-?\d+)?", "string[]": ".*"}


@pytest.fixture
def tables(store: Store, tmp_path: Path) -> Path:
    return export(store, "csv", tmp_path / "tables").path


@pytest.mark.parametrize("file", ["nodes.csv", "relationships.csv"])
def test_neo4j_finds_what_its_headers_promise(tables: Path, file: str) -> None:
    rows = read_csv(tables / "neo4j" / file)
    header = list(rows[0])
    special = [field for field in header if re.fullmatch(r"\w*:(ID|LABEL|START_ID|END_ID|TYPE)", field)]
    if file == "nodes.csv":
        assert special == ["id:ID", ":LABEL"]
        assert {row[":LABEL"] for row in rows} == {"Domain", "Category", "Entity", "Document"}
        assert len({row["id:ID"] for row in rows}) == len(rows)
    else:
        assert sorted(special) == [":END_ID", ":START_ID", ":TYPE"]
        assert {row[":TYPE"] for row in rows} == {"CONTAINS", "ALSO", "RELATED"}
        known = {row["id:ID"] for row in read_csv(tables / "neo4j" / "nodes.csv")}
        assert {row[end] for row in rows for end in (":START_ID", ":END_ID")} == known
    assert all(row[field] for row in rows for field in special)
    for field in set(header) - set(special):
        name, _, type = field.partition(":")
        assert re.fullmatch(r"[a-z][a-z0-9]*", name)
        assert all(re.fullmatch(VALUES[type], row[field]) for row in rows if row[field]), field
        assert any(row[field] for row in rows), field


def test_lists_come_apart_where_neo4j_cuts_them(store: Store, tables: Path) -> None:
    rows = {row["name:string"]: row for row in read_csv(tables / "neo4j" / "nodes.csv")}
    assert rows["Planets"]["keyphrases:string[]"].split(";") == ["bright | light", "<script>", "planets"]
    assert rows["the sun"]["authors:string[]"] == "Ann <b>Author</b>"
    assert rows["Planets"]["authors:string[]"] == rows["the sun"]["documents:int"] == ""


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
        ("+1", "'+1"),
        ("-1+1|cmd", "'-1+1|cmd"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("＝1", "'＝1"),
        ("x;=1", "x;'=1"),
        ("x; =1", "x; '=1"),
        ("'quoted'", "''quoted'"),
        ("it's 3 = 3, and; so on", "it's 3 = 3, and; so on"),
        ("", ""),
    ],
)
def test_a_formula_is_harmless_and_not_lost(text: str, written: str) -> None:
    assert harmless(text) == written
    assert plain(written) == text


@given(st.text(st.sampled_from("=+-@';＝ ,\"ab")))
def test_any_text_comes_back(text: str) -> None:
    assert plain(harmless(text)) == text
    assert not re.search(r"(^|;)\s*[=+\-@＝＋－＠]", harmless(text))


def test_no_cell_of_a_hostile_collection_begins_a_formula(store: Store, tables: Path) -> None:
    titles = {plain(row["Label"]): row["Label"] for row in read_csv(tables / "gephi" / "nodes.csv")}
    assert titles["- list item"] == "'- list item"
    for file in tables.rglob("*.csv"):
        for row in read_csv(file):
            assert not any(re.search(r"(^|;)\s*[=+\-@]", cell) for cell in row.values())


def test_a_folder_with_something_else_in_it_is_left_alone(store: Store, tables: Path) -> None:
    (tables / "mine.txt").write_text("mine")
    before = (tables / "gephi" / "nodes.csv").read_bytes()
    with pytest.raises(UsageError, match=r"for this export alone, got mine\.txt in it"):
        export(store, "csv", tables, Extent(depth="entity"))
    assert (tables / "gephi" / "nodes.csv").read_bytes() == before
    with pytest.raises(UsageError, match="got a file"):
        export(store, "csv", tables / "mine.txt")
    (tables / "mine.txt").unlink()
    export(store, "csv", tables, Extent(depth="entity"))
    assert (tables / "gephi" / "nodes.csv").read_bytes() != before
    link = tables.parent / "link"
    link.symlink_to(tables)
    export(store, "csv", link)
    assert link.is_symlink() and (tables / "gephi" / "nodes.csv").read_bytes() == before
