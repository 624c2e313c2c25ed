"""The words of each document, counted: what grouping and naming work with."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Mapping

from shas_kb.storage.files import unknown_document
from shas_kb.storage.part import Part


def pack(counts: Mapping[str, int]) -> bytes:
    """`counts` as compressed JSON, in the order given."""
    text = json.dumps(dict(counts), ensure_ascii=False, separators=(",", ":"))
    return zlib.compress(text.encode(), level=1)


def unpack(blob: bytes) -> dict[str, int]:
    """The inverse of `pack`. Raises ValueError or zlib.error for anything else."""
    counts: dict[str, int] = json.loads(zlib.decompress(blob))
    return counts


class Words(Part):
    """Terms and phrases as the reader counted them."""

    def words(self, document: str) -> tuple[dict[str, int], dict[str, int]]:
        """The terms and the phrases of one document, with their counts.

        Raises:
            NotFoundError: no such document.
        """
        row = self._db.row("SELECT terms, phrases FROM words WHERE document = ?", (document,))
        if row is None:
            raise unknown_document(document)
        return unpack(row[0]), unpack(row[1])

    def all_words(self) -> Iterator[tuple[str, dict[str, int], dict[str, int]]]:
        """(document, terms, phrases) of every document, by id."""
        for document, terms, phrases in self._db.stream("SELECT document, terms, phrases FROM words ORDER BY document"):
            yield document, unpack(terms), unpack(phrases)
