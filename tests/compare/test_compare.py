"""What became of a tree: each kind of change is told as what it is, and nothing is told twice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from shas_kb.compare import Comparison, compare
from shas_kb.records import Membership, Node, Tree

Outline = Mapping[str, Mapping[str, Mapping[str, str]]]


def tree_of(outline: Outline, names: Mapping[str, str] | None = None) -> Tree:
    """A tree of domains > categories > entities, by id, with the documents of each entity, a letter each."""
    nodes: list[Node] = []

    def add(id: str, parent: str | None, documents: int) -> None:
        level = {"d": "domain", "c": "category", "e": "entity"}[id[0]]
        vector = np.zeros(2, np.float32)
        nodes.append(Node(id, level, (names or {}).get(id, id), parent, documents, (), (), (), 1.0, vector))  # type: ignore[arg-type]

    for domain, categories in outline.items():
        add(domain, None, 1)
        for category, entities in categories.items():
            add(category, domain, 1)
            for entity, documents in entities.items():
                add(entity, category, len(documents))
    memberships = [
        Membership(document, entity, 1.0, True)
        for categories in outline.values()
        for entities in categories.values()
        for entity, documents in entities.items()
        for document in documents
    ]
    return Tree("run", "hash", {}, tuple(nodes), tuple(memberships))


def told(found: Comparison) -> dict[str, object]:
    """The changes by ids, without those that there are none of."""
    every = {
        "added": [node.id for node in found.added],
        "removed": [node.id for node in found.removed],
        "merged": [([node.id for node in one.nodes], one.into.id) for one in found.merged],
        "split": [(one.node.id, [part.id for part in one.parts]) for one in found.split],
        "moved": [(one.node.id, one.source.id, one.target.id) for one in found.moved],
        "renamed": [(one.before.name, one.now.name) for one in found.renamed],
        "documents_added": list(found.documents_added),
        "documents_removed": list(found.documents_removed),
        "documents_moved": [(one.document, one.source.id, one.target.id) for one in found.documents_moved],
    }
    return {kind: changes for kind, changes in every.items() if changes}


BEFORE = {"d1": {"c1": {"e1": "abcd", "e2": "efgh"}, "c2": {"e3": "ijkl", "e4": "mnop"}}}


@pytest.mark.parametrize(
    ("now", "changes"),
    [
        (BEFORE, {}),
        (
            {"d1": {"c1": {"e1": "abcd", "e2": "efgh"}, "c2": {"e3": "ijklz", "e4": "mno"}}},
            {"documents_added": ["z"], "documents_removed": ["p"]},
        ),
        (
            {"d1": {"c1": {"e1": "abcd", "e2": "efgh"}, "c2": {"e3": "ijkl", "e4": "mnop", "e5": "z"}}},
            {"added": ["e5"], "documents_added": ["z"]},
        ),
        (
            {"d1": {"c1": {"e1": "abcd", "e2": "efgh"}, "c2": {"e3": "ijkl"}}},
            {"removed": ["e4"], "documents_removed": ["m", "n", "o", "p"]},
        ),
        (
            {"d1": {"c1": {"e1": "abcd", "e2": "efg"}, "c2": {"e3": "ijklh", "e4": "mnop"}}},
            {"documents_moved": [("h", "e2", "e3")]},
        ),
        (
            {"d1": {"c1": {"e1": "abcd"}, "c2": {"e3": "ijkl", "e4": "mnop", "e2": "efgh"}}},
            {"moved": [("e2", "c1", "c2")]},
        ),
        ({"d1": {"c1": {"e1": "abcdefgh"}, "c2": {"e3": "ijkl", "e4": "mnop"}}}, {"merged": [(["e1", "e2"], "e1")]}),
        ({"d1": {"c1": {"e9": "abcdefgh"}, "c2": {"e3": "ijkl", "e4": "mnop"}}}, {"merged": [(["e1", "e2"], "e9")]}),
        (
            {"d1": {"c1": {"e1": "ab", "e5": "cd", "e2": "efgh"}, "c2": {"e3": "ijkl", "e4": "mnop"}}},
            {"split": [("e1", ["e1", "e5"])]},
        ),
        (
            {"d1": {"c1": {"e1": "abcd", "e2": "efgh"}, "c5": {"e3": "ijkl"}, "c2": {"e4": "mnop"}}},
            {"split": [("c2", ["c5", "c2"])]},
        ),
        # what dissolves is removed, and its documents have moved
        (
            {"d1": {"c1": {"e1": "abcdef", "e2": "gh"}, "c2": {"e3": "ijklmn", "e4": "op"}}},
            {"documents_moved": [("e", "e2", "e1"), ("f", "e2", "e1"), ("m", "e4", "e3"), ("n", "e4", "e3")]},
        ),
        (
            {"d1": {"c1": {"e1": "abcdmn", "e2": "efgh"}, "c2": {"e3": "ijklop"}}},
            {
                "removed": ["e4"],
                "documents_moved": [("m", "e4", "e1"), ("n", "e4", "e1"), ("o", "e4", "e3"), ("p", "e4", "e3")],
            },
        ),
    ],
)
def test_each_change_is_told_as_what_it_is(now: Outline, changes: dict[str, object]) -> None:
    found = compare(tree_of(BEFORE), tree_of(now))
    assert told(found) == changes
    assert found.is_empty == (changes == {})


def test_a_new_name() -> None:
    assert told(compare(tree_of(BEFORE), tree_of(BEFORE, {"e1": "Reefs"}))) == {"renamed": [("e1", "Reefs")]}


def test_to_and_fro_is_the_other_way_round() -> None:
    now = tree_of({"d1": {"c1": {"e9": "abcdefgh"}, "c3": {"e3": "ij", "e4": "mnop", "e7": "klz"}}})
    there, back = compare(tree_of(BEFORE), now), compare(now, tree_of(BEFORE))
    assert [(one.into, one.nodes) for one in there.merged] == [(one.node, one.parts) for one in back.split]
    assert [(one.node, one.parts) for one in there.split] == [(one.into, one.nodes) for one in back.merged]
    assert (there.added, there.removed) == (back.removed, back.added)
    assert there.documents_added == back.documents_removed == ("z",)


def test_secondary_memberships_are_no_places() -> None:
    before = tree_of(BEFORE)
    shared = replace(before, memberships=(*before.memberships, Membership("a", "e4", 0.2, False)))
    assert compare(before, shared).is_empty
