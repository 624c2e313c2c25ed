"""Nodes of a real collection keep their ids and names while documents come and go."""

from __future__ import annotations

import json
import shutil
from itertools import pairwise
from pathlib import Path

import pytest
from harness import SAMPLE, Shell

from shas_kb.records import Tree
from shas_kb.storage import Store

PATHS = [entry["path"] for entry in json.loads((SAMPLE / "truth.json").read_text())["documents"]]


def current(db: Path) -> Tree:
    with Store.open(db) as store:
        tree = store.tree()
    assert tree is not None
    return tree


def kept(before: Tree, now: Tree) -> tuple[int, int]:
    """How many nodes hardly changed (by less than a fifth), and how many of these have their id and name still."""
    one, other = before.members(), now.members()
    names = {node.id: node.name for node in now.nodes}
    hardly = [
        node
        for node in before.nodes
        if any(len(one[node.id] & each) > 0.8 * len(one[node.id] | each) for each in other.values())
    ]
    return len(hardly), sum(names.get(node.id) == node.name for node in hardly)


@pytest.mark.slow
def test_the_sample_corpus_in_batches(shell: Shell, tmp_path: Path, sample_kb: Path) -> None:
    db, folder = tmp_path / "kb.sqlite", tmp_path / "folder"
    trees = []
    order = sorted(PATHS, key=lambda path: path[::-1])
    for size in (120, 140, len(PATHS)):
        for path in order[:size]:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(SAMPLE / path, folder / path)
        assert shell("-d", db, "ingest", folder).code == 0
        trees.append(current(db))
    assert trees[-1].hash == current(sample_kb).hash
    assert shell("-d", db, "remove", *order[:8]).code == 0
    trees.append(current(db))
    counts = [kept(before, now) for before, now in pairwise(trees)]
    hardly, same = map(sum, zip(*counts, strict=True))
    assert hardly >= 20
    assert same >= 0.95 * hardly
