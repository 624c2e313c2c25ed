"""What was learned: kept in a file, bound to its backbone, and acting on questions alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from shas_kb.encoder import describe, learned_for, load_question_encoder
from shas_kb.encoder.learned import SHIPPED, Learned
from shas_kb.errors import ModelError

QUESTION = "What did the marketing expert think of the price?"


def learned(seed: int = 0, size: float = 1.0, dimension: int = 384) -> Learned:
    saliency = size * np.random.default_rng(seed).standard_normal(dimension).astype(np.float32)
    return Learned(saliency, {"backbone": describe().facts.fingerprint})


def test_a_file_gives_back_what_was_put_in() -> None:
    before = learned()
    after = Learned.from_bytes(before.to_bytes(), "here")
    np.testing.assert_array_equal(after.saliency, before.saliency)
    assert after.facts == before.facts


def test_without_anything_learned_a_question_is_the_mean() -> None:
    expected = load_question_encoder()([QUESTION])[0]
    nothing = load_question_encoder(weights=learned(size=0.0).to_bytes())
    for found in (load_question_encoder().asked(QUESTION), nothing.asked(QUESTION)):
        np.testing.assert_allclose(found.plain, expected, atol=1e-6)
        np.testing.assert_allclose(found.vector, expected, atol=1e-6)
        np.testing.assert_allclose(found.counts, 1 / len(found.words), rtol=1e-5)


def test_what_was_learned_moves_questions_when_weighed_and_only_then() -> None:
    plain, other = load_question_encoder(), load_question_encoder(weights=learned().to_bytes())
    np.testing.assert_array_equal(other([QUESTION]), plain([QUESTION]))
    moved, still = other.asked(QUESTION), plain.asked(QUESTION)
    assert np.linalg.norm(moved.vector) == pytest.approx(1, abs=1e-6)
    assert moved.vector @ still.vector < 0.999
    np.testing.assert_array_equal(moved.plain, still.plain)
    np.testing.assert_array_equal(moved.words, still.words)


@pytest.mark.parametrize("question", ["", "a", "水在地球上怎样循环？", "far beyond the window " * 200])
def test_any_question_can_be_weighed(question: str) -> None:
    found = load_question_encoder(weights=learned(size=50.0).to_bytes()).asked(question)
    for unit in (found.plain, found.vector, *found.words):
        assert np.linalg.norm(unit) == pytest.approx(1, abs=1e-5)
    assert found.counts.sum() == pytest.approx(1, abs=1e-5)


def test_weights_of_tokens_are_a_softmax() -> None:
    states = np.random.default_rng(1).standard_normal((7, 384)).astype(np.float32)
    counts = learned().counts(states)
    scaled = states / np.sqrt((states.astype(float) ** 2).mean(1, keepdims=True))
    expected = np.exp(scaled @ learned().saliency)
    np.testing.assert_allclose(counts, expected / expected.sum(), rtol=1e-3, atol=1e-7)


def test_what_ships_is_for_the_bundled_backbone_and_for_no_other() -> None:
    facts = describe().facts
    shipped = learned_for(facts)
    assert shipped == SHIPPED.read_bytes()
    assert Learned.from_bytes(shipped, "shipped").saliency.any()
    assert learned_for(replace(facts, fingerprint="0" * 64)) is None


def test_weights_for_another_backbone_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "weights.safetensors"
    file.write_bytes(learned().to_bytes())
    assert learned_for(describe().facts, file) == file.read_bytes()
    with pytest.raises(ModelError, match="made for all-MiniLM-L6-v2") as error:
        learned_for(replace(describe().facts, fingerprint="0" * 64), file)
    assert "shas-kb train" in str(error.value)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no weights",
        learned().to_bytes()[:-8],
        Learned(np.full(384, np.nan, np.float32)).to_bytes(),
        learned(size=1e30).to_bytes(),
    ],
    ids=["empty", "text", "cut", "nan", "huge"],
)
def test_what_is_no_weights_is_refused(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "weights.safetensors"
    file.write_bytes(content)
    with pytest.raises(ModelError, match="weights must be a file that `shas-kb train` made"):
        learned_for(describe().facts, file)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="nowhere"):
        learned_for(describe().facts, tmp_path / "nowhere")
