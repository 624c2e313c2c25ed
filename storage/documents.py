"""Documents with their sections and passages: what a reading of one file becomes."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from hashlib import sha256
from itertools import count

import numpy as np

from shas_kb.errors import NotFoundError, UsageError
from shas_kb.records import Document, Passage, Quote, Reading, Section, SourceFile, StoredPassage
from shas_kb.storage.counts import pack
from shas_kb.storage.database import Database, Row
from shas_kb.storage.files import Files, unknown_document
from shas_kb.storage.search import searchable

OFFSET = np.dtype("<u4")
PAIR_BYTES = 2 * OFFSET.itemsize

_DOCUMENT = (
    "SELECT documents.id, root, path, documents.sha256, kind, title, authors, year, language,"
    f" length(page_starts) / {OFFSET.itemsize}, passages, tokens, characters"
    " FROM documents JOIN files ON files.id = documents.file"
)
_PASSAGE = (
    "SELECT passages.document, passages.ordinal, sections.title, passages.start, passages.end, passages.tokens, text,"
    " sentences, page_starts FROM {source} JOIN documents ON documents.id = passages.document"
    " LEFT JOIN sections ON sections.document = passages.document AND sections.ordinal = passages.section"
    " ORDER BY {order}"
)
WANTED = (
    "json_each(?) AS wanted CROSS JOIN passages ON passages.document = json_extract(wanted.value, '$[0]')"
    " AND passages.ordinal = json_extract(wanted.value, '$[1]')"
)
"""The passages that `keyed` is asked for, in the order of `wanted.key`."""


class Documents(Files):
    """Documents and their text, in and out."""

    def put_reading(self, file: SourceFile, reading: Reading) -> str:
        """Store what was read from a file, in one transaction, in place of all that the file held before.

        A document keeps its id when the content of its file changes. Content that another file holds already is not
        stored
        again: `file` is recorded as skipped then, and becomes worth another try when that other document goes or
            changes.

        Returns:
            the id of the document that holds this content.

        Raises:
            UsageError: the reading has no passages, holds text that is not Unicode, or words over several lines.
        """
        if not reading.passages:
            raise UsageError(f"a reading must have passages, got none from {file.path!r}; store it as a problem.")
        with self._db.transaction():
            twin = self._db.row(
                "SELECT documents.id, path FROM documents JOIN files ON files.id = documents.file"
                " WHERE documents.sha256 = ? AND NOT (root = ? AND path = ?)",
                (reading.sha256, file.root, file.path),
            )
            if twin:
                self._drop_document(file)
                self._put_file(file, reading.sha256, "skipped", f"the same content as {twin[1]}; nothing to do")
                return str(twin[0])
            document = self._identify(file)
            self._drop_document(file)
            row = self._put_file(file, reading.sha256, "read")
            self._insert_document(document, row, reading)
            return document

    def documents(self) -> list[Document]:
        """All documents, by root and path."""
        return [_document(row) for row in self._db.rows(f"{_DOCUMENT} ORDER BY root, path")]

    def document(self, id: str) -> Document:
        """One document.

        Raises:
            NotFoundError: no such document.
        """
        row = self._db.row(f"{_DOCUMENT} WHERE documents.id = ?", (id,))
        if row is None:
            raise unknown_document(id)
        return _document(row)

    def sections(self, document: str) -> list[Section]:
        """The sections of a document, in order; empty if it has none.

        Raises:
            NotFoundError: no such document.
        """
        return [
            Section(*row) for row in self._of("SELECT title, depth, start FROM sections WHERE document = ?", document)
        ]

    def passages(self, keys: Sequence[tuple[str, int]]) -> list[StoredPassage]:
        """The passages with the given (document, ordinal), in the same order.

        Raises:
            NotFoundError: one of them does not exist.
        """
        return [_passage(row) for row in keyed(self._db, _PASSAGE.format(source=WANTED, order="wanted.key"), keys)]

    def document_passages(self, document: str) -> list[StoredPassage]:
        """All passages of a document, in order.

        Raises:
            NotFoundError: no such document.
        """
        source = "(SELECT * FROM passages WHERE document = ?) AS passages"
        return [_passage(row) for row in self._of(_PASSAGE.format(source=source, order="passages.ordinal"), document)]

    def texts(self, document: str) -> list[str]:
        """The texts of a document's passages, in order.

        Raises:
            NotFoundError: no such document.
        """
        return [row[0] for row in self._of("SELECT text FROM passages WHERE document = ? ORDER BY ordinal", document)]

    def tokens(self, document: str) -> list[int]:
        """The sizes of a document's passages in word pieces, in order.

        Raises:
            NotFoundError: no such document.
        """
        return [row[0] for row in self._of("SELECT tokens FROM passages WHERE document = ? ORDER BY ordinal", document)]

    def _of(self, sql: str, document: str) -> list[Row]:
        rows = self._db.rows(sql, (document,))
        if not rows and not self._exists(document):
            raise unknown_document(document)
        return rows

    def _exists(self, document: str) -> bool:
        return self._db.value("SELECT 1 FROM documents WHERE id = ?", (document,)) is not None

    def _identify(self, file: SourceFile) -> str:
        """The id that the file's document has, or else a free one."""
        known = self._db.value(
            "SELECT documents.id FROM documents JOIN files ON files.id = documents.file WHERE root = ? AND path = ?",
            (file.root, file.path),
        )
        return str(known) if known else next(id for id in _ids(file) if not self._exists(id))

    def _insert_document(self, document: str, file: int, reading: Reading) -> None:
        self._db.execute(
            "INSERT INTO documents (id, file, sha256, kind, title, authors, year, language, passages, tokens,"
            " characters, page_starts) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                document,
                file,
                reading.sha256,
                reading.kind,
                reading.title,
                json.dumps(reading.authors, ensure_ascii=False),
                reading.year,
                reading.language,
                len(reading.passages),
                reading.tokens,
                reading.characters,
                np.array(reading.page_starts, OFFSET).tobytes(),
            ),
        )
        self._db.executemany(
            "INSERT INTO sections (document, ordinal, title, depth, start) VALUES (?, ?, ?, ?, ?)",
            [(document, i, section.title, section.depth, section.start) for i, section in enumerate(reading.sections)],
        )
        self._db.executemany(
            'INSERT INTO passages (document, ordinal, section, start, "end", tokens, sentences, text, search)'
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [_passage_row(document, passage, reading) for passage in reading.passages],
        )
        self._db.execute(
            "INSERT INTO words (document, terms, phrases) VALUES (?, ?, ?)",
            (document, pack(reading.terms), pack(reading.phrases)),
        )


