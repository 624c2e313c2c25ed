"""Vectors: float16, little endian, one row a document. Half the size of float32, and the tree is built from what is
stored, so that it is the same whether the vectors were just encoded or read back."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shas_kb.errors import DatabaseError, NotFoundError, UsageError
from shas_kb.records import Vectors
from shas_kb.storage.files import unknown_document
from shas_kb.storage.part import Part

HALF = np.dtype("<f2")


@dataclass(frozen=True, slots=True)
class PassageMatrix:
    """All passage vectors of the collection, one below the other, by document id and ordinal.

    Attributes:
        documents: ids [n].
        offsets: int64 [n + 1]; the passages of `documents[i]` are rows `offsets[i]` to `offsets[i + 1]`.
        matrix: float16 [total, d], unit length within its precision, read only.
    """

    documents: list[str]
    offsets: NDArray[np.int64]
    matrix: NDArray[np.float16]

    def key(self, row: int) -> tuple[str, int]:
        """(document, ordinal) of a row."""
        index = bisect_right(self.offsets, row) - 1
        return self.documents[index], row - int(self.offsets[index])


class VectorTable(Part):
    """Vectors of passages and documents, in and out."""

    def pending(self) -> list[str]:
        """Documents without vectors, by root and path of their file."""
        rows = self._db.rows(
            "SELECT documents.id FROM documents JOIN files ON files.id = documents.file"
            " WHERE documents.id NOT IN (SELECT document FROM vectors) ORDER BY root, path"
        )
        return [row[0] for row in rows]

    def put_vectors(self, document: str, passages: Vectors, vector: Vectors) -> None:
        """Store a document's vectors, in one transaction.

        Args:
            document: its id.
            passages: [p, d], one row a passage, in their order.
            vector: [d], the document's own.

        Raises:
            NotFoundError: no such document.
            UsageError: the shapes do not fit the document, the model or each other, or a number is not finite.
        """
        with self._db.transaction():
            count = self._db.value("SELECT passages FROM documents WHERE id = ?", (document,))
            if count is None:
                raise unknown_document(document)
            dimension = self._dimension() or passages.shape[-1]
            if passages.shape != (count, dimension) or vector.shape != (dimension,):
                raise UsageError(
                    f"vectors of document {document} must have the shapes ({count}, {dimension}) and ({dimension},), "
                    f"got {passages.shape} and {vector.shape}; encode it with the collection's model."
                )
            if not (np.isfinite(passages).all() and np.isfinite(vector).all()):
                raise UsageError(
                    f"vectors of document {document} must be finite, got NaN or infinity; encode it again."
                )
            self._db.execute(
                "INSERT OR REPLACE INTO vectors (document, dimension, vector, passages) VALUES (?, ?, ?, ?)",
                (document, dimension, vector.astype(HALF).tobytes(), passages.astype(HALF).tobytes()),
            )

    def vectors(self, document: str) -> Vectors:
        """The passage vectors of one document, float32 [p, d].

        Raises:
            NotFoundError: no such document, or it has no vectors yet.
        """
        row = self._db.row("SELECT passages, dimension FROM vectors WHERE document = ?", (document,))
        if row is None:
            raise NotFoundError(f"a document must have vectors, got {document!r}; ingest it again.")
        return np.frombuffer(row[0], HALF).reshape(-1, row[1]).astype(np.float32)

    def passage_matrix(self) -> PassageMatrix:
        """All passage vectors, ready to be multiplied with a question's.

        Raises:
            DatabaseError: rows of different sizes.
        """
        rows = self._db.rows("SELECT document, dimension, passages FROM vectors ORDER BY document")
        dimension = self._common_dimension([row[1] for row in rows])
        lengths = [len(row[2]) // (HALF.itemsize * dimension) for row in rows]
        offsets = np.concatenate(([0], np.cumsum(lengths, dtype=np.int64))).astype(np.int64)
        matrix = np.frombuffer(b"".join(row[2] for row in rows), HALF).reshape(-1, dimension)
        return PassageMatrix([row[0] for row in rows], offsets, matrix)

    def document_matrix(self) -> tuple[list[str], Vectors]:
        """Ids and vectors (float32 [n, d]) of all documents that have them, by id.

        Raises:
            DatabaseError: rows of different sizes.
        """
        rows = self._db.rows("SELECT document, dimension, vector FROM vectors ORDER BY document")
        dimension = self._common_dimension([row[1] for row in rows])
        matrix = np.frombuffer(b"".join(row[2] for row in rows), HALF).reshape(-1, dimension)
        return [row[0] for row in rows], matrix.astype(np.float32)

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
