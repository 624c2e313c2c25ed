"""A collection that is large enough takes documents in without building its tree again."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from shas_kb import edits
from shas_kb.ask.snapshot import Snapshot
from shas_kb.config import GrowthConfig, ReadConfig, TreeConfig
from shas_kb.encoder import describe, load, load_question_encoder
from shas_kb.errors import UsageError
from shas_kb.growth import grow
from shas_kb.pipeline import Report, Source, ingest, organise_collection
from shas_kb.records import NODE_LEVELS, Level, Tree
from shas_kb.storage import Store
from shas_kb.taxonomy import parse

SUBJECTS = {
    "bees": ["hive", "honey", "queen", "swarm", "pollen", "wax", "drone", "nectar"],
    "tides": ["moon", "ebb", "flood", "coast", "current", "harbour", "spring", "neap"],
    "bread": ["dough", "yeast", "oven", "flour", "crust", "sourdough", "rye", "loaf"],
}
GROWING = GrowthConfig(documents=10, drift=0.4)
THREE = TreeConfig(entities=3, categories=2, domains=1)


def write(folder: Path, subject: str, detail: str) -> None:
    text = f"This note on {subject} is about the {detail}. Whoever knows {subject} knows what the {detail} does there."
    (folder / f"{subject} {detail}.md").write_text(f"# {subject}: {detail}\n\n{text}\n", encoding="utf-8")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for subject, details in SUBJECTS.items():
        for detail in details[:6]:
            write(tmp_path, subject, detail)
    return tmp_path


def ingested(store: Store, folder: Path, growth: GrowthConfig = GROWING, prune: bool = False) -> Report:
    described = describe()
    read = ReadConfig(str(described.tokenizer), described.facts.window)
    source = Source((folder,), ("*.md",), prune=prune)
    return ingest(store, source, described.facts, lambda: load(device="cpu"), read, growth=growth)


def subject_of(store: Store, tree: Tree) -> dict[str, set[str]]:
    """The subjects of each entity's documents."""
    paths = {document.id: document.path for document in store.documents()}
    found: dict[str, set[str]] = {}
    for each in tree.memberships:
        if each.primary:
            found.setdefault(each.node, set()).add(paths[each.document].split()[0])
    return found


def test_few_more_are_placed_and_found_at_once(folder: Path) -> None:
    with Store.open(folder / "kb.sqlite", create=True) as store:
        built = ingested(store, folder).tree
        assert built is not None
        assert (built.placed, built.drift) == (0, 0)
        write(folder, "bees", "drone")
        write(folder, "tides", "spring")
        grown = ingested(store, folder).tree
        assert grown is not None
        assert (grown.run, grown.placed, grown.documents) == (built.run, 2, 20)
        assert 0 < grown.drift <= 0.4
        assert [node.name for node in grown.nodes] == [node.name for node in built.nodes]
        assert subject_of(store, grown).keys() == subject_of(store, built).keys()
        before, paths = subject_of(store, built), {document.id: document.path for document in store.documents()}
        for each in grown.memberships:
            assert not (each.strain and each.primary) or paths[each.document].split()[0] in before[each.node]
        assert not store.tree_is_stale()
        assert store.check() == []
        snapshot = Snapshot.of(store)
        assert all((snapshot.home[level] >= 0).all() for level in NODE_LEVELS)


def test_what_is_changed_leaves_its_place(folder: Path) -> None:
    with Store.open(folder / "kb.sqlite", create=True) as store:
        built = ingested(store, folder).tree
        (folder / "bread oven.md").write_text((folder / "tides moon.md").read_text() + "The moon again.\n")
        grown = ingested(store, folder).tree
        assert built is not None and grown is not None
        assert (grown.run, grown.documents, grown.placed) == (built.run, 18, 1)
        place = next(each.node for each in grown.memberships if each.strain and each.primary)
        assert "tides" in subject_of(store, grown)[place]
        assert store.check() == []


def test_what_moves_on_the_disk_keeps_its_place(folder: Path) -> None:
    """Also where another document takes the path that it had, or two change theirs."""
    with Store.open(folder / "kb.sqlite", create=True) as store:
        built = ingested(store, folder).tree
        (folder / "bees hive.md").rename(folder / "aside")
        (folder / "tides moon.md").rename(folder / "bees hive.md")
        (folder / "aside").rename(folder / "tides moon.md")
        (folder / "bread oven.md").rename(folder / "later.md")
        assert ingested(store, folder, prune=True).tree == built
        paths = {document.title: document.path for document in store.documents()}
        assert (paths["bees: hive"], paths["bread: oven"]) == ("tides moon.md", "later.md")
        (folder / "later.md").rename(folder / "even later.md")
        write(folder, "bees", "drone")
        (folder / "bees drone.md").rename(folder / "later.md")
        grown = ingested(store, folder, prune=True).tree
        assert built is not None and grown is not None
        assert (grown.run, grown.placed) == (built.run, 1)
        assert {each.document for each in built.memberships} < {each.document for each in grown.memberships}
        assert store.check() == []


@pytest.mark.parametrize("how", ["pruned", "no longer a text", "removed, and stopped before the tree"])
def test_where_a_document_is_gone_the_tree_is_built_again(folder: Path, how: str) -> None:
    """Its words may stand in names and key phrases."""
    with Store.open(folder / "kb.sqlite", create=True) as store:
        built = ingested(store, folder).tree
        path = folder / "bees hive.md"
        if how == "pruned":
            path.unlink()
        elif how == "no longer a text":
            path.write_text("")
        else:
            store.remove([document.id for document in store.documents() if document.path == path.name])
            path.unlink()
        now = ingested(store, folder, prune=how == "pruned").tree
        assert built is not None and now is not None
        assert now.run != built.run
        assert (now.documents, now.placed, now.drift) == (17, 0, 0)
        assert not any("hive" in words.lower() for node in now.nodes for words in (node.name, *node.keyphrases))


