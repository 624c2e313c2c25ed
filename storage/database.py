"""The connection: how it is opened, what a transaction is, and what SQLite's errors mean to a person.

Every statement of the package goes through `Database`, so errors are explained in one place.

Power loss and `synchronous=NORMAL`: in WAL mode a commit is then written but not yet forced to the disk. A killed
process loses nothing, as the kernel has the pages. After a power cut the last transactions may be gone, but always
whole ones and always from the end, and the file stays sound. As a file's row and its document are written in one
transaction, the next ingest sees that the file is missing and reads it again: the cut costs some work and nothing else,
which is cheaper than a forced write for each document.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from shas_kb.errors import DatabaseError, NoCollectionError, UsageError
from shas_kb.storage.schema import APPLICATION_ID, VERSION, migrate

BUSY_SECONDS = 10.0
Row = tuple[Any, ...]

_WRITABLE = "change the permissions of the file and of its folder, or work on a copy"
_ONLY_READING = "here it is opened for reading alone: `shas-kb info` opens it for writing, and brings it up to date"

# By the beginning of SQLite's name for the error: what the database must be, and what to do. First match wins.
_MEANINGS = (
    ("SQLITE_NOTADB", "be a shas-kb database", "name another file with --db, or move this one away"),
    # Full text or an index: these can be built again.
    ("SQLITE_CORRUPT_", "be undamaged", "run `shas-kb check --repair`"),
    ("SQLITE_CORRUPT", "be undamaged", "restore a copy, or delete it and ingest again"),
    ("SQLITE_BUSY", "be free to write to", "wait until the other program that writes to it is done, then try again"),
    ("SQLITE_LOCKED", "be free to write to", "wait until the other program that writes to it is done, then try again"),
    ("SQLITE_FULL", "have room on its disk", "make room and run the same command again, what was stored is kept"),
    ("SQLITE_READONLY", "be yours to write to", f"it is read-only: {_WRITABLE}"),
    ("SQLITE_CANTOPEN", "be yours to read and write", "change the permissions of the file and of its folder"),
    ("SQLITE_PERM", "be yours to read and write", "change the permissions of the file and of its folder"),
    ("SQLITE_IOERR", "be on a disk that works", "look after the disk, then run `shas-kb check`"),
)

_DAMAGE = ("SQLITE_NOTADB", "SQLITE_CORRUPT", "SQLITE_ERROR")


class DamagedError(DatabaseError):
    """The file is not sound: pages are broken, or tables are missing."""


def explain(error: sqlite3.Error, path: Path) -> str:
    """What SQLite's `error` means to a person who works with the database at `path`."""
    for name, rule, advice in _MEANINGS:
        if error.sqlite_errorname.startswith(name):
            return f"{path} must {rule}, got {str(error)!r}; {advice}."
    return f"{path} must keep its own rules, got {str(error)!r}; run `shas-kb check`."


