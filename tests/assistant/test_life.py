"""The server as a process: what it leaves alone, what it notices, how it begins and ends."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from harness import Shell

from shas_kb.storage import Store

HELLO = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "a test", "version": "1"},
    },
}
READY = {"jsonrpc": "2.0", "method": "notifications/initialized"}


def program(*words: object) -> list[str]:
    return [sys.executable, "-m", "shas_kb", *(str(word) for word in words)]


def state(db: Path) -> tuple[str, bytes]:
    """What the file holds, and what its WAL, where there is one."""
    wal = Path(f"{db}-wal")
    return sha256(db.read_bytes()).hexdigest(), wal.read_bytes() if wal.exists() else b""


@pytest.fixture
def own_kb(small_kb: Path, tmp_path: Path) -> Path:
    """A copy that may be changed."""
    home = tmp_path / "own"
    home.mkdir()
    return Path(shutil.copy(small_kb, home / "kb.sqlite"))


def ask_everything(assistant: Any) -> None:
    hit = assistant.ask("search", question="How warm is the sea?", levels=["passage"])["hits"][0]
    assistant.ask("answer", question="How warm is the sea?")
    node = assistant.ask("tree")["nodes"][0]
    for id in (hit["id"], hit["document"]["id"], node["id"]):
        assistant.ask("show", id=id)
    assistant.refused("search", question="", k=0)


def test_nothing_is_written(connect, own_kb: Path) -> None:
    before = state(own_kb)
    with connect(own_kb) as assistant:
        ask_everything(assistant)
        assert state(own_kb) == before
    assert state(own_kb) == before


def test_nothing_is_written_beside_a_writer(connect, own_kb: Path) -> None:
    """What a writer has not folded into the file yet stays where it is, and is read."""
    with Store.open(own_kb) as writer:
        gone = writer.documents()[0]
        writer.remove([gone.id])
        before = state(own_kb)
        assert before[1]
        with connect(own_kb) as assistant:
            ask_everything(assistant)
            assert "must name" in assistant.refused("show", id=gone.id)
        assert state(own_kb) == before


def test_what_others_change_is_seen_at_the_next_call(connect, shell: Shell, own_kb: Path, tmp_path: Path) -> None:
    folder = tmp_path / "new"
    folder.mkdir()
    (folder / "kite.md").write_text("# Kites\n\nThe quarrel of the kite makers of Weifang ended in 1742.\n")
    with connect(own_kb) as assistant:
        question = "When did the quarrel of the kite makers end?"
        before = assistant.ask("tree")
        assert "1742" not in json.dumps(assistant.ask("search", question=question), ensure_ascii=False)
        assert shell("-d", own_kb, "ingest", folder).code == 0
        assert "1742" in assistant.ask("answer", question=question)["answer"]["text"]
        after = assistant.ask("tree")
        assert after["counts"]["document"] == before["counts"]["document"] + 1
        assert "1742" in assistant.ask("show", id="kite.md")["content"][0]["text"]
        assert shell("-d", own_kb, "remove", "kite.md").code == 0
        assert "1742" not in json.dumps(assistant.ask("search", question=question), ensure_ascii=False)
        assert assistant.ask("tree")["nodes"] == before["nodes"]


def test_a_collection_that_is_replaced_or_gone(connect, own_kb: Path, tmp_path: Path) -> None:
    kept = Path(shutil.copy(own_kb, tmp_path / "kept.sqlite"))
    with connect(own_kb) as assistant:
        ask_everything(assistant)
        for path in own_kb.parent.iterdir():
            path.unlink()
        for tool, arguments in (("search", {"question": "sea"}), ("tree", {}), ("show", {"id": "x"})):
            assert f"no collection at {own_kb}" in assistant.refused(tool, **arguments)
        Store.open(own_kb, create=True).close()
        assert "must have a tree, got none" in assistant.refused("tree")
        assert "must hold a document, got none" in assistant.refused("answer", question="sea")
        assert "got 'x'" in assistant.refused("show", id="x")
        kept.replace(own_kb)
        ask_everything(assistant)


def test_many_calls_at_once_have_each_its_reply(assistant) -> None:
    questions = [f"What is known of number {number}?" for number in range(12)]
    calls = [
        assistant.portal.start_task_soon(assistant.session.call_tool, "search", {"question": question, "k": 1})
        for question in questions
    ]
    assert [call.result().structured_content["query"] for call in calls] == questions


@contextmanager
def raw(db: Path) -> Iterator[subprocess.Popen[str]]:
    """A server that has said hello, without a client in between."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(program("mcp", "-d", db), text=True, encoding="utf-8", **pipes) as server:
        try:
            say(server, json.dumps(HELLO), json.dumps(READY))
            assert json.loads(hear(server))["id"] == 1
            yield server
        finally:
            server.kill()


