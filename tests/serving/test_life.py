"""The server as a process: how it begins and ends, and what it sees meanwhile."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import psutil
import pytest

from shas_kb.errors import UsageError
from shas_kb.serving import PORT, start
from shas_kb.storage import Store

QUESTION = "When did the quarrel of the kite makers end?"
KITES = "# Kites\n\nThe quarrel of the kite makers of Weifang ended in 1742, when the emperor forbade it.\n"


def program(*words: object) -> list[str]:
    return [sys.executable, "-m", "shas_kb", *(str(word) for word in words)]


@contextmanager
def running(db: Path, *words: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    """A server with `--json`, and what it says of itself."""
    command = program("serve", "-d", db, "--port", 0, "--json", *words)
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, text=True, encoding="utf-8", **pipes) as server:
        try:
            said = ""
            while not said.endswith("}\n"):
                said += server.stdout.readline()
            yield server, json.loads(said)
        finally:
            server.kill()


def get(address: str, target: str) -> tuple[int, bytes]:
    connection = HTTPConnection(urlsplit(address).netloc, timeout=30)
    try:
        connection.request("GET", target)
        reply = connection.getresponse()
        return reply.status, reply.read()
    finally:
        connection.close()


def ends_at_ctrl_c(server: subprocess.Popen[str]) -> None:
    below = psutil.Process(server.pid).children()
    began = time.perf_counter()
    server.send_signal(signal.SIGINT)
    assert server.wait(timeout=20) == 0
    assert time.perf_counter() - began < 2
    assert server.stdout.read() == ""
    assert server.stderr.read().endswith("Ctrl-C ends it.\nEnded.\n")
    assert psutil.wait_procs(below, timeout=5)[1] == []


def test_it_says_where_it_is_and_ctrl_c_ends_it(own_kb: Path) -> None:
    with running(own_kb) as (server, said):
        assert said == {"address": f"http://127.0.0.1:{said['port']}/", "port": said["port"], "token": None}
        status, page = get(said["address"], "/")
        assert (status, page[:15]) == (200, b"<!doctype html>")
        ends_at_ctrl_c(server)


def test_ctrl_c_ends_it_while_a_page_is_drawn_and_clients_wait(own_kb: Path, find) -> None:
    report = find(own_kb, "report.pdf")
    with running(own_kb, "--token") as (server, said):
        assert said["address"].endswith(f"/?token={said['token']}")
        assert get(said["address"], "/")[0] == 401
        with socket.create_connection(("127.0.0.1", said["port"])):
            target = f"/page/{report.id}/1.png"
            threading.Thread(target=ask_in_vain, args=(said, target), daemon=True).start()
            time.sleep(0.3)
            ends_at_ctrl_c(server)


def test_ctrl_c_ends_it_while_it_begins(sample_kb: Path) -> None:
    """It listens before its page is built, and does not wait for that."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(program("serve", "-d", sample_kb, "--port", port), text=True, **pipes) as server:
        try:
            while not listens(port):
                assert server.poll() is None
                time.sleep(0.01)
            server.send_signal(signal.SIGINT)
            assert server.wait(timeout=20) == 130
            assert (server.stdout.read(), server.stderr.read()) == ("", "Ended.\n")
        finally:
            server.kill()


def listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def ask_in_vain(said: dict[str, Any], target: str) -> None:
    connection = HTTPConnection("127.0.0.1", said["port"])
    try:
        connection.request("GET", target, headers={"Authorization": f"Bearer {said['token']}"})
        connection.getresponse().read()
    except OSError:
        pass
    finally:
        connection.close()


def test_people_get_the_address_alone(own_kb: Path) -> None:
    with subprocess.Popen(
        program("serve", "-d", own_kb, "--port", 0, "--quiet"), stdout=subprocess.PIPE, text=True
    ) as server:
        try:
            address = server.stdout.readline()
            assert get(address.strip(), "/")[0] == 200
            server.send_signal(signal.SIGINT)
            assert (server.wait(timeout=20), server.stdout.read()) == (0, "")
        finally:
            server.kill()