def keyed(database: Database, sql: str, keys: Sequence[tuple[str, int]]) -> list[Row]:
    """The rows of a query for the passages with the given (document, ordinal), one a key, in the same order.

    Args:
        database: where they are.
        sql: selects document and ordinal first, from `WANTED`, ordered by `wanted.key`.
        keys: any number, repeated ones too.

    Raises:
        NotFoundError: one of the passages does not exist.
    """
    wanted = [(document, int(ordinal)) for document, ordinal in keys]
    rows = database.rows(sql, (json.dumps(wanted),))
    if len(rows) != len(wanted):
        document, ordinal = next(key for key in wanted if key not in {(row[0], row[1]) for row in rows})
        raise NotFoundError(
            f"a passage must be in the collection, got '{document}:{ordinal}'; `shas-kb query` gives ids that are."
        )
    return rows


def page_of(offset: int, page_starts: Sequence[int]) -> int | None:
    """The page on which a character stands, from 1; None in a document without pages."""
    return max(bisect_right(page_starts, offset), 1) if page_starts else None


def offsets(blob: bytes) -> list[int]:
    """The numbers in a blob of offsets (page starts; or sentences, start and end in turn)."""
    found: list[int] = np.frombuffer(blob, OFFSET).tolist()
    return found


def _ids(file: SourceFile) -> Iterator[str]:
    """Ids for the document of a file: by its path in its folder, so that the same folder elsewhere gives the same ids;
    where that is taken (the same path under two roots), by the whole path."""
    whole = f"{file.root}/{file.path}"
    yield _digest(file.path)
    yield _digest(whole)
    yield from (_digest(f"{whole}#{number}") for number in count(2))


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:12]


def _document(row: Row) -> Document:
    *names, authors, year, language, pages, passages, tokens, characters = row
    values = [*names, tuple(json.loads(authors)), year, language, pages, passages, tokens, characters]
    return Document(*values)


def _passage_row(document: str, passage: Passage, reading: Reading) -> tuple[object, ...]:
    return (
        document,
        passage.ordinal,
        passage.section,
        passage.start,
        passage.end,
        passage.tokens,
        np.array(passage.sentences, OFFSET).tobytes(),
        passage.text,
        _searched(passage, reading),
    )


def _searched(passage: Passage, reading: Reading) -> str | None:
    """What full text sees of a passage where it is not the text alone: with the first one it finds the title and the
    authors too, which need not stand in a text."""
    about = (reading.title, *reading.authors) if passage.ordinal == 0 else ()
    missing = [words for words in about if words.casefold() not in passage.text.casefold()]
    if not missing:
        return searchable(passage.text)
    text = "\n".join((*missing, passage.text))
    return searchable(text) or text


def _passage(row: Row) -> StoredPassage:
    document, ordinal, section, start, end, tokens, text, sentences, page_starts = row
    pages = offsets(page_starts)
    bounds = iter(offsets(sentences))
    quotes = tuple(
        Quote(text[first - start : last - start], document, page_of(first, pages), first, last)
        for first, last in zip(bounds, bounds, strict=True)
    )
    return StoredPassage(document, ordinal, section, page_of(start, pages), start, end, tokens, text, quotes)