def say(server: subprocess.Popen[str], *lines: str) -> None:
    assert server.stdin is not None
    server.stdin.write("".join(f"{line}\n" for line in lines))
    server.stdin.flush()


def hear(server: subprocess.Popen[str]) -> str:
    assert server.stdout is not None
    return server.stdout.readline()


def call(number: int, tool: str, **arguments: object) -> str:
    params = {"name": tool, "arguments": arguments}
    return json.dumps({"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": params})


def test_a_closed_input_ends_it(small_kb: Path) -> None:
    with raw(small_kb) as server:
        out, err = server.communicate(timeout=20)
        assert (server.returncode, out, err) == (0, "", "")


def test_ctrl_c_ends_it(small_kb: Path) -> None:
    with raw(small_kb) as server:
        say(server, call(2, "tree"))
        assert json.loads(hear(server))["id"] == 2
        began = time.perf_counter()
        server.send_signal(signal.SIGINT)
        assert server.wait(timeout=20) == 0
        assert time.perf_counter() - began < 2
        assert (server.stdout.read(), server.stderr.read()) == ("", "")


def test_an_assistant_that_has_gone_is_no_error(small_kb: Path) -> None:
    with raw(small_kb) as server:
        server.stdout.close()
        say(server, call(2, "tree"), call(3, "tree"))
        server.stdin.close()
        assert server.wait(timeout=20) == 0
        assert server.stderr.read() == ""


def test_what_is_no_message_does_not_end_it(small_kb: Path) -> None:
    strange = ["", "no json", "[]", "null", '{"jsonrpc": "2.0"}', '{"id": "\\ud800"}', "\x00\x1b", "[" * 5000]
    with raw(small_kb) as server:
        say(server, *strange, call(7, "search", question="tide"), call(8, "show", id="nothing"))
        replies = [json.loads(hear(server))]
        while replies[-1].get("id") != 8:
            replies.append(json.loads(hear(server)))
        assert all(reply["jsonrpc"] == "2.0" for reply in replies)
        (found,) = (reply for reply in replies if reply.get("id") == 7)
        assert found["result"]["structuredContent"]["hits"]


def test_without_a_collection_it_does_not_begin(tmp_path: Path) -> None:
    done = subprocess.run(program("mcp", "-d", tmp_path / "kb.sqlite"), input="", capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith("shas-kb: no collection at ")
    assert len(done.stderr.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_without_the_library_it_says_what_to_install(small_kb: Path) -> None:
    code = (
        f"import sys; sys.modules['mcp'] = None; sys.argv = ['shas-kb', '-d', {str(small_kb)!r}, 'mcp']\n"
        "from shas_kb.cli.app import main\n"
        "main()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], input="", capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert "pip install 'shas-kb[mcp]'" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_the_other_commands_do_not_import_the_library(small_kb: Path) -> None:
    for words in (["--help"], ["mcp", "--help"], ["-d", str(small_kb), "query", "tide"]):
        code = (
            f"import sys; sys.argv = ['shas-kb', *{words!r}]\n"
            "from shas_kb.cli.app import main\n"
            "try: main()\n"
            "except SystemExit: pass\n"
            "print('mcp' in sys.modules, file=sys.stderr)\n"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ)
        assert done.stderr.strip() == "False"
