"""What is exported: one snapshot of the current tree and its documents, in one order for every format."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from heapq import nsmallest
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import numpy as np

from shas_kb.errors import UsageError
from shas_kb.export.extent import WHOLE, Extent
from shas_kb.export.related import Weighted, neighbours, unit_rows
from shas_kb.export.text import one_line
from shas_kb.lookup import look_up
from shas_kb.progress import NoProgress, Progress
from shas_kb.records import NODE_LEVELS, Document, Membership, Node, StoredPassage, Vectors

if TYPE_CHECKING:
    from shas_kb.storage import Store

RELATED = 5
KEYPHRASES = 8
_SPELLINGS = 4  # in which a phrase may stand among the best: "Reef", "reef"


@dataclass(frozen=True, slots=True)
class Content:
    """The part of a collection that is exported. All text in it is clean (`text.one_line`), and no title is empty.

    Attributes:
        hash: of the tree.
        nodes: parents before children, within a level by id; `documents` counts the primary ones.
        documents: by id.
        vectors: [documents, dimension], unit length, row i is `documents[i]`; zero where a document has none yet.
        parents: the node above a node or document; the topmost nodes are not in it.
        children: nodes below a node (largest first), or an entity's documents (weightiest first); under "" the topmost.
        weights: of a document in its primary entity.
        also: the other entities of a document, weightiest first.
        related: nearest documents of a document, and nearest entities of an entity, by cosine, nearest first.
        keyphrases: of a document.
        store: for the passages, which are read when a format wants them.
    """

    hash: str
    nodes: tuple[Node, ...]
    documents: tuple[Document, ...]
    vectors: Vectors
    parents: Mapping[str, str]
    children: Mapping[str, tuple[str, ...]]
    weights: Mapping[str, float]
    also: Mapping[str, Weighted]
    related: Mapping[str, Weighted]
    keyphrases: Mapping[str, tuple[str, ...]]
    store: Store

    def path(self, id: str) -> tuple[str, ...]:
        """The ids of the nodes above `id`, topmost first."""
        above: list[str] = []
        while id in self.parents:
            id = self.parents[id]
            above.insert(0, id)
        return tuple(above)

    def central_passages(self, row: int, count: int, clean: Callable[[str], str] = one_line) -> list[StoredPassage]:
        """The passages of `documents[row]` nearest to the document's vector, in the order of the text."""
        id = self.documents[row].id
        scores = self.store.vectors(id) @ self.vectors[row]
        best = np.argsort(-np.round(scores, 4), kind="stable")[:count]
        passages = self.store.passages([(id, int(ordinal)) for ordinal in sorted(best)])
        return [replace(passage, text=clean(passage.text)) for passage in passages]


def read_content(store: Store, extent: Extent = WHOLE, progress: Progress | None = None) -> Content:
    """Take the snapshot, of the whole tree or of a part of it.

    Args:
        store: an open collection.
        extent: of what part.
        progress: told where the reading of the documents' phrases stands, which comes last.

    Raises:
        UsageError: the collection has no tree, or none of the level asked for.
        NotFoundError: no node answers to `extent.under`, or more than one does.
    """
    tree = store.tree()
    if tree is None:
        raise UsageError("the collection must have a tree, got none; run `shas-kb organise` first.")
    known = {document.id: document for document in store.documents()}
    memberships = [member for member in tree.memberships if member.document in known]
    nodes = _subtree(tree.nodes, look_up(extent.under, tree.nodes)) if extent.under is not None else tree.nodes
    inside = {node.id for node in nodes}
    home = {member.document: member for member in memberships if member.primary and member.node in inside}
    if not home:
        raise UsageError("the tree must have documents, got none any more; run `shas-kb organise` first.")
    counts = _counts(nodes, home)
    nodes = tuple(
        sorted((_clean_node(n, counts) for n in nodes if counts[n.id] and extent.reaches(n.level)), key=_node_order)
    )
    if not nodes:
        raise UsageError(f"depth must be at or below the level of {extent.under!r}, got {extent.depth}.")
    if not extent.reaches("document"):
        home = {}
    progress = progress or NoProgress()
    progress.start("Gathering", len(home), "document")
    documents = tuple(_clean_document(known[id]) for id in sorted(home))
    inside = {node.id for node in nodes}

    parents = {node.id: node.parent for node in nodes if node.parent in inside and node.parent is not None}
    parents |= {id: member.node for id, member in home.items()}
    weights = {id: round(member.weight, 3) for id, member in home.items()}
    also: dict[str, list[tuple[str, float]]] = {}
    for member in memberships:
        if not member.primary and member.document in home and member.node in inside:
            also.setdefault(member.document, []).append((member.node, round(member.weight, 3)))
    vectors = _vectors(store, documents)
    entities = [node for node in nodes if node.level == "entity"]
    related = neighbours([document.id for document in documents], vectors, RELATED)
    related |= neighbours([node.id for node in entities], np.array([node.vector for node in entities]), RELATED)
    keyphrases = _keyphrases(store, set(home), progress)
    progress.finish()
    return Content(
        hash=tree.hash,
        nodes=nodes,
        documents=documents,
        vectors=vectors,
        parents=parents,
        children=_children(nodes, documents, parents, weights),
        weights=weights,
        also={id: links for id in also if (links := extent.strong(_weightiest_first(also[id])))},
        related={id: links for id in related if (links := extent.strong(related[id]))},
        keyphrases=keyphrases,
        store=store,
    )


