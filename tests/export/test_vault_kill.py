"""An export that is killed: a new vault is whole or not there; in an old one each file is old or new."""

from __future__ import annotations

import random
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from killing import Killer
from obsidian import ObsidianVault

from shas_kb.export import export
from shas_kb.records import Tree
from shas_kb.storage import Store

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="there is no fork"),
    pytest.mark.parametrize("kills", [3, pytest.param(25, marks=pytest.mark.slow)]),
]
STAGING = ".shas-kb-staging"


def files(vault: Path) -> dict[str, bytes]:
    found = (path for path in vault.rglob("*") if path.is_file())
    return {path.relative_to(vault).as_posix(): path.read_bytes() for path in found if STAGING not in path.parts}


def test_a_new_vault_is_whole_or_not_there(store: Store, tmp_path: Path, kills: int) -> None:
    whole = files(export(store, "obsidian", tmp_path / "whole").path)
    store.close()
    db, vault = tmp_path / "kb.sqlite", tmp_path / "vault"
    moments = random.Random(kills)
    with Killer() as killer:
        takes = killer.export(db, vault, 60)
        assert files(vault) == whole
        for _ in range(kills):
            shutil.rmtree(vault)
            killer.export(db, vault, moments.uniform(0, takes))
            assert not vault.exists() or files(vault) == whole
            killer.export(db, vault, 60)
            assert files(vault) == whole
    assert {path.name for path in tmp_path.iterdir() if STAGING in path.name} == set()


def test_in_a_vault_that_is_there_each_file_is_old_or_new(
    store: Store, tmp_path: Path, regrow: Callable[[], Tree], revise: Callable[[int, str], None], kills: int
) -> None:
    before = export(store, "obsidian", tmp_path / "before").path
    texts = {path: f"\nMine, {i}.\n" for i, path in enumerate(sorted(path for path in before.rglob("*.md")))}
    texts = {path: text for path, text in texts.items() if "sources" not in path.parts and len(path.stem) % 2}
    for path, text in texts.items():
        path.write_text(path.read_text() + text)
    regrow()
    revise(0, "A new version. And more.")
    store.remove([sorted(document.id for document in store.documents())[5]])
    shutil.copytree(before, tmp_path / "after")
    old, new = files(before), files(export(store, "obsidian", tmp_path / "after").path)
    assert sum(old.get(path) != data for path, data in new.items()) > 10
    store.close()

    db, vault = tmp_path / "kb.sqlite", tmp_path / "vault"
    moments = random.Random(kills)
    with Killer() as killer:
        shutil.copytree(before, vault)
        takes = killer.export(db, vault, 60)
        assert files(vault) == new
        for _ in range(kills):
            shutil.rmtree(vault)
            shutil.copytree(before, vault)
            killer.export(db, vault, moments.uniform(0, takes))
            left = files(vault)
            left.pop(".shas-kb-manifest.next.json", None)
            for path, data in left.items():
                assert data in (old.get(path), new.get(path)), path
            for path, text in texts.items():
                assert (vault / path.relative_to(before)).read_text().endswith(text)
            killer.export(db, vault, 60)
            assert files(vault) == new
            assert ObsidianVault(vault).problems(lambda _: 2) == []
