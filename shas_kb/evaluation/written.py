"""Questions that a person wrote, from a file: one JSON object a line.

    {"question": "...", "height": "detail", "document": "notes/a.md", "answer": "the sentence that answers"}
    {"question": "...", "height": "subject", "entity": "its name"}
    {"question": "...", "height": "mixed", "parts": [{"entity": "its name"}, {"document": "notes/a.md"}]}
    {"question": "...", "height": "none"}

Only `question` must be there. A document is given by its path or id, a node (`entity`, `category`, `domain`) by its
name or id. Fields of other names are nobody's business here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shas_kb.errors import NotFoundError, UsageError
from shas_kb.evaluation.cases import HEIGHTS, Case, Part
from shas_kb.lookup import look_up
from shas_kb.records import NODE_LEVELS, Document, Node

if TYPE_CHECKING:
    from shas_kb.storage import Store

TEXTS = ("height", "document", "answer", *NODE_LEVELS)
"""Fields that are texts; null counts as absent."""


def written_cases(store: Store, file: Path) -> tuple[list[Case], list[str]]:
    """The questions of a file, and what it names that is not there: nodes, and answers that their document does not
    give in these words.

    A tree's names change with its documents, and the words with their reading, so that this is no error: such a part
    counts for what is there.

    Raises:
        UsageError: a line is not what it must be, or there is none.
        NotFoundError: a document is not in the collection.
        OSError: the file cannot be read.
    """
    known = _Known(store)
    cases = []
    for place, line in _lines(file):
        cases.append(_case(place, line, known))
    if not cases:
        raise UsageError(f"{file} must hold a question a line, got none; write some.")
    return cases, list(dict.fromkeys(known.unknown))


class _Known:
    """What names in the file can mean."""

    def __init__(self, store: Store) -> None:
        self._store = store
        tree = store.tree()
        self.documents: list[Document] = store.documents()
        self.nodes: tuple[Node, ...] = tree.nodes if tree else ()
        self.members = tree.members() if tree else {}
        self.unknown: list[str] = []

    def node(self, level: str, name: str) -> frozenset[str]:
        """The nodes of a level with this name or id, and those of other levels over the same documents."""
        folded = name.strip().casefold()
        named = [
            node.id
            for node in self.nodes
            if node.level == level and folded in (node.id.casefold(), node.name.casefold())
        ]
        if not named:
            self.unknown.append(f"{level} {name!r}")
        over = {self.members[id] for id in named}
        return frozenset(id for id, members in self.members.items() if members in over)

    def sentence(self, place: str, document: str, answer: str) -> str:
        """The words of an answer as passages have them, empty where none of the document's has."""
        words = " ".join(answer.split())
        if any(words in " ".join(passage.text.split()) for passage in self._store.document_passages(document)):
            return words
        self.unknown.append(f"the answer of {place}")
        return ""


def _lines(file: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """The objects of the lines that are not blank, each with how messages call its place."""
    for number, raw in enumerate(file.read_bytes().removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        place = f"{file}, line {number}"
        if not raw.strip():
            continue
        try:
            line = json.loads(raw.decode("utf-8"))
        except (ValueError, RecursionError) as error:
            what = "UTF-8" if isinstance(error, UnicodeDecodeError) else "JSON"
            raise UsageError(f"{place} must be {what}, got {_short(raw)}: {error}; mend the line.") from None
        if not isinstance(line, dict):
            raise UsageError(f'{place} must be an object like {{"question": "..."}}, got {_short(raw)}.')
        yield place, line


def _case(place: str, line: Mapping[str, Any], known: _Known) -> Case:
    question = line.get("question")
    if not isinstance(question, str) or not question.replace("\0", " ").strip():
        raise UsageError(f"{place}: question must be a text with a word, got {question!r}.")
    height = _text(place, line, "height") or None
    if height is not None and height not in HEIGHTS:
        raise UsageError(f"{place}: height must be one of {', '.join(HEIGHTS)}, got {height!r}.")
    parts = line.get("parts") or [line]
    if not isinstance(parts, list) or not all(isinstance(part, dict) for part in parts):
        raise UsageError(f'{place}: parts must be a list of objects like {{"document": "..."}}, got {parts!r}.')
    wanted = tuple(_part(place, part, known) for part in parts)
    if height == "none" and any(part != Part() for part in wanted):
        raise UsageError(f"{place}: a question of height none must have no answer, got one; give another height.")
    return Case(question.encode("utf-8", "replace").decode(), height, wanted)  # JSON can hold half a character


def _part(place: str, part: Mapping[str, Any], known: _Known) -> Part:
    told = {name: _text(place, part, name) for name in TEXTS}
    if told["answer"] and not told["document"]:
        raise UsageError(f"{place}: an answer must stand with the document that gives it, got none; add document.")
    documents: frozenset[str] = frozenset()
    sentence = ""
    if told["document"]:
        try:
            document = look_up(told["document"], known.documents, what="document").id
        except NotFoundError as error:
            raise NotFoundError(f"{place}: {error}") from None
        documents = frozenset({document})
        sentence = known.sentence(place, document, told["answer"]) if told["answer"] else ""
    nodes = [known.node(level, told[level]) for level in NODE_LEVELS if told[level]]
    return Part(documents, sentence=sentence, nodes=frozenset().union(*nodes))


def _text(place: str, line: Mapping[str, Any], name: str) -> str:
    value = line.get(name)
    if value is not None and not isinstance(value, str):
        raise UsageError(f"{place}: {name} must be a text, got {value!r}; put it in quotes.")
    return value or ""


def _short(raw: bytes) -> str:
    text = raw.decode("utf-8", "replace").strip()
    return repr(text if len(text) <= 60 else f"{text[:60]}…")