def _subtree(nodes: Sequence[Node], top: Node) -> tuple[Node, ...]:
    inside = {top.id}
    for node in nodes:  # parents stand before children
        if node.parent in inside:
            inside.add(node.id)
    return tuple(node for node in nodes if node.id in inside)


def _counts(nodes: Sequence[Node], home: Mapping[str, Membership]) -> Counter[str]:
    """How many documents each node has now: some may have been removed since the tree was built."""
    counts = Counter(member.node for member in home.values())
    for node in reversed(nodes):
        if node.parent is not None:
            counts[node.parent] += counts[node.id]
    return counts


def _clean_node(node: Node, counts: Counter[str]) -> Node:
    return replace(
        node,
        name=one_line(node.name) or node.id,
        documents=counts[node.id],
        keyphrases=tuple(filter(None, map(one_line, node.keyphrases))),
        summary=tuple(replace(quote, text=one_line(quote.text)) for quote in node.summary),
    )


def _clean_document(document: Document) -> Document:
    title = one_line(document.title) or one_line(PurePosixPath(document.path).stem) or document.id
    return replace(document, title=title, authors=tuple(filter(None, map(one_line, document.authors))))


def _weightiest_first(pairs: Sequence[tuple[str, float]]) -> Weighted:
    return tuple(sorted(pairs, key=lambda pair: (-pair[1], pair[0])))


def _node_order(node: Node) -> tuple[int, str]:
    return -NODE_LEVELS.index(node.level), node.id


def _children(
    nodes: Sequence[Node], documents: Sequence[Document], parents: Mapping[str, str], weights: Mapping[str, float]
) -> dict[str, tuple[str, ...]]:
    below: dict[str, list[str]] = {}
    for node in sorted(nodes, key=lambda node: (-node.documents, node.name, node.id)):
        below.setdefault(parents.get(node.id, ""), []).append(node.id)
    for document in sorted(documents, key=lambda document: (-weights[document.id], document.title, document.id)):
        below.setdefault(parents[document.id], []).append(document.id)
    return {id: tuple(found) for id, found in below.items()}


def _vectors(store: Store, documents: Sequence[Document]) -> Vectors:
    ids, matrix = store.document_matrix()
    row = {id: i for i, id in enumerate(ids)}
    vectors = np.zeros((len(documents), matrix.shape[1] if matrix.ndim == 2 else 0), dtype=np.float32)
    for i, document in enumerate(documents):
        if document.id in row:
            vectors[i] = matrix[row[document.id]]
    return unit_rows(vectors)


def _keyphrases(store: Store, inside: set[str], progress: Progress) -> dict[str, tuple[str, ...]]:
    """A document's phrases that are frequent in it and rare in the others (tf-idf), best first."""
    spread: Counter[str] = Counter()
    for id, _, phrases in store.all_words():
        if id in inside:
            spread.update(phrases.words)
    chosen: dict[str, tuple[str, ...]] = {}
    for id, _, phrases in store.all_words():
        if id in inside:
            chosen[id] = _best(phrases.as_dict(), spread, len(inside))
            progress.advance()
    return chosen


def _best(counts: Mapping[str, int], spread: Mapping[str, int], documents: int) -> tuple[str, ...]:
    score = {phrase: count * math.log(1 + documents / spread[phrase]) for phrase, count in counts.items()}
    best = nsmallest(_SPELLINGS * KEYPHRASES, score, key=lambda phrase: (-round(score[phrase], 6), phrase))
    distinct: dict[str, str] = {}
    for phrase in filter(None, map(one_line, best)):
        distinct.setdefault(phrase.casefold(), phrase)
    return tuple(distinct.values())[:KEYPHRASES]
