"""What an ingest finds to do: files come, change, move, double and go, and every one of them is accounted for."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shas_kb.changes import Changes, find_changes
from shas_kb.pipeline import Report, apply_known
from shas_kb.progress import NoProgress
from shas_kb.reading import discover, fingerprint
from shas_kb.records import Passage, Problem, Reading, SourceFile
from shas_kb.storage import Store

BROKEN = "broken"


def reading(content: str) -> Reading:
    return Reading(
        kind="text",
        sha256=hashlib.sha256(content.encode()).hexdigest(),
        title=content,
        authors=(),
        year=None,
        language="en",
        characters=len(content),
        page_starts=(),
        sections=(),
        passages=(Passage(0, None, 0, len(content), 1, content, ((0, len(content)),)),),
        terms={content: 1},
        phrases={content: 1},
    )


def look(folder: Path, store: Store) -> Changes:
    return find_changes(discover([folder])[0], store.files(), [folder], NoProgress())


def carry_out(changes: Changes, store: Store, *, prune: bool = False) -> None:
    """What the pipeline does with the changes, with a reader that takes the content as it stands."""
    apply_known(store, changes, Report(), prune=prune)
    for file in changes.to_read:
        content = (Path(file.root) / file.path).read_text()
        if content == BROKEN:
            store.put_problem(file, reading(content).sha256, Problem("damaged: it is broken"))
        else:
            store.put_reading(file, reading(content))
    for file, sha256, original in changes.duplicates:
        broken = (Path(original.root) / original.path).read_text() == BROKEN
        store.put_problem(file, sha256, Problem("damaged: it is broken") if broken else Problem("duplicate", "skipped"))


def names(files: list[SourceFile] | set[SourceFile]) -> list[str]:
    return sorted(file.path for file in files)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(tmp_path / "kb.sqlite", create=True)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    where = tmp_path / "folder"
    where.mkdir()
    for name in ("a", "b", "c"):
        (where / f"{name}.txt").write_text(f"content of {name}")
    return where


def test_a_second_look_finds_nothing_to_do(folder: Path, store: Store) -> None:
    carry_out(look(folder, store), store)
    again = look(folder, store)
    assert names(again.unchanged) == ["a.txt", "b.txt", "c.txt"]
    assert not (again.to_read or again.touched or again.moved or again.duplicates or again.gone)


def test_a_new_time_with_the_same_bytes_is_no_change(folder: Path, store: Store) -> None:
    carry_out(look(folder, store), store)
    os.utime(folder / "a.txt", ns=(1, 1))
    changes = look(folder, store)
    assert names(changes.touched) == ["a.txt"]
    assert not changes.to_read
    carry_out(changes, store)
    assert not look(folder, store).touched


def test_a_change_that_keeps_size_and_time_is_seen(folder: Path, store: Store) -> None:
    carry_out(look(folder, store), store)
    before = (folder / "a.txt").stat()
    (folder / "a.txt").write_text("content of Z")
    os.utime(folder / "a.txt", ns=(before.st_atime_ns, before.st_mtime_ns))
    assert names(look(folder, store).to_read) == ["a.txt"]


def test_a_renamed_file_is_the_document_it_was(folder: Path, store: Store) -> None:
    carry_out(look(folder, store), store)
    before = {document.path: document.id for document in store.documents()}
    (folder / "sub").mkdir()
    (folder / "a.txt").rename(folder / "sub" / "z.txt")
    changes = look(folder, store)
    assert [(old.path, new.path) for old, new in changes.moved] == [("a.txt", "sub/z.txt")]
    assert not (changes.to_read or changes.gone)
    carry_out(changes, store)
    after = {document.path: document.id for document in store.documents()}
    assert after == {"b.txt": before["b.txt"], "c.txt": before["c.txt"], "sub/z.txt": before["a.txt"]}


def test_what_holds_nothing_is_not_read_again_until_it_changes(folder: Path, store: Store) -> None:
    (folder / "empty.md").write_text("---\ntitle: Nothing yet\n---\n")
    changes = look(folder, store)
    (empty,) = (file for file in changes.to_read if file.path == "empty.md")
    carry_out(changes, store)
    store.put_problem(empty, fingerprint(empty), Problem("no text in it", "skipped"))
    again = look(folder, store)
    assert not again.to_read
    assert [(file.path, problem.kind) for file, problem in again.known_problems] == [("empty.md", "skipped")]
    (folder / "empty.md").write_text("Something now.\n")
    assert names(look(folder, store).to_read) == ["empty.md"]


def test_a_copy_is_a_duplicate_until_the_original_changes(folder: Path, store: Store) -> None:
    carry_out(look(folder, store), store)
    shutil.copy(folder / "a.txt", folder / "copy.txt")
    changes = look(folder, store)
    assert [(file.path, original.path) for file, _, original in changes.duplicates] == [("copy.txt", "a.txt")]
    carry_out(changes, store)
    (folder / "a.txt").write_text("something new")
    carry_out(look(folder, store), store)
    assert sorted(document.title for document in store.documents()) == [
        "content of a",
        "content of b",
        "content of c",
        "something new",
    ]


def test_two_files_that_swap_their_contents(folder: Path, store: Store) -> None:
    carry_out(look(folder, store), store)
    before = {document.path: document.id for document in store.documents()}
    a, b = folder / "a.txt", folder / "b.txt"
    first, second = a.read_text(), b.read_text()
    a.write_text(second)
    b.write_text(first)
    changes = look(folder, store)
    assert not changes.to_read
    carry_out(changes, store)
    assert {document.path: document.title for document in store.documents()} == {
        "a.txt": "content of b",
        "b.txt": "content of a",
        "c.txt": "content of c",
    }
    after = {document.path: document.id for document in store.documents()}
    assert (after["a.txt"], after["b.txt"]) == (before["b.txt"], before["a.txt"])
    assert store.check() == []


def test_a_document_goes_with_its_content_where_another_takes_its_path(folder: Path, store: Store) -> None:
    carry_out(look(folder, store), store)
    before = {document.title: document.id for document in store.documents()}
    (folder / "a.txt").rename(folder / "z.txt")
    (folder / "a.txt").write_text("something new")
    changes = look(folder, store)
    assert (names(changes.to_read), changes.updated) == (["a.txt"], set())
    carry_out(changes, store)
    after = {document.path: (document.title, document.id) for document in store.documents()}
    assert after["z.txt"] == ("content of a", before["content of a"])
    assert after["a.txt"][0] == "something new"
    assert len(after) == 4
    assert store.check() == []


def test_two_files_that_move_up(folder: Path, store: Store) -> None:
    carry_out(look(folder, store), store)
    (folder / "b.txt").replace(folder / "c.txt")
    (folder / "a.txt").replace(folder / "b.txt")
    carry_out(look(folder, store), store, prune=True)
    assert {document.path: document.title for document in store.documents()} == {
        "b.txt": "content of a",
        "c.txt": "content of b",
    }
    assert not look(folder, store).to_read


def test_a_sub_folder_alone_is_not_read_twice(folder: Path, store: Store) -> None:
    (folder / "sub").mkdir()
    (folder / "sub" / "d.txt").write_text("content of d")
    carry_out(look(folder, store), store)
    assert names(look(folder / "sub", store).unchanged) == ["sub/d.txt"]
    (folder / "sub" / "e.txt").write_text("content of e")
    changes = look(folder / "sub", store)
    assert names(changes.to_read) == ["sub/e.txt"]
    assert not changes.gone


def test_what_cannot_be_read_is_not_tried_again_until_it_changes(folder: Path, store: Store) -> None:
    (folder / "d.txt").write_text(BROKEN)
    carry_out(look(folder, store), store)
    changes = look(folder, store)
    assert not changes.to_read
    assert [(file.path, problem.reason) for file, problem in changes.known_problems] == [
        ("d.txt", "damaged: it is broken")
    ]
    (folder / "d.txt").write_text("mended")
    assert names(look(folder, store).to_read) == ["d.txt"]


ACTIONS = st.tuples(
    st.sampled_from(["write", "move", "copy", "delete"]),
    st.sampled_from("abcd"),
    st.sampled_from("abcd"),
    st.sampled_from(["one", "two", "three", BROKEN]),
)


def act(folder: Path, action: str, name: str, other: str, content: str) -> None:
    here, there = folder / f"{name}.txt", folder / f"{other}.txt"
    if action == "write":
        here.write_text(content)
    elif not here.exists():
        return
    elif action == "delete":
        here.unlink()
    elif action == "move":
        here.replace(there)
    elif here != there:
        shutil.copy(here, there)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.lists(ACTIONS, max_size=4), min_size=1, max_size=4), st.booleans())
def test_whatever_happens_to_a_folder_the_collection_follows(rounds: list[list[tuple[str, ...]]], prune: bool) -> None:
    with TemporaryDirectory() as scratch, Store.open(Path(scratch) / "kb.sqlite", create=True) as store:
        folder = Path(scratch) / "folder"
        folder.mkdir()
        for actions in rounds:
            for action in actions:
                act(folder, *action)
            changes = look(folder, store)
            present = sorted(path.name for path in folder.iterdir())
            listed = [
                *changes.to_read,
                *changes.unchanged,
                *(new for _, new in changes.moved),
                *(file for file, _, _ in changes.duplicates),
                *(file for file, _ in changes.known_problems),
            ]
            assert sorted(file.path for file in listed) == present
            carry_out(changes, store, prune=prune)
            contents = {path.read_text() for path in folder.iterdir()} - {BROKEN}
            known = [document.title for document in store.documents()]
            assert len(known) == len(set(known))
            assert contents <= set(known)
            if prune:
                assert contents == set(known)
            assert store.check() == []
        settled = look(folder, store)
        assert not (settled.to_read or settled.moved or settled.touched)
