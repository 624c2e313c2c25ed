"""Which nodes of a new tree are those of the former one: they keep their ids and their names.

A node is recognised by its documents, whatever became of their content, level by level. Only documents that are in
both trees count, so that coming and going alone never cost a node its identity.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import replace
from hashlib import sha256
from itertools import chain, count

from shas_kb.organise.material import Material
from shas_kb.organise.vocabulary import Key, stem
from shas_kb.records import NODE_LEVELS, Node, Tree, Wish

Members = Mapping[str, Set[str]]


def keep(built: Tree, former: Tree | None, materials: Sequence[Material], wishes: Sequence[Wish] = ()) -> Tree:
    """The tree `built` with the ids and names of `former` where its nodes are recognisably the same.

    A person's names come first. Others are kept as long as the node's documents say their words, and trees have the
    same form or the node is pinned. What remains is called as its documents have it; where another node keeps that
    name, by the first key phrase that is free, else with a number. The hash stays what it is: that of the tree by
    itself, so that it never depends on what was before.

    Args:
        built: As the documents and the wishes give it; nodes that wishes made have their ids.
        former: The one before it, as it was built; names of its nodes that are empty are not kept. None: there was
            none.
        materials: Those of which `built` was made.
        wishes: What a person said of nodes.
    """
    same = recognised(former, built) if former else {}
    members = built.members()
    ids = _kept_ids(built, same, wishes, members)
    kept: dict[str, str] = {}
    if former:
        called = {node.id: node.name for node in former.nodes}
        known = {material.id: material for material in materials}
        pinned = {wish.id for wish in wishes if wish.pinned}
        alike = former.config.get("form") == built.config.get("form")
        for node, id in ids.items():
            name = called.get(id, "") if id in pinned or (alike and same.get(node) == id) else ""
            if name and _said(name, (known[document] for document in sorted(members[node]))):
                kept[node] = name
    given = {wish.id: wish.name for wish in wishes if wish.name}
    names = _names(built.nodes, {node: given[id] for node, id in ids.items() if id in given}, kept)
    ids = _ids(built.nodes, ids)
    return replace(
        built,
        nodes=tuple(
            replace(node, id=ids[node.id], name=names[node.id], parent=node.parent and ids[node.parent])
            for node in built.nodes
        ),
        memberships=tuple(replace(each, node=ids[each.node]) for each in built.memberships),
    )


def recognised(former: Tree, built: Tree) -> dict[str, str]:
    """Which nodes of `built` are which of `former`, by id.

    Two nodes of one level are the same if the Jaccard index of their documents, counted over those that are in both
    trees, is above 1/2, and at least half of the former node's documents are among these. No node matches two: with a
    and b documents and c of them shared, c / (a + b - c) > 1/2 says 3 c > a + b; and as neither a nor b is less than c,
    2 c > b and 2 c > a. Each holds more than half of the other, which only one of several disjoint nodes can do.
    """
    before, now = former.members(), built.members()
    found: dict[str, str] = {}
    for level in NODE_LEVELS:
        of_former = {node.id: before[node.id] for node in former.nodes if node.level == level}
        found |= _matched(of_former, {node.id: now[node.id] for node in built.nodes if node.level == level})
    return found


def _matched(former: Members, built: Members) -> dict[str, str]:
    """Of the nodes of one level, which of `built` are which of `former`."""
    home = {document: node for node, documents in former.items() for document in documents}
    left = Counter(home[document] for documents in built.values() for document in documents if document in home)
    found: dict[str, str] = {}
    for node, documents in built.items():
        shared = Counter(home[document] for document in documents if document in home)
        for other, both in shared.most_common(1):
            if 3 * both > left[other] + shared.total() and 2 * left[other] >= len(former[other]):
                found[node] = other
    return found


def _kept_ids(built: Tree, same: Mapping[str, str], wishes: Sequence[Wish], members: Members) -> dict[str, str]:
    """The ids that nodes of `built` keep: those of wishes, those of the former tree; and where a node of a wish is not
    known from there, the one that its anchors show."""
    made = members.keys() & {wish.id for wish in wishes}
    # a node of a taxonomy that nothing fits now is nowhere, whatever has become of what did
    apart = made | {wish.id for wish in wishes if wish.vector is not None}
    ids = {node: node for node in made}
    ids |= {node: other for node, other in same.items() if not apart & {node, other}}
    placed = {document for documents in members.values() for document in documents}
    for wish in wishes:
        anchors = wish.anchors & placed
        if wish.vector is None and wish.id not in ids.values() and 2 * len(anchors) >= len(wish.anchors):
            for node in built.nodes:
                inside = members[node.id]
                alike = 3 * len(anchors & inside) > len(anchors) + len(inside)
                if node.level == wish.level and node.id not in made and alike:
                    ids[node.id] = wish.id
    return ids


def _said(name: str, materials: Iterable[Material]) -> bool:
    """Whether all words of a name are said in phrases or titles: nothing of removed documents may stay."""
    words = set(stem(name))
    for material in materials:
        if not words:
            break
        words.difference_update(*map(stem, (*material.phrases, material.title)))
    return not words


def _ids(nodes: Iterable[Node], kept: Mapping[str, str]) -> dict[str, str]:
    """The id of every node: the one it keeps, else its own, else one made of it that is free."""
    ids = dict(kept)
    taken = set(kept.values())
    for node in nodes:
        if node.id not in ids:
            made = (node.level[0] + sha256(f"{node.id}#{number}".encode()).hexdigest()[:10] for number in count(2))
            ids[node.id] = next(one for one in chain([node.id], made) if one not in taken)
            taken.add(ids[node.id])
    return ids


def _names(nodes: Sequence[Node], given: Mapping[str, str], kept: Mapping[str, str]) -> dict[str, str]:
    """The name of every node: the one it was given, the one it keeps, else its own, else a key phrase or a number more;
    none twice among siblings or along a path, and none that a person gave to another node."""
    names = dict(given)
    by_hand = {_key(name) for name in given.values()}
    around = _around(nodes)
    for node in sorted(nodes, key=lambda node: node.id not in kept):
        if node.id not in names:
            numbered = (f"{node.name} {number}" for number in count(2))
            wanted = chain(
                [kept[node.id]] if node.id in kept else [], [node.name], map(_as_name, node.keyphrases), numbered
            )
            taken = by_hand | {_key(names[other]) for other in around[node.id] if other in names}
            names[node.id] = next(name for name in wanted if _key(name) not in taken)
    return names


def _around(nodes: Sequence[Node]) -> dict[str, set[str]]:
    """The siblings of each node, and the nodes above and below it, by id."""
    parent = {node.id: node.parent for node in nodes}
    children: dict[str | None, list[str]] = {}
    for node in nodes:
        children.setdefault(node.parent, []).append(node.id)
    around = {node.id: set(children[node.parent]) - {node.id} for node in nodes}
    for node in nodes:
        above = node.parent
        while above is not None:
            around[node.id].add(above)
            around[above].add(node.id)
            above = parent[above]
    return around


def _as_name(phrase: str) -> str:
    """A phrase with a capital to begin with, unless it has its own ("mRNA")."""
    return phrase[:1].upper() + phrase[1:] if phrase == phrase.lower() else phrase


def _key(name: str) -> Key:
    return stem(name) or (name,)
