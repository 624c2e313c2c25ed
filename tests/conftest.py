"""What several areas use: the command line, and a collection made from the sample corpus."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import Browser, chromium
from harness import SAMPLE, Shell, run


@pytest.fixture(scope="session")
def shell() -> Shell:
    return run


@pytest.fixture(scope="session")
def sample_kb(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """The sample corpus as a collection; for reading only. One process makes it for all."""
    own = tmp_path_factory.getbasetemp()
    shared = own if worker_id == "master" else own.parent
    folder = shared / "sample"
    with (shared / "sample.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            making = own / "sample in the making"
            outcome = run("-d", making / "kb.sqlite", "ingest", SAMPLE, "--json")
            assert outcome.code == 1, outcome.err
            making.rename(folder)
    return folder / "kb.sqlite"


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One browser for all tests; where this machine has none, they are skipped."""
    program = chromium()
    if program is None:
        pytest.skip("no Chromium on this machine")
    browser = Browser(program, tmp_path_factory.mktemp("profile"))
    yield browser
    browser.close()
