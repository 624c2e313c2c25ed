"""The commands as a person and a program meet them, over the sample corpus."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from harness import SAMPLE, Shell

from shas_kb.export import FORMATS
from shas_kb.records import LEVELS
from shas_kb.storage import Store

TRUTH = json.loads((SAMPLE / "truth.json").read_text())["documents"]
COMMANDS = (
    "ingest",
    "tree",
    "query",
    "show",
    "export",
    "organise",
    "diff",
    "edit",
    "remove",
    "info",
    "check",
    "serve",
    "mcp",
)


def test_help_names_every_command_and_each_has_an_example(shell: Shell) -> None:
    text = shell("--help").out
    for command in COMMANDS:
        assert command in text
        assert f"$ shas-kb {command}" in shell(command, "--help").out


def test_tree_json_is_the_contract(shell: Shell, sample_kb: Path) -> None:
    tree = shell("-d", sample_kb, "tree", "--json").json
    seen: dict[str, str] = {}
    above = {"domain": None, "category": "domain", "entity": "category", "document": "entity"}
    for node in tree["nodes"]:
        assert (seen.get(node["parent"]) if node["parent"] else None) == above[node["level"]]
        seen[node["id"]] = node["level"]
        wanted = {"id", "level", "name", "parent"}
        wanted |= (
            {"path", "sha256", "pages", "language", "weight", "also"}
            if node["level"] == "document"
            else {"documents", "keyphrases", "summary", "confidence", "weak"}
        )
        assert wanted <= set(node)
    documents = [node for node in tree["nodes"] if node["level"] == "document"]
    assert sorted(node["path"] for node in documents) == sorted(entry["path"] for entry in TRUTH)
    for node in tree["nodes"]:
        if node["level"] == "domain":
            assert node["documents"] >= 1


def test_a_tree_says_how_far_it_has_drifted(shell: Shell, sample_kb: Path) -> None:
    for told in (shell("-d", sample_kb, "tree", "--json").json, shell("-d", sample_kb, "info", "--json").json["tree"]):
        assert (told["placed"], told["drift"]) == (0, 0)
    assert "drift" not in shell("-d", sample_kb, "tree").out


def test_a_tree_that_has_drifted_says_so_to_people(shell: Shell, sample_kb: Path, tmp_path: Path) -> None:
    db = tmp_path / "kb.sqlite"
    db.write_bytes(sample_kb.read_bytes())
    with Store.open(db) as store:
        gone = store.documents()[0].id
        store.remove([gone])
        store.place([])
    assert "(drift 0.7%, 0 placed)" in shell("-d", db, "tree").out
    assert shell("-d", db, "tree", "--json").json["drift"] == pytest.approx(1 / 153, abs=1e-4)
    assert gone not in {node["id"] for node in shell("-d", db, "tree", "--json").json["nodes"]}


def test_what_the_tree_is_unsure_of_is_marked(shell: Shell, sample_kb: Path, tmp_path: Path) -> None:
    db = tmp_path / "kb.sqlite"
    db.write_bytes(sample_kb.read_bytes())
    nodes = shell("-d", db, "tree", "--json").json["nodes"]
    entity = next(node for node in nodes if node["level"] == "entity")
    document = next(node for node in nodes if node["level"] == "document" and node["weight"] == 1)
    assert not entity["weak"]
    with Store.open(db) as store, store._db.transaction():
        store._db.execute("UPDATE nodes SET confidence = 0.1 WHERE id = ?", (entity["id"],))
        store._db.execute("UPDATE memberships SET weight = 0.4 WHERE document = ? AND is_primary", (document["id"],))
    after = {node["id"]: node for node in shell("-d", db, "tree", "--json").json["nodes"]}
    assert after[entity["id"]]["weak"]
    assert after[document["id"]]["weight"] == 0.4
    drawn = shell("-d", db, "tree", "--depth", "document").out
    assert re.search(rf"{re.escape(entity['name'])}( ✎)? \?  {entity['documents']}  0\.10", drawn)
    assert f"{document['name'][:20]}" in drawn
    assert re.search(rf"{re.escape(document['name'][:12])}.* \?  ", drawn)


def test_tree_is_drawn_for_people(shell: Shell, sample_kb: Path) -> None:
    drawn = shell("-d", sample_kb, "tree", "--depth", "document").out
    assert "\x1b" not in drawn
    for entry in TRUTH:
        assert entry["path"][:20] in drawn


@pytest.mark.parametrize("level", [*LEVELS, "auto"])
def test_query_json_is_the_contract_at_every_level(shell: Shell, sample_kb: Path, level: str) -> None:
    reply = shell("-d", sample_kb, "query", "how do corals bleach?", "--level", level, "--json").json
    assert reply["query"] == "how do corals bleach?"
    assert reply["level"] == level
    assert abs(sum(route["weight"] for route in reply["routing"]) - 1) < 0.01
    assert [hit["rank"] for hit in reply["hits"]] == list(range(1, len(reply["hits"]) + 1))
    for hit in reply["hits"]:
        assert level in ("auto", hit["level"])
        assert {"id", "score", "name", "text", "path", "why"} <= set(hit)
        if hit["level"] in ("entity", "category", "domain"):
            assert hit["documents"]
        else:
            assert {"id", "title", "path"} == set(hit["document"])
            assert {"page", "start", "end"} <= set(hit)
    assert {"text", "citations"} == set(reply["answer"])
    assert reply["milliseconds"] > 0


def test_a_question_from_standard_input(shell: Shell, sample_kb: Path) -> None:
    assert shell("-d", sample_kb, "query", "-", "--json", stdin="how do corals bleach?\n").json["hits"]


def test_show_takes_what_the_others_print(shell: Shell, sample_kb: Path) -> None:
    hits = shell("-d", sample_kb, "query", "corals", "--level", "passage", "--level", "sentence", "--json").json["hits"]
    nodes = shell("-d", sample_kb, "tree", "--json").json["nodes"]
    for unit in [*hits[:4], nodes[0], nodes[1], nodes[-1]]:
        shown = shell("-d", sample_kb, "show", unit["id"], "--json").json
        assert (shown["id"], shown["level"]) == (unit["id"], unit["level"])
        assert shell("-d", sample_kb, "show", unit["id"]).out
    passage = hits[0]
    shown = shell("-d", sample_kb, "show", passage["id"], "--json").json
    assert shown["text"] == passage["text"]


def test_under_keeps_to_the_branch(shell: Shell, sample_kb: Path) -> None:
    nodes = shell("-d", sample_kb, "tree", "--json").json["nodes"]
    entity = next(node for node in nodes if node["level"] == "entity")
    inside = {node["id"] for node in nodes if node["parent"] == entity["id"]}
    branch = shell("-d", sample_kb, "tree", "--under", entity["name"], "--json").json["nodes"]
    assert {node["id"] for node in branch} == inside | {entity["id"]}
    words = ("-d", sample_kb, "query", "what is measured?", "--level", "passage", "--under", entity["id"], "--json")
    assert {hit["document"]["id"] for hit in shell(*words).json["hits"]} <= inside


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["query", "x", "--level", "chapter"], 2, "--level must be"),
        (["query", "x", "-k", "0"], 2, "-k"),
        (["query"], 2, "TEXT"),
        (["remove"], 2, "DOC"),
        (["bogus"], 2, "bogus"),
        (["tree", "--bogus"], 2, "--bogus"),
        (["query", "   "], 2, "question"),
        (["tree", "--depth", "page"], 2, "--depth must be"),
        (["tree", "--under", "nowhere at all"], 2, "nowhere at all"),
        (["show", "nothing"], 2, "nothing"),
        (["remove", "nothing"], 2, "nothing"),
        (["export", "docx", "out"], 2, "docx"),
        (["ingest", "no/such/folder"], 2, "no/such/folder"),
        (["ingest", ".", "--ratios", "ten"], 2, "--ratios must be"),
        (["ingest", ".", "--ratios", "10,3,0.5"], 2, "ratios must be"),
        (["ingest", ".", "--entities", "0"], 2, "entities must be"),
        (["ingest", ".", "--device", "tpu"], 2, "--device must be"),
        (["ingest", ".", "--model", "no/such/model"], 3, "no/such/model"),
    ],
)
def test_an_error_is_one_line_and_says_what_to_do(
    shell: Shell, sample_kb: Path, tmp_path: Path, words: list[str], code: int, said: str
) -> None:
    db = sample_kb if words[0] != "ingest" else tmp_path / "kb.sqlite"
    outcome = shell("-d", db, *words)
    assert outcome.code == code
    assert outcome.out == ""
    assert said in outcome.err
    assert outcome.err.startswith("shas-kb: ")
    assert len(outcome.err.strip().splitlines()) == 1
    assert "Traceback" not in outcome.err


def test_without_a_collection_it_says_how_to_make_one(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for words in (["tree"], ["query", "x"], ["info"], ["check"], ["show", "x"], ["export", "json", "x"], ["organise"]):
        outcome = shell(*words)
        assert outcome.code == 3
        assert "shas-kb ingest" in outcome.err
    assert list(tmp_path.iterdir()) == []


def test_a_foreign_file_is_refused(shell: Shell, tmp_path: Path) -> None:
    foreign = tmp_path / "kb.sqlite"
    foreign.write_bytes(b"this is no database, it is a letter" * 100)
    outcome = shell("-d", foreign, "info")
    assert outcome.code == 3
    assert foreign.read_bytes().startswith(b"this is no database")


def test_the_collection_is_found_from_below(
    shell: Shell, tmp_path: Path, sample_kb: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".shas-kb").mkdir()
    (tmp_path / ".shas-kb" / "kb.sqlite").write_bytes(sample_kb.read_bytes())
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    assert shell("info", "--json").json["documents"] == len(TRUTH)
    monkeypatch.setenv("SHAS_KB_DB", str(tmp_path / "elsewhere.sqlite"))
    assert shell("info").code == 3


def test_export_writes_every_format(shell: Shell, sample_kb: Path, tmp_path: Path) -> None:
    listed = shell("export", "--help").out
    for format in FORMATS:
        assert re.search(rf"^ {format} +\w", listed, re.MULTILINE)
        written = shell("-d", sample_kb, "export", format, tmp_path / format, "--json").json
        assert written["files"] >= 1
        assert (tmp_path / format).exists()


def program(*words: object) -> list[str]:
    return [sys.executable, "-m", "shas_kb", *(str(word) for word in words)]


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_a_pipe_that_closes_is_no_error(sample_kb: Path, options: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    shown = subprocess.run(
        program("-d", sample_kb, "tree", *options), stdout=writing, stderr=subprocess.PIPE, text=True
    )
    os.close(writing)
    assert (shown.stderr, shown.returncode) == ("", 0)


@pytest.mark.parametrize(("word", "code"), [("--version", 0), ("--nothing", 2)])
def test_the_quick_end_loses_nothing(word: str, code: int) -> None:
    """Where torch was loaded: neither what a thread still writes, nor what stands in a stream, nor the exit code."""
    script = """
