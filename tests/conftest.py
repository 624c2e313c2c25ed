"""What several areas use: the command line as a function, and a collection made from the sample corpus."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from shas_kb.cli.app import app

ROOT = Path(__file__).parents[1]
SAMPLE = ROOT / "sample_corpus"


@dataclass(frozen=True)
class Outcome:
    """How a command ended: exit code, standard output, standard error."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Shell = Callable[..., Outcome]


def run(*words: object, stdin: str | None = None) -> Outcome:
    """`shas-kb` with these words."""
    result = CliRunner().invoke(app, [str(word) for word in words], input=stdin)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Outcome(result.exit_code, result.stdout, result.stderr)


@pytest.fixture
def shell() -> Shell:
    return run


@pytest.fixture(scope="session")
def sample_kb(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample corpus as a collection; for reading only."""
    db = tmp_path_factory.mktemp("sample") / "kb.sqlite"
    outcome = run("-d", db, "ingest", SAMPLE, "--json")
    assert outcome.code == 1, outcome.err
    return db
