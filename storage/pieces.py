"""Pieces of passages, about a clause each: four bits a channel, one row a passage.

There are some ten times as many pieces as passages, so they are kept at a quarter of the passages' precision; what that
loses is measured by benchmarks/finding.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise

import numpy as np

from shas_kb.errors import DatabaseError
from shas_kb.records import Vectors
from shas_kb.storage.documents import WANTED, keyed
from shas_kb.storage.part import Part

_WIDEST = 2.5
"""Channels beyond so many times the row's root mean square are cut off there."""

_STEPS = 8
"""To each side of zero."""

_FINEST = (_STEPS - 0.5) / _WIDEST

_SINGLE = np.dtype("<f4")
# The two channels that each byte stands for, side by side, so that one look-up reads both.
_PAIRS = (
    np.stack([np.arange(256) % 16, np.arange(256) // 16], axis=1).astype(_SINGLE) - np.float32(_STEPS - 0.5)
).view("<f8")[:, 0]


def packed(dimension: int) -> int:
    """Bytes of one row."""
    return (dimension + 1) // 2


def pack(rows: Vectors) -> bytes:
    """Rows at four bits a channel, two channels a byte (the first in the lower half), an odd last one alone.

    A channel becomes one of 16 steps between -2.5 and 2.5 times the row's root mean square; what lies beyond is cut
    off. Directions come back with a cosine above 0.99 on average. Lengths are lost, so that a row of zeros comes back
    as one of equal channels.

    Args:
        rows: float32 [rows, d].
    """
    count, dimension = rows.shape
    spread = np.sqrt(np.mean(np.square(rows), axis=1, keepdims=True))
    steps = np.floor(rows / np.where(spread > 0, spread, 1) * np.float32(_FINEST))
    codes = np.full((count, 2 * packed(dimension)), _STEPS, np.uint8)
    codes[:, :dimension] = np.clip(steps, -_STEPS, _STEPS - 1) + _STEPS
    return (codes[:, ::2] | codes[:, 1::2] << 4).tobytes()


def unpack(blob: bytes, dimension: int) -> Vectors:
    """The rows of a blob that `pack` made, as float32 of unit length [rows, dimension]."""
    pairs = _PAIRS[np.frombuffer(blob, np.uint8)]
    rows = pairs.view(_SINGLE).reshape(-1, 2 * packed(dimension))[:, :dimension]
    rows /= np.sqrt(np.einsum("nd,nd->n", rows, rows))[:, None]
    return rows


class PieceTable(Part):
    """Pieces of passages, in and out."""

    def pieces(self, keys: Sequence[tuple[str, int]]) -> list[Vectors]:
        """The pieces of the passages with the given (document, ordinal), in the same order.

        Returns:
            for each, float32 of unit length [pieces, d]; none ([0, d]) where the document has not been encoded, or by
            a version that made none.

        Raises:
            NotFoundError: one of the passages does not exist.
            DatabaseError: pieces of different sizes.
        """
        rows = keyed(
            self._db,
            "SELECT passages.document, passages.ordinal, dimension, units"
            f" FROM {WANTED} LEFT JOIN pieces ON passage = passages.id ORDER BY wanted.key",
            keys,
        )
        dimension = self._common_dimension([row[2] for row in rows if row[2]])
        unpacked = unpack(b"".join(row[3] or b"" for row in rows), dimension)
        ends = accumulate((len(row[3] or b"") // packed(dimension) for row in rows), initial=0)
        return [unpacked[start:end] for start, end in pairwise(ends)]

    def _put_pieces(self, document: str, pieces: Vectors, counts: Sequence[int]) -> None:
        """Store the pieces of all passages of a document, in place of those they had, in the caller's transaction."""
        dimension = pieces.shape[1]
        units = pack(pieces)
        ends = [count * packed(dimension) for count in accumulate(counts, initial=0)]
        self._db.executemany(
            "INSERT OR REPLACE INTO pieces (passage, dimension, units)"
            " SELECT id, ?, ? FROM passages WHERE document = ? AND ordinal = ?",
            [(dimension, units[start:end], document, i) for i, (start, end) in enumerate(pairwise(ends))],
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
