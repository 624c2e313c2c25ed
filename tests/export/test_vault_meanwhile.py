"""What others do while an export is at work, and what in a folder is not as one would think."""

from __future__ import annotations

import hashlib
import json
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from obsidian import ObsidianVault

from shas_kb.errors import UsageError
from shas_kb.export import VaultOptions, export
from shas_kb.progress import NoProgress
from shas_kb.records import Tree
from shas_kb.storage import Store

MANIFEST = ".shas-kb-manifest.json"


class Meanwhile(NoProgress):
    """Does something while the notes are written."""

    def __init__(self, do: Callable[[], None]) -> None:
        self._do = do

    def start(self, stage: str, total: int, unit: str) -> None:
        if stage == "Writing":
            self._do()


@pytest.fixture
def vault(store: Store, tmp_path: Path) -> Path:
    return export(store, "obsidian", tmp_path / "vault").path


def test_what_is_written_during_an_export_stays(store: Store, vault: Path, regrow: Callable[[], Tree]) -> None:
    home, canvas = vault / "Home.md", vault / "Overview.canvas"
    stars = next(path for path in vault.rglob("Stars.md") if 'level: "entity"' in path.read_text())
    gone = next(document.id for document in store.documents() if document.title == "The Sun")
    going = next(path for path in vault.rglob("*.md") if f'kb_id: "{gone}"' in path.read_text())
    store.remove([gone])
    regrow()

    def write() -> None:
        for path in (home, stars, going):
            path.write_text(path.read_text() + "\nMine.\n")
        canvas.write_text("{}")
        (vault / "A newcomer.md").write_text("Mine.")

    export(store, "obsidian", vault, progress=Meanwhile(write))
    assert all(path.read_text().endswith("Mine.\n") for path in (home, stars, going))
    assert (canvas.read_text(), (vault / "A newcomer.md").read_text()) == ("{}", "Mine.")
    export(store, "obsidian", vault)
    assert all(path.read_text().endswith("Mine.\n") for path in (home, stars, going))
    assert f"{len(store.documents())} documents" in home.read_text()
    assert canvas.read_text() == "{}"
    assert ObsidianVault(vault).problems(lambda _: 2) == []


@pytest.mark.skipif(sys.platform == "win32", reason="there is no lock")
@pytest.mark.parametrize("there", [False, True])
def test_of_two_exports_one_waits(store: Store, tmp_path: Path, regrow: Callable[[], Tree], there: bool) -> None:
    out = tmp_path / "vault"
    if there:
        export(store, "obsidian", out)
    regrow()
    failed: list[Exception] = []

    def other() -> None:
        with Store.open(tmp_path / "kb.sqlite") as again:
            try:
                export(again, "obsidian", out)
            except UsageError as error:
                failed.append(error)

    thread = threading.Thread(target=other)

    def begin() -> None:
        thread.start()
        time.sleep(0.5)

    export(store, "obsidian", out, progress=Meanwhile(begin))
    thread.join()
    assert not failed
    whole = export(store, "obsidian", tmp_path / "whole").path
    assert {path.relative_to(out) for path in out.rglob("*")} == {path.relative_to(whole) for path in whole.rglob("*")}


def test_a_manifest_cannot_reach_out_of_the_vault(store: Store, vault: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside.txt"
    outside.write_text("mine")
    for path in ("../outside.txt", str(outside)):
        manifest = json.loads((vault / MANIFEST).read_bytes())
        manifest["files"]["canvas:x"] = {"path": path, "sha256": hashlib.sha256(b"mine").hexdigest()}
        (vault / MANIFEST).write_text(json.dumps(manifest))
        with pytest.raises(UsageError, match="manifest"):
            export(store, "obsidian", vault)
    assert outside.read_text() == "mine"


@pytest.mark.skipif(sys.platform != "linux", reason="names are Unicode there")
def test_what_cannot_be_read_as_a_note_is_left_alone(store: Store, vault: Path) -> None:
    os.mkfifo(vault / "pipe.md")
    (vault / "nowhere.md").symlink_to(vault / "no such file")
    (vault / "Home.md").rename(vault / os.fsdecode(b"Caf\xe9.md"))
    export(store, "obsidian", vault)
    assert (vault / "Home.md").is_file()
    assert (vault / os.fsdecode(b"Caf\xe9.md")).is_file()


def test_a_renamed_folder_with_an_index_is_followed(store: Store, tmp_path: Path) -> None:
    """The index of the former folder is gone with it."""
    okf = VaultOptions(flavour="okf")
    vault = export(store, "obsidian", tmp_path / "vault", options=okf).path
    stars = next(path for path in vault.rglob("Stars.md") if path.parent.name == "Stars").parent
    stars.rename(stars.with_name("Suns"))
    export(store, "obsidian", vault)
    assert not stars.exists()
    assert (stars.with_name("Suns") / "index.md").is_file()


@pytest.mark.skipif(sys.platform == "win32", reason="files have no such modes")
def test_a_private_note_stays_private(store: Store, vault: Path, regrow: Callable[[], Tree]) -> None:
    home = vault / "Home.md"
    home.chmod(0o600)
    before = home.read_bytes()
    regrow()
    export(store, "obsidian", vault)
    assert home.read_bytes() != before
    assert home.stat().st_mode & 0o777 == 0o600
