"""Questions get the vectors that passages get, without torch."""

from __future__ import annotations

import math
import subprocess
import sys

import numpy as np
import pytest

from shas_kb.config import WORD_BITS
from shas_kb.encoder import load, load_question_encoder
from shas_kb.encoder.question import gelu, product
from shas_kb.encoder.sketch import projected
from shas_kb.records import Text

TEXTS = [
    "What carries warm water north?",
    "",
    "水在地球上怎样循环？",
    "a",
    "Why do cells divide " * 10,
    "far beyond the window " * 200,
]


def test_questions_get_the_vectors_that_passages_get() -> None:
    found = load_question_encoder()(TEXTS)
    expected = next(load(device="cpu").encode([Text("", TEXTS)])).passages
    assert found.dtype == np.float32
    assert (found * expected).sum(axis=1).min() > 0.9995


def test_the_words_of_a_question_are_its_tokens_along_directions() -> None:
    encoder, ask = load(device="cpu"), load_question_encoder()
    for text, states in zip(TEXTS, encoder.states(TEXTS), strict=True):
        words = ask.asked(text).words
        assert words.shape == (len(states), WORD_BITS)
        assert (words * projected(states.numpy())).sum(axis=1).min() > 0.999


def test_a_question_is_the_same_alone_and_among_others() -> None:
    encode = load_question_encoder()
    np.testing.assert_allclose(np.concatenate([encode([text]) for text in TEXTS]), encode(TEXTS), atol=1e-6)


def test_no_question_no_vector() -> None:
    assert load_question_encoder()([]).shape == (0, 384)


def test_a_question_does_not_pay_for_torch() -> None:
    slow = {"torch", "transformers", "sentence_transformers", "sklearn", "scipy", "huggingface_hub"}
    program = (
        "import sys; from shas_kb.encoder import load_question_encoder as load; load()(['Where?']);"
        f"print(*{slow} & set(sys.modules))"
    )
    outcome = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert outcome.stdout.strip() == ""


def test_gelu_is_exact() -> None:
    x = np.linspace(-12, 12, 4001, dtype=np.float32)
    exact = np.array([value * 0.5 * math.erfc(-value / math.sqrt(2)) for value in x.astype(float).tolist()])
    assert np.abs(gelu(x[None])[0] - exact).max() < 1e-6


@pytest.mark.parametrize("rows", [1, 7, 16, 40, 300])
@pytest.mark.parametrize(("outer", "inner"), [(384, 384), (1536, 384), (384, 1536), (100, 30)])
def test_a_product_in_parts_is_the_product(rows: int, outer: int, inner: int) -> None:
    random = np.random.default_rng(rows)
    states, weight = (random.standard_normal((n, inner)).astype(np.float32) for n in (rows, outer))
    np.testing.assert_allclose(product(states, weight), states @ weight.T, rtol=1e-4, atol=1e-4)
