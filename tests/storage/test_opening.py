"""Opening a collection: what is refused, with which words; upgrades; two programs at once."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shas_kb.ask.retrieve import search
from shas_kb.ask.snapshot import Snapshot
from shas_kb.encoder.sketch import projected
from shas_kb.errors import DatabaseError, NoCollectionError, UsageError
from shas_kb.records import Asked, Encoded, ModelFacts, Sketch
from shas_kb.storage import Store
from shas_kb.storage.counts import pack, unpack
from shas_kb.storage.schema import MIGRATIONS, VERSION, migrate


def test_the_package_is_cheap_to_import() -> None:
    heavy = "'sqlite_utils', 'click', 'shas_kb.storage.store', 'torch', 'sklearn'"
    code = f"import sys, shas_kb.storage; print([name for name in ({heavy}) if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_an_existing_collection_opens_without_sqlite_utils(path: Path) -> None:
    Store.open(path, create=True).close()
    code = (
        "import sys; from pathlib import Path; from shas_kb.storage import Store;"
        f"Store.open(Path({str(path)!r})).tree(); print('sqlite_utils' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


def test_all_public_names_load() -> None:
    import shas_kb.storage

    for name in shas_kb.storage.__all__:
        assert getattr(shas_kb.storage, name).__name__ == name
    with pytest.raises(AttributeError, match="no attribute 'Shop'"):
        shas_kb.storage.Shop  # noqa: B018


def test_no_collection_there(tmp_path: Path) -> None:
    with pytest.raises(NoCollectionError, match=r"no collection at .*kb\.sqlite; run `shas-kb ingest FOLDER` first\."):
        Store.open(tmp_path / "kb.sqlite")
    assert list(tmp_path.iterdir()) == []


def test_a_new_collection_makes_its_folder(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "kb.sqlite"
    Store.open(path, create=True).close()
    with Store.open(path) as store:
        assert store.documents() == []
        assert store.model() is None
        assert store.check() == []


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatabaseError, match="must be a file, got a folder"):
        Store.open(tmp_path, create=True)


@pytest.mark.parametrize("create", [False, True])
def test_a_file_of_another_kind_is_refused_and_left_alone(path: Path, create: bool) -> None:
    path.write_bytes(b"Dear diary, " * 1000)
    with pytest.raises(DatabaseError, match="must be a shas-kb database, got 'file is not a database'; name another"):
        Store.open(path, create=create)
    assert path.read_bytes() == b"Dear diary, " * 1000


def test_the_database_of_another_program_is_refused_and_left_alone(path: Path) -> None:
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE songs (title)")
    other.close()
    before = path.read_bytes()
    with pytest.raises(DatabaseError, match="got an SQLite file of another program"):
        Store.open(path, create=True)
    assert path.read_bytes() == before


def test_a_newer_database_is_refused(path: Path) -> None:
    Store.open(path, create=True).close()
    with sqlite3.connect(path) as newer:
        newer.execute(f"PRAGMA user_version = {VERSION + 1}")
    newer.close()
    with pytest.raises(DatabaseError, match=rf"got {VERSION + 1} from a newer shas-kb; upgrade shas-kb\."):
        Store.open(path)


def test_what_a_killed_creation_leaves_is_no_collection_yet(path: Path) -> None:
    path.touch()
    with pytest.raises(NoCollectionError):
        Store.open(path)
    Store.open(path, create=True).close()
    Store.open(path).close()


def test_a_damaged_database_says_so(path: Path, store: Store, filled) -> None:
    filled(store, 40)
    store.close()
    damaged = bytearray(path.read_bytes())
    damaged[8192:40960] = os.urandom(32768)
    path.write_bytes(damaged)
    with Store.open(path) as store:
        findings = store.check()
        assert findings
        assert all("restore a copy" in finding.mend for finding in findings)
        assert not any("shas-kb check" in finding.where for finding in findings)
        with pytest.raises(DatabaseError, match=r"must be undamaged, got .*; restore a copy, or delete it"):
            store.info()


@pytest.mark.parametrize("left", [0.05, 0.5, 0.95])
def test_a_truncated_database_is_not_to_be_checked_but_replaced(path: Path, store: Store, filled, left: float) -> None:
    filled(store, 40)
    store.close()
    os.truncate(path, int(path.stat().st_size * left))
    try:
        with Store.open(path) as store:
            said = [f"{finding.where}; {finding.mend}" for finding in store.check()]
    except DatabaseError as error:
        said = [str(error)]
    assert said
    assert all("restore a copy" in each and "shas-kb check" not in each for each in said)


def test_broken_full_text_is_to_be_repaired(store: Store, filled) -> None:
    filled(store)
    store._db.execute("UPDATE full_text_data SET block = x'00' WHERE id > 10")
    with pytest.raises(DatabaseError, match=r"must be undamaged, got .*; run `shas-kb check --repair`"):
        store.match("first", 5)


@pytest.mark.parametrize("replaced", [False, True])
def test_a_database_that_goes_while_it_is_written_is_an_error(path: Path, store: Store, filled, replaced: bool) -> None:
    lock = store.exclusive()
    lock.__enter__()
    with store.exclusive():
        filled(store)
    path.rename(path.with_name("elsewhere"))
    if replaced:
        path.touch()
    with pytest.raises(DatabaseError, match="was removed or replaced while it was being written; run the same command"):
        lock.__exit__(None, None, None)
    store.close()
    with Store.open(path, create=True) as store, store.exclusive():
        assert len(filled(store)) == 5
    with Store.open(path) as store:
        assert len(store.documents()) == 5


# As a user who may not write there: what can be read, and what is said when something is to be changed.
READ_ONLY = """if True:
    import json, os, sys
    from pathlib import Path
    from shas_kb.records import ModelFacts
    from shas_kb.storage import Store
    path = Path(sys.argv[1])
    if os.geteuid() == 0: os.setuid(65534)
    def refused(change):
        try: change()
        except Exception as error: return f"{type(error).__name__}: {error}"
    found = {}
    def look():
        with Store.open(path) as store:
            ids = [document.id for document in store.documents()]
            found["ids"], found["tree"] = ids, store.tree().hash
            found["match"] = len(store.match("first", 100))
            found["check"], found["documents"] = store.check(), store.info()["documents"]
            file = store.files()[0].file
            changes = (
                lambda: store.remove(ids), lambda: store.touch(file), store.exclusive().__enter__,
                lambda: store.set_model(ModelFacts("m", "f", 12, 254)), lambda: store.check(repair=True),
            )
            found["refused"] = [refused(change) for change in changes]
    found["error"] = refused(look)
    print(json.dumps(found))
    """


def look_as_a_reader(path: Path) -> dict[str, Any]:
    path.parent.chmod(0o555)
    done = subprocess.run([sys.executable, "-c", READ_ONLY, path], capture_output=True, text=True, check=True)
    path.parent.chmod(0o755)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("in_use", [False, True])
def test_a_collection_in_a_read_only_folder_can_be_read(path: Path, store: Store, filled, in_use: bool) -> None:
    """`in_use`: with its WAL beside it, which holds what is not in the file yet."""
    ids = filled(store)
    if not in_use:
        store.close()
    with tempfile.TemporaryDirectory() as name:
        folder = shutil.copytree(path.parent, Path(name) / "kb")
        Path(name).chmod(0o755)
        assert (folder / "kb.sqlite-wal").exists() == in_use
        before = sorted(folder.iterdir())
        found = look_as_a_reader(folder / "kb.sqlite")
        assert found["error"] is None
        assert (sorted(found["ids"]), found["tree"]) == (sorted(ids), "hash of run-1")
        assert (found["match"], found["check"], found["documents"]) == (5, [], 5)
        assert all(said.startswith("DatabaseError") and "read-only" in said for said in found["refused"])
        assert sorted(folder.iterdir()) == before


def test_an_older_database_that_cannot_be_upgraded_says_so(path: Path) -> None:
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        path = Path(name) / "kb.sqlite"
        Store.open(path, create=True).close()
        connection = sqlite3.connect(path)
        connection.execute(f"PRAGMA user_version = {VERSION - 1}")
        connection.close()
        error = look_as_a_reader(path)["error"]
    assert f"must have schema {VERSION}, got {VERSION - 1}, and is read-only" in error


def test_no_permission() -> None:
    """In a process of its own, as a user who may not."""
    code = """if True:
        import os, sys
        from pathlib import Path
        from shas_kb.errors import DatabaseError
        from shas_kb.storage import Store
        folder = Path(sys.argv[1])
        Store.open(folder / "kb.sqlite", create=True).close()
        (folder / "kb.sqlite").chmod(0o200); folder.chmod(0o555)
        if os.geteuid() == 0: os.setuid(65534)
        for path, create in ((folder / "kb.sqlite", False), (folder / "new" / "kb.sqlite", True), (folder / "x", True)):
            try: Store.open(path, create=create)
            except DatabaseError as error: print(error)
        """
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        done = subprocess.run([sys.executable, "-c", code, folder], capture_output=True, text=True, check=True)
        Path(folder).chmod(0o755)
    messages = done.stdout.splitlines()
    assert len(messages) == 3, done.stdout
    assert all(" must be yours to " in message and "permissions" in message for message in messages), messages


def test_a_full_disk_loses_only_the_document_in_hand(store: Store, file, reading) -> None:
    store.put_reading(file("a.txt"), reading("alpha"))
    store._db.execute(f"PRAGMA max_page_count = {store._db.value('PRAGMA page_count') + 10}")
    with pytest.raises(DatabaseError, match="must have room on its disk, got 'database or disk is full'; make room"):
        store.put_reading(file("b.txt"), reading(*(f"{i} " * 2000 for i in range(100))))
    store._db.execute("PRAGMA max_page_count = 1000000")
    assert [document.path for document in store.documents()] == ["a.txt"]
    assert [state.file.path for state in store.files()] == ["a.txt"]
    assert store.check() == []
    store.put_reading(file("b.txt"), reading("beta"))


@pytest.mark.parametrize("seen", range(1, VERSION + 1))
def test_an_older_database_is_upgraded(path: Path, seen: int) -> None:
    names = [*MIGRATIONS, None]
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    migrate(connection, stop_before=names[seen])
    connection.execute("INSERT INTO files VALUES (1, '/r', 'a.txt', 1, 1, 'abc', 'read', NULL, 0)")
    connection.execute("INSERT INTO documents VALUES ('d', 1, 'abc', 'txt', 'A', '[]', NULL, 'en', 1, 2, 10, x'')")
    connection.execute(
        "INSERT INTO passages VALUES (1, 'd', 0, NULL, 0, 10, 2, x'000000000A000000', 'old friend', NULL)"
    )
    has_vectors = 2 <= seen < VERSION
    if has_vectors:
        counts = {"friend": 2, "old": 1}
        words = pack(counts) if seen >= 9 else zlib.compress(json.dumps(counts).encode())
        connection.execute("INSERT INTO words VALUES ('d', ?, x'00')", (words,))
    if has_vectors:
        connection.execute(
            "INSERT INTO vectors (document, dimension, vector, passages) VALUES ('d', 2, x'003C0000', x'0000003C')"
        )
    if seen == 5:
        connection.execute("UPDATE vectors SET title = vector")
        connection.execute("INSERT INTO pieces VALUES (1, 2, x'7E')")
    connection.execute("COMMIT")
    assert connection.execute("PRAGMA user_version").fetchone() == (seen,)
    connection.close()
    with Store.open(path) as store:
        assert store._db.value("PRAGMA user_version") == VERSION
        assert store.texts("d") == ["old friend"]
        assert [hit[:2] for hit in store.match("friend", 5)] == [("d", 0)]
        assert store.pending() == ["d"]
        assert len(store.passage_matrix().matrix) == len(store.outlines().signs) == has_vectors
        assert store.outlines().signs.tobytes() == (b"\xc0" if has_vectors else b"")
        assert store.title_matrix().any() == (seen in (5, VERSION) and has_vectors)
        assert store.sketches([("d", 0)]) == [None]
        assert store.tree() is None
        if has_vectors:
            assert unpack(store._db.value("SELECT terms FROM words")).as_dict() == {"friend": 2, "old": 1}
            assert store._db.value("SELECT phrases FROM words") == b"\0"
            assert found_by_asking(store) == {"dense": [0], "lexical": [0], "fused": [0]}
            row = np.array([0, 1], np.float32)
            its = Sketch(
                np.packbits([[0, 1]], axis=1), np.packbits(projected(row[None]) >= 0, axis=1), np.packbits([1])
            )
            store.put_vectors("d", Encoded(row, row, row[None], (its,)))
            assert store.pending() == []
            assert found_by_asking(store) == {"dense": [0], "lexical": [0], "fused": [0]}


def found_by_asking(store: Store) -> dict[str, list[int]]:
    """The rows that each search gives to a question in two dimensions."""
    snapshot, vector = Snapshot.of(store), np.array([0, 1], np.float32)
    asked = Asked(vector, vector, projected(vector[None]), np.ones(1, np.float32))
    evidence = search(store, snapshot, ["friend"], asked, snapshot.under(None))
    return {name: getattr(evidence, name).rows.tolist() for name in ("dense", "lexical", "fused")}


def test_a_migration_that_fails_changes_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Store.open(path, create=True).close()
    steps = {**MIGRATIONS, "good": ("CREATE TABLE good (a)",), "bad": ("CREATE TABLE bad (a)", "nonsense")}
    monkeypatch.setattr("shas_kb.storage.schema.MIGRATIONS", steps)
    monkeypatch.setattr("shas_kb.storage.database.VERSION", len(steps))
    with pytest.raises(DatabaseError, match="nonsense"):
        Store.open(path)
    monkeypatch.undo()
    with Store.open(path) as store:
        assert store._db.value("PRAGMA user_version") == VERSION
        assert store._db.value("SELECT count(*) FROM sqlite_schema WHERE name IN ('good', 'bad')") == 0


def test_one_ingest_at_a_time(path: Path, store: Store, file, reading) -> None:
    with Store.open(path) as other:
        with store.exclusive():
            with store.exclusive():
                store.put_reading(file("a.txt"), reading("alpha"))
            assert len(other.documents()) == 1
            with (
                pytest.raises(DatabaseError, match="changed by one program at a time, got a second one"),
                other.exclusive(),
            ):
                pass
        with other.exclusive():
            pass


def test_the_lock_goes_with_the_process_that_held_it(path: Path, store: Store) -> None:
    code = (
        "import sys; from pathlib import Path; from shas_kb.storage import Store;"
        f"lock = Store.open(Path({str(path)!r})).exclusive(); lock.__enter__();"
        "print('held', flush=True); sys.stdin.read()"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stdin=subprocess.PIPE)
    assert process.stdout and process.stdin
    assert process.stdout.readline() == b"held\n"
    with pytest.raises(DatabaseError, match="one program at a time"), store.exclusive():
        pass
    process.kill()
    process.communicate()
    with store.exclusive():
        pass


def test_a_writer_waits_for_another_and_says_so_if_it_takes_too_long(path: Path, store: Store, file, reading) -> None:
    with Store.open(path) as other:
        other._db.execute("PRAGMA busy_timeout = 20")
        with (
            store._db.transaction(),
            pytest.raises(DatabaseError, match="must be free to write to, got 'database is lock"),
        ):
            other.put_reading(file("a.txt"), reading("alpha"))
        other.put_reading(file("a.txt"), reading("alpha"))


def test_a_collection_keeps_its_model(store: Store, file, reading) -> None:
    small, large = ModelFacts("small", "f1", 12, 254), ModelFacts("large", "f2", 16, 510)
    store.set_model(large)
    store.set_model(small)
    store.put_reading(file("a.txt"), reading("alpha"))
    store.set_model(small)
    with pytest.raises(UsageError, match="must keep its model 'small', got 'large'"):
        store.set_model(large)
    assert store.model() == small
