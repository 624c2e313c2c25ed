"""The same documents give the same tree, in whatever order, batches and threads they come; and a document that goes
leaves nothing."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest
from harness import SAMPLE, Shell
from threadpoolctl import threadpool_limits  # type: ignore[import-not-found,import-untyped,unused-ignore]

from shas_kb.config import TreeConfig
from shas_kb.materials import load_materials
from shas_kb.organise import organise
from shas_kb.progress import NoProgress
from shas_kb.storage import Store

ORDERS = 20
SECRET = "quarrelsome tamarillos"


@pytest.mark.slow
def test_twenty_orders_and_batchings_and_one_or_two_threads_give_one_tree(sample_kb: Path) -> None:
    with Store.open(sample_kb) as store:
        materials = load_materials(store)[::3]
        hashes = set()
        for seed in range(ORDERS):
            order = random.Random(seed)
            order.shuffle(materials)
            former = None
            with threadpool_limits(1 + seed % 2):
                for size in (order.randrange(20, len(materials)), len(materials)):
                    former = organise(materials[:size], TreeConfig(), store.passages, NoProgress(), former)
            assert former is not None
            hashes.add(former.hash)
    assert len(hashes) == 1


def test_a_document_that_goes_leaves_nothing(shell: Shell, tmp_path: Path) -> None:
    folder, db = tmp_path / "folder", tmp_path / "kb.sqlite"
    folder.mkdir()
    for each in sorted((SAMPLE / "notes").iterdir())[:6]:
        shutil.copy(each, folder)
    for number, rest in enumerate(("ripen slowly in the loft.", "are the subject of this note.")):
        sentence = f"The {SECRET} {rest} Nobody has counted the {SECRET} of the valley since the flood. "
        (folder / f"quarrelsome{number}.md").write_text(f"# {SECRET.title()}\n\n{sentence * 4}")
    assert shell("-d", db, "ingest", folder, "--entities", 3).code == 0
    first, *nodes = (node for node in shell("-d", db, "tree", "--json").json["nodes"] if "path" not in node)
    assert shell("-d", db, "edit", "rename", first["id"], "Kept").code == 0
    assert any(SECRET.split()[1] in node["name"].lower() for node in nodes)
    for node in nodes:
        assert shell("-d", db, "edit", "pin", node["id"]).code == 0
    assert SECRET.encode() in whole(tmp_path).lower()
    assert shell("-d", db, "remove", "quarrelsome0.md", "quarrelsome1.md").code == 0
    assert shell("-d", db, "check", "--repair").code == 0
    left = whole(tmp_path).lower()
    for secret in (SECRET, *SECRET.split(), "since the flood"):
        assert secret.encode() not in left
        assert secret.encode("utf-16-le") not in left
    assert shell("-d", db, "check").code == 0


def whole(folder: Path) -> bytes:
    """The bytes of the database, and of what SQLite has beside it."""
    return b"".join(each.read_bytes() for each in sorted(folder.glob("kb.sqlite*")))
