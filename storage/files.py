"""The files of the folders: every one that was seen, what became of it, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from shas_kb.errors import NotFoundError
from shas_kb.records import Problem, SourceFile
from shas_kb.storage.part import Part


@dataclass(frozen=True, slots=True)
class FileState:
    """What became of a file. `document` is set exactly if it was read; `passing`: worth another try at the next
    ingest."""

    file: SourceFile
    sha256: str | None
    status: Literal["read", "failed", "skipped"]
    reason: str | None
    passing: bool
    document: str | None


class Files(Part):
    """Files, and what happens to their documents when they change, move or go."""

    def files(self) -> list[FileState]:
        """Every file that was ever seen and not forgotten, by root and path."""
        rows = self._db.rows(
            "SELECT root, path, size, mtime_ns, files.sha256, status, reason, passing, documents.id"
            " FROM files LEFT JOIN documents ON documents.file = files.id ORDER BY root, path"
        )
        return [
            FileState(SourceFile(*file), sha256, status, reason, bool(passing), document)
            for *file, sha256, status, reason, passing, document in rows
        ]

    def put_problem(self, file: SourceFile, sha256: str | None, problem: Problem) -> None:
        """Record why a file was not read, in one transaction.

        A document formerly read from it is removed. If the problem is `passing`, the document stays, and so does all
        that is known of the file, its old size and time too: the next ingest then sees a change, and tries again.
        """
        with self._db.transaction():
            if problem.passing and self._has_document(file):
                return
            self._drop_document(file)
            self._put_file(file, sha256, problem.kind, problem.reason, problem.passing)

    def touch(self, file: SourceFile) -> None:
        """The file has a new size or time, but its content is the same.

        Raises:
            NotFoundError: the file was never seen.
        """
        changed = self._db.execute(
            "UPDATE files SET size = ?, mtime_ns = ? WHERE root = ? AND path = ?",
            (file.size, file.mtime_ns, file.root, file.path),
        )
        if not changed:
            raise _unknown(file)

    def move(self, moves: Sequence[tuple[SourceFile, SourceFile]]) -> None:
        """Files have other paths, and the same content: their documents keep their ids. All of them (old, new) move at
        once, so that two may change places; what a new path held before is replaced.

        Raises:
            NotFoundError: an old one was never seen; none is moved then.
        """
        with self._db.transaction():
            rows = [(self._file_id(old), old, new) for old, new in moves]
            for row, old, _ in rows:
                if row is None:
                    raise _unknown(old)
                # out of the way first: a path is of one file only
                self._db.execute("UPDATE files SET root = '', path = id WHERE id = ?", (row,))
            for row, _, new in rows:
                self._db.execute("DELETE FROM files WHERE root = ? AND path = ?", (new.root, new.path))
                self._db.execute(
                    "UPDATE files SET root = ?, path = ?, size = ?, mtime_ns = ? WHERE id = ?",
                    (new.root, new.path, new.size, new.mtime_ns, row),
                )

    def forget(self, files: Sequence[SourceFile]) -> int:
        """Remove files and all that was read from them, in one transaction; unknown files are passed over.

        Returns:
            how many documents were removed.
        """
        with self._db.transaction():
            before = self._db.value("SELECT count(*) FROM documents")
            self._db.executemany(
                "DELETE FROM files WHERE root = ? AND path = ?", [(file.root, file.path) for file in files]
            )
            return int(before - self._db.value("SELECT count(*) FROM documents"))

    def remove(self, documents: Sequence[str]) -> int:
        """Remove documents, and forget their files, in one transaction. A next ingest of a folder that still has them
        reads them.

        Returns:
            how many documents were removed.

        Raises:
            NotFoundError: one of them is not in the collection; none is removed then.
        """
        with self._db.transaction():
            removed = 0
            for document in dict.fromkeys(documents):
                found = self._db.execute(
                    "DELETE FROM files WHERE id = (SELECT file FROM documents WHERE id = ?)", (document,)
                )
                if not found:
                    raise unknown_document(document)
                removed += 1
            return removed

    def _file_id(self, file: SourceFile) -> int | None:
        found: int | None = self._db.value("SELECT id FROM files WHERE root = ? AND path = ?", (file.root, file.path))
        return found

    def _has_document(self, file: SourceFile) -> bool:
        return bool(self._db.value("SELECT EXISTS (SELECT 1 FROM documents WHERE file = ?)", (self._file_id(file),)))

    def _drop_document(self, file: SourceFile) -> None:
        self._db.execute(
            "DELETE FROM documents WHERE file = (SELECT id FROM files WHERE root = ? AND path = ?)",
            (file.root, file.path),
        )

    def _put_file(
        self, file: SourceFile, sha256: str | None, status: str, reason: str | None = None, passing: bool = False
    ) -> int:
        row = self._db.value(
            "INSERT INTO files (root, path, size, mtime_ns, sha256, status, reason, passing)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (root, path) DO UPDATE SET size = excluded.size, mtime_ns = excluded.mtime_ns,"
            " sha256 = excluded.sha256, status = excluded.status, reason = excluded.reason, passing = excluded.passing"
            " RETURNING id",
            (file.root, file.path, file.size, file.mtime_ns, sha256, status, reason, passing),
        )
        return int(row)


def unknown_document(document: str) -> NotFoundError:
    """The error for an id that no document has."""
    return NotFoundError(
        f"a document must be in the collection, got {document!r}; `shas-kb tree --json` lists the ids."
    )


def _unknown(file: SourceFile) -> NotFoundError:
    return NotFoundError(f"a file must have been seen before, got {file.path!r}; ingest it first.")
