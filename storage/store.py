"""The store: one collection in one SQLite file, made of a part for each theme."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Self

from shas_kb.storage.check import Consistency
from shas_kb.storage.database import Database
from shas_kb.storage.documents import Documents
from shas_kb.storage.facts import Facts
from shas_kb.storage.search import FullText
from shas_kb.storage.vectors import VectorTable
from shas_kb.storage.words import Words


class Store(Documents, VectorTable, Words, FullText, Facts, Consistency):
    """A collection: files and documents, vectors, words, the tree, full text, facts and their consistency.

    Every method that changes something is one transaction, so a kill loses at most the one in hand. Any number of
    programs may read while one writes. To be used in the thread that opened it, and as a context manager.
    """

    @classmethod
    def open(cls, path: Path, *, create: bool = False, read_only: bool = False) -> Self:
        """Open the collection at `path`, upgrading a database of an older version.

        Where the file or its folder may not be written to, the collection can be read, and changing it is a
        DatabaseError.

        Args:
            path: the SQLite file.
            create: make a new collection (and its folder) where there is none.
            read_only: only read, though the file could be written to; an older version is not upgraded then.

        Raises:
            NoCollectionError: there is no collection at `path`, and `create` is not set.
            DatabaseError: the file is of another kind, made by a newer version, damaged, locked or not permitted, or of
                an older version and read only.
        """
        return cls(Database(path, create=create, read_only=read_only))

    def exclusive(self) -> AbstractContextManager[None]:
        """Hold off other ingests while this one runs, without holding off readers. May be nested.

        Raises:
            DatabaseError: another program is changing the collection; or at the end, its file was removed or replaced.
        """
        return self._db.exclusive()

    def one_state(self) -> AbstractContextManager[None]:
        """All that is read inside is of one state of the collection, whatever others write meanwhile."""
        return self._db.snapshot()

    def version(self) -> tuple[int, int]:
        """Another after each change of the collection, by whatever program or `Store`; it means nothing
        to another `Store`."""
        return self._db.version()

    def is_outdated(self) -> bool:
        """Whether the collection must be opened again to be seen as it is now, as its file was replaced."""
        return self._db.is_outdated()

    def close(self) -> None:
        """Close the database."""
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
