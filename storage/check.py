"""Is the database what it should be, and if not, what puts it right?

A repair never invents anything: what cannot be trusted is removed, in such a way that the next ingest reads, encodes or
organises it again. It ends by writing the file anew, so that nothing of what was removed is left in it.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from shas_kb.errors import DatabaseError
from shas_kb.storage.counts import unpack
from shas_kb.storage.database import DamagedError
from shas_kb.storage.documents import OFFSET, PAIR_BYTES, offsets
from shas_kb.storage.part import Part
from shas_kb.storage.rules import RULES, Cure
from shas_kb.storage.signs import HALF, signs_of
from shas_kb.storage.vectors import LENGTH_TOLERANCE


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it should be: `what` must hold, `where` it does not, `mend` it how, and whether that was
    done."""

    what: str
    where: str
    mend: str
    repaired: bool = False


@dataclass(frozen=True, slots=True)
class _Fault:
    what: str
    where: str
    cure: Cure
    key: str | int | None = None


class Consistency(Part):
    """Finding faults, and mending them."""

    def check(self, repair: bool = False) -> list[Finding]:
        """Check the whole database: SQLite's own structure, references, full text, offsets, counts, vectors, the tree.

        Args:
            repair: mend what is found, and compact the file. Nothing of removed documents is left in it then, but for
                words that became names and key phrases in the current tree; building it again replaces these.

        Returns:
            what was found; empty if all is well. A finding is `repaired` if a second look did not find it again.

        Raises:
            DatabaseError: with `repair`, another program is changing the collection or reading it the whole time.
        """
        if not repair:
            return [Finding(fault.what, fault.where, fault.cure.value) for fault in self._faults()]
        with self._db.exclusive():
            found: dict[_Fault, None] = {}
            # Mending one thing can bring another to light: behind broken indexes, or where rows were removed.
            for _ in range(len(Cure)):
                faults = self._faults()
                known = len(found)
                found.update(dict.fromkeys(faults))
                if len(found) == known or Cure.NONE in {fault.cure for fault in faults}:
                    break
                self._mend(faults)
            left = set(self._faults())
            if Cure.NONE not in {fault.cure for fault in left}:
                self._compact()
        return [Finding(fault.what, fault.where, fault.cure.value, fault not in left) for fault in found]

    def _faults(self) -> list[_Fault]:
        """All faults. Of a database with damaged pages, only these: the rest could not be relied on."""
        try:
            with self._db.snapshot():
                faults = list(self._damage())
                if faults:
                    return faults
                faults = [*self._orphans(), *self._broken_rules(), *self._contents()]
            return [*faults, *self._full_text()]
        except DamagedError as error:
            # SQLite's words only: the advice that goes with them may be to run this check.
            return [_Fault("the database must be readable", str(error.__cause__), Cure.NONE)]

    def _damage(self) -> Iterator[_Fault]:
        for (message,) in self._db.rows("PRAGMA integrity_check"):
            if message != "ok":
                cure = Cure.REINDEX if "index" in message else Cure.NONE
                yield _Fault("SQLite's integrity check must pass", message, cure)

    def _orphans(self) -> Iterator[_Fault]:
        tables = {(table, parent) for table, _, parent, _ in self._db.rows("PRAGMA foreign_key_check")}
        for table, parent in sorted(tables):
            yield _Fault(f"every row of {table} must belong to a row of {parent}", table, Cure.DROP_ORPHANS, table)

    def _full_text(self) -> Iterator[_Fault]:
        if self._db.read_only:
            return
        try:
            # A rank of 1 compares the index with the passages, too. To SQLite this is writing: it waits for its turn,
            # and a database that is read-only cannot be checked so.
            self._db.execute("INSERT INTO full_text (full_text, rank) VALUES ('integrity-check', 1)")
        except DamagedError:
            yield _Fault("the full text must hold the words of the passages", "full_text", Cure.REBUILD_TEXT)

    def _broken_rules(self) -> Iterator[_Fault]:
        for rule in RULES:
            for key, where in self._db.rows(rule.broken):
                yield _Fault(rule.what, where, rule.cure, key)

    def _contents(self) -> Iterator[_Fault]:
        """What is inside blobs and texts, where SQL does not see it."""
        for file, document, characters, page_starts in self._db.rows(
            "SELECT file, id, characters, page_starts FROM documents ORDER BY id"
        ):
            if not _are_pages(page_starts, characters):
                yield _Fault("pages must lie in their document, one after the other", document, Cure.FORGET, file)
            if not all(
                _is_passage(*row)
                for row in self._db.stream(
                    'SELECT start, "end", text, sentences FROM passages WHERE document = ?', (document,)
                )
            ):
                yield _Fault("sentences must lie in their passage, one after the other", document, Cure.FORGET, file)
        for file, document, terms, phrases in self._db.stream(
            "SELECT file, document, terms, phrases FROM words JOIN documents ON id = document ORDER BY document"
        ):
            if not (_are_words(terms) and _are_words(phrases)):
                yield _Fault("words must be lines with a count each, compressed", document, Cure.FORGET, file)
        for document, dimension, vector, title, signs, passages in self._db.stream(
            "SELECT document, dimension, vector, title, signs, passages FROM vectors ORDER BY document"
        ):
            if not _are_unit(vector + (title or b"") + passages, dimension):
                yield _Fault("vectors must be finite and of length 1", document, Cure.ENCODE, document)
            elif signs != signs_of(passages, dimension):
                yield _Fault("signs must be those of the vectors", document, Cure.ENCODE, document)

    def _mend(self, faults: list[_Fault]) -> None:
        for cure in Cure:
            keys = list(dict.fromkeys(fault.key for fault in faults if fault.cure is cure))
            if keys:
                with self._db.transaction():
                    self._apply(cure, keys)

    def _apply(self, cure: Cure, keys: list[str | int | None]) -> None:
        match cure:
            case Cure.REINDEX:
                self._db.execute("REINDEX")
            case Cure.REBUILD_TEXT:
                self._db.execute("INSERT INTO full_text (full_text) VALUES ('rebuild')")
            case Cure.DROP_ORPHANS:
                for table in keys:
                    self._drop_orphans(str(table))
            case Cure.FORGET:
                self._db.executemany("DELETE FROM files WHERE id = ?", [(key,) for key in keys])
            case Cure.ENCODE:
                documents = [(key,) for key in keys]
                self._db.executemany("DELETE FROM vectors WHERE document = ?", documents)
                self._db.executemany(
                    "DELETE FROM sketches WHERE passage IN (SELECT id FROM passages WHERE document = ?)", documents
                )
            case Cure.UNSAY:
                self._db.executemany("DELETE FROM wishes WHERE id = ?", [(key,) for key in keys])
            case Cure.ORGANISE:
                self._db.executemany("DELETE FROM runs WHERE number = ?", [(key,) for key in keys])

    def _drop_orphans(self, table: str) -> None:
        """Delete the rows of `table` that refer to what does not exist, as its foreign keys are declared."""
        keys: dict[int, list[tuple[str, str, str]]] = {}
        for number, _, parent, child_column, parent_column, *_ in self._db.rows(f"PRAGMA foreign_key_list ({table})"):
            keys.setdefault(number, []).append((parent, child_column, parent_column))
        for columns in keys.values():
            parent = columns[0][0]
            given = " AND ".join(f'{table}."{column}" IS NOT NULL' for _, column, _ in columns)
            same = " AND ".join(f'above."{above}" = {table}."{column}"' for _, column, above in columns)
            self._db.execute(
                f"DELETE FROM {table} WHERE {given} AND NOT EXISTS (SELECT 1 FROM {parent} AS above WHERE {same})"
            )

    def _compact(self) -> None:
        """Write the file anew, without what removed documents leave behind.

        That is their words in the names of former trees, among phrases that names were chosen from, in segments that
        FTS5 has not merged yet, and in free pages.
        """
        self._db.execute("DELETE FROM phrases")
        self._db.execute(
            "DELETE FROM nodes WHERE run < (SELECT max(number) FROM runs) AND run IN (SELECT run FROM memberships"
            " WHERE (document, sha256) NOT IN (SELECT id, sha256 FROM documents))"
        )
        self._db.execute("INSERT INTO full_text (full_text) VALUES ('optimize')")
        self._db.execute("VACUUM")
        busy, *_ = self._db.rows("PRAGMA wal_checkpoint (TRUNCATE)")[0]
        if busy:
            raise DatabaseError(
                f"{self._db.path} must be read by nobody while it is compacted, got a reader; close it."
            )


def _are_pages(blob: bytes, characters: int) -> bool:
    if len(blob) % OFFSET.itemsize:
        return False
    starts = offsets(blob)
    return starts == sorted(starts) and (not starts or starts[-1] <= characters)


def _is_passage(start: int, end: int, text: str, sentences: bytes) -> bool:
    if len(text) != end - start or not sentences or len(sentences) % PAIR_BYTES:
        return False
    bounds = offsets(sentences)
    return bounds == sorted(bounds) and start <= bounds[0] and bounds[-1] <= end


def _are_words(blob: bytes) -> bool:
    try:
        return unpack(blob).words is not None
    except (ValueError, zlib.error):
        return False


def _are_unit(blob: bytes, dimension: int) -> bool:
    if dimension < 1 or len(blob) % (HALF.itemsize * dimension):
        return False
    vectors = np.frombuffer(blob, HALF).reshape(-1, dimension).astype(np.float32)
    lengths = np.linalg.norm(vectors, axis=1)
    return bool(np.isfinite(lengths).all() and (np.abs(lengths - 1) < LENGTH_TOLERANCE).all())
