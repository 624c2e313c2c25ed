"""The words of each document, counted: what grouping and naming work with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from shas_kb.storage.counts import Counts, unpack
from shas_kb.storage.files import unknown_document
from shas_kb.storage.part import Part


class DocumentWords(NamedTuple):
    """The terms and the phrases of a document, with their counts."""

    document: str
    terms: Counts
    phrases: Counts


class Words(Part):
    """Terms and phrases as the reader counted them."""

    def words(self, document: str) -> tuple[Counts, Counts]:
        """The terms and the phrases of one document, with their counts.

        Raises:
            NotFoundError: no such document.
        """
        row = self._db.row("SELECT terms, phrases FROM words WHERE document = ?", (document,))
        if row is None:
            raise unknown_document(document)
        return unpack(row[0]), unpack(row[1])

    def all_words(self) -> Iterator[DocumentWords]:
        """Those of every document, by id."""
        for document, terms, phrases in self._db.stream("SELECT document, terms, phrases FROM words ORDER BY document"):
            yield DocumentWords(document, unpack(terms), unpack(phrases))
