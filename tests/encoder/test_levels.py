"""The levels of a real document: at the start they are means, and its passages and itself are what `encode` gives."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from shas_kb.encoder import load
from shas_kb.encoder.encoder import Encoder
from shas_kb.records import Text, Vectors


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return load(device="cpu")


def unit(vectors: torch.Tensor) -> Vectors:
    return torch.nn.functional.normalize(vectors, dim=1).numpy()


@pytest.mark.parametrize("words", [[1], [254], [3, 254, 17, 1, 90], list(range(1, 51))])
def test_levels_end_in_the_vectors_that_encode_gives(encoder: Encoder, words: list[int]) -> None:
    document = ["cell " * count for count in words]
    levels = encoder.levels(document)
    encoded = next(encoder.encode([Text("A title", document)]))
    np.testing.assert_allclose(unit(levels.units[encoder.depth]), encoded.passages, atol=2e-6)
    np.testing.assert_allclose(unit(levels.units[-1])[0], encoded.document, atol=2e-6)


def test_levels_are_four_times_coarser_each(encoder: Encoder) -> None:
    levels = encoder.levels(["cell " * 254, "light"])
    assert encoder.depth == 4
    assert [len(units) for units in levels.units] == [256 + 3, 64 + 1, 16 + 1, 4 + 1, 2, 1]
    assert levels.pyramid.offsets[3].tolist() == [0, 4, 5]
    assert np.diff(levels.pyramid.span)[-3:, 0].tolist() == [256, 3, 259]


def test_a_head_that_has_learned_reaches_the_vectors() -> None:
    encoder = load(device="cpu")
    document = ["cell " * 30, "light and heat"]
    before = next(encoder.encode([Text("A title", document)]))
    with torch.no_grad():
        encoder.head.gate.fill_(0.5)
    encoded = next(encoder.encode([Text("A title", document)]))
    levels = encoder.levels(document)
    assert np.abs(encoded.passages - before.passages).max() > 1e-3
    np.testing.assert_allclose(unit(levels.units[encoder.depth]), encoded.passages, atol=2e-6)
    np.testing.assert_allclose(unit(levels.units[-1])[0], encoded.document, atol=2e-6)
