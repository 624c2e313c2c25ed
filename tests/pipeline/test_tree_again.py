"""When a tree is built again though no document changed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from shas_kb.config import ReadConfig
from shas_kb.encoder import describe, load
from shas_kb.materials import load_materials
from shas_kb.pipeline import Report, Source, ingest
from shas_kb.storage import Store

SUBJECTS = ("Bees", "Tides", "Bread", "Owls")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for subject in SUBJECTS:
        text = f"{subject} are written about here. This note says what {subject.lower()} do all year long."
        (tmp_path / f"{subject}.md").write_text(f"# {subject}\n\n{text}\n", encoding="utf-8")
    return tmp_path


def ingested(store: Store, folder: Path) -> Report:
    described = describe()
    read = ReadConfig(str(described.tokenizer), described.facts.window)
    return ingest(store, Source((folder,), ("*.md",)), described.facts, lambda: load(device="cpu"), read)


def renamed(store: Store) -> bool:
    """Whether the tree still has the names that `rename` gave it."""
    tree = store.tree()
    assert tree is not None
    return {node.name for node in tree.nodes} == {"X"}


def rename(store: Store) -> None:
    store._db.execute("UPDATE nodes SET name = 'X'")
    assert renamed(store)


def test_a_tree_of_another_form_is_built_again(folder: Path) -> None:
    with Store.open(folder / "kb.sqlite", create=True) as store:
        ingested(store, folder)
        rename(store)
        ingested(store, folder)
        assert renamed(store)  # nothing to do
        old = {name: value for name, value in store.runs()[0].config.items() if name != "form"}
        store._db.execute("UPDATE runs SET config = ?", (json.dumps(old),))
        ingested(store, folder)
        assert not renamed(store)
        assert "form" in store.runs()[0].config


def test_what_is_encoded_again_brings_its_tree(folder: Path) -> None:
    with Store.open(folder / "kb.sqlite", create=True) as store:
        ingested(store, folder)
        rename(store)
        store._db.execute("DELETE FROM sketches")
        assert len(store.pending()) == len(SUBJECTS)
        ingested(store, folder)
        assert not store.pending()
        assert not renamed(store)


def test_titles_count_when_all_have_one(folder: Path) -> None:
    with Store.open(folder / "kb.sqlite", create=True) as store:
        ingested(store, folder)
        assert all(material.heading.any() for material in load_materials(store))
        store._db.execute("UPDATE vectors SET title = NULL WHERE document = (SELECT min(document) FROM vectors)")
        assert not any(material.heading.any() for material in load_materials(store))
