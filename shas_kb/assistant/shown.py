"""One node, document, passage or sentence in one reply, and how to read on where it is longer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from shas_kb.assistant.bounds import LONGEST, beginning, cut, first_fitting, fit, size, size_within
from shas_kb.errors import UsageError
from shas_kb.lookup import look_up
from shas_kb.outline import Outline
from shas_kb.records import Document, Node, StoredPassage
from shas_kb.replies import PASSAGE, document_json, node_json, passage_json
from shas_kb.storage import Store

FACTS = LONGEST // 3
"""Characters of JSON for what is known of a thing; the rest is for its documents or its text."""

LONGEST_HEADING = 200

MARGIN = 300
"""Characters kept free for what says how to go on."""


def shown(store: Store, outline: Outline, id: str, offset: int) -> dict[str, Any]:
    """What `id` names: a node with its documents, a document with its text, a passage or sentence with what is around.

    Args:
        store: the collection.
        outline: its tree and documents.
        id: an id, the beginning of one, a name, title or path.
        offset: where to begin: of a node's documents, how many to leave out; of a document's text, how many characters.

    Returns:
        JSON; `next_offset`, where there is one, is the offset at which it goes on.

    Raises:
        NotFoundError: `id` names nothing, or several things.
        UsageError: `offset` is not within the thing, or not 0 for a passage.
    """
    if place := PASSAGE.fullmatch(id):
        _check(offset, 1)
        return _passage(passage_json(store, place))
    units: list[Node | Document] = [*outline.tree.nodes, *outline.documents.values()]
    unit = look_up(id, units, what="the id")
    if isinstance(unit, Node):
        return _node(node_json(outline.tree, unit, outline.documents), offset)
    _check(offset, unit.characters)
    return _document(document_json(store, outline.tree, unit), store.document_passages(unit.id), offset)


def _passage(facts: dict[str, Any]) -> dict[str, Any]:
    document, start = facts["document"]["id"], facts["start"]
    return fit(facts, f"Cut to fit: show {document} with offset {start} reads on from here.")


def _node(facts: dict[str, Any], offset: int) -> dict[str, Any]:
    """A node with its documents from `offset` on, as many as fit."""
    documents: Sequence[dict[str, Any]] = facts.pop("documents")
    _check(offset, len(documents))
    facts["count"] = len(documents)
    facts = fit(facts, "Cut to fit: tree with this id as under gives the nodes below.", FACTS)
    page = first_fitting(documents[offset:], LONGEST - MARGIN - size(facts))
    end = offset + len(page)
    return facts | {"documents": page} | ({"next_offset": end} if end < len(documents) else {})


def _document(facts: dict[str, Any], passages: Sequence[StoredPassage], offset: int) -> dict[str, Any]:
    """A document with its text from `offset` on, as many passages as fit; at its beginning with what is known of it."""
    if offset:
        facts = {name: facts[name] for name in ("id", "level", "name", "file")}
    facts = fit(facts, "Cut to fit: the text says the rest.", FACTS)
    left = LONGEST - MARGIN - size(facts)
    content: list[dict[str, Any]] = []
    for passage in passages:
        if passage.end <= offset:
            continue
        entry = _read(passage, offset)
        if (long := size_within(entry)) > left:
            if content:
                return facts | {"content": content, "next_offset": passage.start}
            entry["text"] = beginning(entry["text"], left - size_within(entry | {"text": ""}))
            return facts | {"content": [entry], "next_offset": entry["start"] + len(entry["text"])}
        left -= long
        content.append(entry)
    return facts | {"content": content}


def _read(passage: StoredPassage, offset: int) -> dict[str, Any]:
    """A passage from `offset` on, where that is inside it."""
    start = max(offset, passage.start)
    return {
        "id": passage.id,
        "section": cut(passage.section, LONGEST_HEADING) if passage.section else None,
        "page": passage.page,
        "start": start,
        "text": passage.text[start - passage.start :],
    }


def _check(offset: int, end: int) -> None:
    if not 0 <= offset < max(1, end):
        raise UsageError(f"offset must be from 0 to {max(1, end) - 1} here, got {offset}; leave it out to begin anew.")
