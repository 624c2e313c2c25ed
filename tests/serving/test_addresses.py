"""What there is to ask for, and that nothing else can be had."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

import pytest

from shas_kb.records import LEVELS
from shas_kb.storage import Store


def test_a_question_is_answered_as_on_the_command_line(sample, shell, sample_kb: Path) -> None:
    question = "At how many level 0 files does LevelDB stop accepting writes?"
    reply = sample.get(f"/ask?q={quote(question)}").json
    assert (reply.pop("certain"), reply["answer"]["text"].count("stops them at twelve")) == ("yes", 1)
    told = shell("-d", sample_kb, "query", question, "--json", "--explain").json
    for one in (reply, told):
        del one["milliseconds"]
    assert reply == told
    assert reply["confidence"] > 0.5
    assert {"page", "start", "end"} <= set(reply["answer"]["citations"][0])


def test_a_question_may_be_kept_to_a_branch_and_a_height(sample, sample_kb: Path) -> None:
    with Store.open(sample_kb, read_only=True) as store:
        node = next(node for node in store.tree().nodes if node.level == "entity")
        inside = store.tree().members()[node.id]
    reply = sample.get(f"/ask?q=water&under={node.id}&level=passage&level=sentence&k=7").json
    assert len(reply["hits"]) == 7
    assert {hit["level"] for hit in reply["hits"]} == {"sentence", "passage"}
    assert {hit["document"]["id"] for hit in reply["hits"]} <= inside
    assert reply["level"] == ["passage", "sentence"]


@pytest.mark.parametrize(
    ("query", "status", "said"),
    [
        ("", 400, "must hold a word"),
        ("q=%20", 400, "must hold a word"),
        ("q=" + "x" * 4001, 400, "at most 4,000 characters, got 4,001"),
        ("q=sea&under=nowhere", 404, "must name something"),
        ("q=sea&under=" + "x" * 501, 400, "at most 500 characters"),
        ("q=sea&level=planet", 400, "level must be one of"),
        ("q=sea&k=0", 400, "k must be from 1 to 50"),
        ("q=sea&k=51", 400, "k must be from 1 to 50"),
        ("q=sea&k=" + "9" * 5000, 400, "k must be a whole number"),
        ("q=sea&k=-1", 400, "k must be a whole number"),
        ("&".join(f"q{i}=1" for i in range(30)), 400, "at most 20 fields"),
    ],
)
def test_what_cannot_be_asked_is_told_in_a_line(sample, query: str, status: int, said: str) -> None:
    reply = sample.get(f"/ask?{query}")
    assert (reply.status, reply.headers["Content-Type"]) == (status, "text/plain; charset=utf-8")
    assert said in reply.text
    assert len(reply.text.splitlines()) == 1


@pytest.mark.parametrize(
    "query", ["%00", "%ff%fe", "%ed%a0%80", "%", "☃".encode().decode("latin-1"), "x%0d%0aSet-Cookie:%20a"]
)
def test_any_bytes_are_a_question(sample, query: str) -> None:
    reply = sample.get(f"/ask?q=sea{quote(query, safe='%')}")
    assert reply.status == 200
    assert set(reply.json["hits"][0]) >= {"rank", "level", "id", "text"}
    assert "Set-Cookie" not in reply.headers


def test_an_endless_address_is_cut_off(sample) -> None:
    assert sample.get("/ask?q=" + "x" * 70_000).status == 414
    assert sample.get("/", X_Long="x" * 70_000).status == 431


TRAVERSALS = (
    "/../etc/passwd",
    "/../../../../etc/passwd",
    "/%2e%2e/%2e%2e/etc/passwd",
    "/..%2f..%2fetc%2fpasswd",
    "/%252e%252e%252fetc%252fpasswd",
    "/..\\..\\etc\\passwd",
    "/..%5c..%5cetc%5cpasswd",
    "/etc/passwd",
    "//etc/passwd",
    "/%00",
    "/index.html%00.png",
    "/page.css",
    "http://127.0.0.1/",
    "file:///etc/passwd",
    "*",
)


@pytest.mark.parametrize("target", TRAVERSALS)
def test_no_path_is_looked_for(hostile, target: str) -> None:
    assert hostile.get(target).status == 404


@pytest.mark.parametrize("target", TRAVERSALS[:-3])
@pytest.mark.parametrize("before", ["/document/{id}", "/page/{id}", "/passages/{id}", "/document", "/page/{id}/1.png"])
def test_no_path_is_looked_for_below_a_document(hostile, hostile_kb: Path, find, before: str, target: str) -> None:
    id = find(hostile_kb, "00.pdf").id
    assert hostile.get(before.format(id=id) + target).status == 404


def test_an_original_has_its_own_name_alone(hostile, hostile_kb: Path, find) -> None:
    one, other = find(hostile_kb, "00.pdf"), find(hostile_kb, "01.pdf")
    assert hostile.get(f"/document/{one.id}/00.pdf").status == 200
    for name in ("01.pdf", "00.PDF", "", "x", "00.pdf%00", "00.pdf/", ".", "..", "..%2fpart 1%2f01.pdf", "%2e%2e"):
        assert hostile.get(f"/document/{one.id}/{quote(name, safe='%/')}").status == 404
    for id in (other.id[:11], other.id.upper() if other.id.upper() != other.id else "x", f"{other.id}0", "0" * 12, "%"):
        assert hostile.get(f"/document/{id}/01.pdf").status == 404
    for number in ("0", "3", "01000000", "-1", "1e0", "١"):
        assert hostile.get(f"/page/{one.id}/{quote(number)}.png").status == 404


def test_no_original_runs_here(serving, own_kb: Path, find) -> None:
    wanted = {
        "report.pdf": ("application/pdf", "inline"),
        "evil.html": ("text/plain; charset=utf-8", "inline"),
        "a b%2f#?'\".md": ("text/plain; charset=utf-8", "inline"),
        "letter.docx": ("application/octet-stream", "attachment"),
    }
    with serving(own_kb) as client:
        for name, (type, shown) in wanted.items():
            reply = client.get(f"/document/{find(own_kb, name).id}/{quote(name, safe='')}")
            assert reply.status == 200
            assert reply.body == (own_kb.parent / "folder" / name).read_bytes()
            assert reply.headers["Content-Type"] == type
            assert reply.headers["Content-Disposition"] == f"{shown}; filename*=UTF-8''{quote(name, safe='')}"
            assert "sandbox" in reply.headers["Content-Security-Policy"]
            assert "default-src 'none'" in reply.headers["Content-Security-Policy"]
            assert reply.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(("encoding", "type"), [("utf-8", "text/plain; charset=utf-8"), ("cp1252", "text/plain")])
def test_a_text_says_its_encoding_where_that_is_known(serving, own_kb: Path, find, encoding: str, type: str) -> None:
    """Browsers tell others by themselves, but take UTF-8 for one of these."""
    data = ("Ä" * (1 << 18) + "é").encode(encoding)
    script = find(own_kb, "script.txt")
    (own_kb.parent / "folder" / "script.txt").write_bytes(data)
    with Store.open(own_kb) as store, store._db.transaction():
        store._db.execute("UPDATE documents SET sha256 = ? WHERE id = ?", (sha256(data).hexdigest(), script.id))
    with serving(own_kb) as client:
        reply = client.get(f"/document/{script.id}/script.txt")
    assert (reply.headers["Content-Type"], reply.body) == (type, data)


def test_an_original_that_is_changed_or_gone_is_not_shown(serving, own_kb: Path, find) -> None:
    """Also where its size and its time of change are as they were, and where it was fetched before."""
    import os

    path = own_kb.parent / "folder" / "report.pdf"
    report = find(own_kb, "report.pdf")
    addresses = (f"/document/{report.id}/report.pdf", f"/page/{report.id}/1.png")
    with serving(own_kb) as client:
        assert [client.get(address).status for address in addresses] == [200, 200]
        facts, data = path.stat(), path.read_bytes()
        path.write_bytes(data[:-2] + b"XX")
        os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns))
        for address in addresses:
            reply = client.get(address)
            assert (reply.status, "has changed since it was read; ingest it again" in reply.text) == (410, True)
        path.write_bytes(data)
        assert [client.get(address).status for address in addresses] == [200, 200]
        path.unlink()
        path.symlink_to("/etc/passwd")
        assert [client.get(address).status for address in addresses] == [410, 410]
        path.unlink()
        for address in addresses:
            reply = client.get(address)
            assert (reply.status, "no longer where it was read" in reply.text) == (410, True)
        os.mkfifo(path)
        assert [client.get(address).status for address in addresses] == [410, 410]
        assert client.get(f"/passages/{report.id}").json["passages"]


def test_a_text_can_be_read_from_end_to_end(sample, sample_kb: Path) -> None:
    with Store.open(sample_kb, read_only=True) as store:
        longest = max(store.documents(), key=lambda document: document.passages)
        passages = store.document_passages(longest.id)
    read, at = {}, 0
    while True:
        found = sample.get(f"/passages/{longest.id}?at={at}").json
        read |= {one["start"]: one["text"] for one in found["passages"]}
        at = found["passages"][-1]["end"]
        assert found["more_before"] == (found["passages"][0]["start"] > passages[0].start)
        if not found["more_after"]:
            break
    assert read == {passage.start: passage.text for passage in passages}
    assert found["document"] == {"id": longest.id, "title": longest.title, "path": longest.path, "kind": longest.kind}
    assert sample.get(f"/passages/{longest.id}?at=999999999").json["more_after"] is False
    assert sample.get(f"/passages/{longest.id}?at=1e9").status == 400


def test_titles_reach_the_page_as_data(hostile) -> None:
    page = hostile.get("/").text
    assert "<script>document.title='pwned'" not in page
    assert 'onerror="document.title' not in page
    data = json.loads(page.partition('id="data">')[2].partition("</script>")[0])
    assert "</script><script>document.title='pwned'</script>" in {one["name"] for one in data["documents"]}


def test_a_question_that_the_model_is_missing_for_is_refused(hostile) -> None:
    reply = hostile.get("/ask?q=sea")
    assert reply.status == 503
    assert "model" in reply.text.lower()


def test_all_heights_can_be_asked_at(sample) -> None:
    for level in LEVELS:
        assert {hit["level"] for hit in sample.get(f"/ask?q=sea&level={level}").json["hits"]} == {level}
