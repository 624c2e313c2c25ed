"""Wishes: what is put comes back; what is held goes with its file, and not with its content."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from shas_kb.errors import DatabaseError
from shas_kb.records import Problem, Wish
from shas_kb.storage import Store


def wishes_for(ids: list[str]) -> tuple[Wish, ...]:
    """A category named and in a taxonomy, an entity under it that holds two of four documents."""
    vector = np.eye(12, dtype=np.float32)[3]
    return (
        Wish("c0000000001", "category", name="Tides", vector=vector, anchors=frozenset(ids[:4])),
        Wish(
            "e0000000001",
            "entity",
            parent="c0000000001",
            pinned=True,
            held=frozenset(ids[:2]),
            anchors=frozenset(ids[:4]),
        ),
    )


def test_wishes_come_back(store: Store, filled) -> None:
    wishes = wishes_for(filled(store))
    assert store.wishes() == ()
    store.put_wishes(wishes)
    assert store.wishes() == wishes
    vector = store.wishes()[0].vector
    assert vector is not None
    np.testing.assert_array_equal(vector, np.eye(12, dtype=np.float32)[3])
    assert store.wishes()[1].vector is None
    store.put_wishes(wishes[:1])
    assert store.wishes() == wishes[:1]
    assert store.check() == []


def test_a_name_is_that_of_the_current_tree_at_once(store: Store, filled, tree_of) -> None:
    wishes = wishes_for(filled(store))
    store.put_tree(tree_of(store, "run-2"))
    store.put_wishes((replace(wishes[0], id="c0000000000"),), {"c0000000000": "Tides"})
    for run, name in (("run-2", "Tides"), ("run-1", "名 c0000000000")):
        tree = store.tree(run)
        assert tree is not None
        assert {node.id: node.name for node in tree.nodes}["c0000000000"] == name


def test_a_tree_and_its_wishes_are_stored_together(store: Store, filled, tree_of) -> None:
    wishes = wishes_for(filled(store))
    broken = tree_of(store, "run-2")
    broken = replace(broken, memberships=(*broken.memberships, replace(broken.memberships[0], node="nowhere")))
    with pytest.raises(DatabaseError):
        store.put_tree(broken, wishes)
    assert store.wishes() == ()
    store.put_tree(tree_of(store, "run-2"), wishes)
    assert store.wishes() == wishes
    store.put_tree(tree_of(store, "run-3"))
    assert store.wishes() == wishes


def test_two_nodes_of_a_level_cannot_hold_one_document(store: Store, filled) -> None:
    first = wishes_for(filled(store))
    with pytest.raises(DatabaseError):
        store.put_wishes((*first, replace(first[1], id="e0000000002")))
    assert store.wishes() == ()


def test_a_document_that_changes_stays_where_it_is_held(store: Store, file, reading, filled) -> None:
    ids = filled(store)
    wishes = wishes_for(ids)
    store.put_wishes(wishes)
    path = store.document(ids[0]).path
    assert store.put_reading(file(path), reading("other content")) == ids[0]
    assert store.wishes() == wishes
    store.put_problem(file(path), None, Problem("damaged"))
    store.put_wishes(store.wishes())
    assert ids[0] not in store.wishes()[1].held
    store.put_reading(file(path), reading("mended"))
    assert store.wishes() == wishes


def test_a_removed_document_leaves_nothing(store: Store, filled) -> None:
    ids = filled(store)
    store.put_wishes(wishes_for(ids))
    store.remove(ids)
    assert store._db.rows("SELECT * FROM wish_documents") == []
    assert [wish.says for wish in store.wishes()] == [("named", "seed"), ("pinned", "placed")]
    assert store.check() == []