class Database:
    """One connection to a database that is known to be ours and to have the newest schema.

    Args:
        path: the SQLite file.
        create: make the file (and its folder) where there is none.
        read_only: only read, though the file could be written to. SQLite keeps its `-shm` and an empty `-wal` beside
            it then, by which readers and a writer know of each other; the next writer takes them away.

    Attributes:
        read_only: there is only reading: it was asked for, or the file or its folder may not be written to.

    Raises:
        NoCollectionError: there is no collection at `path`, and `create` is not set.
        DatabaseError: the file is of another kind, made by a newer version, damaged, locked or not permitted.
    """

    def __init__(self, path: Path, *, create: bool = False, read_only: bool = False) -> None:
        self.path = path
        forbidden = not create and _is_read_only(path)
        self.read_only = read_only or forbidden
        self._advice = _WRITABLE if forbidden else _ONLY_READING
        self._locked = False
        self._written = 0
        with self._explained():
            # Reading in WAL mode makes files beside the database, unless SQLite is told that nobody writes to it.
            self._immutable = forbidden and not _wal(path).exists()
            self._state = _state(path)
            self._connection = _connect(
                path, "rwc" if create else "ro" if self.read_only else "rw", immutable=self._immutable
            )
            try:
                self._prepare(create)
                self._identity = _identity(path)
            except BaseException:
                self._connection.close()
                raise

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[Row]:
        """All rows of a query."""
        with self._explained():
            return self._connection.execute(sql, parameters).fetchall()

    def row(self, sql: str, parameters: Sequence[object] = ()) -> Row | None:
        """The first row of a query, if there is one. A statement with RETURNING must return one row at most."""
        rows = self.rows(sql, parameters)
        return rows[0] if rows else None

    def value(self, sql: str, parameters: Sequence[object] = ()) -> Any:
        """The first column of the first row, or None."""
        row = self.row(sql, parameters)
        return row[0] if row else None

    def stream(self, sql: str, parameters: Sequence[object] = ()) -> Iterator[Row]:
        """Rows one by one, for results that should not be in memory at once."""
        with self._explained():
            yield from self._connection.execute(sql, parameters)

    def execute(self, sql: str, parameters: Sequence[object] = ()) -> int:
        """Run a statement; returns the number of rows it changed (cascades not counted)."""
        with self._explained():
            return self._connection.execute(sql, parameters).rowcount

    def executemany(self, sql: str, rows: Iterable[Sequence[object]]) -> int:
        """Run a statement for each of `rows`; returns the number of rows changed."""
        with self._explained():
            return self._connection.executemany(sql, rows).rowcount

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing. The write lock is taken at the beginning, so that no statement can fail for want of it."""
        self._must_be_writable()
        self._written += 1
        with self._explained(), _transaction(self._connection, "IMMEDIATE"):
            yield

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Several queries see one state of the database, whatever others write meanwhile. May be nested."""
        if self._connection.in_transaction:
            yield
            return
        with self._explained(), _transaction(self._connection, "DEFERRED"):
            yield

    def version(self) -> tuple[int, int]:
        """Another after each change of the database, by whatever program; it means nothing beyond this connection."""
        return self.value("PRAGMA data_version"), self._written

    def is_outdated(self) -> bool:
        """Whether what is at `path` cannot be seen from here any more: another file took its place, or it was opened as
        one that nobody writes to and was written to. It must be opened again then."""
        if self._immutable:
            return _state(self.path) != self._state
        return _identity(self.path) != self._identity

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """One ingest at a time: held from the first file to the tree, over many transactions.

        The lock is SQLite's own, on an empty file next to the database: it works wherever SQLite does, readers do not
        notice it, and the kernel frees it when the process dies, however it dies. The file stays; removing it would be
        a race.

        Raises:
            DatabaseError: another program holds it; or at the end, the database is no longer the file that was opened,
                so that what was written is in no file any more.
        """
        self._must_be_writable()
        if self._locked:
            yield
            return
        with self._explained():
            lock = sqlite3.connect(f"{self.path}.lock", timeout=0, isolation_level=None)
        try:
            try:
                lock.execute("BEGIN EXCLUSIVE")
            except sqlite3.Error as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                    raise DatabaseError(explain(error, Path(f"{self.path}.lock"))) from error
                raise DatabaseError(
                    f"{self.path} must be changed by one program at a time, got a second one; wait for the other."
                ) from None
            self._locked = True
            yield
            if _identity(self.path) != self._identity:
                raise DatabaseError(
                    f"{self.path} was removed or replaced while it was being written; run the same command again."
                )
        finally:
            self._locked = False
            lock.close()

    def close(self) -> None:
        """Closes the connection; the last one to close folds the WAL into the file."""
        self._connection.close()

    def _prepare(self, create: bool) -> None:
        application = self.value("PRAGMA application_id")
        version = self.value("PRAGMA user_version")
        if not application and not self.value("SELECT count(*) FROM sqlite_schema"):
            if not create:
                raise _missing(self.path)
        elif application != APPLICATION_ID:
            raise DatabaseError(
                f"{self.path} must be a shas-kb database, got an SQLite file of another program; "
                "name another file with --db, or move this one away."
            )
        if version > VERSION:
            raise DatabaseError(
                f"{self.path} must have schema {VERSION} or older, got {version} from a newer shas-kb; upgrade shas-kb."
            )
        if version < VERSION and self.read_only:
            raise DatabaseError(
                f"{self.path} must have schema {VERSION}, got {version}, and is read-only; {self._advice}."
            )
        # Foreign keys come on after the migrations: one that rebuilds a table must not cascade.
        if not self.read_only:
            self.execute("PRAGMA journal_mode = WAL")
        self.execute("PRAGMA synchronous = NORMAL")
        # What is removed is overwritten with zeros, and what is temporary (the words of a question) stays off the disk.
        self.execute("PRAGMA secure_delete = ON")
        self.execute("PRAGMA temp_store = MEMORY")
        if version < VERSION:
            with self.transaction():
                migrate(self._connection)
        self.execute("PRAGMA foreign_keys = ON")

    def _must_be_writable(self) -> None:
        if self.read_only:
            raise DatabaseError(f"{self.path} is read-only; {self._advice}.")

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            # Without a code it is not SQLite that complains but Python's module, about a mistake in our own code.
            if not hasattr(error, "sqlite_errorname"):
                raise
            damaged = error.sqlite_errorname.startswith(_DAMAGE)
            raise (DamagedError if damaged else DatabaseError)(explain(error, self.path)) from error
        except UnicodeEncodeError as error:
            raise UsageError(
                f"text must be valid Unicode, got {ascii(error.object)[:60]}; replace its surrogates before storing."
            ) from error


def _connect(path: Path, mode: str, *, immutable: bool) -> sqlite3.Connection:
    try:
        if path.is_dir():
            raise DatabaseError(
                f"{path} must be a file, got a folder; name a file in it, such as {path / 'kb.sqlite'}."
            )
        if mode != "rwc" and not path.exists():
            raise _missing(path)
        if mode == "rwc":
            path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DatabaseError(
            f"{path} must be yours to read and write, got {error.strerror!r}; change permissions or name another file."
        ) from error
    uri = f"{path.absolute().as_uri()}?mode={mode}{'&immutable=1' if immutable else ''}"
    return sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None)


def _is_read_only(path: Path) -> bool:
    """Whether there is a file that may not be written to, by its or its folder's permissions or as they are mounted."""
    file = Path(os.path.realpath(path))
    return os.access(file, os.F_OK) and not (os.access(file, os.W_OK) and os.access(file.parent, os.W_OK))


def _identity(path: Path) -> tuple[int, int] | None:
    """Which file is at `path`; None if there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _state(path: Path) -> tuple[object, ...]:
    """What changes when the file at `path` is written to, or another one takes its place."""
    try:
        found = path.stat()
    except OSError:
        return ()
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, _wal(path).exists()


def _wal(path: Path) -> Path:
    return Path(f"{os.path.realpath(path)}-wal")


def _missing(path: Path) -> NoCollectionError:
    return NoCollectionError(f"no collection at {path}; run `shas-kb ingest FOLDER` first.")


@contextmanager
def _transaction(connection: sqlite3.Connection, kind: str) -> Iterator[None]:
    connection.execute(f"BEGIN {kind}")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        # SQLite has rolled back by itself after some errors, a full disk among them.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
