"""The vectors of the phrases that the current tree's names were chosen from, so that the next build need not make them
again."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from shas_kb.storage.part import Part
from shas_kb.storage.signs import HALF
from shas_kb.storage.vectors import LENGTH_TOLERANCE

HalfVectors = NDArray[np.float16]


class PhraseTable(Part):
    """Phrases by their vectors."""

    def phrase_vectors(self) -> dict[str, HalfVectors]:
        """All that are kept and unit vectors, float16 [d], by phrase; others are as good as none."""
        rows = self._db.rows(
            f"SELECT phrase, vector FROM phrases WHERE length(vector) = {HALF.itemsize} * (SELECT dimension FROM model)"
        )
        if not rows:
            return {}
        vectors = np.frombuffer(b"".join(vector for _, vector in rows), HALF).reshape(len(rows), -1)
        good = np.abs(np.linalg.norm(vectors.astype(np.float32), axis=1) - 1) < LENGTH_TOLERANCE
        return {phrase: vector for (phrase, _), vector, is_good in zip(rows, vectors, good, strict=True) if is_good}

    def _write_phrases(self, vectors: Mapping[str, HalfVectors]) -> None:
        """Keep these and no others."""
        self._db.execute("DELETE FROM phrases")
        self._db.executemany(
            "INSERT INTO phrases (phrase, vector) VALUES (?, ?)",
            [(phrase, vector.astype(HALF).tobytes()) for phrase, vector in vectors.items()],
        )
