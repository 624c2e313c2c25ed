"""Who is let in, and who is not: other sites, other names, other methods, those without the token."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from shas_kb.serving import Server, start

HTML = "text/html; charset=utf-8"


def test_the_page_comes_with_what_keeps_it_to_itself(sample) -> None:
    page = sample.get("/")
    assert (page.status, page.headers["Content-Type"]) == (200, HTML)
    assert page.headers["Content-Length"] == str(len(page.body))
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page.text)
    assert policy
    assert policy[1].startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy[1]
    assert "connect-src 'self'" in policy[1]
    for reply in (page, sample.get("/nothing"), sample.get("/ask?q="), sample.get("/", "POST")):
        assert reply.headers["X-Content-Type-Options"] == "nosniff"
        assert reply.headers["Referrer-Policy"] == "no-referrer"
        assert reply.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert reply.headers["Cache-Control"] == "no-store"
        assert not [name for name in reply.headers if name.startswith("Access-Control")]
        assert "python" not in str(reply.headers).lower()


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:{port}",
        "127.0.0.1.evil.example",
        "127.0.0.1@evil.example",
        "localhost.",
        "",
        "a b",
    ],
)
def test_another_name_is_refused(sample, host: str) -> None:
    """A site whose name was made to point at this machine would send its own name."""
    for target in ("/", "/ask?q=sea", "/document/000000000000/x.pdf"):
        assert sample.get(target, Host=host.format(port=sample.server.port)).status == 403


def test_a_request_without_a_host_is_refused(sample) -> None:
    import socket

    for head in (b"GET / HTTP/1.0\r\n\r\n", b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example\r\n\r\n"):
        with socket.create_connection(("127.0.0.1", sample.server.port)) as connection:
            connection.sendall(head)
            assert connection.recv(64).startswith(b"HTTP/1.0 403 ")


def test_its_own_names_are_let_in(sample) -> None:
    """Whatever the port: it may be another one at the other end of a tunnel."""
    for host in (f"localhost:{sample.server.port}", "127.0.0.1", "LOCALHOST:9000", "[::1]:9000"):
        assert sample.get("/passages/000000000000", Host=host).status == 404


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost:3000", "http://127.0.0.1"])
def test_another_origin_is_refused(sample, origin: str) -> None:
    assert sample.get("/ask?q=sea", Origin=origin).status == 403
    assert sample.get("/", Origin=origin).status == 403


def test_its_own_origin_is_let_in(sample) -> None:
    own = f"127.0.0.1:{sample.server.port}"
    for scheme in ("http", "https"):
        assert sample.get("/", Host=own, Origin=f"{scheme}://{own}").status == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_of_other_sites_only_a_link_is_followed(sample, site: str) -> None:
    def ask(mode: str, dest: str) -> int:
        return sample.get("/", Sec_Fetch_Site=site, Sec_Fetch_Mode=mode, Sec_Fetch_Dest=dest).status

    assert ask("navigate", "document") == 200
    for mode, dest in (("no-cors", "image"), ("no-cors", "script"), ("cors", "empty"), ("navigate", "iframe")):
        assert ask(mode, dest) == 403
    for own in ("same-origin", "none"):
        assert sample.get("/", Sec_Fetch_Site=own, Sec_Fetch_Mode="cors", Sec_Fetch_Dest="empty").status == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT", "BREW"])
def test_it_can_only_be_read(sample, method: str) -> None:
    reply = sample.get("/ask?q=sea", method)
    assert (reply.status, reply.headers["Allow"]) == (405, "GET, HEAD")


def test_head_is_get_without_a_body(sample) -> None:
    head, page = sample.get("/", "HEAD"), sample.get("/")
    assert (head.status, head.body) == (200, b"")
    assert head.headers["Content-Length"] == page.headers["Content-Length"]


def test_without_the_token_nothing_is_told(serving, hostile_kb: Path) -> None:
    with serving(hostile_kb, with_token=True) as client:
        token = client.server.gate.token
        assert len(token) >= 43
        for target in ("/", "/ask?q=sea", "/nothing", f"/ask?token={token}", f"/passages/0?token={token}"):
            reply = client.get(target)
            assert (reply.status, reply.headers["WWW-Authenticate"]) == (401, "Bearer")
        for wrong in ("", "x", token[:-1], token + "x", token.swapcase(), "%00", "é"):
            assert client.get(f"/?token={wrong.encode().hex() if wrong == 'é' else wrong}").status == 401
            assert (
                client.get("/", Cookie=f"{client.server.gate.cookie}={wrong}".encode().decode("latin-1")).status == 401
            )
        assert client.get("/", Authorization=f"Basic {token}").status == 401
        assert client.get("/", Cookie="; ; =;\x01").status == 401


def test_the_token_becomes_a_cookie(serving, hostile_kb: Path) -> None:
    with serving(hostile_kb, with_token=True) as client:
        path = client.server.address.partition(f":{client.server.port}")[2]
        welcome = client.get(path)
        assert welcome.status == 200
        assert b'content="0; url=/"' in welcome.body
        assert client.server.gate.token.encode() not in welcome.body
        cookie, *flags = welcome.headers["Set-Cookie"].split("; ")
        assert flags == ["Path=/", "HttpOnly", "SameSite=Strict"]
        page = client.get("/", Cookie=f"other=1; {cookie}")
        assert (page.status, "Set-Cookie" in page.headers) == (200, False)
        for other in ('settings={"dark": true}', "a b", "x[0]=1", "a@b=1", "=", "é=1", f"not-{cookie}x"):
            odd = f"{other}; {cookie}".encode().decode("latin-1")
            assert client.get("/", Cookie=odd).status == 200
        assert client.get("/", Authorization=f"Bearer {client.server.gate.token}").status == 200
        assert client.get("/", Cookie=cookie, Host="evil.example").status == 403


def served_at(host: str, db: Path) -> Server:
    server = start(db, host, 0)
    server.server_close()
    return server


def test_whoever_listens_to_others_asks_for_a_token(hostile_kb: Path) -> None:
    import socket

    open_to_all, alone = served_at("0.0.0.0", hostile_kb), served_at("127.0.0.1", hostile_kb)
    assert open_to_all.gate.token
    assert open_to_all.address.startswith(f"http://{socket.gethostname()}:{open_to_all.port}/?token=")
    assert alone.gate.token is None
    assert alone.address == f"http://127.0.0.1:{alone.port}/"
    assert served_at("0.0.0.0", hostile_kb).gate.token != open_to_all.gate.token


def test_an_open_server_goes_by_its_addresses_and_its_name(serving, hostile_kb: Path) -> None:
    import socket

    with serving(hostile_kb, host="0.0.0.0") as client:
        own = socket.gethostname()
        for host, status in (("192.168.1.7", 401), (own, 401), ("localhost", 401), ("evil.example", 403)):
            assert client.get("/", Host=host).status == status