import atexit, sys, threading, time, torch
from shas_kb.__main__ import start
def late():
    time.sleep(0.5)
    atexit.register(sys.stdout.write, "at the end")
    sys.stdout.write("late ")
threading.Thread(target=late).start()
start()
"""
    done = subprocess.run([sys.executable, "-c", script, word], capture_output=True, text=True)
    assert done.stdout.endswith("late at the end")
    assert done.returncode == code


def test_a_full_disk_is_one_line(sample_kb: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            program("-d", sample_kb, "tree", "--json"), stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert done.returncode == 3
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize("question", ["\udcff tide", "潮汐 tide", "😀"])
def test_any_character_in_any_locale_gives_json(sample_kb: Path, question: str) -> None:
    environment = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    words = [*program("-d", sample_kb, "query", "-", "--json")]
    asked = question.encode("utf-8", "surrogateescape")
    done = subprocess.run(words, input=asked, capture_output=True, env=environment, check=True)
    assert json.loads(done.stdout)["query"]


def test_a_question_without_a_word_has_no_answer(shell: Shell, sample_kb: Path) -> None:
    assert "Nothing in this collection" in shell("-d", sample_kb, "query", "😀😀 ?!", "--json").json["answer"]["text"]
    told = shell("-d", sample_kb, "query", "Who won the football cup of 1990 in Kubernetes?").out
    assert "Nothing in this collection" in told
    assert len(re.findall(r"^ ?\d+  ", told, re.MULTILINE)) == 3


def test_the_question_path_imports_nothing_heavy(sample_kb: Path) -> None:
    words = ["shas-kb", "-d", str(sample_kb), "query", "corals", "--json"]
    code = (
        f"import sys; sys.argv = {words!r}\n"
        "from shas_kb.cli.app import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {'torch', 'transformers', 'sentence_transformers', 'sklearn', 'pymupdf', 'scipy', 'networkx'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"


def test_a_ctrl_c_that_a_library_drops_still_stops(tmp_path: Path) -> None:
    """Here a destructor drops it, as happens in the middle of an import."""
    (tmp_path / "a.txt").write_text("The tide comes in twice a day. " * 20)
    words = ["shas-kb", "-d", str(tmp_path / "kb.sqlite"), "ingest", str(tmp_path)]
    code = f"""
