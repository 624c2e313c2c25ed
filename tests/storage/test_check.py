"""Every finding of `check`: made with raw SQL, found, and mended where it can be."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from shas_kb.errors import DatabaseError
from shas_kb.records import ModelFacts, Wish
from shas_kb.storage import Store

NAN = np.full(12, np.nan, "<f2").tobytes()

# What is done to the database, and how the finding begins. A document of the collection is {id}, its file {file}.
DAMAGE = {
    "file without document": ("DELETE FROM documents WHERE id = '{id}'", "a file that was read must have a document"),
    "document of a failed file": (
        "UPDATE files SET status = 'failed' WHERE id = {file}",
        "a document must belong to a file",
    ),
    "other content": (
        "UPDATE files SET sha256 = 'x' WHERE id = {file}",
        "a document must belong to a file that was read",
    ),
    "no passages": ("DELETE FROM passages WHERE document = '{id}'", "a document must have its passages"),
    "missing passage": (
        "DELETE FROM passages WHERE document = '{id}' AND ordinal = 0",
        "a document must have its passages",
    ),
    "gap": (
        "UPDATE passages SET ordinal = 9 WHERE document = '{id}' AND ordinal = 1",
        "a document must have its passages",
    ),
    "tokens": (
        "UPDATE documents SET tokens = 99 WHERE id = '{id}'",
        "a document's tokens must be those of its passages",
    ),
    "beyond the end": ("UPDATE documents SET characters = 9 WHERE id = '{id}'", "passages must lie in their document"),
    "wrong order": (
        'UPDATE passages SET start = start + 100, "end" = "end" + 100 WHERE document = \'{id}\' AND ordinal = 0',
        "passages must lie in their document, one after the other",
    ),
    "sections": ("UPDATE sections SET start = 999 WHERE document = '{id}' AND ordinal = 0", "sections must lie in"),
    "pages beyond": ("UPDATE documents SET page_starts = x'00000000FFFF0000' WHERE id = '{id}'", "pages must lie in"),
    "pages unsorted": ("UPDATE documents SET page_starts = x'0900000000000000' WHERE id = '{id}'", "pages must lie in"),
    "pages cut": ("UPDATE documents SET page_starts = x'000000' WHERE id = '{id}'", "pages must lie in"),
    "sentences cut": (
        "UPDATE passages SET sentences = x'0000' WHERE document = '{id}'",
        "sentences must lie in their passage",
    ),
    "sentences gone": (
        "UPDATE passages SET sentences = x'' WHERE document = '{id}'",
        "sentences must lie in their passage",
    ),
    "sentence outside": (
        "UPDATE passages SET sentences = x'00000000FFFF0000' WHERE document = '{id}' AND ordinal = 0",
        "sentences must lie in their passage",
    ),
    "no words": ("DELETE FROM words WHERE document = '{id}'", "a document must have its words"),
    "broken words": ("UPDATE words SET terms = x'00' WHERE document = '{id}'", "words must be lines"),
    "short vectors": (
        "UPDATE vectors SET passages = x'0000' WHERE document = '{id}'",
        "vectors must have the model's dimension",
    ),
    "no vector": ("UPDATE vectors SET vector = x'' WHERE document = '{id}'", "vectors must have the model's dimension"),
    "other dimension": (
        "UPDATE vectors SET dimension = 4 WHERE document = '{id}'",
        "vectors must have the model's dimension",
    ),
    "signs gone": ("UPDATE vectors SET signs = x'' WHERE document = '{id}'", "vectors must have the model's dimension"),
    "signs of others": (
        "UPDATE vectors SET signs = zeroblob(length(signs)) WHERE document = '{id}'",
        "signs must be those of the vectors",
    ),
    "not a number": (f"UPDATE vectors SET vector = x'{NAN.hex()}' WHERE document = '{{id}}'", "vectors must be finite"),
    "not of length 1": (
        "UPDATE vectors SET vector = zeroblob(24) WHERE document = '{id}'",
        "vectors must be finite and of",
    ),
    "title of another length": (
        "UPDATE vectors SET title = x'003C' WHERE document = '{id}'",
        "vectors must have the model's dimension",
    ),
    "title not a number": (
        f"UPDATE vectors SET title = x'{NAN.hex()}' WHERE document = '{{id}}'",
        "vectors must be finite",
    ),
    **{
        f"{kind} {done}": (
            f"UPDATE sketches SET {kind} = {value}"
            " WHERE passage = (SELECT max(id) FROM passages WHERE document = '{id}')",
            "sketches must have the model's dimension",
        )
        for kind, done, value in (
            ("pieces", "cut", "substr(pieces, 2)"),
            ("pieces", "gone", "x''"),
            ("words", "cut", "substr(words, 2)"),
            ("words", "gone", "x''"),
            ("telling", "gone", "x''"),
            ("dimension", "of another model", "4"),
            ("dimension", "of none", "0"),
        )
    },
    "lost sketch": (
        "DELETE FROM sketches WHERE passage = (SELECT max(id) FROM passages WHERE document = '{id}')",
        "a document must have sketches of all its passages, or of none",
    ),
    "orphaned sketch": (
        "UPDATE sketches SET passage = 99 WHERE passage = 1",
        "every row of sketches must belong to a row",
    ),
    "no primary": (
        "UPDATE memberships SET is_primary = 0 WHERE document = '{id}'",
        "a document must have one primary entity",
    ),
    "member of a domain": (
        "UPDATE memberships SET node = 'd0000000000' WHERE document = '{id}'",
        "a document must be a member",
    ),
    "heavy": (
        "UPDATE memberships SET weight = 2 WHERE document = '{id}' AND is_primary",
        "a document must be a member of ent",
    ),
    "member unknown": (
        "INSERT INTO memberships SELECT run, 99, 'nowhere', 'x', node, 1, 1, 0 FROM memberships LIMIT 1",
        "a tree must have as many nodes and documents as when it was built",
    ),
    "placed unknown": (
        "UPDATE runs SET placed = 7",
        "a tree must have as many nodes and documents as when it was built",
    ),
    "skipped level": (
        "UPDATE nodes SET parent = 'd0000000000' WHERE level = 'entity'",
        "an entity must be in a category",
    ),
    "lost node": ("UPDATE runs SET entities = 7", "a tree must have as many nodes and documents"),
    "orphaned passages": (
        "UPDATE passages SET document = 'x', section = NULL WHERE document = '{id}'",
        "every row of passages",
    ),
    "orphaned vectors": (
        "UPDATE vectors SET document = 'x' WHERE document = '{id}'",
        "every row of vectors must belong",
    ),
    "orphaned document": ("UPDATE documents SET file = 99 WHERE id = '{id}'", "every row of documents must belong"),
    "orphaned quotes": (
        "DELETE FROM nodes WHERE level = 'entity'",
        "every row of quotes must belong to a row of nodes",
    ),
    "orphaned wish": (
        "UPDATE wish_documents SET wish = 'e9' WHERE file = {file}",
        "every row of wish_documents must belong to a row of wishes",
    ),
    "wish for a file that is gone": (
        "UPDATE wish_documents SET file = 99 WHERE file = {file}",
        "every row of wish_documents must belong to a row of files",
    ),
    "seed of another model": (
        "UPDATE wishes SET vector = x'00'",
        "a node of a taxonomy must have a vector of the model's dimension",
    ),
    "wrong section": (
        "UPDATE passages SET section = 8 WHERE document = '{id}'",
        "every row of passages must belong to a row of sec",
    ),
    "full text": (
        "UPDATE passages SET text = 'first words 0|AND MUCH.' WHERE document = '{id}' AND ordinal = 1",
        "the full text",
    ),
    "full text gone": ("DELETE FROM full_text_data WHERE id > 10", "the full text must hold the words of the passages"),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_damage_is_found_and_mended(
    path: Path, store: Store, filled, tree_of, vectors, file, reading, name: str
) -> None:
    damage, what = DAMAGE[name]
    ids = filled(store)
    store.set_model(ModelFacts("m", "f", 12, 254))
    store.put_wishes([Wish("e1", "entity", held=frozenset(ids[:2]), vector=np.zeros(12, np.float32))])
    assert store.check() == []
    row = store._db.value("SELECT file FROM documents WHERE id = ?", (ids[0],))
    raw = sqlite3.connect(path, isolation_level=None)
    raw.execute(damage.format(id=ids[0], file=row))
    raw.close()

    found = store.check()
    assert any(finding.what.startswith(what) for finding in found), found
    assert not any(finding.repaired for finding in found)
    assert found == store.check()

    mended = store.check(repair=True)
    assert {(finding.what, finding.where) for finding in found} <= {(finding.what, finding.where) for finding in mended}
    assert all(finding.repaired for finding in mended)
    assert store.check(repair=True) == []

    # The next ingest puts back what was taken out.
    for i in range(5):
        if f"{i}.txt" not in {state.file.path for state in store.files()}:
            store.put_reading(file(f"{i}.txt"), reading(f"first words {i}|and more.", f"second {i}"))
    for document in store.pending():
        store.put_vectors(document, vectors(2, ids.index(document)))
    if store.tree() is None or store.tree_is_stale():
        store.put_tree(tree_of(store))
    assert store.check() == []
    assert store.tree() == tree_of(store)
    assert [document.id for document in store.documents()] == ids
    assert len(store.match("first", 100)) == 5


def test_a_broken_index_is_rebuilt(path: Path, store: Store, filled) -> None:
    filled(store)
    raw = sqlite3.connect(path, isolation_level=None)
    raw.execute("PRAGMA writable_schema = ON")
    raw.execute(
        "UPDATE sqlite_schema SET sql = 'CREATE INDEX files_sha256 ON files (path)' WHERE name = 'files_sha256'"
    )
    raw.close()
    store.close()
    with Store.open(path) as store:
        (finding, *_) = store.check()
        assert (finding.what, finding.mend) == ("SQLite's integrity check must pass", "rebuild the indexes")
        assert all(finding.repaired for finding in store.check(repair=True))
        assert store.check() == []


def test_a_missing_table_cannot_be_mended(path: Path, store: Store, filled) -> None:
    filled(store)
    raw = sqlite3.connect(path, isolation_level=None)
    raw.execute("DROP TABLE sections")
    raw.close()
    for repair in (False, True):
        (finding,) = store.check(repair=repair)
        assert finding.what == "the database must be readable"
        assert "no such table" in finding.where
        assert finding.mend.startswith("restore a copy")
        assert not finding.repaired


def test_a_check_that_has_to_wait_too_long_blames_nobody(path: Path, store: Store, filled) -> None:
    filled(store)
    store._db.execute("PRAGMA busy_timeout = 20")
    with (
        Store.open(path) as other,
        other._db.transaction(),
        pytest.raises(DatabaseError, match="must be free to write"),
    ):
        store.check()
    assert store.check() == []


def test_several_faults_are_mended_at_once(path: Path, store: Store, filled) -> None:
    ids = filled(store)
    raw = sqlite3.connect(path, isolation_level=None)
    for (name, (damage, _)), id in zip(list(DAMAGE.items())[3:8], ids, strict=True):
        raw.execute(damage.format(id=id, file=name))
    raw.execute("UPDATE vectors SET document = 'x' WHERE document = ?", (ids[4],))
    raw.execute("DELETE FROM full_text_data WHERE id > 10")
    raw.close()
    assert len(store.check()) >= 7
    assert all(finding.repaired for finding in store.check(repair=True))
    assert store.check() == []


def test_an_interrupted_ingest_is_no_fault(store: Store, file, reading, filled) -> None:
    filled(store)
    store.put_reading(file("new.txt"), reading("not encoded yet"))
    store.put_reading(file("0.txt"), reading("changed"))
    assert store.check() == []


def test_nothing_of_a_removed_document_is_left_in_the_file(
    path: Path, store: Store, file, reading, vectors, tree_of
) -> None:
    marker = b"xylophonequartett"
    secret = store.put_reading(
        file("Xylophonequartett.txt"), reading("the xylophonequartett|plays", "神经Xylophonequartett网")
    )
    other = store.put_reading(file("other.txt"), reading("something else"))
    store.put_vectors(secret, vectors(2))
    store.put_vectors(other, vectors(1))
    former = tree_of(store)
    names = tuple(
        replace(node, name="Xylophonequartett", keyphrases=("the xylophonequartett",)) for node in former.nodes
    )
    store.put_tree(replace(former, nodes=names))
    words = store._db.value("SELECT words FROM sketches WHERE passage = 2")
    assert any(marker in each.read_bytes().lower() for each in path.parent.iterdir())
    assert any(words in each.read_bytes() for each in path.parent.iterdir())
    assert store.remove([secret]) == 1
    current = tree_of(store, "run-2")
    store.put_tree(current)
    assert store.check(repair=True) == []
    assert store.tree() == current
    for each in path.parent.iterdir():
        assert marker not in each.read_bytes().lower(), each
        assert words not in each.read_bytes(), each
    store.close()
    assert marker not in path.read_bytes().lower()


def test_a_repair_keeps_out_of_an_ingest(path: Path, store: Store) -> None:
    with Store.open(path) as other, other.exclusive(), pytest.raises(DatabaseError, match="one program at a time"):
        store.check(repair=True)
    assert store.check(repair=True) == []