def moved(store: Store, path: str) -> str:
    """Has a person move a document to an entity of others; returns that."""
    tree = organise_collection(store, THREE)
    assert tree is not None
    unit = next(document for document in store.documents() if document.path == path)
    target = next(node for node in tree.nodes if node.level == "entity" and unit.id not in tree.members()[node.id])
    organise_collection(store, wishes=edits.move(tree, store.wishes(), [unit], target))
    return target.id


def test_what_a_person_moved_stays_there_when_it_changes(folder: Path) -> None:
    with Store.open(folder / "kb.sqlite", create=True) as store:
        ingested(store, folder)
        target = moved(store, "bees hive.md")
        before = store.runs()[0].run
        (folder / "bees hive.md").write_text("# bees: hive\n\nThis note on bees was written again.\n")
        grown = ingested(store, folder).tree
        assert grown is not None
        document = next(document.id for document in store.documents() if document.path == "bees hive.md")
        assert (grown.run, grown.placed) == (before, 1)
        assert document in grown.members()[target]
        assert store.check() == []


def test_what_a_person_moved_is_there_again_when_it_comes_back(folder: Path) -> None:
    with Store.open(folder / "kb.sqlite", create=True) as store:
        ingested(store, folder)
        target = moved(store, "bees hive.md")
        text = (folder / "bees hive.md").read_text()
        (folder / "bees hive.md").write_text("")
        ingested(store, folder)
        (folder / "bees hive.md").write_text(text)
        tree = ingested(store, folder).tree
        assert tree is not None
        document = next(document.id for document in store.documents() if document.path == "bees hive.md")
        assert document in tree.members()[target]


@pytest.mark.parametrize("level", ["entity", "category"])
def test_what_fits_a_node_of_a_taxonomy_brings_it_into_the_tree(folder: Path, level: Level) -> None:
    seeds = parse("Baking: dough, bread, oven\nOwls: barn owl, night flight, vole", level)
    with Store.open(folder / "kb.sqlite", create=True) as store:
        ingested(store, folder)
        built = organise_collection(store, THREE)
        assert built is not None
        vectors = load_question_encoder(None)([seed.text for seed in seeds])
        sown = organise_collection(store, wishes=edits.sow(built, (), seeds, vectors))
        assert sown is not None
        assert {"Baking", "Owls"} & {node.name for node in sown.nodes} == {"Baking"}
        write(folder, "bread", "rye")
        grown = ingested(store, folder).tree
        assert grown is not None
        assert (grown.run, grown.placed) == (sown.run, 1)
        write(folder, "barn owls", "vole")
        woken = ingested(store, folder).tree
        assert woken is not None
        assert woken.placed == 0
        (owls,) = (node for node in woken.nodes if node.name == "Owls")
        owl = next(document.id for document in store.documents() if document.path.startswith("barn owls"))
        assert owls.level == level
        assert owl in woken.members()[owls.id]


def test_a_tree_that_drifted_is_built_again(folder: Path) -> None:
    with Store.open(folder / "kb.sqlite", create=True) as store:
        built = ingested(store, folder).tree
        for subject, details in SUBJECTS.items():
            write(folder, subject, details[6])
        first = ingested(store, folder, GrowthConfig(10, 0.5)).tree
        for subject, details in SUBJECTS.items():
            write(folder, subject, details[7])
        second = ingested(store, folder, GrowthConfig(10, 0.15)).tree
        assert built is not None and first is not None and second is not None
        assert first.run == built.run
        assert second.run != built.run
        assert (second.placed, second.drift) == (0, 0)
        assert second.run == organise_collection(store).run  # type: ignore[union-attr]
        assert store.check() == []


def test_a_small_collection_is_always_built_again(folder: Path) -> None:
    with Store.open(folder / "kb.sqlite", create=True) as store:
        ingested(store, folder)
        write(folder, "bees", "drone")
        tree = ingested(store, folder, GrowthConfig()).tree
        assert tree is not None
        assert (tree.placed, tree.drift) == (0, 0)


def test_an_ingest_that_was_stopped_before_the_tree_goes_on(folder: Path) -> None:
    with Store.open(folder / "kb.sqlite", create=True) as store:
        built = ingested(store, folder).tree
        write(folder, "bees", "drone")
        described = describe()
        read = ReadConfig(str(described.tokenizer), described.facts.window)
        source = Source((folder,), ("*.md",))
        ingest(store, source, described.facts, lambda: load(device="cpu"), read, with_tree=False)
        assert store.tree_is_stale()
        assert store.check() == []
        grown = ingested(store, folder).tree
        assert built is not None and grown is not None
        assert (grown.run, grown.placed) == (built.run, 1)


def test_documents_that_are_encoded_again_are_placed_again(folder: Path) -> None:
    with Store.open(folder / "kb.sqlite", create=True) as store:
        tree = ingested(store, folder).tree
        assert tree is not None
        some = [document.id for document in store.documents()][:2]
        grown = grow(store, some, GROWING)
        assert grown is not None
        assert {each.document for each in grown.memberships if each.strain} == set(some)
        assert grow(store, [document.id for document in store.documents()], GROWING) is None


def test_limits_of_growth_are_checked() -> None:
    with pytest.raises(UsageError, match="documents must be at least 1, got 0"):
        GrowthConfig(documents=0)
    with pytest.raises(UsageError, match="drift must be from 0 to 1, got 2"):
        GrowthConfig(drift=2)


def test_what_places_documents_is_cheap_to_import() -> None:
    code = (
        "import sys, shas_kb.pipeline; print([name for name in ('scipy', 'torch', 'sklearn') if name in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
