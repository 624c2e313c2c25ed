"""A person's edits of the tree, as wishes that outlive rebuilds.

One resolved state, no log: each edit takes the wishes as they are and the tree in which they hold, and gives the wishes
as they are to be. Where an edit contradicts an earlier one it takes its place, so that no two wishes ever ask for what
cannot be. Building the tree again makes them hold.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import replace
from hashlib import sha256

import numpy as np

from shas_kb.errors import UsageError
from shas_kb.lookup import name_of
from shas_kb.organise.group import identify_concepts
from shas_kb.records import LEVELS, NODE_LEVELS, Document, Level, Node, Tree, Vectors, Wish
from shas_kb.resolved import Resolved
from shas_kb.taxonomy import Seed, name_key

Wishes = tuple[Wish, ...]


def rename(tree: Tree, wishes: Sequence[Wish], node: Node, name: str) -> Wishes:
    """The node is called `name`.

    Raises:
        UsageError: the name is empty, or another node has it.
    """
    edited = Resolved(tree, wishes)
    edited.name(node.id, name)
    return edited.wishes()


def pin(tree: Tree, wishes: Sequence[Wish], node: Node) -> Wishes:
    """The node keeps its documents and, as long as these say it, its name; others may join it."""
    edited = Resolved(tree, wishes)
    edited.hold(node.id, edited.members[node.id])
    edited.said[node.id] = replace(edited.said[node.id], pinned=True)
    return edited.wishes()


def move(tree: Tree, wishes: Sequence[Wish], units: Sequence[Node | Document], target: Node) -> Wishes:
    """Each unit lies in `target`: documents in an entity, entities in a category, categories in a domain.

    Raises:
        UsageError: the target is not of the level above a unit.
    """
    edited = Resolved(tree, wishes)
    for unit in units:
        level: Level = unit.level if isinstance(unit, Node) else "document"
        above = LEVELS[LEVELS.index(level) + 1] if level != "domain" else None
        if target.level != above:
            raise UsageError(
                f"{name_of(unit)!r}, which is of level {level}, must be moved to one of level {above}, got "
                f"{target.name!r} of level {target.level}; `shas-kb tree` shows the levels."
                if above
                else f"what is moved must be a document, entity or category, got the domain {name_of(unit)!r}; "
                "`shas-kb edit merge` joins domains."
            )
        if isinstance(unit, Document):
            edited.hold(target.id, {unit.id})
        else:
            edited.hold(unit.id, edited.members[unit.id])
            edited.put_under(unit.id, target.id)
    return edited.wishes()


def merge(tree: Tree, wishes: Sequence[Wish], nodes: Sequence[Node], name: str | None = None) -> Wishes:
    """The documents of all `nodes` are in the first of them.

    Raises:
        UsageError: they are fewer than two, or not of one level, or the name cannot be given.
    """
    first, *others = dict.fromkeys(nodes)
    if not others:
        raise UsageError(f"there must be two nodes or more to merge, got {first.name!r} alone; name another one.")
    for node in others:
        if node.level != first.level:
            raise UsageError(
                f"nodes to merge must be of one level, got {first.name!r} of level {first.level} and {node.name!r} of "
                f"level {node.level}; `shas-kb tree` shows the levels."
            )
    edited = Resolved(tree, wishes)
    edited.hold(first.id, frozenset().union(*(edited.members[node.id] for node in (first, *others))))
    gone = {node.id for node in others}
    edited.replace(gone, first.id)
    if name is not None:
        edited.name(first.id, name, gone)
    return edited.wishes()


def parts(tree: Tree, node: Node, into: int, documents: Sequence[str], vectors: Vectors) -> list[frozenset[str]]:
    """The documents of a node in `into` parts: an entity is cut between its documents, another node between its
    children.

    Args:
        tree: in which the node is.
        node: what to cut.
        into: how many parts, at least 2.
        documents: ids [n] of those of the collection.
        vectors: theirs, [n, d].

    Raises:
        UsageError: there are fewer than `into` documents or children.
    """
    members = tree.members()
    if node.level == "entity":
        rows = [row for row, document in enumerate(documents) if document in members[node.id]]
        pieces, units = [frozenset([documents[row]]) for row in rows], vectors[rows]
    else:
        children = [child for child in tree.nodes if child.parent == node.id]
        pieces, units = [members[child.id] for child in children], np.array([child.vector for child in children])
    if not 2 <= into <= len(pieces):
        what = "documents" if node.level == "entity" else "children"
        raise UsageError(f"--into must be from 2 to the {len(pieces)} {what} of {node.name!r}, got {into}.")
    weights = np.array([len(piece) for piece in pieces], dtype=np.float64)
    labels = identify_concepts(units.astype(np.float64), weights, lambda _: into)
    return [
        frozenset().union(*(piece for piece, label in zip(pieces, labels, strict=True) if label == part))
        for part in range(into)
    ]


def split(tree: Tree, wishes: Sequence[Wish], node: Node, parts: Sequence[Set[str]]) -> Wishes:
    """The node becomes several, of the documents in `parts`; the largest part goes on as the node."""
    edited = Resolved(tree, wishes)
    whole = edited.speak_of(node.id)
    largest, *others = sorted(parts, key=lambda part: (-len(part), sorted(part)))
    for part in others:
        id = node.level[0] + sha256("\n".join(sorted(part)).encode()).hexdigest()[:10]
        edited.let_go(part, node.level)
        edited.said[id] = Wish(id, node.level, parent=whole.parent, held=frozenset(part), anchors=frozenset(part))
        for child in [wish for wish in edited.said.values() if wish.parent == node.id]:
            inside = edited.members.get(child.id, child.held)
            if 2 * len(inside & part) > len(inside):
                edited.said[child.id] = replace(child, parent=id)
    edited.hold(node.id, largest)
    return edited.wishes()


def sow(tree: Tree, wishes: Sequence[Wish], seeds: Sequence[Seed], vectors: Vectors) -> Wishes:
    """The nodes of a taxonomy are wanted, in place of those of a former one.

    Args:
        tree: in which the wishes hold.
        wishes: as they are.
        seeds: the nodes, parents before children.
        vectors: what they are about, unit length [seeds, d].

    Raises:
        UsageError: a person gave one of the names to a node of another level.
    """
    edited = Resolved(tree, wishes)
    for wish in wishes:
        if wish.vector is not None:
            name = wish.name if wish.pinned else None
            edited.said[wish.id] = replace(wish, name=name, parent=None, anchors=wish.held, vector=None)
    named = edited.named()
    ids: dict[tuple[str, ...], str] = {}
    for seed, vector in zip(seeds, vectors, strict=True):
        name = seed.path[-1]
        id = seed.level[0] + sha256("\n".join(("taxonomy", *seed.path)).encode()).hexdigest()[:10]
        wish = edited.said.get(id) or named.get(name_key(name)) or Wish(id, seed.level)
        if wish.level != seed.level:
            raise UsageError(
                f"{name!r} must be a name of level {seed.level}, got one that was given to a node of level "
                f"{wish.level}; rename that node first."
            )
        edited.said[wish.id] = replace(wish, name=name, vector=vector)
        if len(seed.path) > 1:
            edited.put_under(wish.id, ids[seed.path[:-1]])
        ids[seed.path] = wish.id
    for id in ids.values():
        edited.said[id] = replace(edited.said[id], anchors=edited.said[id].held)
    return edited.wishes()


def release(tree: Tree, wishes: Sequence[Wish], id: str) -> Wishes:
    """What was said of a node, or of where a document belongs, is taken back; what was moved to the node stays."""
    edited = Resolved(tree, wishes)
    if wish := edited.said.get(id):
        edited.said[id] = Wish(id, wish.level, anchors=wish.anchors)
    for level in NODE_LEVELS:
        edited.let_go({id}, level)
    return edited.wishes()
