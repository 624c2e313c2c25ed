"""A server as a client meets it: real ones, over a hostile collection and over the sample corpus."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import docx
import pymupdf
import pytest
from harness import run
from hostile import fill

from shas_kb.records import Document
from shas_kb.serving import Server, start
from shas_kb.storage import Store


@dataclass(frozen=True)
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def text(self) -> str:
        return self.body.decode()


class Client:
    """Asks a server that runs in this process."""

    def __init__(self, server: Server) -> None:
        self.server = server

    def get(self, target: str, method: str = "GET", **headers: str) -> Reply:
        """A request with exactly this target; headers with _ for -."""
        connection = HTTPConnection("127.0.0.1", self.server.port, timeout=30)
        try:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.putrequest(method, target, skip_host="Host" in named)
            for name, value in named.items():
                connection.putheader(name, value)
            connection.endheaders()
            reply = connection.getresponse()
            return Reply(reply.status, dict(reply.getheaders()), reply.read())
        finally:
            connection.close()


Serving = Callable[..., AbstractContextManager[Client]]


@contextmanager
def served(db: Path, **options: Any) -> Iterator[Client]:
    server = start(db, port=0, **options)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield Client(server)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def serving() -> Serving:
    return served


@pytest.fixture(scope="session")
def sample(sample_kb: Path) -> Iterator[Client]:
    with served(sample_kb) as client:
        yield client


@pytest.fixture(scope="session")
def hostile_kb(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The collection with everything in it that a title can do; its originals stand beside it."""
    home = tmp_path_factory.mktemp("hostile")
    with Store.open(home / "kb.sqlite", create=True) as store:
        fill(store, home / "originals")
    return home / "kb.sqlite"


@pytest.fixture(scope="session")
def hostile(hostile_kb: Path) -> Iterator[Client]:
    with served(hostile_kb) as client:
        yield client


@pytest.fixture(scope="session")
def few_kb(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A collection of a few files, ingested; they stand in `folder` beside it. For copying only."""
    home = tmp_path_factory.mktemp("few")
    folder = home / "folder"
    folder.mkdir()
    (folder / "report.pdf").write_bytes(report())
    (folder / "evil.html").write_text(f"<html><title>Evil</title><script>alert(1)</script>{PROSE}</html>")
    (folder / "a b%2f#?'\".md").write_text(f"# Strange name\n\n{PROSE}\n")
    (folder / "script.txt").write_text(f"{SCRIPT}\n{'=' * len(SCRIPT)}\n\n{HIVES}\n")
    letter = docx.Document()
    letter.add_paragraph(PROSE)
    letter.save(str(folder / "letter.docx"))
    outcome = run("-d", home / "kb.sqlite", "ingest", folder)
    assert outcome.code == 0, outcome.err
    return home / "kb.sqlite"


@pytest.fixture
def own_kb(few_kb: Path, tmp_path: Path) -> Path:
    """A copy of it, files and all, that may be changed."""
    home = Path(shutil.copytree(few_kb.parent, tmp_path / "own"))
    with Store.open(home / "kb.sqlite") as store, store._db.transaction():
        store._db.execute("UPDATE files SET root = ?", (str(home / "folder"),))
    return home / "kb.sqlite"


SCRIPT = "</script><img src=x onerror=\"document.title='pwned'\"><script>document.title='pwned'</script>"
HIVES = f"The bees of the abbey swarmed on the second of June, wrote {SCRIPT} in his diary of the hives. " * 2
PROSE = "The lighthouse on the northern cape was built in 1871 and burned paraffin for forty years. " * 3
FIRST = "The keeper wrote down the height of every tide that he saw from his gallery in those years."
LONG = (
    "On the last evening of the year a storm came up from the west and put out the lamp, which nobody on land noticed"
    " before the morning, when a fisherman found the keeper asleep on the stairs of the tower."
)


def report() -> bytes:
    """A PDF of two pages: the second turned, and a sentence that begins on the first and ends on it."""
    document = pymupdf.open()
    for _ in range(2):
        document.new_page()
    first, second = document[0], document[1]
    first.insert_text((72, 72), "A report", fontsize=20)
    first.insert_textbox((72, 110, 300, 500), FIRST + " " + PROSE, fontsize=11)
    words = LONG.split()
    first.insert_textbox((72, 600, 500, 760), " ".join(words[:20]), fontsize=11)
    second.insert_textbox((72, 72, 500, 200), " ".join(words[20:]) + " " + PROSE, fontsize=11)
    second.set_rotation(90)
    return bytes(document.tobytes())


def document(db: Path, part: str) -> Document:
    with Store.open(db, read_only=True) as store:
        return next(one for one in store.documents() if part in one.path or part in one.title)


@pytest.fixture
def find() -> Callable[[Path, str], Document]:
    return document
