"""The JSON that programs get of a question, and of one node, document, passage or sentence."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from shas_kb.errors import NotFoundError

if TYPE_CHECKING:
    from shas_kb.records import Document, Hit, Node, Reply, Tree
    from shas_kb.storage import Store

PASSAGE = re.compile(r"(?P<document>[0-9a-f]{12}):(?P<ordinal>\d+)(\.(?P<sentence>\d+))?")
"""The id of a passage, or of a sentence in it."""


def reply_json(reply: Reply, *, explain: bool = False) -> dict[str, object]:
    """A reply as `query --json` gives it."""
    document: dict[str, object] = {
        "query": reply.query,
        "read_as": reply.read_as,
        "level": "auto" if not reply.levels else reply.levels[0] if len(reply.levels) == 1 else list(reply.levels),
        "routing": [{"level": level, "weight": round(weight, 4)} for level, weight in reply.routing],
        "hits": [_hit_json(hit) for hit in reply.hits],
        "answer": {
            "text": reply.answer,
            "citations": [
                {
                    "document": quote.document,
                    "page": quote.page,
                    "start": quote.start,
                    "end": quote.end,
                    "text": quote.text,
                }
                for quote in reply.citations
            ],
        },
        "confidence": round(reply.confidence, 4),
        "milliseconds": round(reply.milliseconds, 1),
    }
    if explain:
        document["reasons"] = list(reply.reasons)
    return document


def node_json(tree: Tree, node: Node, documents: Mapping[str, Document]) -> dict[str, object]:
    """A node with all documents under it, the most typical first. `documents` are those of the collection, by id."""
    inside = _below(tree, node)
    members = [membership for membership in tree.memberships if membership.primary and membership.node in inside]
    members.sort(key=lambda membership: (-membership.weight, membership.document))
    return {
        "id": node.id,
        "level": node.level,
        "name": node.name,
        "path": [other.name for other in _above(tree, node)],
        "keyphrases": list(node.keyphrases),
        "confidence": round(node.confidence, 4),
        "summary": [
            {"text": quote.text, "document": quote.document, "page": quote.page, "start": quote.start, "end": quote.end}
            for quote in node.summary
        ],
        "children": [
            {"id": child.id, "name": child.name, "documents": child.documents}
            for child in tree.nodes
            if child.parent == node.id
        ],
        "central": [_brief(documents[document]) for document in node.central if document in documents],
        "documents": [_brief(documents[member.document]) for member in members if member.document in documents],
    }


def document_json(store: Store, tree: Tree, document: Document) -> dict[str, object]:
    """A document with its places in the tree and its sections; of its text nothing."""
    nodes = {node.id: node for node in tree.nodes}
    places = [membership for membership in tree.memberships if membership.document == document.id]
    home = next((nodes[place.node] for place in places if place.primary), None)
    return {
        "id": document.id,
        "level": "document",
        "name": document.title,
        "path": [*(node.name for node in _above(tree, home)), home.name] if home else [],
        "file": document.path,
        "sha256": document.sha256,
        "kind": document.kind,
        "authors": list(document.authors),
        "year": document.year,
        "language": document.language,
        "pages": document.pages,
        "passages": document.passages,
        "tokens": document.tokens,
        "also": [
            {"id": place.node, "name": nodes[place.node].name, "weight": round(place.weight, 4)}
            for place in places
            if not place.primary
        ],
        "sections": [{"title": section.title, "depth": section.depth} for section in store.sections(document.id)],
    }


def passage_json(store: Store, place: re.Match[str]) -> dict[str, object]:
    """A passage between its neighbours, or a sentence in its passage. `place` is a match of `PASSAGE`.

    Raises:
        NotFoundError: there is none.
    """
    id, ordinal, sentence = place["document"], int(place["ordinal"]), place["sentence"]
    document = store.document(id)
    around = store.document_passages(id)[max(0, ordinal - 1) : ordinal + 2]
    passage = next((one for one in around if one.ordinal == ordinal), None)
    if passage is None or (sentence is not None and int(sentence) >= len(passage.sentences)):
        raise NotFoundError(f"the id must name one of the {document.passages} passages of {id}, got {ordinal}.")
    texts = {one.ordinal: one.text for one in around}
    quote = passage.sentences[int(sentence)] if sentence is not None else None
    return {
        "id": passage.id if sentence is None else f"{passage.id}.{sentence}",
        "level": "passage" if quote is None else "sentence",
        "name": document.title,
        "document": _brief(document),
        "section": passage.section,
        "page": quote.page if quote else passage.page,
        "start": quote.start if quote else passage.start,
        "end": quote.end if quote else passage.end,
        "text": quote.text if quote else passage.text,
        "before": passage.text[: quote.start - passage.start] if quote else texts.get(ordinal - 1, ""),
        "after": passage.text[quote.end - passage.start :] if quote else texts.get(ordinal + 1, ""),
    }


def _hit_json(hit: Hit) -> dict[str, object]:
    entry: dict[str, object] = {
        "rank": hit.rank,
        "level": hit.level,
        "id": hit.id,
        "score": round(hit.score, 4),
        "name": hit.name,
        "text": hit.text,
    }
    if hit.document is not None:
        entry["document"] = _brief(hit.document)
        entry |= {"page": hit.page, "start": hit.start, "end": hit.end}
    else:
        entry["documents"] = list(hit.documents)
    return entry | {"path": list(hit.path), "why": dict(hit.why)}


def _brief(document: Document) -> dict[str, object]:
    return {"id": document.id, "title": document.title, "path": document.path}


def _above(tree: Tree, node: Node) -> list[Node]:
    """The nodes above, domain first."""
    nodes = {other.id: other for other in tree.nodes}
    above: list[Node] = []
    while node.parent is not None:
        node = nodes[node.parent]
        above.insert(0, node)
    return above


def _below(tree: Tree, node: Node) -> set[str]:
    """The ids of the node and of all under it; nodes stand parents before children."""
    inside = {node.id}
    for other in tree.nodes:
        if other.parent in inside:
            inside.add(other.id)
    return inside
