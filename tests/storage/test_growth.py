"""A tree that takes documents in without being built again: who is in it, its drift, and what a check says."""

from __future__ import annotations

import pytest

from shas_kb.errors import DatabaseError
from shas_kb.records import Membership
from shas_kb.storage import Store


def add(store: Store, file, reading, name: str, text: str = "something new") -> str:
    document: str = store.put_reading(file(f"{name}.txt"), reading(f"{text} {name}"))
    return document


def entity(store: Store) -> str:
    tree = store.tree()
    assert tree is not None
    return next(node.id for node in tree.nodes if node.level == "entity")


def placed(document: str, node: str, strain: float = 1.0) -> Membership:
    return Membership(document, node, 1.0, True, strain)


def homes(store: Store) -> dict[str, str]:
    tree = store.tree()
    assert tree is not None
    return {each.document: each.node for each in tree.memberships if each.primary}


def test_a_new_document_is_in_the_tree_at_once(store: Store, file, reading, filled) -> None:
    filled(store)
    new = add(store, file, reading, "new")
    assert store.tree_is_stale()
    assert store.place([placed(new, entity(store))]) == pytest.approx(1 / 6)
    assert not store.tree_is_stale()
    assert homes(store)[new] == entity(store)
    tree = store.tree()
    assert tree is not None
    assert (tree.documents, tree.placed, tree.drift) == (6, 1, pytest.approx(1 / 6))
    assert tree.nodes[0].documents == 6
    assert (store.runs()[0].placed, store.runs()[0].drift) == (1, pytest.approx(1 / 6))
    assert store.check() == []


def test_what_fits_badly_counts_more(store: Store, file, reading, filled) -> None:
    filled(store)
    new = add(store, file, reading, "new")
    assert store.place([placed(new, entity(store), strain=3.0)]) == pytest.approx(3 / 6)


def test_a_document_that_goes_leaves_the_tree(store: Store, filled) -> None:
    ids = sorted(filled(store))
    store.remove(ids[:2])
    assert store.place([]) == pytest.approx(2 / 5)
    assert not store.tree_is_stale()
    assert set(homes(store)) == set(ids[2:])
    held = store._db.rows("SELECT DISTINCT document FROM memberships WHERE run = (SELECT max(number) FROM runs)")
    assert {row[0] for row in held} == set(ids[2:])
    assert store.check() == []


def test_a_node_in_which_nothing_is_left_is_none(store: Store, filled) -> None:
    filled(store)
    emptied = entity(store)
    store.remove(sorted(document for document, home in homes(store).items() if home == emptied))
    store.place([])
    tree = store.tree()
    assert tree is not None
    assert emptied not in {node.id for node in tree.nodes}
    assert {each.node for each in tree.memberships} <= {node.id for node in tree.nodes}
    facts = store.runs()[0]
    counts = tuple(tree.count(level) for level in ("entity", "category", "domain"))
    assert (facts.entities, facts.categories, facts.domains) == counts
    assert store.check() == []


def test_a_changed_document_is_placed_again_and_counts_once(store: Store, file, reading, filled) -> None:
    ids = filled(store)
    target = entity(store)
    add(store, file, reading, "0", "quite another text")
    assert store.tree_is_stale()
    assert store.place([placed(ids[0], target)]) == pytest.approx(1 / 5)
    assert not store.tree_is_stale()
    assert homes(store)[ids[0]] == target
    assert store.check() == []


def test_what_came_and_went_leaves_no_trace(store: Store, file, reading, filled) -> None:
    filled(store)
    before = store.tree()
    new = add(store, file, reading, "new")
    store.place([placed(new, entity(store))])
    store.remove([new])
    assert store.tree_is_stale()
    assert store.place([]) == 0
    assert store.tree() == before
    assert store.check() == []


def test_drift_adds_up_and_ends_with_the_next_build(store: Store, file, reading, filled, tree_of) -> None:
    filled(store)
    node = entity(store)
    for i in range(3):
        store.place([placed(add(store, file, reading, f"new{i}"), node)])
    assert store.runs()[0].drift == pytest.approx(3 / 8)
    store.put_tree(tree_of(store, "run-2"))
    tree = store.tree()
    assert tree is not None
    assert (tree.placed, tree.drift) == (0, 0)
    assert store.runs()[1].drift == pytest.approx(3 / 8)
    assert store.check() == []


@pytest.mark.parametrize("fault", ["unknown entity", "unknown document", "two primaries"])
def test_places_that_are_none_are_refused_whole(store: Store, file, reading, filled, fault: str) -> None:
    filled(store)
    new = add(store, file, reading, "new")
    node, before = entity(store), store.tree()
    others = [each for each in homes(store).values() if each != node]
    wrong = {
        "unknown entity": placed(new, "e9999999999"),
        "unknown document": placed("nowhere", node),
        "two primaries": placed(new, others[0]),
    }[fault]
    with pytest.raises(DatabaseError):
        store.place([placed(new, node), wrong] if fault == "two primaries" else [wrong])
    assert store.tree() == before
    assert store.tree_is_stale()
    assert store.check() == []