def test_what_others_ingest_is_seen_at_once(serving, own_kb: Path) -> None:
    """Another process ingests while questions are asked."""
    folder = own_kb.parent / "new"
    folder.mkdir()
    (folder / "kite.md").write_text(KITES)
    with serving(own_kb) as client:
        assert "1742" not in client.get(f"/ask?q={quote(QUESTION)}").text
        before = client.get("/").body
        ingest = subprocess.Popen(program("-d", own_kb, "ingest", folder, "--json"), stdout=subprocess.DEVNULL)
        while ingest.poll() is None:
            assert client.get(f"/ask?q={quote(QUESTION)}").status == 200
            assert client.get("/").status == 200
            time.sleep(0.2)
        assert ingest.returncode == 0
        assert "1742" in client.get(f"/ask?q={quote(QUESTION)}").json["answer"]["text"]
        after = client.get("/").body
        assert (b'"name":"Kites"' in before, b'"name":"Kites"' in after) == (False, True)


def test_the_page_is_built_once_for_a_tree(serving, own_kb: Path) -> None:
    with serving(own_kb) as client:
        collection = client.server.routes._collection
        built = collection.page()
        assert collection.page() is built
        with Store.open(own_kb) as store:  # a change that is not on the page
            store.set_model(store.model())
        assert collection.page() is built
        with Store.open(own_kb) as store:
            gone = next(one for one in store.documents() if one.path == "letter.docx")
            store.remove([gone.id])
        assert gone.id.encode() in built
        assert gone.id.encode() not in client.get("/").body


def test_a_collection_that_is_gone_or_replaced(serving, own_kb: Path, tmp_path: Path) -> None:
    kept = Path(shutil.copy(own_kb, tmp_path / "kept.sqlite"))
    with serving(own_kb) as client:
        assert client.get("/ask?q=lighthouse").status == 200
        for path in own_kb.parent.glob("kb.sqlite*"):
            path.unlink()
        for target in ("/", "/ask?q=lighthouse", "/passages/000000000000"):
            reply = client.get(target)
            assert (reply.status, "no collection at" in reply.text) == (503, True)
        kept.replace(own_kb)
        assert [client.get(target).status for target in ("/", "/ask?q=lighthouse")] == [200, 200]


def test_the_next_free_port_is_taken(own_kb: Path) -> None:
    servers = [start(own_kb) for _ in range(2)]
    try:
        first, second = (server.port for server in servers)
        assert PORT <= first < second
        with pytest.raises(UsageError, match=f"--port must be free at 127.0.0.1, got .* {first}; choose another"):
            start(own_kb, port=first)
    finally:
        for server in servers:
            server.server_close()


@pytest.mark.parametrize("host", ["192.0.2.1", "no such host", "nowhere.invalid", "::g"])
def test_it_listens_on_this_machine_alone(own_kb: Path, host: str) -> None:
    with pytest.raises(UsageError, match=r"must be an address"):
        start(own_kb, host)


def test_without_a_collection_or_a_tree_it_does_not_begin(tmp_path: Path) -> None:
    def refused(db: Path) -> tuple[int, str, str]:
        done = subprocess.run(program("serve", "-d", db), capture_output=True, text=True)
        return done.returncode, done.stdout, done.stderr

    code, out, err = refused(tmp_path / "kb.sqlite")
    assert (code, out, len(err.splitlines())) == (3, "", 1)
    assert err.startswith("shas-kb: no collection at ")
    Store.open(tmp_path / "empty.sqlite", create=True).close()
    code, out, err = refused(tmp_path / "empty.sqlite")
    assert (code, out, len(err.splitlines())) == (2, "", 1)
    assert "must have a tree" in err


def test_a_question_and_a_page_load_nothing_heavy(own_kb: Path, find) -> None:
    code = (
        "import sys; from pathlib import Path; from shas_kb.serving import start\n"
        f"server = start(Path({str(own_kb)!r}), port=0)\n"
        f"for target, query in (('/ask', 'q=lighthouse'), ('/page/{find(own_kb, 'report.pdf').id}/1.png', '')):\n"
        "    assert server.routes.answer(target, query).status == 200\n"
        "server.server_close()\n"
        "print([name for name in ('torch', 'transformers', 'pymupdf', 'sklearn', 'mcp') if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ)
    assert done.stdout.strip() == "[]"
