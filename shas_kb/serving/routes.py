"""From an address to what is sent. Addresses are matched as they come; nothing of them is ever a path of a file.

/                         the page
/ask?q=&under=&level=&k=  a question, answered as `query --json --explain` does
/passages/ID?at=          the text of a document around an offset
/page/ID/N.png?start=&end=  a page of a PDF, with what stands between two offsets marked
/document/ID/NAME         the original
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from http import HTTPStatus
from pathlib import PurePosixPath
from urllib.parse import parse_qs, quote, unquote

from shas_kb.config import DrawConfig
from shas_kb.errors import NotFoundError, ShasKBError, UsageError
from shas_kb.export.text import one_line
from shas_kb.records import Document, Problem
from shas_kb.serving.collection import Collection
from shas_kb.serving.originals import Originals, is_utf_8
from shas_kb.serving.pictures import Pictures
from shas_kb.serving.response import Response

LONGEST_QUESTION = 4000
"""Characters: more than any model's window holds."""

LONGEST_NAME = 500
MOST_HITS = 50
USUAL_HITS = 10
_FIELDS = 20
_NUMBER = re.compile("[0-9]{1,9}")

TYPES = {"pdf": "application/pdf", "text": "text/plain", "markdown": "text/plain", "html": "text/plain"}
"""As what originals are shown, by the kind of their document; others are kept by the browser, not shown."""

Query = Mapping[str, str]


class Routes:
    """What there is to ask for in a collection."""

    def __init__(self, collection: Collection, drawing: DrawConfig) -> None:
        self._collection = collection
        self._originals = Originals()
        self._pictures = Pictures(drawing)
        self._routes: tuple[tuple[re.Pattern[str], Callable[..., Response]], ...] = (
            (re.compile("/"), self._page),
            (re.compile("/ask"), self._ask),
            (re.compile("/passages/([0-9a-f]{12})"), self._passages),
            (re.compile("/page/([0-9a-f]{12})/([0-9]{1,6})[.]png"), self._picture),
            (re.compile("/document/([0-9a-f]{12})/([^/]*)"), self._original),
        )

    def answer(self, path: str, query: str) -> Response:
        """What is sent for the path and the query of an address, both as they came."""
        try:
            for pattern, route in self._routes:
                if found := pattern.fullmatch(path):
                    return route(_parsed(query), *found.groups())
        except NotFoundError as error:
            return Response.refused(HTTPStatus.NOT_FOUND, str(error))
        except UsageError as error:
            return Response.refused(HTTPStatus.BAD_REQUEST, str(error))
        except ShasKBError as error:
            return Response.refused(HTTPStatus.SERVICE_UNAVAILABLE, str(error))
        return Response.refused(HTTPStatus.NOT_FOUND, "There is nothing at this address.")

    def close(self) -> None:
        """End what draws pictures."""
        self._pictures.close()

    def _page(self, query: Query) -> Response:
        # What the page may load it says itself, by hashes; who may frame it can only be said here.
        policy = {"Content-Security-Policy": "frame-ancestors 'none'"}
        return Response(self._collection.page(), "text/html; charset=utf-8", headers=policy)

    def _ask(self, query: Query) -> Response:
        question, under = query.get("q", ""), query.get("under", "")
        _check_length("the question", question, LONGEST_QUESTION)
        _check_length("under", under, LONGEST_NAME)
        levels = [level for level in query.get("level", "").split(",") if level not in ("", "auto")]
        k = _number(query, "k", USUAL_HITS)
        if not 1 <= k <= MOST_HITS:
            raise UsageError(f"k must be from 1 to {MOST_HITS}, got {k}.")
        return Response.json(self._collection.ask(question, levels, under or None, k))

    def _passages(self, query: Query, id: str) -> Response:
        return Response.json(self._collection.passages(id, _number(query, "at", 0)))

    def _picture(self, query: Query, id: str, number: str) -> Response:
        document, page = self._collection.document(id), int(number)
        if not 1 <= page <= document.pages:
            raise NotFoundError(f"the page must be one of the {document.pages} of {document.title!r}, got {page}.")
        start, end = _number(query, "start", 0), _number(query, "end", 0)
        quotes = self._collection.sentences(id, page, start, end) if start < end else ()
        picture = self._pictures.get(document, page, quotes)
        if isinstance(picture, Problem):
            return _unavailable(document, picture)
        return Response(picture.png, "image/png", headers={"X-Marks": str(picture.marks)})

    def _original(self, query: Query, id: str, name: str) -> Response:
        document = self._collection.document(id)
        if unquote(name) != file_name(document):
            raise NotFoundError(f"the original of {document.title!r} must be asked for by its own name, got another.")
        file = self._originals.open(document)
        if isinstance(file, Problem):
            return _unavailable(document, file)
        type = TYPES.get(document.kind, "application/octet-stream")
        shown = "inline" if document.kind in TYPES else "attachment"
        if type == "text/plain" and is_utf_8(file):
            type += "; charset=utf-8"  # which browsers do not guess, as they do others
        headers = {"Content-Disposition": f"{shown}; filename*=UTF-8''{quote(file_name(document), safe='')}"}
        return Response(file, type, headers=headers)


def file_name(document: Document) -> str:
    """The name of a document's file, as it stands in the page."""
    return one_line(PurePosixPath(document.path).name)


def _unavailable(document: Document, problem: Problem) -> Response:
    return Response.refused(HTTPStatus.GONE, f"{one_line(document.path)} cannot be shown: {problem.reason}.")


def _parsed(query: str) -> Query:
    """The fields of a query, the first of each name; several levels stay together, with commas between them."""
    try:
        fields = parse_qs(query, keep_blank_values=True, errors="replace", max_num_fields=_FIELDS)
    except ValueError as error:
        raise UsageError(f"an address must have at most {_FIELDS} fields, got more.") from error
    return {name: ",".join(values) if name == "level" else values[0] for name, values in fields.items()}


def _number(query: Query, name: str, usual: int) -> int:
    given = query.get(name, str(usual))
    if not _NUMBER.fullmatch(given):
        raise UsageError(f"{name} must be a whole number, got {given[:40]!r}.")
    return int(given)


def _check_length(what: str, text: str, most: int) -> None:
    if len(text) > most:
        raise UsageError(f"{what} must have at most {most:,} characters, got {len(text):,}; give fewer words.")
