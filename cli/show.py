"""`shas-kb show`: one node, document or passage with its surroundings."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from shas_kb.cli.session import GOOD, Session
from shas_kb.errors import NotFoundError
from shas_kb.records import Document, Node, Tree

if TYPE_CHECKING:
    from shas_kb.storage import Store

EMPTY_TREE = Tree("", "", {}, (), ())
PASSAGE = re.compile(r"(?P<document>[0-9a-f]{12}):(?P<ordinal>\d+)(\.(?P<sentence>\d+))?")


def show(
    session: Session,
    id: Annotated[str, typer.Argument(metavar="ID", help="A node, document, passage or sentence.", show_default=False)],
) -> int:
    """Show one node, document or passage with its surroundings. Names and paths do as well as ids.

    [dim]$[/dim] shas-kb show "Coral reefs"
    [dim]$[/dim] shas-kb show 3fa94b1c02de:7
    """
    from shas_kb.cli.terminal import print_json
    from shas_kb.lookup import look_up

    with session.open() as store:
        if place := PASSAGE.fullmatch(id.strip()):
            facts = _passage(store, place["document"], int(place["ordinal"]), place["sentence"])
        else:
            tree, documents = store.tree() or EMPTY_TREE, store.documents()
            units: list[Node | Document] = [*tree.nodes, *documents]
            unit = look_up(id, units, what="the id")
            facts = _node(tree, unit, documents) if isinstance(unit, Node) else _document(store, tree, unit)
    if session.json:
        print_json(facts)
    else:
        _print(facts)
    return GOOD


def _node(tree: Tree, node: Node, every: Sequence[Document]) -> dict[str, object]:
    documents = {document.id: document for document in every}
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


def _document(store: Store, tree: Tree, document: Document) -> dict[str, object]:
    nodes = {node.id: node for node in tree.nodes}
    places = [membership for membership in tree.memberships if membership.document == document.id]
    home = next((nodes[place.node] for place in places if place.primary), None)
    passages = store.document_passages(document.id)
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
        "beginning": passages[0].text if passages else "",
    }


def _passage(store: Store, document_id: str, ordinal: int, sentence: str | None) -> dict[str, object]:
    document = store.document(document_id)
    around = store.document_passages(document_id)[max(0, ordinal - 1) : ordinal + 2]
    passage = next((one for one in around if one.ordinal == ordinal), None)
    if passage is None or (sentence is not None and int(sentence) >= len(passage.sentences)):
        raise NotFoundError(
            f"the id must name one of the {document.passages} passages of {document_id}, got {ordinal}."
        )
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


def _print(facts: dict[str, object]) -> None:
    """Every fact in the order of the JSON: short ones on a line, lists below their name."""
    from rich.text import Text

    from shas_kb.cli.terminal import output, print_paragraphs, printable

    output.print(Text.assemble((printable(str(facts["name"])), "bold"), (f"  {facts['level']}  {facts['id']}", "dim")))
    for name, value in facts.items():
        if name in ("id", "level", "name") or value in (None, "", [], 0):
            continue
        if isinstance(value, list) and isinstance(value[0], dict):
            output.print(Text(f"\n{name}", style="cyan"))
            for entry in value:
                output.print(Text(printable(f"  {_line(entry)}")))
        elif name in ("text", "before", "after", "beginning"):
            output.print(Text(f"\n{name}", style="cyan"))
            print_paragraphs(str(value), indent=0, style="" if name == "text" else "dim")
        else:
            output.print(Text.assemble((f"{name:>11}  ", "cyan"), printable(_line(value))))


def _line(value: object) -> str:
    if isinstance(value, dict):
        first, *others = (str(part) for part in value.values() if part not in (None, ""))
        text = value.get("text") or value.get("title") or value.get("name")
        rest = [part for part in (first, *others) if part != text]
        return f"{text}  ({', '.join(rest)})" if rest else str(text)
    if isinstance(value, list):
        return " · ".join(str(part) for part in value)
    return str(value)
