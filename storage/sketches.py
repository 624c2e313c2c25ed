"""What passages say, in signs: one row a passage; encoder/sketch.py says what the bits are."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np

from shas_kb.config import WORD_BITS
from shas_kb.errors import DatabaseError
from shas_kb.records import Codes, Sketch
from shas_kb.storage.documents import WANTED, keyed
from shas_kb.storage.part import Part
from shas_kb.storage.signs import sign_bytes

WORD_BYTES = WORD_BITS // 8


class SketchTable(Part):
    """Sketches of passages, in and out."""

    def sketches(self, keys: Sequence[tuple[str, int]]) -> list[Sketch | None]:
        """What the passages with the given (document, ordinal) say, in the same order; None where the document has not
        been encoded, or by a version that made none.

        Raises:
            NotFoundError: one of the passages does not exist.
            DatabaseError: sketches of different sizes.
        """
        found = keyed(
            self._db,
            f"SELECT passages.document, passages.ordinal, passages.id FROM {WANTED} ORDER BY wanted.key",
            keys,
        )
        # Apart from the keys: to be put in their order, the long rows would be copied once more.
        rows = {
            id: its
            for id, *its in self._db.rows(
                "SELECT passage, dimension, pieces, words, telling FROM sketches"
                " WHERE passage IN (SELECT value FROM json_each(?))",
                (json.dumps([id for *_, id in found]),),
            )
        }
        width = sign_bytes(self._common_dimension([its[0] for its in rows.values()]))
        sketches = {
            id: Sketch(_rows(pieces, width), _rows(words, WORD_BYTES), np.frombuffer(telling, np.uint8))
            for id, (_, pieces, words, telling) in rows.items()
        }
        return [sketches.get(id) for *_, id in found]

    def _put_sketches(self, document: str, dimension: int, sketches: Sequence[Sketch]) -> None:
        """Store those of all passages of a document, in place of those they had, in the caller's transaction."""
        self._db.executemany(
            "INSERT OR REPLACE INTO sketches (passage, dimension, pieces, words, telling)"
            " SELECT id, ?, ?, ?, ? FROM passages WHERE document = ? AND ordinal = ?",
            [
                (dimension, its.pieces.tobytes(), its.words.tobytes(), its.telling.tobytes(), document, ordinal)
                for ordinal, its in enumerate(sketches)
            ],
        )

    def _dimension(self) -> int:
        """Of the collection's model, else of vectors that are there, else 0."""
        found = self._db.value("SELECT dimension FROM model UNION ALL SELECT dimension FROM vectors LIMIT 1")
        return int(found or 0)

    def _common_dimension(self, found: list[int]) -> int:
        if len(set(found)) > 1:
            raise DatabaseError(
                f"{self._db.path} must hold vectors of one size, got {sorted(set(found))}; run `shas-kb check`."
            )
        return found[0] if found else self._dimension() or 1


def _rows(blob: bytes, width: int) -> Codes:
    return np.frombuffer(blob, np.uint8).reshape(-1, width)
