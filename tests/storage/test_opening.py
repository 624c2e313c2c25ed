"""Opening a collection: what is refused, with which words; upgrades; two programs at once."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from shas_kb.errors import DatabaseError, NotFoundError, UsageError
from shas_kb.records import ModelFacts
from shas_kb.storage import Store
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
    with pytest.raises(NotFoundError, match=r"no collection at .*kb\.sqlite; run `shas-kb ingest FOLDER` first\."):
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
    with pytest.raises(NotFoundError):
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
        with pytest.raises(DatabaseError, match=r"must be undamaged, got .*; run `shas-kb check`"):
            store.info()


def test_no_permission() -> None:
    """In a process of its own, as a user who may not."""
    code = """if True:
        import os, sys
        from pathlib import Path
        from shas_kb.errors import DatabaseError
        from shas_kb.storage import Store
        folder = Path(sys.argv[1])
        Store.open(folder / "kb.sqlite", create=True).close()
        folder.chmod(0o555); (folder / "kb.sqlite").chmod(0o444)
        if os.geteuid() == 0: os.seteuid(65534)
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
    connection.execute("COMMIT")
    assert connection.execute("PRAGMA user_version").fetchone() == (seen,)
    connection.close()
    with Store.open(path) as store:
        assert store._db.value("PRAGMA user_version") == VERSION
        assert store.texts("d") == ["old friend"]
        assert [hit[:2] for hit in store.match("friend", 5)] == [("d", 0)]
        assert store.pending() == ["d"]
        assert store.tree() is None


def test_a_migration_that_fails_changes_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Store.open(path, create=True).close()
    steps = {**MIGRATIONS, "005_good": ("CREATE TABLE good (a)",), "006_bad": ("CREATE TABLE bad (a)", "nonsense")}
    monkeypatch.setattr("shas_kb.storage.schema.MIGRATIONS", steps)
    monkeypatch.setattr("shas_kb.storage.database.VERSION", 6)
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
    small, large = ModelFacts("small", "f1", 8, 254), ModelFacts("large", "f2", 16, 510)
    store.set_model(large)
    store.set_model(small)
    store.put_reading(file("a.txt"), reading("alpha"))
    store.set_model(small)
    with pytest.raises(UsageError, match="must keep its model 'small', got 'large'"):
        store.set_model(large)
    assert store.model() == small
