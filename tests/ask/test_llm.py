"""An answer by a language model: a real endpoint on this machine, whose words are checked against the evidence."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from shas_kb.ask.answer import NOTHING
from shas_kb.ask.llm import UNSUPPORTED, answer_by_model
from shas_kb.errors import ModelError, UsageError
from shas_kb.records import Quote, Reply

REPLY = Reply(
    query="What makes the tides?",
    levels=(),
    routing=(("passage", 1.0),),
    hits=(),
    answer="“The moon makes the tides.”",
    citations=(
        Quote("The moon makes the tides.", "aaaaaaaaaaaa", 3, 0, 25),
        Quote("The sun helps.", "bbbbbbbbbbbb", None, 5, 19),
    ),
    milliseconds=1.0,
)


class Endpoint(ThreadingHTTPServer):
    """Says what it is told to, and keeps what it was asked."""

    says: object = ""
    asked: str = ""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"


class Handler(BaseHTTPRequestHandler):
    server: Endpoint

    def do_GET(self) -> None:
        self.answer({"data": [{"id": "small"}]})

    def do_POST(self) -> None:
        self.server.asked = self.rfile.read(int(self.headers["Content-Length"])).decode()
        said = self.server.says
        self.answer({"choices": [{"message": {"content": said}}]} if isinstance(said, str) else said)

    def answer(self, value: object) -> None:
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with Endpoint(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_it_gets_the_evidence_and_cites_it(endpoint: Endpoint) -> None:
    endpoint.says = "The sun helps [2], but it is the moon [1][7]."
    reply = answer_by_model(REPLY, endpoint.url)
    asked = json.loads(endpoint.asked)
    assert asked["model"] == "small"
    assert "[1] The moon makes the tides." in asked["messages"][1]["content"]
    assert REPLY.query in asked["messages"][1]["content"]
    assert reply.answer == "The sun helps [1], but it is the moon [2]."
    assert reply.citations == (REPLY.citations[1], REPLY.citations[0])


def test_what_it_cannot_support_is_marked(endpoint: Endpoint) -> None:
    endpoint.says = "Fish push the water up [9]."
    reply = answer_by_model(REPLY, endpoint.url)
    assert reply.answer.startswith(UNSUPPORTED)
    assert reply.citations == ()


def test_it_may_say_that_nothing_answers(endpoint: Endpoint) -> None:
    endpoint.says = "UNANSWERED."
    assert answer_by_model(REPLY, endpoint.url).answer == NOTHING


def test_what_is_no_endpoint_is_an_error(endpoint: Endpoint) -> None:
    endpoint.says = {"error": "no such model"}
    with pytest.raises(ModelError, match="no such model"):
        answer_by_model(REPLY, endpoint.url)
    with pytest.raises(ModelError, match="got no answer"):
        answer_by_model(REPLY, "http://127.0.0.1:9/v1")
    with pytest.raises(UsageError, match="http"):
        answer_by_model(REPLY, "file:///etc/passwd")
