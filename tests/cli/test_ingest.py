"""A folder over its life: first ingest, again, changed, pruned, killed; the report accounts for every file."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from harness import SAMPLE, Shell, run

from shas_kb.storage import Store

TRUTH = json.loads((SAMPLE / "truth.json").read_text())["documents"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    where = tmp_path / "folder"
    where.mkdir()
    for entry in TRUTH[:5]:
        shutil.copy(SAMPLE / entry["path"], where / Path(entry["path"]).name)
    return where


def files_in(folder: Path) -> int:
    return sum(path.is_file() for path in folder.rglob("*"))


def accounted(report: dict[str, Any]) -> int:
    counted = report["added"] + report["updated"] + report["unchanged"]
    return int(counted + len(report["failed"]) + len(report["skipped"]))


def test_the_report_accounts_for_every_file(shell: Shell, tmp_path: Path) -> None:
    outcome = shell("-d", tmp_path / "kb.sqlite", "ingest", SAMPLE, "--json")
    report = outcome.json
    assert outcome.code == 1
    assert accounted(report) == files_in(SAMPLE)
    assert report["added"] == len(TRUTH) == report["tree"]["documents"]
    reasons = " ".join(entry["reason"] for entry in report["failed"])
    for reason in ("encrypted", "no text layer", "empty", "damaged"):
        assert reason in reasons
    assert any("duplicate of" in entry["reason"] for entry in report["skipped"])
    assert {"read", "encode", "organise", "total"} == set(report["seconds"])
    assert report["tree"]["domains"] <= report["tree"]["categories"] <= report["tree"]["entities"]


def test_what_was_not_read_is_not_lost_among_duplicates(shell: Shell, folder: Path, tmp_path: Path) -> None:
    original = min(folder.iterdir())
    for number in range(12):
        shutil.copy(original, folder / f"a copy {number}{original.suffix}")
    (folder / "zebra.xyz").write_text("stripes")
    told = shell("-d", tmp_path / "kb.sqlite", "ingest", folder).out
    assert "zebra.xyz" in told
    assert "12 duplicates" in told
    assert "a copy" not in told
    assert f"a copy 3{original.suffix}" in shell("-d", tmp_path / "other.sqlite", "--verbose", "ingest", folder).out


def test_it_is_told_that_the_model_knows_english(shell: Shell, folder: Path, tmp_path: Path) -> None:
    assert "English" not in shell("-d", tmp_path / "en.sqlite", "ingest", folder).err
    brot = "Der Bäcker knetet den Teig am Abend, lässt ihn über Nacht ruhen und schiebt ihn früh in den heißen Ofen. "
    for number in range(3):
        (folder / f"Brot {number}.md").write_text(brot * (number + 1))
    told = shell("-d", tmp_path / "de.sqlite", "ingest", folder).err
    assert "3 of 8 documents are not in English" in " ".join(told.split())


def test_vectors_are_missing_not_documents(shell: Shell, folder: Path, tmp_path: Path) -> None:
    """As after Ctrl-C between reading and encoding."""
    db = tmp_path / "kb.sqlite"
    shell("-d", db, "ingest", folder)
    with Store.open(db) as store:
        store._db.execute("DELETE FROM vectors")
    refused = shell("-d", db, "organise")
    assert refused.code == 2
    assert "none for 5 documents; finish: shas-kb ingest" in " ".join(refused.err.split())


def test_ingest_twice_changes_nothing(shell: Shell, folder: Path, tmp_path: Path) -> None:
    db = tmp_path / "kb.sqlite"
    first = shell("-d", db, "ingest", folder, "--json").json
    tree = shell("-d", db, "tree", "--json").out
    second = shell("-d", db, "ingest", folder, "--json").json
    assert (second["added"], second["updated"], second["unchanged"]) == (0, 0, 5)
    assert second["tree"] == first["tree"]
    assert shell("-d", db, "tree", "--json").out == tree


def test_only_what_changed_is_read(shell: Shell, folder: Path, tmp_path: Path) -> None:
    db = tmp_path / "kb.sqlite"
    shell("-d", db, "ingest", folder)
    titles = {node["path"]: node["name"] for node in shell("-d", db, "tree", "--json").json["nodes"] if "path" in node}
    first, second, *_ = sorted(folder.iterdir(), key=lambda file: titles[file.name] == file.stem)
    (folder / "new.md").write_text("# Tides\n\nThe tides follow the moon. They come twice a day.\n")
    second.rename(folder / f"renamed{second.suffix}")
    first.unlink()
    report = shell("-d", db, "ingest", folder, "--json").json
    assert (report["added"], report["unchanged"], report["removed"], report["passages"]) == (1, 4, 0, 1)
    (folder / "new.md").write_text("# Tides\n\nThe tides follow the moon and the sun.\n")
    report = shell("-d", db, "ingest", folder, "--prune", "--json").json
    assert (report["added"], report["updated"], report["removed"]) == (0, 1, 1)
    assert report["tree"]["documents"] == 5
    assert shell("-d", db, "check", "--json").json["clean"]


def test_a_document_that_is_called_after_its_file_is_found_by_it(shell: Shell, folder: Path, tmp_path: Path) -> None:
    """Also after the file got another name: then it is called so, and is the same document."""
    db, note = tmp_path / "kb.sqlite", folder / "Wifi.md"
    note.write_text("---\nauthor: Ada Lovelace\n---\nThe guests take the second network, of which the key is heron.\n")
    shell("-d", db, "ingest", folder)
    for question in ("wifi", "What did Ada Lovelace note?"):
        found = shell("-d", db, "query", question, "--json").json
        assert found["hits"][0]["document"]["path"] == "Wifi.md", question
        assert "heron" in found["answer"]["text"], question
    note.rename(folder / "Router at home.md")
    report = shell("-d", db, "ingest", folder, "--json").json
    assert (report["added"], report["updated"], report["unchanged"]) == (0, 1, 5)
    after = shell("-d", db, "query", "router", "--json").json["hits"][0]["document"]
    assert after["title"] == "Router at home"
    assert after["id"] == found["hits"][0]["document"]["id"]
    assert shell("-d", db, "check", "--json").json["clean"]


def test_the_order_of_coming_does_not_matter(shell: Shell, folder: Path, tmp_path: Path) -> None:
    at_once = shell("-d", tmp_path / "once.sqlite", "ingest", folder, "--json").json
    for file in sorted(folder.iterdir(), reverse=True):
        report = shell("-d", tmp_path / "steps.sqlite", "ingest", file, "--json").json
    assert report["tree"]["hash"] == at_once["tree"]["hash"]


def test_a_removed_document_is_gone(shell: Shell, folder: Path, tmp_path: Path) -> None:
    db = tmp_path / "kb.sqlite"
    shell("-d", db, "ingest", folder)
    document = next(node for node in shell("-d", db, "tree", "--json").json["nodes"] if node["level"] == "document")
    assert shell("-d", db, "remove", document["path"], "--json").json["removed"] == 1
    left = shell("-d", db, "tree", "--json").json["nodes"]
    assert document["id"] not in {node["id"] for node in left}
    assert sum(node["level"] == "document" for node in left) == 4
    assert shell("-d", db, "check", "--json").json["clean"]


def test_counts_are_obeyed(shell: Shell, folder: Path, tmp_path: Path) -> None:
    db = tmp_path / "kb.sqlite"
    shell("-d", db, "ingest", folder, "--no-tree")
    assert shell("-d", db, "tree").code == 2
    tree = shell("-d", db, "organise", "--entities", 4, "--categories", 2, "--domains", 1, "--json").json["tree"]
    assert (tree["entities"], tree["categories"], tree["domains"]) == (4, 2, 1)


def test_the_counts_of_organise_outlive_the_next_ingest(shell: Shell, folder: Path, tmp_path: Path) -> None:
    db = tmp_path / "kb.sqlite"
    shell("-d", db, "ingest", folder)
    tree = shell("-d", db, "organise", "--entities", 5, "--json").json["tree"]
    assert shell("-d", db, "ingest", folder, "--json").json["tree"] == tree
    assert shell("-d", db, "ingest", folder, "--entities", 3, "--json").json["tree"]["entities"] == 3


def test_a_folder_that_is_gone_can_be_pruned(shell: Shell, folder: Path, tmp_path: Path) -> None:
    db = tmp_path / "kb.sqlite"
    (folder / "empty.txt").touch()
    shell("-d", db, "ingest", folder)
    shutil.rmtree(folder)
    assert shell("-d", db, "ingest", folder).code == 2
    report = shell("-d", db, "ingest", folder, "--prune", "--json").json
    assert report["removed"] == 5
    assert shell("-d", db, "info", "--json").json["files"] == {"read": 0, "failed": 0, "skipped": 0}
    assert "ingest" in shell("-d", db, "tree").err


def test_names_cannot_draw_on_the_terminal(shell: Shell, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    for name in ("\x1b[31mred\x1b[0m.txt", "new\nline.txt", "\x1b[2Jcleared.xyz", "[bold]markup.txt"):
        (folder / name).write_text(f"The name of this document is {name!r}. It is about names.")
    db = tmp_path / "kb.sqlite"
    shown = shell("-d", db, "ingest", folder).out + shell("-d", db, "tree", "--depth", "document").out
    shown += shell("-d", db, "query", "names", "--level", "document").out
    assert "\x1b" not in shown
    assert r"new\x0aline.txt" in shown
    assert "[bold]markup.txt" in shown


def test_a_dry_run_touches_nothing(shell: Shell, folder: Path, tmp_path: Path) -> None:
    db = tmp_path / "kb.sqlite"
    planned = shell("-d", db, "ingest", folder, "--dry-run", "--json").json
    assert len(planned["add"]) == 5
    assert not db.exists()


def test_another_model_is_refused(shell: Shell, folder: Path, tmp_path: Path, sample_kb: Path) -> None:
    from shas_kb.encoder import describe

    other = tmp_path / "model"
    shutil.copytree(describe().folder, other)
    settings = json.loads((other / "sentence_bert_config.json").read_text())
    (other / "sentence_bert_config.json").write_text(json.dumps({**settings, "max_seq_length": 128}))
    db = tmp_path / "kb.sqlite"
    assert shell("-d", db, "ingest", folder, "--model", other).code == 0
    outcome = shell("-d", db, "ingest", folder, "--model", describe().folder)
    assert outcome.code == 2
    assert "--model" in outcome.err
    assert shell("-d", db, "query", "tides", "--json").json["hits"]


def test_offline_means_offline(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shell: Shell) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the network was asked for")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    db = tmp_path / "kb.sqlite"
    assert shell("-d", db, "ingest", folder).code == 0
    assert shell("-d", db, "query", "what is this about?").code == 0
    assert shell("-d", db, "export", "html", tmp_path / "page.html").code == 0


@pytest.mark.slow
def test_a_kill_loses_nothing(tmp_path: Path) -> None:
    """Five kills of one collection at random moments; `benchmarks/kills.py` does a hundred."""
    whole = run("-d", tmp_path / "whole.sqlite", "ingest", SAMPLE, "--json").json["tree"]["hash"]
    db = tmp_path / "kb.sqlite"
    words = [sys.executable, "-m", "shas_kb", "-d", str(db), "ingest", str(SAMPLE), "--quiet"]
    moments = random.Random(7)
    for _ in range(5):
        process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        time.sleep(moments.uniform(0.3, 5))
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        if db.exists():
            assert run("-d", db, "check", "--json").json["clean"]
    assert run("-d", db, "ingest", SAMPLE, "--json").json["tree"]["hash"] == whole
    assert run("-d", db, "check", "--json").json["clean"]
