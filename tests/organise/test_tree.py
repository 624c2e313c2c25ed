"""The tree as a whole: everything is in its place, the same documents give the same tree, what is there is found."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from places import check_places

from shas_kb.config import TreeConfig
from shas_kb.organise.belong import belonging
from shas_kb.organise.count import ahead_of_chance
from shas_kb.records import NODE_LEVELS, Node, Tree


def found(tree: Tree, level_index: int) -> dict[str, str]:
    """Which node of a level each document is in."""
    nodes = {node.id: node for node in tree.nodes}

    def climb(node: Node, steps: int) -> Node:
        return node if steps == 0 else climb(nodes[str(node.parent)], steps - 1)

    return {m.document: climb(nodes[m.node], level_index).id for m in tree.memberships if m.primary}


def test_everything_is_in_its_place(world):
    check_places(world.tree(), len(world.materials))


def test_what_belongs_together_is_found(world):
    tree = world.tree(TreeConfig(entities=10, categories=4, domains=2))
    for level_index in range(3):
        pairs = Counter((node, world.truth[doc][level_index]) for doc, node in found(tree, level_index).items())
        nodes = Counter(node for node, _ in pairs)
        assert set(nodes.values()) == {1}, f"{NODE_LEVELS[level_index]} nodes mix classes: {pairs}"


def test_counts_are_near_the_ratios_and_the_truth(world):
    tree = world.tree()
    assert 8 <= tree.count("entity") <= 12
    assert 2 <= tree.count("category") <= 5
    assert 1 <= tree.count("domain") <= 2


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.randoms(use_true_random=False))
def test_order_never_matters(world, random):
    shuffled = list(world.materials)
    random.shuffle(shuffled)
    assert world.tree(materials=shuffled) == world.tree()


def test_words_in_another_order_never_matter(world):
    turned = [
        replace(m, terms=dict(reversed(m.terms.items())), phrases=dict(reversed(m.phrases.items())))
        for m in world.materials
    ]
    assert world.tree(materials=turned).hash == world.tree().hash


def test_the_hash_covers_structure(world):
    one = world.tree()
    other = world.tree(materials=world.materials[1:])
    assert one.hash != other.hash
    assert one.run != world.tree(TreeConfig(seed=1)).run


@pytest.mark.parametrize("count", [1, 2, 3, 5, 11, 20])
def test_few_documents(world, count):
    tree = world.tree(materials=world.materials[:count])
    check_places(tree, count)
    assert tree.count("entity") <= max(1, count // 2)


def test_no_documents(world):
    tree = world.tree(materials=[])
    assert tree.nodes == ()
    assert tree.memberships == ()
    assert tree.hash


def test_copies_are_one_entity(copies: Callable):
    tree = copies(500).tree(TreeConfig(entities=7))
    check_places(tree, 500)
    assert tree.count("entity") == 1


def test_copies_follow_their_original(world):
    first = world.materials[0]
    twin = replace(first, id="f" * 12, sha256="f" * 64)
    tree = world.tree(materials=[*world.materials, twin])
    check_places(tree, len(world.materials) + 1)
    places = found(tree, 0)
    assert places[first.id] == places[twin.id]


@pytest.mark.parametrize("count", [20, 60, 120])
def test_what_has_no_structure_is_not_split(noise: Callable, count):
    tree = noise(count).tree()
    check_places(tree, count)
    assert [tree.count(level) for level in NODE_LEVELS] == [1, 1, 1]


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        ({"entities": 10, "categories": 4, "domains": 2}, (10, 4, 2)),
        ({"entities": 80, "categories": 80, "domains": 80}, (80, 80, 80)),
        ({"entities": 1}, (1, 1, 1)),
        ({"domains": 5}, (None, None, 5)),
        ({"categories": 30}, (None, 30, None)),
        ({"entities": 500}, (80, None, None)),
    ],
)
def test_counts_that_are_asked_for_are_kept(world, asked, given):
    tree = world.tree(TreeConfig(**asked))
    check_places(tree, len(world.materials))
    for level, count in zip(NODE_LEVELS, given, strict=True):
        assert count is None or tree.count(level) == count


def test_counts_are_kept_without_structure_too(noise: Callable):
    tree = noise(40).tree(TreeConfig(entities=12, categories=5, domains=3))
    assert [tree.count(level) for level in NODE_LEVELS] == [12, 5, 3]


def test_ratios_move_the_counts(world):
    few = world.tree(TreeConfig(ratios=(40, 2, 2))).count("entity")
    many = world.tree(TreeConfig(ratios=(4, 2, 2))).count("entity")
    assert few < 8 <= many


@pytest.mark.parametrize("count", [14, 20, 27, 40, 80])
def test_fewer_documents_an_entity_never_give_fewer_entities(world, count):
    """Whether there is structure does not depend on the ratio that is asked for."""
    materials = world.materials[:: len(world.materials) // count][:count]
    ratios = (40, 20, 12, 10, 8, 7, 6, 5, 4, 3, 2, 1.5)
    counts = [world.tree(TreeConfig(ratios=(r, 3, 2)), materials).count("entity") for r in ratios]
    assert counts == sorted(counts)
    assert counts[-1] > 1


@pytest.mark.parametrize("groups", [14, 20])
def test_more_groups_than_units_are_no_better_than_chance(groups):
    units = np.repeat(np.eye(4), 4, axis=0)[:14]
    assert ahead_of_chance(units, 2, groups) == 0


def test_a_document_of_no_passages_and_no_words_has_a_place(world):
    bare = replace(
        world.materials[0],
        id="0" * 12,
        sha256="0" * 64,
        passages=np.zeros((0, 48), np.float32),
        terms={},
        phrases={},
    )
    tree = world.tree(materials=[*world.materials, bare])
    check_places(tree, len(world.materials) + 1)


def test_a_document_between_two_entities_belongs_to_both():
    corners = np.repeat(np.eye(3), 4, axis=0)
    between = np.array([[1.0, 0.98, 0.0]]) / np.sqrt(2)
    entities = belonging(np.vstack([corners, between]), np.array([*np.repeat([0, 1, 2], 4), 0]))
    assert entities[0] == [(0, 1.0)]
    assert [entity for entity, _ in entities[-1]] == [0, 1]
    assert sum(weight for _, weight in entities[-1]) == pytest.approx(1)


def test_weights_do_not_hide_the_primary_entity():
    far_off = np.array([[0.0, 1.0, 0.0]])
    entities = belonging(np.vstack([np.repeat(np.eye(3), 9, axis=0), far_off]), np.array([*np.repeat([0, 1, 2], 9), 0]))
    assert entities[-1][0][0] == 0


def test_documents_without_words_have_places_and_names(world):
    mute = [replace(material, terms={}, phrases={}, title="") for material in world.materials[:12]]
    tree = world.tree(TreeConfig(entities=3, categories=2, domains=1), materials=mute)
    check_places(tree, 12)
    assert tree.count("entity") == 3


def test_documents_without_vectors_are_grouped_by_words(world):
    blind = [replace(material, passages=np.zeros((0, 48), np.float32)) for material in world.materials]
    tree = world.tree(TreeConfig(entities=10, categories=4, domains=2), materials=blind)
    check_places(tree, len(blind))
    assert len({(node, world.truth[doc][0]) for doc, node in found(tree, 0).items()}) == 10


def test_threads_never_matter():
    """The numerical libraries divide work among threads, which may change the last bits of a sum."""
    script = "import sys; sys.path.insert(0, sys.argv[1]); import conftest; print(conftest.build_world(12).tree().hash)"
    hashes = {
        subprocess.run(
            [sys.executable, "-c", script, str(Path(__file__).parent)],
            env={**os.environ, "OPENBLAS_NUM_THREADS": threads, "OMP_NUM_THREADS": threads},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for threads in ("1", "2")
    }
    assert len(hashes) == 1
