"""`train`, and what it makes in a collection: taken, kept, changed, refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from harness import SAMPLE, Outcome, run

from shas_kb.encoder import describe, learned_for
from shas_kb.encoder.learned import SHIPPED, Learned
from shas_kb.storage import Store

TRUTH = json.loads((SAMPLE / "truth.json").read_text())["documents"]


def folder(where: Path, first: int, count: int) -> Path:
    """Some texts of the sample corpus."""
    where.mkdir()
    texts = [entry["path"] for entry in TRUTH if entry["path"].endswith((".md", ".txt"))]
    for path in texts[first : first + count]:
        shutil.copy(SAMPLE / path, where / Path(path).name)
    return where


def weights(where: Path, backbone: str = "") -> Path:
    """Weights of no meaning for the bundled backbone, or another."""
    facts = {"backbone": backbone or describe().facts.fingerprint}
    where.write_bytes(Learned(np.ones(384, np.float32), facts).to_bytes())
    return where


def kept(db: Path) -> bytes | None:
    with Store.open(db) as store:
        return store.weights()


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return folder(tmp_path_factory.mktemp("texts") / "texts", 0, 6)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, texts: Path) -> tuple[Path, Outcome]:
    out = tmp_path_factory.mktemp("out") / "mine.svg"  # a name that the picture must not take
    return out, run("train", texts, "--out", out, "--steps", 3, "--json")


def test_a_folder_gives_weights_and_a_curve(trained: tuple[Path, Outcome]) -> None:
    out, outcome = trained
    assert outcome.code == 0
    assert len(outcome.json["losses"]) == outcome.json["steps"] == 3
    assert outcome.json["weights"] == str(out)
    assert learned_for(describe().facts, out) == out.read_bytes()
    assert Path(outcome.json["curve"]).read_text().startswith("<svg")


def test_another_folder_with_the_same_name_is_learned_alone(trained: tuple[Path, Outcome], tmp_path: Path) -> None:
    other = folder(tmp_path / "other", 6, 4)
    out = tmp_path / "mine.svg"
    shutil.copytree(trained[0].with_name("mine.svg.training"), tmp_path / "mine.svg.training")
    assert run("train", other, "--out", out, "--steps", 1).code == 0
    assert Learned.from_bytes(out.read_bytes(), "here").facts["documents"] == "4"


def test_a_collection_takes_what_it_taught_and_keeps_it(texts: Path, tmp_path: Path) -> None:
    db, out = tmp_path / "kb.sqlite", tmp_path / "w.safetensors"
    assert run("-d", db, "ingest", texts).code == 0
    assert kept(db) == SHIPPED.read_bytes()
    assert run("-d", db, "train", "--out", out, "--steps", 1).code == 0
    assert run("-d", db, "ingest", texts, "--weights", out).code == 0
    assert kept(db) == out.read_bytes()
    assert run("-d", db, "ingest", texts).code == 0
    assert kept(db) == out.read_bytes()
    assert run("-d", db, "query", "What slows a wave?").code == 0


def test_weights_of_another_model_make_no_collection(texts: Path, tmp_path: Path) -> None:
    db = tmp_path / "kb.sqlite"
    outcome = run("-d", db, "ingest", texts, "--weights", weights(tmp_path / "w", "0" * 64))
    assert outcome.code == 3 and "made for all-MiniLM-L6-v2" in outcome.err
    outcome = run("-d", db, "ingest", texts, "--weights", tmp_path / "nowhere")
    assert outcome.code == 3 and "nowhere" in outcome.err
    assert not db.exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["FOLDER", "--steps", "0"], "--steps must be at least 1"),
        (["FOLDER", "--device", "tpu"], "--device must be"),
        (["FOLDER", "--db", "kb.sqlite"], "--db must stand without folders"),
        (["FOLDER/nowhere"], "nowhere"),
        (["--model", "all-MiniLM-L6-v2"], "--model must stand with a folder"),
        (["FOLDER", "--model", "CLS"], "mean of its token states"),
        (["FOLDER", "--out", "."], "--out must be a file"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_cannot_be_is_said_at_once(
    words: list[str], said: str, texts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(describe().folder, tmp_path / "CLS")
    pooling = tmp_path / "CLS" / "1_Pooling" / "config.json"
    facts = json.loads(pooling.read_text())
    pooling.write_text(json.dumps(facts | {"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False}))
    outcome = run("train", *(word.replace("FOLDER", str(texts)) for word in words))
    assert outcome.code in (2, 3)
    assert said in " ".join(outcome.err.split())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["CLS"]


def test_one_document_is_too_little(tmp_path: Path) -> None:
    outcome = run("train", folder(tmp_path / "one", 0, 1), "--out", tmp_path / "w")
    assert outcome.code == 2 and "at least 2 documents" in outcome.err


def test_no_collection_and_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    outcome = run("train")
    assert outcome.code in (2, 3) and "shas-kb ingest" in outcome.err
