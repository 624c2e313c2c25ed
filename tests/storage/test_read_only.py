"""A collection opened for reading alone, while others change it."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from shas_kb.errors import DatabaseError, NoCollectionError
from shas_kb.storage import Store
from shas_kb.storage.schema import VERSION


def test_it_can_be_read_in_full_and_not_changed(path: Path, store: Store, filled) -> None:
    ids = filled(store)
    store.close()
    before = path.read_bytes()
    with Store.open(path, read_only=True) as reader:
        assert sorted(document.id for document in reader.documents()) == sorted(ids)
        assert len(reader.match("second", 9)) == 5
        assert reader.check() == []
        with pytest.raises(DatabaseError, match=r"is read-only; here it is opened for reading alone"):
            reader.remove(ids[:1])
    assert path.read_bytes() == before
    assert not Path(f"{path}-wal").exists() or not Path(f"{path}-wal").stat().st_size


def test_what_is_not_in_the_file_yet_is_read_and_left_where_it_is(path: Path, store: Store, filled) -> None:
    ids = filled(store)
    wal = Path(f"{path}-wal")
    before = path.read_bytes(), wal.read_bytes()
    assert before[1]
    with Store.open(path, read_only=True) as reader:
        assert sorted(document.id for document in reader.documents()) == sorted(ids)
    assert (path.read_bytes(), wal.read_bytes()) == before


def test_an_older_collection_is_not_upgraded(path: Path) -> None:
    Store.open(path, create=True).close()
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {VERSION - 1}")
    connection.close()
    with pytest.raises(DatabaseError, match=rf"must have schema {VERSION}, got {VERSION - 1}.*`shas-kb info`"):
        Store.open(path, read_only=True)


def test_there_must_be_one(path: Path) -> None:
    with pytest.raises(NoCollectionError):
        Store.open(path, read_only=True)
    assert list(path.parent.iterdir()) == []


def test_one_state_holds_off_what_others_write(path: Path, store: Store, filled, file, reading) -> None:
    filled(store)
    with Store.open(path, read_only=True) as reader:
        version = reader.version()
        with reader.one_state():
            assert reader.version() == version
            store.put_reading(file("new.txt"), reading("brand new words"))
            assert len(reader.documents()) == 5
            assert reader.match("brand", 9) == []
            assert reader.version() == version
        assert reader.version() != version
        assert len(reader.documents()) == 6
        assert len(reader.match("brand", 9)) == 1


def test_reading_does_not_change_the_version(path: Path, store: Store, filled) -> None:
    filled(store)
    with Store.open(path, read_only=True) as reader:
        version = reader.version()
        reader.match("second", 9)
        reader.tree()
        assert reader.version() == version
        assert not reader.is_outdated()


def test_a_replaced_file_is_noticed(path: Path, store: Store, filled, tmp_path: Path) -> None:
    filled(store)
    store.close()
    other = shutil.copy(path, tmp_path / "other.sqlite")
    with Store.open(path, read_only=True) as reader:
        assert not reader.is_outdated()
        Path(other).replace(path)
        assert reader.is_outdated()
        path.unlink()
        assert reader.is_outdated()


def test_a_change_is_noticed_where_nobody_was_to_write(file, reading) -> None:
    """In a process of its own, as a user who may not write there, while another one does."""
    code = """if True:
        import os, sys
        from pathlib import Path
        from shas_kb.storage import Store
        if os.geteuid() == 0: os.setuid(65534)
        with Store.open(Path(sys.argv[1])) as reader:
            print(reader.is_outdated(), flush=True)
            sys.stdin.readline()
            print(reader.is_outdated(), flush=True)
        """
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "kb.sqlite"
        Store.open(path, create=True).close()
        path.parent.chmod(0o555)
        words = [sys.executable, "-c", code, path]
        with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            assert child.stdout.readline() == "False\n"
            path.parent.chmod(0o755)
            with Store.open(path) as writer:
                writer.put_reading(file("new.txt"), reading("brand new words"))
            said, _ = child.communicate("\n")
        assert said == "True\n"
