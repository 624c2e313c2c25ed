"""The tree and its cross links as one directed graph: what every graph format says, and GraphML and node-link JSON.

Edges have a `weight` from 0 to 1 and a `kind`: `contains` (parent to child), `also` (entity to a document that is at
home in another one) and `related` (two documents or two entities, once for each pair).
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import networkx as nx

from shas_kb.export.content import Content
from shas_kb.export.text import one_line
from shas_kb.writing import Written, write_whole

SCHEMA_VERSION = 1

# What is known of a node or document beside its level, name and parent, in the order of columns.
COLUMNS: Mapping[str, type] = MappingProxyType(
    {
        "documents": int,
        "confidence": float,
        "keyphrases": tuple,
        "summary": str,
        "path": str,
        "sha256": str,
        "pages": int,
        "language": str,
        "authors": tuple,
        "year": int,
    }
)

Value = str | int | float | tuple[str, ...]


class Link(NamedTuple):
    """An edge."""

    source: str
    target: str
    kind: str
    weight: float


def attributes(content: Content) -> dict[str, dict[str, Value]]:
    """Of each node and document, parents first, what is known of it; what has no value is left out."""
    known: dict[str, dict[str, Value | None]] = {}
    for node in content.nodes:
        known[node.id] = {
            "level": node.level,
            "name": node.name,
            "parent": content.parents.get(node.id),
            "documents": node.documents,
            "confidence": round(float(node.confidence), 3),
            "keyphrases": node.keyphrases,
            "summary": " ".join(quote.text for quote in node.summary),
        }
    for document in content.documents:
        known[document.id] = {
            "level": "document",
            "name": document.title,
            "parent": content.parents[document.id],
            "keyphrases": content.keyphrases.get(document.id, ()),
            "path": one_line(document.path),
            "sha256": document.sha256,
            "pages": document.pages or None,
            "language": one_line(document.language),
            "authors": document.authors,
            "year": document.year,
        }
    return {
        id: {key: value for key, value in facts.items() if value is not None and value not in ("", ())}
        for id, facts in known.items()
    }


def links(content: Content) -> list[Link]:
    """All edges: of the tree, of guests, of what is related; each kind sorted by ids."""
    found = [
        Link(parent, child, "contains", float(content.weights.get(child, 1.0)))
        for child, parent in sorted(content.parents.items())
    ]
    for document, entities in sorted(content.also.items()):
        found += [Link(entity, document, "also", float(weight)) for entity, weight in entities]
    pairs = {(min(a, b), max(a, b)): float(weight) for a, near in content.related.items() for b, weight in near}
    return found + [Link(a, b, "related", weight) for (a, b), weight in sorted(pairs.items())]


def build_graph(content: Content) -> Any:
    """A `networkx.DiGraph`; every attribute has one type throughout and is left out where there is no value.

    Lists are joined with `|`, since GraphML knows no lists.
    """
    graph = nx.DiGraph(hash=content.hash)
    for id, facts in attributes(content).items():
        graph.add_node(id, **{key: joined(value) for key, value in facts.items()})
    for link in links(content):
        graph.add_edge(link.source, link.target, kind=link.kind, weight=link.weight)
    return graph


def write_graphml(content: Content, out: Path) -> Written:
    """Write the graph as GraphML."""
    data = io.BytesIO()
    nx.write_graphml_xml(build_graph(content), data, prettyprint=True)
    return write_whole(out, data.getvalue())


def write_json(content: Content, out: Path) -> Written:
    """Write the graph as node-link JSON: `schema_version`, `graph`, `nodes`, `links`."""
    document = {"schema_version": SCHEMA_VERSION, **nx.node_link_data(build_graph(content), edges="links")}
    return write_whole(out, (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode())


def joined(value: Value, by: str = "|", instead: str = "/") -> str | int | float:
    """A list as one text, joined by a character that its items then do not have; anything else as it is."""
    return by.join(item.replace(by, instead) for item in value) if isinstance(value, tuple) else value
