"""A collection that is large enough takes documents in without building its tree again."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from shas_kb.ask.snapshot import Snapshot
from shas_kb.config import GrowthConfig, ReadConfig
from shas_kb.encoder import describe, load
from shas_kb.errors import UsageError
from shas_kb.growth import grow
from shas_kb.pipeline import Report, Source, ingest, organise_collection
from shas_kb.records import NODE_LEVELS, Tree
from shas_kb.storage import Store

SUBJECTS = {
    "bees": ["hive", "honey", "queen", "swarm", "pollen", "wax", "drone", "nectar"],
    "tides": ["moon", "ebb", "flood", "coast", "current", "harbour", "spring", "neap"],
    "bread": ["dough", "yeast", "oven", "flour", "crust", "sourdough", "rye", "loaf"],
}
GROWING = GrowthConfig(documents=10, drift=0.4)


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


def test_what_is_removed_or_changed_leaves_its_place(folder: Path) -> None:
    with Store.open(folder / "kb.sqlite", create=True) as store:
        built = ingested(store, folder).tree
        (folder / "bees hive.md").unlink()
        (folder / "bread oven.md").write_text((folder / "tides moon.md").read_text() + "The moon again.\n")
        grown = ingested(store, folder, prune=True).tree
        assert built is not None and grown is not None
        assert (grown.run, grown.documents, grown.placed) == (built.run, 17, 1)
        place = next(each.node for each in grown.memberships if each.strain and each.primary)
        assert "tides" in subject_of(store, grown)[place]
        assert store.check() == []


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
        grown = grow(store, tree, some, GROWING)
        assert grown is not None
        assert {each.document for each in grown.memberships if each.strain} == set(some)
        assert grow(store, tree, [document.id for document in store.documents()], GROWING) is None


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
