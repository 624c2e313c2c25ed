"""Vectors: float16, little endian, one row a document (sketches apart). Half the size of float32, and the tree is built
from what is stored, so that it is the same whether the vectors were just encoded or read back."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shas_kb.errors import DatabaseError, NotFoundError, UsageError
from shas_kb.records import Codes, Encoded, Vectors
from shas_kb.storage.files import unknown_document
from shas_kb.storage.signs import HALF, sign_bytes, signs_of
from shas_kb.storage.sketches import WORD_BYTES, SketchTable

# float16 keeps three digits, so the length of a unit vector comes out within a thousandth.
LENGTH_TOLERANCE = 0.01


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


@dataclass(frozen=True, slots=True)
class Outlines:
    """What of each document's vectors is small, by document id.

    Attributes:
        documents: ids [n].
        offsets: int64 [n + 1]; the passages of `documents[i]` are those from `offsets[i]` to `offsets[i + 1]`.
        vectors: of the documents, float16 [n, d].
        titles: of their titles, float16 [n, d]; zeros where there is none.
        signs: of all passages, [total, bytes].
    """

    documents: list[str]
    offsets: NDArray[np.int64]
    vectors: NDArray[np.float16]
    titles: NDArray[np.float16]
    signs: Codes


ENCODED = (
    "SELECT document FROM vectors WHERE EXISTS (SELECT 1 FROM passages JOIN sketches ON passage = passages.id"
    " WHERE passages.document = vectors.document AND ordinal = 0)"
)
"""The documents that have all that an encoder makes of them."""


class VectorTable(SketchTable):
    """Vectors of documents, titles and passages, and what passages say, in and out."""

    def pending(self) -> list[str]:
        """Documents without vectors or sketches (an older version made fewer), by root and path of their file."""
        rows = self._db.rows(
            "SELECT documents.id FROM documents JOIN files ON files.id = documents.file"
            f" WHERE documents.id NOT IN ({ENCODED}) ORDER BY root, path"
        )
        return [row[0] for row in rows]

    def put_vectors(self, document: str, encoded: Encoded) -> None:
        """Store a document's vectors, in one transaction, in place of those it had.

        Args:
            document: its id.
            encoded: its vectors; those of passages in their order.

        Raises:
            NotFoundError: no such document.
            UsageError: the shapes do not fit the document, the model or each other, or a number is not finite.
        """
        with self._db.transaction():
            count = self._db.value("SELECT passages FROM documents WHERE id = ?", (document,))
            if count is None:
                raise unknown_document(document)
            dimension = self._dimension() or encoded.passages.shape[-1]
            _must_fit(document, encoded, count, dimension)
            vector, title, passages = (
                each.astype(HALF).tobytes() for each in (encoded.document, encoded.title, encoded.passages)
            )
            self._db.execute(
                "INSERT OR REPLACE INTO vectors (document, dimension, vector, title, signs, passages)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (document, dimension, vector, title, signs_of(passages, dimension), passages),
            )
            self._put_sketches(document, dimension, encoded.sketches)

    def vectors(self, document: str) -> Vectors:
        """The passage vectors of one document, float32 [p, d].

        Raises:
            NotFoundError: no such document, or it has no vectors yet.
        """
        row = self._db.row("SELECT passages, dimension FROM vectors WHERE document = ?", (document,))
        if row is None:
            raise NotFoundError(f"a document must have vectors, got {document!r}; ingest it again.")
        return np.frombuffer(row[0], HALF).reshape(-1, row[1]).astype(np.float32)

    def opened(self, documents: Sequence[str]) -> NDArray[np.float16]:
        """The passage vectors of some documents, by their ids, one below the other [passages, d].

        Raises:
            NotFoundError: one of them does not exist, or has no vectors yet.
            DatabaseError: rows of different sizes.
        """
        rows = self._db.rows(
            "SELECT dimension, passages FROM vectors WHERE document IN (SELECT value FROM json_each(?))"
            " ORDER BY document",
            (json.dumps(documents),),
        )
        if len(rows) < len(documents):
            raise NotFoundError("documents must have vectors, got some that are gone or changed; ask again.")
        dimension = self._common_dimension([row[0] for row in rows])
        return np.frombuffer(b"".join(row[1] for row in rows), HALF).reshape(-1, dimension)

    def outlines(self) -> Outlines:
        """What a search of a large collection holds in memory.

        Raises:
            DatabaseError: rows of different sizes, or signs that are not those of the passages.
        """
        rows = self._db.rows(
            "SELECT document, dimension, vector, title, signs, length(passages) FROM vectors ORDER BY document"
        )
        dimension = self._common_dimension([row[1] for row in rows])
        width, blank = sign_bytes(dimension), bytes(HALF.itemsize * dimension)
        lengths = [len(row[4]) // width for row in rows]
        for row, length in zip(rows, lengths, strict=True):
            if not length or length * HALF.itemsize * dimension != row[5]:
                raise DatabaseError(
                    f"{self._db.path} must hold the signs of all passages, got {length} of document {row[0]}; "
                    "run `shas-kb check --repair`."
                )
        return Outlines(
            documents=[row[0] for row in rows],
            offsets=np.concatenate(([0], np.cumsum(lengths, dtype=np.int64))).astype(np.int64),
            vectors=np.frombuffer(b"".join(row[2] for row in rows), HALF).reshape(-1, dimension),
            titles=np.frombuffer(b"".join(row[3] or blank for row in rows), HALF).reshape(-1, dimension),
            signs=np.frombuffer(b"".join(row[4] for row in rows), np.uint8).reshape(-1, width),
        )

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

    def title_matrix(self) -> NDArray[np.float16]:
        """The vectors of the titles [n, d], in the order of `document_matrix`; zeros where there is none.

        Raises:
            DatabaseError: rows of different sizes.
        """
        rows = self._db.rows("SELECT dimension, title FROM vectors ORDER BY document")
        dimension = self._common_dimension([row[0] for row in rows])
        blank = bytes(HALF.itemsize * dimension)
        return np.frombuffer(b"".join(row[1] or blank for row in rows), HALF).reshape(-1, dimension)

    def heading_matrix(self) -> Vectors:
        """The titles as the tree sees them, float32: as long as one has no vector (an older version's), none counts, so
        that like stands beside like.

        Raises:
            DatabaseError: rows of different sizes.
        """
        titles = self.title_matrix().astype(np.float32)
        return titles if titles.any(axis=1).all() else np.zeros_like(titles)

    def opening_matrix(self) -> NDArray[np.float16]:
        """The vectors of the first passages [n, d], in the order of `document_matrix`.

        Raises:
            DatabaseError: rows of different sizes.
        """
        rows = self._db.rows(
            f"SELECT dimension, substr(passages, 1, {HALF.itemsize} * dimension) FROM vectors ORDER BY document"
        )
        dimension = self._common_dimension([row[0] for row in rows])
        return np.frombuffer(b"".join(row[1] for row in rows), HALF).reshape(-1, dimension)


def _must_fit(document: str, encoded: Encoded, passages: int, dimension: int) -> None:
    """Raises UsageError if `encoded` is not of a document with so many passages and the model's dimension."""
    shapes = {
        "document": (dimension,),
        "title": (dimension,),
        "passages": (passages, dimension),
    }
    found = {name: getattr(encoded, name) for name in shapes}
    if {name: array.shape for name, array in found.items()} != shapes:
        raise UsageError(
            f"vectors of document {document} must have the shapes {_listed(shapes)}, "
            f"got {_listed({name: array.shape for name, array in found.items()})}; "
            "encode it with the collection's model."
        )
    widths = {(its.pieces.shape[1:], its.words.shape[1:]) for its in encoded.sketches}
    empty = any(not (len(its.pieces) and len(its.words) and len(its.telling)) for its in encoded.sketches)
    if empty or len(encoded.sketches) != passages or widths != {((sign_bytes(dimension),), (WORD_BYTES,))}:
        raise UsageError(
            f"document {document} must have sketches for each of its {passages} passages, with at least one piece of "
            f"{sign_bytes(dimension)} bytes and one word of {WORD_BYTES}; encode it again."
        )
    if any(np.unpackbits(its.telling).sum() != len(its.words) for its in encoded.sketches):
        raise UsageError(f"sketches of document {document} must tell which token each word is; encode it again.")
    if not all(np.isfinite(array).all() for array in found.values()):
        raise UsageError(f"vectors of document {document} must be finite, got NaN or infinity; encode it again.")


def _listed(shapes: Mapping[str, tuple[int, ...]]) -> str:
    return ", ".join(f"{name} {shape}" for name, shape in shapes.items())
