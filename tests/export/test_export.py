"""What holds for every format."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from harness import Shell

from shas_kb.errors import NotFoundError, UsageError
from shas_kb.export import FORMATS, Extent, export
from shas_kb.export.content import read_content
from shas_kb.records import Tree
from shas_kb.storage import Store


def contents(path: Path) -> dict[str, bytes]:
    if path.is_file():
        return {"": path.read_bytes()}
    return {file.relative_to(path).as_posix(): file.read_bytes() for file in path.rglob("*") if file.is_file()}


@pytest.mark.parametrize("format", FORMATS)
def test_the_same_tree_gives_the_same_bytes(store: Store, tmp_path: Path, format: str) -> None:
    first = export(store, format, tmp_path / "a" / "out")
    export(store, format, tmp_path / "b" / "out")
    assert contents(tmp_path / "a" / "out") == contents(tmp_path / "b" / "out")
    files = contents(first.path)
    shown = {name: data for name, data in files.items() if not name.startswith(".obsidian")}
    assert first.files == len(shown)
    assert first.bytes == sum(map(len, shown.values()))
    assert {path.name for path in (tmp_path / "a").iterdir()} == {"out"}


@pytest.mark.parametrize("format", FORMATS)
def test_under_a_node_there_is_only_what_is_below_it(store: Store, tmp_path: Path, format: str) -> None:
    export(store, format, tmp_path / "by-name", Extent(under="planets"))
    planets = next(node for node in store.tree().nodes if node.name == "Planets")  # type: ignore[union-attr]
    export(store, format, tmp_path / "by-id", Extent(under=planets.id))
    assert contents(tmp_path / "by-name") == contents(tmp_path / "by-id")
    everything = b"".join(contents(tmp_path / "by-id").values())
    assert b"Planets" in everything
    assert b"Markets" not in everything
    assert b"Science" not in everything


@pytest.mark.parametrize("format", FORMATS)
def test_down_to_entities_there_are_no_documents(store: Store, tmp_path: Path, format: str) -> None:
    export(store, format, tmp_path / "out", Extent(depth="entity"))
    everything = b"".join(contents(tmp_path / "out").values())
    assert b"Planets" in everything
    assert b"the sun" not in everything
    with pytest.raises(UsageError, match="below the level of 'planets', got category"):
        export(store, format, tmp_path / "none", Extent(under="planets", depth="category"))
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("format", FORMATS)
def test_no_wrong_character_reaches_a_file(store: Store, tmp_path: Path, format: str) -> None:
    export(store, format, tmp_path / "out")
    for name, data in contents(tmp_path / "out").items():
        if not name.startswith("sources/"):
            assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]", data.decode()), name


def test_a_place_of_the_wrong_kind_is_said_so(store: Store, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    (tmp_path / "folder").mkdir()
    for format in FORMATS:
        place = tmp_path / ("file" if format in ("obsidian", "csv") else "folder")
        with pytest.raises(UsageError, match=f"{place} must be a (file, got a folder|folder, got a file); "):
            export(store, format, place)
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    for format in ("json", "csv", "obsidian"):
        with pytest.raises(UsageError, match="Too many levels"):
            export(store, format, tmp_path / "loop")
    assert (tmp_path / "file").read_text() == "mine"
    assert list((tmp_path / "folder").iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such files")
def test_what_a_name_stands_for_stays_what_it_is(store: Store, tmp_path: Path, shell: Shell) -> None:
    """A link leads where it led, and a pipe (or /dev/null) is not replaced by a file."""
    link, target, pipe = (tmp_path / name for name in ("link.json", "target.json", "pipe"))
    target.write_text("old")
    link.symlink_to(target)
    export(store, "json", link)
    assert link.is_symlink()
    assert target.read_bytes() == export(store, "json", tmp_path / "plain.json").path.read_bytes()
    os.mkfifo(pipe)
    with pytest.raises(UsageError, match="got a device or a pipe"):
        export(store, "json", pipe)
    assert pipe.is_fifo()
    done = shell("-d", tmp_path / "kb.sqlite", "export", "json", "-")
    assert (done.code, done.out) == (2, "")
    assert "must be a file or a folder, got -" in done.err


def test_weak_links_can_be_left_out(store: Store) -> None:
    everything, strong = read_content(store), read_content(store, Extent(least_weight=0.9))
    assert everything.also and not strong.also
    weights = [weight for links in strong.related.values() for _, weight in links]
    assert weights and min(weights) >= 0.9
    assert strong.parents == everything.parents


def test_errors_say_what_to_do(store: Store, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"one of obsidian, html, graphml, .*, csv, got 'pdf'"):
        export(store, "pdf", tmp_path / "out")
    with pytest.raises(NotFoundError, match="shas-kb tree"):
        export(store, "json", tmp_path / "out", Extent(under="nothing"))
    with pytest.raises(NotFoundError, match="give an id"):
        export(store, "json", tmp_path / "out", Extent(under="Science"))
    with pytest.raises(UsageError, match="got a folder"):
        export(store, "json", tmp_path)
    (tmp_path / "file").write_text("mine")
    with pytest.raises(UsageError, match="got a file"):
        export(store, "obsidian", tmp_path / "file")
    with pytest.raises(UsageError, match="written to"):
        export(store, "json", tmp_path / "file" / "out.json")
    assert (tmp_path / "file").read_text() == "mine"
    with (
        Store.open(tmp_path / "empty.sqlite", create=True) as empty,
        pytest.raises(UsageError, match="shas-kb organise"),
    ):
        export(empty, "json", tmp_path / "out")


@pytest.mark.parametrize("format", FORMATS)
def test_documents_removed_since_the_tree_was_built_are_left_out(store: Store, tmp_path: Path, format: str) -> None:
    tree = store.tree()
    assert tree is not None
    planets = next(node for node in tree.nodes if node.name == "Planets")
    store.remove([member.document for member in tree.memberships if member.node == planets.id and member.primary])
    export(store, format, tmp_path / "out")
    names = [name.rsplit("/", 1)[-1] for name in contents(tmp_path / "out")]
    assert "Planets.md" not in names
    assert b'"Planets"' not in b"".join(contents(tmp_path / "out").values())


def test_a_tree_without_documents_is_said_so(store: Store, tmp_path: Path) -> None:
    store.remove([document.id for document in store.documents()])
    with pytest.raises(UsageError, match="got none"):
        export(store, "html", tmp_path / "out")


def test_an_export_over_an_older_one_replaces_it(store: Store, tmp_path: Path, regrow: Callable[[], Tree]) -> None:
    out = tmp_path / "page.html"
    export(store, "html", out)
    before = out.read_bytes()
    regrow()
    export(store, "html", out)
    assert out.read_bytes() != before
    assert b"A newcomer" in out.read_bytes()
