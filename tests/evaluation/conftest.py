"""A small collection of real articles, ingested as a person would."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from harness import SAMPLE, run
from threadpoolctl import threadpool_limits

from shas_kb.ask.levels import Embed
from shas_kb.encoder import load_question_encoder
from shas_kb.storage import Store

TRUTH = json.loads((SAMPLE / "truth.json").read_text(encoding="utf-8"))["documents"]
ARTICLES = [entry["path"] for entry in TRUTH if entry["path"].endswith((".md", ".txt"))][:14]


@pytest.fixture(scope="session")
def small_kb(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """For reading only."""
    folder = tmp_path_factory.mktemp("articles")
    for path in ARTICLES:
        shutil.copy(SAMPLE / path, folder / Path(path).name)
    db = tmp_path_factory.mktemp("small") / "kb.sqlite"
    outcome = run("-d", db, "ingest", folder, "--json")
    assert outcome.code == 0, outcome.err
    return db


@pytest.fixture(scope="session")
def small(small_kb: Path) -> Iterator[Store]:
    with Store.open(small_kb) as store:
        yield store


@pytest.fixture(scope="session")
def embed(small: Store) -> Iterator[Embed]:
    with threadpool_limits(1):
        yield load_question_encoder(None, small.weights())
