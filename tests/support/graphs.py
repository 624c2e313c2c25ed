"""A graph as a reader of one format sees it, and as the database has it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import PurePosixPath

import numpy as np

from shas_kb.export import WHOLE, Extent
from shas_kb.export.content import read_content
from shas_kb.export.text import one_line
from shas_kb.records import LEVELS
from shas_kb.storage import Store

Edge = tuple[str, str, str]


@dataclass
class Graph:
    """Levels, names and parents by id; weights by kind, source and target (of `related` the smaller id first)."""

    levels: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    parents: dict[str, str] = field(default_factory=dict)
    weights: dict[Edge, float] = field(default_factory=dict)

    def edge(self, kind: str, source: str, target: str, weight: float) -> None:
        if kind == "related":
            source, target = sorted((source, target))
        assert (kind, source, target) not in self.weights
        self.weights[kind, source, target] = round(float(weight), 6)

    def tree(self) -> Graph:
        """Without what goes across."""
        inside = {edge: weight for edge, weight in self.weights.items() if edge[0] == "contains"}
        return Graph(self.levels, self.names, self.parents, inside)


def in_database(store: Store, extent: Extent = WHOLE) -> Graph:
    """What an export has to hold, from the tree, the memberships and the vectors as they are stored."""
    tree = store.tree()
    assert tree is not None
    lowest = LEVELS.index(extent.depth)
    top = {node.id for node in tree.nodes if extent.under in (None, node.id)}
    graph, vectors = Graph(), {}
    for node in tree.nodes:
        if node.id in top or node.parent in top:
            top.add(node.id)
            if LEVELS.index(node.level) < lowest:
                continue
            graph.levels[node.id], graph.names[node.id] = node.level, one_line(node.name)
            vectors[node.id] = node.vector
            if node.parent in graph.levels:
                graph.parents[node.id] = node.parent
                graph.edge("contains", node.parent, node.id, 1)
    ids, matrix = store.document_matrix()
    vectors |= dict(zip(ids, matrix, strict=True))
    documents = {document.id: document for document in store.documents()}
    if extent.depth == "document":
        for member in (member for member in tree.memberships if member.primary and member.node in top):
            document = documents[member.document]
            graph.levels[document.id] = "document"
            graph.names[document.id] = one_line(document.title) or PurePosixPath(document.path).stem
            graph.parents[document.id] = member.node
            graph.edge("contains", member.node, document.id, round(member.weight, 3))
        for member in tree.memberships:
            inside = {member.document, member.node} <= graph.levels.keys()
            if not member.primary and inside and member.weight >= extent.least_weight:
                graph.edge("also", member.node, member.document, round(member.weight, 3))
    # Which are related is told by `read_content`; how much, by the vectors.
    for one, near in read_content(store, extent).related.items():
        for other, _ in near:
            if ("related", *sorted((one, other))) not in graph.weights:
                a, b = vectors[one], vectors[other]
                graph.edge("related", one, other, round(float(a @ b / np.linalg.norm(a) / np.linalg.norm(b)), 3))
    return graph
