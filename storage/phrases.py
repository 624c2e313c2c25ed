"""The vectors of the phrases that the current tree's names were chosen from, so that the next build need not make them
again."""

from __future__ import annotations

import json
from collections.abc import Mapping

import numpy as np

from shas_kb.records import Vectors
from shas_kb.storage.part import Part
from shas_kb.storage.vectors import HALF


class PhraseTable(Part):
    """Phrases by their vectors."""

    def phrase_vectors(self) -> dict[str, Vectors]:
        """All that are kept, float16 [d], by phrase."""
        rows = self._db.rows(
            f"SELECT phrase, vector FROM phrases WHERE length(vector) = {HALF.itemsize} * (SELECT dimension FROM model)"
        )
        return {phrase: np.frombuffer(vector, HALF) for phrase, vector in rows}

    def _write_phrases(self, vectors: Mapping[str, Vectors]) -> None:
        """Keep these and no others."""
        self._db.execute(
            "DELETE FROM phrases WHERE phrase NOT IN (SELECT value FROM json_each(?))", (json.dumps(list(vectors)),)
        )
        self._db.executemany(
            "INSERT OR REPLACE INTO phrases (phrase, vector) VALUES (?, ?)",
            [(phrase, vector.astype(HALF).tobytes()) for phrase, vector in vectors.items()],
        )
