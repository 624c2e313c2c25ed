"""The tree and its cross links as one directed graph, written as GraphML or as node-link JSON.

Edges have a `weight` from 0 to 1 and a `kind`: `contains` (parent to child), `also` (entity to a document that is at
home in another one) and `related` (two documents or two entities, once for each pair).
"""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import networkx as nx

from shas_kb.export.content import Content
from shas_kb.export.text import one_line
from shas_kb.writing import Written, write_whole

SCHEMA_VERSION = 1


def build_graph(content: Content) -> Any:
    """A `networkx.DiGraph`; every attribute has one type throughout and is left out where there is no value.

    Lists are joined with `|`, since GraphML knows no lists.
    """
    graph = nx.DiGraph(hash=content.hash)
    for node in content.nodes:
        attributes: dict[str, object] = {
            "level": node.level,
            "name": node.name,
            "parent": content.parents.get(node.id),
            "documents": node.documents,
            "confidence": round(float(node.confidence), 3),
            "keyphrases": _joined(node.keyphrases),
            "summary": " ".join(quote.text for quote in node.summary),
        }
        graph.add_node(node.id, **_present(attributes))
    for document in content.documents:
        attributes = {
            "level": "document",
            "name": document.title,
            "parent": content.parents[document.id],
            "keyphrases": _joined(content.keyphrases.get(document.id, ())),
            "path": one_line(document.path),
            "sha256": document.sha256,
            "pages": document.pages or None,
            "language": document.language,
            "authors": _joined(document.authors),
            "year": document.year,
        }
        graph.add_node(document.id, **_present(attributes))
    for child, parent in sorted(content.parents.items()):
        graph.add_edge(parent, child, kind="contains", weight=content.weights.get(child, 1.0))
    for document_id, entities in sorted(content.also.items()):
        for entity, weight in entities:
            graph.add_edge(entity, document_id, kind="also", weight=weight)
    pairs = {tuple(sorted((a, b))): weight for a, found in content.related.items() for b, weight in found}
    for (a, b), weight in sorted(pairs.items()):
        graph.add_edge(a, b, kind="related", weight=weight)
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


def _joined(values: tuple[str, ...]) -> str:
    return "|".join(value.replace("|", "/") for value in values)


def _present(attributes: dict[str, object]) -> dict[str, object]:
    return {key: value for key, value in attributes.items() if value not in (None, "")}
