"""The tree: what is put comes back; the current one, former ones, and when it no longer fits the documents."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from shas_kb.errors import DatabaseError, NotFoundError
from shas_kb.records import Membership, Tree
from shas_kb.storage import Store
from shas_kb.storage.tree import KEPT


def test_a_tree_comes_back(store: Store, filled, tree_of) -> None:
    filled(store)
    built = tree_of(store)
    assert store.tree() == built
    assert store.tree("run-1") == built
    stored = store.tree()
    assert stored is not None
    np.testing.assert_array_equal(stored.nodes[0].vector, built.nodes[0].vector)
    assert stored.nodes[0].vector.dtype == np.float32
    assert stored.config == built.config
    assert not store.tree_is_stale()


def test_without_a_tree(store: Store, file, reading) -> None:
    assert store.tree() is None
    assert store.runs() == []
    assert not store.tree_is_stale()
    store.put_reading(file("a"), reading("alpha"))
    assert store.tree_is_stale()
    with pytest.raises(NotFoundError, match=f"one of the last {KEPT}, got 'run-9'"):
        store.tree("run-9")


def test_former_trees_are_kept_for_a_while_and_their_facts_for_good(store: Store, filled, tree_of) -> None:
    filled(store)
    trees = [tree_of(store, f"run-{i}") for i in range(1, KEPT + 3)]
    for tree in trees[1:]:
        store.put_tree(tree)
    runs = store.runs()
    assert [run.run for run in runs] == [tree.run for tree in reversed(trees)]
    assert [run.whole for run in runs] == [True] * KEPT + [False] * 2
    assert (runs[0].documents, runs[0].entities, runs[0].categories, runs[0].domains) == (5, 3, 2, 1)
    assert runs[0].hash == "hash of run-7"
    assert runs[0].config == trees[0].config
    assert store.tree() == trees[-1]
    assert store.tree("run-3") == trees[2]
    with pytest.raises(NotFoundError):
        store.tree("run-2")
    assert store.check() == []


def test_the_same_run_again_becomes_the_current_one(store: Store, filled, tree_of) -> None:
    filled(store)
    store.put_tree(tree_of(store, "run-2"))
    store.put_tree(tree_of(store, "run-1"))
    assert [run.run for run in store.runs()] == ["run-1", "run-2"]
    assert store.tree() == tree_of(store, "run-1")


def test_a_tree_of_nothing(store: Store) -> None:
    empty = Tree("run-0", "h", {}, (), ())
    store.put_tree(empty)
    assert store.tree() is None
    assert store.tree("run-0") == empty
    assert store.check() == []


@pytest.mark.parametrize("change", ["removed", "changed"])
def test_a_document_that_goes_leaves_the_current_tree_only(
    store: Store, file, reading, filled, tree_of, change: str
) -> None:
    ids = sorted(filled(store))
    former = tree_of(store)
    store.put_tree(replace(former, run="run-2"))
    if change == "removed":
        store.remove([ids[0]])
    else:
        store.put_reading(file(store.document(ids[0]).path), reading("other content"))
    assert store.tree_is_stale()
    current = store.tree()
    assert current is not None
    assert ids[0] not in {membership.document for membership in current.memberships}
    assert [node.documents for node in current.nodes] == [4, 3, 1, 1, 2, 1]
    assert all(ids[0] not in node.central for node in current.nodes)
    assert all(quote.document != ids[0] for node in current.nodes for quote in node.summary)
    assert store.check() == []
    store.put_tree(tree_of(store, "run-3"))
    for run in ("run-1", "run-2"):
        before = store.tree(run)
        assert before is not None
        assert before.memberships == former.memberships
        assert [(node.documents, node.central) for node in before.nodes] == [
            (node.documents, node.central) for node in former.nodes
        ]
    assert store.check() == []


@pytest.mark.parametrize("is_quoted", [True, False])
def test_a_document_that_is_what_it_was_again(store: Store, file, reading, filled, is_quoted: bool) -> None:
    """It has its place again; but if the tree lost a quotation from it, the tree must be built again."""
    ids = filled(store)
    built = store.tree()
    assert built is not None
    quoted = {quote.document for node in built.nodes for quote in node.summary}
    i = next(i for i, id in enumerate(ids) if (id in quoted) == is_quoted)
    store.put_reading(file(f"{i}.txt"), reading("other content"))
    assert store.tree_is_stale()
    store.put_reading(file(f"{i}.txt"), reading(f"first words {i}|and more.", f"second {i}"))
    assert store.tree_is_stale() == is_quoted
    assert (store.tree() == built) == (not is_quoted)


def test_a_node_without_documents_is_not_shown(store: Store, filled) -> None:
    ids = sorted(filled(store))
    store.remove([ids[4]])
    tree = store.tree()
    assert tree is not None
    assert (tree.count("entity"), tree.count("category"), tree.count("domain")) == (2, 1, 1)
    assert {membership.node for membership in tree.memberships if membership.primary} == {
        node.id for node in tree.nodes if node.level == "entity"
    }


def test_new_and_changed_documents_make_a_tree_stale(store: Store, file, reading, filled, tree_of) -> None:
    filled(store)
    store.put_reading(file("new.txt"), reading("something new"))
    assert store.tree_is_stale()
    store.put_tree(tree_of(store, "run-2"))
    assert not store.tree_is_stale()
    store.put_reading(file("new.txt"), reading("something newer"))
    assert store.tree_is_stale()
    store.put_tree(tree_of(store, "run-3"))
    store.move([(file("new.txt"), file("newer.txt"))])
    assert not store.tree_is_stale()
    store.forget([file("newer.txt")])
    assert store.tree_is_stale()


def test_when_all_documents_are_gone_there_is_no_tree(store: Store, file, reading, filled, tree_of) -> None:
    filled(store)
    store.forget([state.file for state in store.files()])
    assert store.tree() is None
    assert store.info()["tree"] is None
    assert store.tree_is_stale()
    assert [run.run for run in store.runs()] == ["run-1"]
    store.put_reading(file("0.txt"), reading("not what the tree knows"))
    assert store.tree() is None
    store.put_tree(tree_of(store, "run-2"))
    assert store.tree() == tree_of(store, "run-2")
    assert store.check() == []


@pytest.mark.parametrize(
    "fault", ["order", "unknown node", "two primaries", "unknown document in a quote", "unknown document"]
)
def test_a_tree_that_is_none_is_refused_whole(store: Store, filled, tree_of, fault: str) -> None:
    ids = filled(store)
    tree = tree_of(store, "run-2")
    if fault == "order":
        tree = replace(tree, nodes=tree.nodes[::-1])
    elif fault == "unknown node":
        tree = replace(tree, memberships=(*tree.memberships, Membership(ids[0], "e9999999999", 0.1, False)))
    elif fault == "unknown document":
        tree = replace(tree, memberships=(*tree.memberships, replace(tree.memberships[0], document="nowhere")))
    elif fault == "two primaries":
        second = next(m.node for m in tree.memberships if m.document != ids[0] and m.primary)
        tree = replace(tree, memberships=(*tree.memberships, *(Membership(id, second, 0.1, True) for id in ids)))
    else:
        node = tree.nodes[-1]
        quote = replace(node.summary[0], document="nowhere")
        tree = replace(tree, nodes=(*tree.nodes[:-1], replace(node, summary=(quote,))))
    with pytest.raises(DatabaseError, match="must keep its own rules"):
        store.put_tree(tree)
    assert store.tree() == tree_of(store)
    assert len(store.runs()) == 1


def test_a_tree_can_leave_out_second_places(store: Store, filled) -> None:
    filled(store, 5)
    whole, primary = store.tree(), store.tree(primary=True)
    assert whole is not None and primary is not None
    assert primary.memberships == tuple(each for each in whole.memberships if each.primary) != whole.memberships
    assert [node.id for node in primary.nodes] == [node.id for node in whole.nodes]
    assert [node.documents for node in primary.nodes] == [node.documents for node in whole.nodes]
