"""An assistant as the official client plays it, over a real process; and collections for it to ask."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from harness import SAMPLE, run
from large import fill
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client

from shas_kb.storage import Store

LONGEST = 20_000


class Assistant:
    """A client that is connected; each call checks what must hold of any reply."""

    def __init__(self, portal: BlockingPortal, session: ClientSession, log: Path) -> None:
        self.portal = portal
        self.session = session
        self.log = log

    def ask(self, tool: str, **arguments: object) -> dict[str, Any]:
        """What a tool returns."""
        failed, text, structured = self._call(tool, arguments)
        assert not failed, text
        assert len(text) <= LONGEST
        found: dict[str, Any] = json.loads(text)
        assert found == structured
        return found

    def refused(self, tool: str, **arguments: object) -> str:
        """What is said of a call that cannot be answered."""
        failed, text, _ = self._call(tool, arguments)
        assert failed
        assert "Traceback" not in text
        assert len(text) < 1200
        return text

    def tools(self) -> dict[str, Any]:
        return {tool.name: tool for tool in self.portal.call(self.session.list_tools).tools}

    def _call(self, tool: str, arguments: Mapping[str, object]) -> tuple[bool, str, Any]:
        result = self.portal.call(self.session.call_tool, tool, arguments)
        (content,) = result.content
        return bool(result.is_error), content.text, result.structured_content


Connect = Callable[[Path], AbstractContextManager[Assistant]]


@contextmanager
def connected(db: Path, log: Path) -> Iterator[Assistant]:
    server = StdioServerParameters(command=sys.executable, args=["-m", "shas_kb", "mcp", "-d", str(db)])
    with log.open("w") as errors, start_blocking_portal() as portal:
        streams = portal.wrap_async_context_manager(stdio_client(server, errlog=errors))
        with streams as (read, write), portal.wrap_async_context_manager(ClientSession(read, write)) as session:
            portal.call(session.initialize)
            yield Assistant(portal, session, log)
    assert log.read_text() == ""


@pytest.fixture
def connect(tmp_path: Path) -> Connect:
    return lambda db: connected(db, tmp_path / "log.txt")


@pytest.fixture(scope="session")
def small_kb(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every seventh document of the sample corpus, ingested; for reading only."""
    home = tmp_path_factory.mktemp("small")
    folder = home / "folder"
    folder.mkdir()
    for entry in json.loads((SAMPLE / "truth.json").read_text())["documents"][::7]:
        shutil.copy(SAMPLE / entry["path"], folder)
    outcome = run("-d", home / "kb.sqlite", "ingest", folder)
    assert outcome.code == 0, outcome.err
    return home / "kb.sqlite"


@pytest.fixture(scope="session")
def large_kb(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thousands of documents, long and strange ones among them; for reading only."""
    path = tmp_path_factory.mktemp("large") / "kb.sqlite"
    with Store.open(path, create=True) as store:
        fill(store)
    return path


@pytest.fixture(scope="session")
def assistant(small_kb: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    with connected(small_kb, tmp_path_factory.mktemp("log") / "small.txt") as client:
        yield client


@pytest.fixture(scope="session")
def lost(large_kb: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    """One that is connected to the large collection."""
    with connected(large_kb, tmp_path_factory.mktemp("log") / "large.txt") as client:
        yield client
