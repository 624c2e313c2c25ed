"""Whatever a person says of the tree holds, in every tree that is built afterwards."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from places import check_places

from shas_kb import edits
from shas_kb.config import TreeConfig
from shas_kb.organise.material import unit
from shas_kb.organise.represent import document_vectors
from shas_kb.records import NODE_LEVELS, Document, Tree, Wish
from shas_kb.taxonomy import Seed

KINDS = (
    "rename",
    "pin",
    "move node",
    "move documents",
    "merge",
    "split",
    "release node",
    "release document",
    "sow",
    "leave",
)


@pytest.fixture(scope="module")
def small(make_world):
    """Forty documents of ten entities, and three copies of them."""
    made = make_world(4)
    copies = []
    for i, original in enumerate(made.materials[:9:4]):
        copies.append(replace(original, id=f"{i:012x}", sha256=f"{i:064x}"))
        for passage in [made.passages[original.id, ordinal] for ordinal in range(len(original.passages))]:
            made.passages[copies[-1].id, passage.ordinal] = replace(passage, document=copies[-1].id)
    return replace(made, materials=(*made.materials, *copies))


def document(material) -> Document:
    return Document(material.id, "/", "p", material.sha256, "txt", material.title, (), None, "en", 0, 1, 1, 1)


def said(chance: random.Random, kind: str, tree: Tree, wishes: tuple[Wish, ...], materials) -> tuple[Wish, ...]:
    """An edit of this kind of what chance finds."""
    level = chance.choice(NODE_LEVELS)
    of_level = {each: [node for node in tree.nodes if node.level == each] for each in NODE_LEVELS}
    node = chance.choice(of_level[level])
    match kind:
        case "rename":
            return edits.rename(tree, wishes, node, f"Name {chance.randrange(10**9)}")
        case "pin":
            return edits.pin(tree, wishes, node)
        case "move node":
            height = chance.randrange(2)
            lower, upper = (chance.choice(of_level[NODE_LEVELS[height + step]]) for step in (0, 1))
            return edits.move(tree, wishes, [lower], upper)
        case "move documents":
            some = [document(one) for one in chance.sample(materials, 3)]
            return edits.move(tree, wishes, some, chance.choice(of_level["entity"]))
        case "merge" if len(of_level[level]) > 1:
            return edits.merge(tree, wishes, chance.sample(of_level[level], 2))
        case "split":
            members = tree.members()
            children = [members[child.id] for child in tree.nodes if child.parent == node.id]
            pieces = children or [frozenset([one]) for one in sorted(members[node.id])]
            cut = chance.randrange(len(pieces))
            if cut:
                parts = [frozenset().union(*pieces[:cut]), frozenset().union(*pieces[cut:])]
                return edits.split(tree, wishes, node, parts)
        case "sow":
            names = [f"{letter}{chance.randrange(10**9)}" for letter in "DCEK"]
            paths = (names[:1], names[:2], names[:3], [names[0], names[3]])
            levels = ("domain", "category", "entity", "category")
            seeds = [Seed(at, tuple(path), "") for at, path in zip(levels, paths, strict=True)]
            return edits.sow(tree, wishes, seeds, np.stack([chance.choice(materials).passages[0] for _ in seeds]))
        case "release node" if wishes:
            return edits.release(tree, wishes, chance.choice(wishes).id)
        case "release document":
            return edits.release(tree, wishes, chance.choice(materials).id)
    return wishes


def check_wishes(tree: Tree, wishes: tuple[Wish, ...]) -> None:
    """What is held is where it was put, what was named has its name, what was placed its place."""
    members, nodes = tree.members(), {node.id: node for node in tree.nodes}
    everything = frozenset().union(*members.values())
    for wish in wishes:
        held = wish.held & everything
        assert held <= members.get(wish.id, frozenset())
        if wish.id in nodes:
            assert nodes[wish.id].level == wish.level
            assert nodes[wish.id].parent == (wish.parent or nodes[wish.id].parent)
            assert nodes[wish.id].name == (wish.name or nodes[wish.id].name)


@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(st.sampled_from(KINDS), min_size=4, max_size=8), st.integers(0, 10**6))
def test_any_edits_hold_in_every_tree(small, kinds, seed):
    chance = random.Random(seed)
    materials, wishes, tree = list(small.materials), (), small.tree()
    for kind in kinds:
        if kind == "leave":
            materials = chance.sample(small.materials, chance.randrange(15, len(small.materials) + 1))
        else:
            wishes = said(chance, kind, tree, wishes, materials)
        tree = small.tree(materials=materials, former=tree, wishes=wishes)
        anew = small.tree(materials=chance.sample(materials, len(materials)), wishes=wishes[::-1])
        assert anew.hash == tree.hash
        for one in (tree, anew):
            check_places(one, len(materials))
            check_wishes(one, wishes)


def test_what_nothing_is_asked_of_stays(small):
    """A pinned tree is the tree, and a name changes none of it."""
    tree = small.tree()
    wishes: tuple[Wish, ...] = ()
    for node in tree.nodes:
        wishes = edits.pin(tree, wishes, node)
    wishes = edits.rename(tree, wishes, tree.nodes[0], "All of this")
    again = small.tree(former=tree, wishes=wishes)
    assert again.hash == tree.hash
    assert [node.id for node in again.nodes] == [node.id for node in tree.nodes]
    assert [node.name for node in again.nodes] == ["All of this", *(node.name for node in tree.nodes[1:])]


def test_a_name_is_found_again_without_the_former_tree(small):
    tree = small.tree()
    entity = max((node for node in tree.nodes if node.level == "entity"), key=lambda node: node.documents)
    wishes = edits.rename(tree, (), entity, "What I call it")
    few = [one for one in small.materials if one.id != min(tree.members()[entity.id])]
    (found,) = (node for node in small.tree(materials=few, wishes=wishes).nodes if node.name == "What I call it")
    assert (found.id, found.level) == (entity.id, "entity")


def pinned_under(small, name, form=None):
    """The name that a pinned entity has after a rebuild, where it was called `name` before, in a tree of `form`."""
    tree = small.tree()
    entity = next(node for node in tree.nodes if node.level == "entity")
    nodes = tuple(replace(node, name=name(node)) if node == entity else node for node in tree.nodes)
    former = replace(tree, nodes=nodes, config={**tree.config, "form": form or tree.config["form"]})
    pinned = next(node for node in former.nodes if node.id == entity.id)
    again = small.tree(former=former, wishes=edits.pin(former, (), pinned))
    return next(node.name for node in again.nodes if node.id == entity.id), entity


def test_a_pinned_node_keeps_its_name_as_long_as_its_documents_say_it(small):
    """Also in a tree of another form; but not a name that only documents said that are gone."""
    name, entity = pinned_under(small, lambda node: node.keyphrases[1])
    assert name == entity.keyphrases[1] != entity.name
    assert pinned_under(small, lambda node: node.keyphrases[1], form=-1)[0] == name
    assert pinned_under(small, lambda node: "Tamarillos")[0] == entity.name


def test_a_taxonomy_finds_what_is_pinned_by_its_name(small):
    tree = small.tree()
    entity = next(node for node in tree.nodes if node.level == "entity")
    wishes = edits.pin(tree, (), entity)
    sown = edits.sow(tree, wishes, [Seed("entity", (f"{entity.name}s",), "")], np.eye(48, dtype=np.float32)[:1])
    assert [(wish.id, wish.name, wish.pinned) for wish in sown] == [(entity.id, f"{entity.name}s", True)]


@pytest.fixture
def grown(world):
    """The tree of three quarters of the world, and what becomes of it when the others come."""
    few = [one for i, one in enumerate(world.materials) if i % 4]
    return world.tree(materials=few), lambda tree, wishes: world.tree(former=tree, wishes=wishes)


def test_new_documents_join_what_is_merged(world, grown):
    few, many = grown
    first, second = [node for node in few.nodes if node.level == "entity"][:2]
    merged = few.members()[first.id] | few.members()[second.id]
    joined = many(few, edits.merge(few, (), [first, second])).members()[first.id]
    assert merged < joined
    assert {world.truth[one][0] for one in joined} == {world.truth[one][0] for one in merged}


def test_a_moved_node_takes_its_new_documents_along(grown):
    few, many = grown
    entity = next(node for node in few.nodes if node.level == "entity")
    target = next(node for node in few.nodes if node.level == "category" and node.id != entity.parent)
    (moved,) = (node for node in many(few, edits.move(few, (), [entity], target)).nodes if node.id == entity.id)
    assert moved.parent == target.id
    assert moved.documents > entity.documents


@pytest.mark.parametrize("height", [0, 1])
def test_a_node_that_moves_leaves_its_siblings_where_they_are(world, height):
    """Also the largest of them, without which little is left of what they lie in."""
    config = TreeConfig(categories=4, domains=2)
    tree = world.tree(config)
    upper = [node for node in tree.nodes if node.level == NODE_LEVELS[height + 1]]
    families = {node.id: [child for child in tree.nodes if child.parent == node.id] for node in upper}
    home = next(node for node in upper if len(families[node.id]) > 1)
    largest, *rest = sorted(families[home.id], key=lambda child: (-child.documents, child.id))
    target = next(node for node in upper if node != home)
    now = world.tree(config, former=tree, wishes=edits.move(tree, (), [largest, *rest[:-1]], target))
    parents = {node.id: node.parent for node in now.nodes}
    assert parents[largest.id] == target.id
    assert parents[rest[-1].id] not in (None, target.id)


def test_copies_part_where_they_are_held_apart(small):
    tree = small.tree()
    members = tree.members()
    copy, original = small.materials[-1], small.materials[8]
    home = next(node.id for node in tree.nodes if node.level == "entity" and copy.id in members[node.id])
    assert original.id in members[home]
    other = next(node for node in tree.nodes if node.level == "entity" and node.id != home)
    parted = small.tree(former=tree, wishes=edits.move(tree, (), [document(copy)], other)).members()
    assert copy.id in parted[other.id]
    assert original.id in parted[home]


def test_a_wish_without_its_documents_is_no_error(small):
    tree = small.tree()
    entity = next(node for node in tree.nodes if node.level == "entity")
    wishes = edits.rename(tree, edits.pin(tree, (), entity), entity, "Gone")
    rest = [one for one in small.materials if one.id not in tree.members()[entity.id]]
    without = small.tree(materials=rest, former=tree, wishes=wishes)
    check_places(without, len(rest))
    assert "Gone" not in {node.name for node in without.nodes}
    back = small.tree(former=without, wishes=wishes)
    assert back.members()[entity.id] >= tree.members()[entity.id]


def test_a_taxonomy_gets_what_fits(world):
    """What lies at the middle of a true entity or category is filled with all of it, and nothing else is taken away."""
    vectors = document_vectors(world.materials)

    def seed(id: str, level: str, height: int, name: str, parent: str | None = None) -> Wish:
        rows = [i for i, one in enumerate(world.materials) if world.truth[one.id][height] == name]
        middle = unit(vectors[rows].mean(axis=0, keepdims=True))[0]
        return Wish(id, level, name=name, parent=parent, vector=middle.astype(np.float32))  # type: ignore[arg-type]

    seeds = (
        seed("d1", "domain", 2, "biology"),
        seed("c1", "category", 1, "ecology", "d1"),
        seed("e1", "entity", 0, "food web", "c1"),
    )
    plain = world.tree(TreeConfig(entities=10, categories=4, domains=2))
    tree = world.tree(TreeConfig(entities=10, categories=4, domains=2), former=plain, wishes=seeds)
    check_places(tree, len(world.materials))
    members, names = tree.members(), {node.id: node.name for node in tree.nodes}
    assert [names[seed.id] for seed in seeds] == ["biology", "ecology", "food web"]
    for seed, height in zip(seeds, (2, 1, 0), strict=True):
        true = {one for one, place in world.truth.items() if place[height] == seed.name}
        assert len(members[seed.id] & true) >= 0.9 * len(true)
        assert len(members[seed.id] & true) >= 0.9 * len(members[seed.id])
    assert tree.count("domain") == 2


def test_a_taxonomy_that_nothing_fits_changes_nothing(world):
    far = Wish("c1", "category", name="Elsewhere", vector=np.zeros(48, np.float32))
    assert world.tree(wishes=[far]) == world.tree()
