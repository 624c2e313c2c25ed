"""What several areas use: the command line, and a collection made from the sample corpus."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import Browser, chromium
from harness import SAMPLE, Shell, run


@pytest.fixture(scope="session")
def shell() -> Shell:
    return run


@pytest.fixture(scope="session")
def sample_kb(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample corpus as a collection; for reading only."""
    db = tmp_path_factory.mktemp("sample") / "kb.sqlite"
    outcome = run("-d", db, "ingest", SAMPLE, "--json")
    assert outcome.code == 1, outcome.err
    return db


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One browser for all tests; where this machine has none, they are skipped."""
    program = chromium()
    if program is None:
        pytest.skip("no Chromium on this machine")
    browser = Browser(program, tmp_path_factory.mktemp("profile"))
    yield browser
    browser.close()