import os, signal, sys
from shas_kb.cli.app import main
from shas_kb.cli.terminal import Bars
class Deaf:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGINT)
began = Bars.start
def start(self, stage, total, unit):
    began(self, stage, total, unit)
    Deaf()
Bars.start = start
sys.argv = {words!r}
main()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert "Exception ignored" in done.stderr
    assert done.stderr.count("run the same command again") == 1
    assert done.returncode == 130


def test_ctrl_c_stops_and_says_how_to_go_on(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    for number in range(400):
        (folder / f"{number}.txt").write_text(f"Document number {number} is about subject {number}. " * 200)
    db = tmp_path / "kb.sqlite"
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(program("-d", db, "ingest", folder), stderr=subprocess.PIPE, text=True, env=environment)
    assert process.stderr is not None
    while not re.match("Reading|Encoding", process.stderr.readline()):
        pass
    time.sleep(1.5)
    began = time.perf_counter()
    process.send_signal(2)
    _, said = process.communicate(timeout=30)
    assert time.perf_counter() - began < 10
    assert process.returncode == 130
    assert "run the same command again" in said
    assert "Traceback" not in said
    checked = subprocess.run(program("-d", db, "check", "--json"), capture_output=True, text=True, check=True)
    assert json.loads(checked.stdout)["clean"]
