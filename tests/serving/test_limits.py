"""What one client may take: time, size, and a share of what is answered at once."""

from __future__ import annotations

import logging
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

import pytest

from shas_kb.serving import Limits
from shas_kb.storage import Store


def connected(client) -> socket.socket:
    return socket.create_connection(("127.0.0.1", client.server.port), timeout=10)


def test_a_client_that_drips_is_cut_off_and_holds_nobody_up(serving, hostile_kb: Path) -> None:
    with serving(hostile_kb, limits=Limits(head_seconds=0.8)) as client, connected(client) as slow:
        began = time.monotonic()
        slow.sendall(b"GET / HTTP/1.0\r\nHost: 127.0.0.1\r\nX: ")
        assert client.get("/").status == 200
        with pytest.raises(ConnectionError):  # noqa: PT012 - it is cut off at any of these
            while time.monotonic() - began < 8:
                slow.sendall(b"x")
                slow.settimeout(0.1)
                try:
                    if not slow.recv(1):
                        raise ConnectionResetError
                except TimeoutError:
                    pass
        assert 0.6 < time.monotonic() - began < 4


def test_only_so_many_are_answered_at_once(serving, hostile_kb: Path) -> None:
    with serving(hostile_kb, limits=Limits(head_seconds=1.5, at_once=2)) as client:
        with connected(client), connected(client):
            time.sleep(0.2)
            reply = client.get("/")
            assert (reply.status, reply.headers["Retry-After"]) == (503, "1")
        deadline = time.monotonic() + 10
        while client.get("/").status != 200:
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_a_client_that_does_not_take_what_it_asked_for_is_cut_off(serving, own_kb: Path, find) -> None:
    report = find(own_kb, "report.pdf")
    large = b"%PDF-" + bytes(30 << 20)
    (own_kb.parent / "folder" / "report.pdf").write_bytes(large)
    with Store.open(own_kb) as store, store._db.transaction():
        store._db.execute("UPDATE documents SET sha256 = ? WHERE id = ?", (sha256(large).hexdigest(), report.id))
    with serving(own_kb, limits=Limits(block_seconds=0.5, at_once=1)) as client, connected(client) as lazy:
        lazy.sendall(f"GET /document/{report.id}/report.pdf HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n".encode())
        time.sleep(0.2)
        assert client.get("/").status == 503
        deadline = time.monotonic() + 10
        while client.get("/").status != 200:
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_many_questions_at_once_have_each_its_answer(sample) -> None:
    questions = [f"What is known of number {number}?" for number in range(24)]
    with ThreadPoolExecutor(12) as threads:
        replies = list(threads.map(lambda question: sample.get(f"/ask?k=1&q={quote(question)}"), questions))
    assert [reply.status for reply in replies] == [200] * 24
    assert [reply.json["query"] for reply in replies] == questions


def test_a_client_that_has_gone_is_no_error(serving, hostile_kb: Path, caplog: pytest.LogCaptureFixture) -> None:
    with serving(hostile_kb) as client:
        for _ in range(5):
            with connected(client) as gone:
                gone.sendall(b"GET / HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n")
                gone.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        assert client.get("/").status == 200
    assert [record for record in caplog.records if record.levelno > logging.INFO] == []


def test_what_is_no_request_is_refused(serving, hostile_kb: Path, caplog: pytest.LogCaptureFixture) -> None:
    strange = [
        b"\r\n",
        b"\x00\x01\x02\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"\x16\x03\x01\x02\x00" * 9 + b"\r\n",
    ]
    strange += [b"GET / HTTP/1.0\r\n" + b"A: b\r\n" * 300 + b"\r\n", b"get / http/1.0\r\n\r\n"]
    with serving(hostile_kb, limits=Limits(head_seconds=1)) as client:
        for request in strange:
            with connected(client) as connection:
                connection.sendall(request)
                connection.shutdown(socket.SHUT_WR)
                assert b" 200 " not in connection.recv(100)
        assert client.get("/").status == 200
    assert [record for record in caplog.records if record.levelno > logging.INFO] == []


def test_what_is_asked_is_not_logged(serving, hostile_kb: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with serving(hostile_kb, with_token=True) as client:
        token = client.server.gate.token
        client.get(f"/?token={token}")
        client.get("/ask?q=a+secret", Authorization=f"Bearer {token}")
        client.get("/ask?q=a+secret", "POST")
    assert "GET / 200" in caplog.text
    assert token not in caplog.text
    assert "secret" not in caplog.text


def test_what_is_logged_does_nothing_to_a_terminal(serving, hostile_kb: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with serving(hostile_kb) as client, connected(client) as connection:
        connection.sendall(b"GET /\x1b[31m\x07\x9b HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n")
        assert connection.recv(20).startswith(b"HTTP/1.0 404")
    assert r"GET /\x1b[31m\x07\x9b 404" in caplog.messages
