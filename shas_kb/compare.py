"""What became of a tree: what was added, removed, merged, split, moved and renamed between two runs."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from shas_kb.records import Node, Tree


@dataclass(frozen=True, slots=True)
class Merged:
    """Several nodes of the former tree whose documents are mostly in one node now."""

    nodes: tuple[Node, ...]
    into: Node


@dataclass(frozen=True, slots=True)
class Split:
    """A node of the former tree, and the several nodes that are mostly made of it now."""

    node: Node
    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class NodeMoved:
    """A node, as it is now, that has left the node `source` for `target`, which is not what became of `source`."""

    node: Node
    source: Node
    target: Node


@dataclass(frozen=True, slots=True)
class Renamed:
    """A node before and now."""

    before: Node
    now: Node


@dataclass(frozen=True, slots=True)
class DocumentMoved:
    """A document (by id) that has left the entity `source` for `target`, which is not what became of `source`."""

    document: str
    source: Node
    target: Node


@dataclass(frozen=True, slots=True)
class Comparison:
    """What is in the tree `now` and was not in `before`, and the other way round; nodes stand in the order of their
    tree, documents by id. Nodes that merged or split are not among those that were added and removed."""

    before: Tree
    now: Tree
    added: tuple[Node, ...]
    removed: tuple[Node, ...]
    merged: tuple[Merged, ...]
    split: tuple[Split, ...]
    moved: tuple[NodeMoved, ...]
    renamed: tuple[Renamed, ...]
    documents_added: tuple[str, ...]
    documents_removed: tuple[str, ...]
    documents_moved: tuple[DocumentMoved, ...]

    @property
    def is_empty(self) -> bool:
        nodes = self.added or self.removed or self.merged or self.split or self.moved or self.renamed
        return not (nodes or self.documents_added or self.documents_removed or self.documents_moved)


def compare(before: Tree, now: Tree) -> Comparison:
    """Compare two trees: nodes by their ids, which they keep as long as they are the same, and by their documents.

    A node has merged into another, or is a part of another, if more than half of its documents are there; of those
    that both trees have. Takes time in proportion to nodes and documents.
    """
    old, new = {node.id: node for node in before.nodes}, {node.id: node for node in now.nodes}
    flow = _flow(before, now)
    merged = [Merged(tuple(old[id] for id in ids), new[into]) for into, ids in _joined(flow, new, old)]
    backwards = {(part, whole): shared for (whole, part), shared in flow.items()}
    split = [Split(old[whole], tuple(new[id] for id in ids)) for whole, ids in _joined(backwards, old, new)]
    explained = {(node.id, one.into.id) for one in merged for node in one.nodes}
    explained |= {(one.node.id, part.id) for one in split for part in one.parts}
    sources, targets = {source for source, _ in explained}, {target for _, target in explained}
    home, place = _entities(before), _entities(now)
    return Comparison(
        before,
        now,
        added=tuple(node for node in now.nodes if node.id not in old and node.id not in targets),
        removed=tuple(node for node in before.nodes if node.id not in new and node.id not in sources),
        merged=tuple(merged),
        split=tuple(split),
        moved=tuple(
            NodeMoved(node, old[source], new[node.parent])
            for node in now.nodes
            if node.id in old
            and node.parent
            and (source := old[node.id].parent)
            and source != node.parent
            and (source, node.parent) not in explained
        ),
        renamed=tuple(
            Renamed(old[node.id], node) for node in now.nodes if node.id in old and old[node.id].name != node.name
        ),
        documents_added=tuple(sorted(place.keys() - home.keys())),
        documents_removed=tuple(sorted(home.keys() - place.keys())),
        documents_moved=tuple(
            DocumentMoved(document, old[home[document]], new[place[document]])
            for document in sorted(home.keys() & place.keys())
            if home[document] != place[document] and (home[document], place[document]) not in explained
        ),
    )


def _flow(before: Tree, now: Tree) -> dict[tuple[str, str], int]:
    """How many documents of each node are in each node of the same level now."""
    above, over = _levels(before), _levels(now)
    return Counter(
        pair
        for document in sorted(above.keys() & over.keys())
        for pair in zip(above[document], over[document], strict=True)
    )


def _levels(tree: Tree) -> dict[str, list[str]]:
    """The entity, category and domain of each document."""
    parents = {node.id: node.parent for node in tree.nodes}
    found: dict[str, list[str]] = {}
    for document, entity in _entities(tree).items():
        above: list[str] = []
        node: str | None = entity
        while node is not None:
            above.append(node)
            node = parents[node]
        found[document] = above
    return found


def _entities(tree: Tree) -> dict[str, str]:
    return {each.document: each.node for each in tree.memberships if each.primary}


def _joined(
    flow: Mapping[tuple[str, str], int], whole: Mapping[str, Node], parts: Mapping[str, Node]
) -> list[tuple[str, list[str]]]:
    """The nodes of `whole` that hold most of several of `parts`, one of which at least is in the other tree no more.

    `flow` counts the documents of (part, whole).
    """
    sizes: Counter[str] = Counter()
    for (part, _), shared in flow.items():
        sizes[part] += shared
    held: dict[str, list[str]] = defaultdict(list)
    for (part, one), shared in flow.items():
        if 2 * shared > sizes[part] and (part == one or part not in whole):
            held[one].append(part)
    order = {id: place for place, id in enumerate(parts)}
    return [(one, sorted(held[one], key=order.__getitem__)) for one in whole if len(held[one]) > 1]
