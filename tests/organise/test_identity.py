"""Nodes keep their ids and names from one tree to the next, as long as they are recognisably the same."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from shas_kb.config import TreeConfig
from shas_kb.organise.identity import keep, recognised
from shas_kb.organise.vocabulary import stem
from shas_kb.records import NODE_LEVELS, Membership, Node, Tree


def hardly_changed(former: Tree, built: Tree) -> list[tuple[Node, Node]]:
    """The nodes of the former tree with those of the new one that differ from them in less than a fifth of the
    documents that both trees have, where that is not less than half of them."""
    before, now = former.members(), built.members()
    common = frozenset().union(*before.values()) & frozenset().union(*now.values())
    pairs = []
    for node in former.nodes:
        left = before[node.id] & common
        for other in built.nodes:
            both, either = left & now[other.id], left | (now[other.id] & common)
            if other.level == node.level and len(both) > 0.8 * len(either) and 2 * len(left) >= len(before[node.id]):
                pairs.append((node, other))
    return pairs


def test_nodes_that_hardly_change_keep_ids_and_names(world):
    same_ids, same_names, pairs = 0, 0, 0
    for seed in range(10):
        chance = random.Random(seed)
        order = chance.sample(world.materials, len(world.materials))
        former = world.tree(materials=order[chance.randrange(26) :])
        later = order[: len(order) - chance.randrange(26)]
        built = world.tree(materials=later, former=former)
        for node, other in hardly_changed(former, built):
            pairs += 1
            same_ids += node.id == other.id
            same_names += node.name == other.name
        assert built.hash == world.tree(materials=later).hash
        assert len({node.id for node in built.nodes}) == len(built.nodes)
        assert len({stem(node.name) or node.name for node in built.nodes}) == len(built.nodes)
        ids = {node.id for node in built.nodes}
        assert {membership.node for membership in built.memberships} <= ids
        assert {node.parent for node in built.nodes} <= ids | {None}
    assert pairs > 100
    assert same_ids >= 0.95 * pairs
    assert same_names >= 0.95 * pairs


def test_the_same_documents_keep_everything(world):
    once = world.tree()
    assert world.tree(former=once) == once


def test_in_batches_the_hash_is_that_of_all_at_once(world):
    former = None
    for size in (30, 55, 70, len(world.materials)):
        former = world.tree(materials=world.materials[:size], former=former)
    assert former.hash == world.tree().hash


def tree_of(groups: dict[str, str], names: dict[str, str] | None = None, form: int = 1) -> Tree:
    """One domain, one category, and an entity for each of `groups`: its documents, a letter each."""

    def node(id: str, parent: str | None, members: str) -> Node:
        level = {"e": "entity", "c": "category", "d": "domain"}[id[0]]
        name = (names or {}).get(id, f"word{id}")
        return Node(id, level, name, parent, len(members), ("other words",), (), (), 1.0, np.zeros(2, np.float32))

    every = "".join(groups.values())
    nodes = [node("d0", None, every), node("c0", "d0", every), *(node(id, "c0", own) for id, own in groups.items())]
    memberships = [Membership(one, id, 1.0, True) for id, own in groups.items() for one in own]
    return Tree("run", "hash", {"form": form}, tuple(nodes), tuple(memberships))


@pytest.fixture(scope="module")
def speaking(world):
    """Documents a to z that say any of the names that `tree_of` gives."""
    names = {f"word{letter}{digit}": 1 for letter in "ecd" for digit in range(10)}
    return [replace(world.materials[0], id=one, phrases=names | {"harbour": 1}) for one in "abcdefghijklmnopqrstuvwxyz"]


@pytest.mark.parametrize(
    ("before", "now", "same"),
    [
        ({"e1": "abcd"}, {"e5": "abcd"}, {"e5": "e1"}),
        ({"e1": "abcd"}, {"e5": "abcdefghijkl"}, {"e5": "e1"}),  # additions alone
        ({"e1": "abcd"}, {"e5": "ab"}, {"e5": "e1"}),  # removals alone
        ({"e1": "abcd"}, {"e5": "a"}, {}),  # most of it is gone
        ({"e1": "abcd"}, {"e5": "ab", "e6": "cd"}, {}),  # in halves it is neither
        ({"e1": "abcdef"}, {"e5": "abcd", "e6": "ef"}, {"e5": "e1"}),
        ({"e1": "abcd", "e2": "efgh"}, {"e5": "abcdefgh"}, {}),
        ({"e1": "abcde", "e2": "fg"}, {"e5": "abcdefg"}, {"e5": "e1"}),
        ({"e1": "abc", "e2": "def"}, {"e5": "abf", "e6": "dec"}, {}),
        ({"e1": "abcd", "e2": "wxyz"}, {"e2": "abcd", "e1": "wxyz"}, {"e2": "e1", "e1": "e2"}),
    ],
)
def test_who_is_who(speaking, before, now, same):
    former, built = tree_of(before), tree_of(now)
    found = recognised(former, built)
    assert {node: other for node, other in found.items() if node[0] == "e"} == same
    kept = keep(built, former, speaking)
    inside = {node: former.members()[node] for node in before}
    for node in kept.nodes:
        if node.id in inside:
            assert kept.members()[node.id] & inside[node.id] or node.id not in same.values()
    assert Counter(node.level for node in kept.nodes) == Counter(node.level for node in built.nodes)


def test_an_id_that_another_node_keeps_is_not_given_twice(speaking):
    kept = keep(tree_of({"e1": "wxyz", "e2": "abcd"}), tree_of({"e1": "abcd"}), speaking)
    members = kept.members()
    assert members["e1"] == frozenset("abcd")
    assert len(members) == 4


def test_a_name_that_another_node_keeps_is_not_given_twice(speaking):
    former = tree_of({"e1": "abcd"}, {"e1": "harbour"})
    built = tree_of({"e5": "abcd", "e6": "wxyz", "e7": "uv"}, {"e6": "Harbours", "e7": "harbour"})
    names = {node.id: node.name for node in keep(built, former, speaking).nodes}
    assert (names["e1"], names["e6"], names["e7"]) == ("harbour", "Other words", "harbour 2")


def test_cousins_keep_one_name_and_a_parent_and_its_child_do_not(speaking):
    built = tree_of({"e5": "abcd", "e6": "wxyz"}, {"c0": "harbour", "c1": "Other words", "e5": "harbour"})
    other = replace(built.nodes[1], id="c1", name="Other words")
    moved = [replace(node, parent="c1", name="harbour") if node.id == "e6" else node for node in built.nodes]
    names = {
        node.id: node.name for node in keep(replace(built, nodes=(*moved[:2], other, *moved[2:])), None, speaking).nodes
    }
    assert (names["c0"], names["e5"], names["e6"]) == ("harbour", "Other words", "harbour")


def test_a_name_goes_when_no_document_says_it(speaking):
    former = tree_of({"e1": "abcd"}, {"e1": "secret harbour"})
    built = tree_of({"e5": "abc"}, {"e5": "worde5"})
    (entity,) = (node for node in keep(built, former, speaking).nodes if node.level == "entity")
    assert (entity.id, entity.name) == ("e1", "worde5")
    told = [replace(material, title="The Secrets of a harbour") for material in speaking]
    (entity,) = (node for node in keep(built, former, told).nodes if node.level == "entity")
    assert (entity.id, entity.name) == ("e1", "secret harbour")


def test_another_form_keeps_ids_and_not_names(speaking):
    kept = keep(tree_of({"e5": "abcd"}, form=2), tree_of({"e1": "abcd"}, form=1), speaking)
    assert [(node.id, node.name) for node in kept.nodes] == [("d0", "wordd0"), ("c0", "wordc0"), ("e1", "worde5")]


def test_other_counts_keep_what_is_the_same(world):
    former = world.tree(TreeConfig(entities=10, categories=4, domains=2))
    built = world.tree(TreeConfig(entities=20, categories=4, domains=2), former=former)
    for level in NODE_LEVELS[1:]:
        assert {n.id for n in built.nodes if n.level == level} == {n.id for n in former.nodes if n.level == level}
