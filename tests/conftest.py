"""What several areas use: the command line, and a collection made from the sample corpus."""

from __future__ import annotations

from pathlib import Path

import pytest
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
