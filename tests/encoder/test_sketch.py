"""Sketches: signs from which cosines can be told, of the telling half of a passage's tokens."""

from __future__ import annotations

from hashlib import sha256
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from shas_kb.config import WORD_BITS, WORDS_COUNT
from shas_kb.encoder.sketch import Said, directions, projected, unpack
from shas_kb.encoder.sketching import GRID, sketched, telling
from shas_kb.records import Asked, Codes, Sketch, Vectors

LENGTHS = st.lists(st.integers(1, 40), min_size=1, max_size=8)


def unit(rows: np.ndarray) -> Vectors:
    return np.asarray(rows / np.linalg.norm(rows, axis=-1, keepdims=True), np.float32)


def random_rows(count: int, dimension: int, seed: int) -> Vectors:
    return unit(np.random.default_rng(seed).standard_normal((count, dimension)))


def at_angle(rows: Vectors, cosine: float, seed: int) -> Vectors:
    """Unit vectors that have this cosine with `rows`, in directions of chance."""
    other = random_rows(*rows.shape, seed)
    beside = unit(other - (other * rows).sum(1, keepdims=True) * rows)
    return np.asarray(cosine * rows + np.sqrt(1 - cosine * cosine) * beside, np.float32)


def signs(rows: np.ndarray) -> Codes:
    return np.packbits(rows >= 0, axis=1)


def errors(cosine: float, dimension: int, by_words: bool) -> Vectors:
    """By how much the cosines of many random vectors are estimated too high."""
    rows = random_rows(4000, dimension, 1)
    asked = at_angle(rows, cosine, 2)
    if by_words:
        rows, asked = projected(rows), projected(asked)
    return np.asarray((asked * unpack(signs(rows), rows.shape[1])).sum(1) - cosine)


@pytest.mark.parametrize("by_words", [False, True], ids=["pieces", "words"])
@pytest.mark.parametrize("dimension", [127, 128, 384, 385])
@pytest.mark.parametrize("cosine", [-0.9, -0.5, 0.0, 0.3, 0.7, 1.0])
def test_signs_estimate_cosines_without_bias(cosine: float, dimension: int, by_words: bool) -> None:
    error = errors(cosine, dimension, by_words)
    assert abs(error.mean()) < 0.008
    assert np.sqrt(np.square(error).mean()) < 1.4 / np.sqrt(WORD_BITS if by_words else dimension)


@pytest.mark.parametrize("cosine", [-0.5, 0.0, 0.3, 0.7])
def test_more_bits_estimate_better(cosine: float) -> None:
    spread = [errors(cosine, bits, by_words=False).std() for bits in (128, 384, 1152)]
    assert 1.5 < spread[0] / spread[1] < 2.0  # the square root of 3
    assert 1.5 < spread[1] / spread[2] < 2.0


@given(st.integers(1, 5), st.one_of(st.integers(1, 40), st.sampled_from([127, 384, 385])), st.integers(0, 99))
def test_signs_come_back(count: int, dimension: int, seed: int) -> None:
    rows = random_rows(count, dimension, seed)
    back = unpack(signs(rows), dimension)
    assert (back.shape, back.dtype) == (rows.shape, np.float32)
    np.testing.assert_array_equal(back > 0, rows >= 0)
    np.testing.assert_allclose(np.abs(back), np.sqrt(np.pi / 2 / dimension), rtol=1e-6)


def test_the_first_of_eight_channels_is_the_highest_bit() -> None:
    assert (unpack(np.array([[0x80, 0x40]], np.uint8), 10)[0] > 0).tolist() == [True, *[False] * 8, True]


def test_directions_are_the_same_for_ever() -> None:
    """Else no word that a collection keeps could be compared any more."""
    found = directions(384)
    assert (found.shape, found.dtype) == ((384, WORD_BITS), np.float32)
    assert sha256(found.tobytes()).hexdigest() == "7344a10806a565ac851a088de0dddf13a8fea0c20de643300a468f64fd237c43"
    np.testing.assert_array_equal(directions(127), found[:127])


@pytest.mark.parametrize("dimension", [384, 385, 1024])
def test_directions_are_balanced_and_independent(dimension: int) -> None:
    found = directions(dimension)
    assert np.unique(found).tolist() == [-1, 1]
    assert abs(found.mean()) < 3 / np.sqrt(found.size)
    between = found.T @ found / dimension - np.eye(WORD_BITS)
    assert np.abs(between).max() < 5 / np.sqrt(dimension)


def test_projected_rows_are_of_unit_length_and_keep_angles() -> None:
    rows = random_rows(500, 384, 0)
    near = at_angle(rows, 0.7, 1)
    one, other = projected(rows), projected(near)
    np.testing.assert_allclose(np.linalg.norm(one, axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(projected(3 * rows), one, atol=1e-6)
    assert (one * other).sum(1).mean() == pytest.approx(0.7, abs=0.01)


@given(st.lists(st.tuples(st.integers(1, 4), st.integers(1, 9)), min_size=1, max_size=6), st.integers(0, 99))
def test_what_is_said_equals_a_plain_loop(sizes: list[tuple[int, int]], seed: int) -> None:
    chooser, dimension = np.random.default_rng(seed), 21
    sketches = [
        Sketch(
            signs(random_rows(pieces, dimension, seed + i)),
            signs(random_rows(words, WORD_BITS, seed + i)),
            np.packbits(np.ones(words, bool)),
        )
        for i, (pieces, words) in enumerate(sizes)
    ]
    vector = random_rows(1, dimension, seed)[0]
    asked = Asked(vector, vector, random_rows(3, WORD_BITS, seed), chooser.dirichlet(np.ones(3)).astype(np.float32))
    expected = []
    for its in sketches:
        best = max(float(asked.vector @ piece) for piece in unpack(its.pieces, dimension))
        words = unpack(its.words, WORD_BITS)
        to_each = [max(float(token @ word) for word in words) for token in asked.words]
        expected.append(best + WORDS_COUNT * sum(c * near for c, near in zip(asked.counts, to_each, strict=True)))
    np.testing.assert_allclose(Said.of(sketches, dimension).to([asked])[0], expected, atol=1e-5)


@given(LENGTHS, st.data())
def test_the_longer_half_of_a_passage_is_telling_and_of_equal_tokens_the_first(
    lengths: list[int], data: st.DataObject
) -> None:
    sizes = data.draw(st.lists(st.integers(0, 5), min_size=sum(lengths), max_size=sum(lengths)))
    states = torch.zeros(len(sizes), 8)
    states[:, 3] = -torch.tensor(sizes, dtype=torch.float32)
    expected = []
    for first, last in pairwise(np.cumsum([0, *lengths]).tolist()):
        longest = sorted(range(first, last), key=lambda token: (-sizes[token], token))
        expected += longest[: (last - first + 1) // 2]
    found = telling(states, torch.tensor(lengths))
    assert torch.nonzero(found).flatten().tolist() == sorted(expected)


def states_of(lengths: list[int], dimension: int, seed: int) -> tuple[torch.Tensor, torch.Tensor, list[int]]:
    """Token states of passages, their pieces, and how many of these each has."""
    counts = [-(-length // 16) for length in lengths]
    random = np.random.default_rng(seed)
    states = random.standard_normal((sum(lengths), dimension)) * random.uniform(0.1, 9, (sum(lengths), 1))
    pieces = random.standard_normal((sum(counts), dimension))
    return torch.tensor(states, dtype=torch.float32), torch.tensor(pieces, dtype=torch.float32), counts


@settings(deadline=None)
@given(LENGTHS, st.sampled_from([8, 21, 384]), st.integers(0, 99))
def test_many_passages_are_sketched_as_each_alone(lengths: list[int], dimension: int, seed: int) -> None:
    states, pieces, counts = states_of(lengths, dimension, seed)
    together = sketched(states, pieces, lengths, counts)
    alone = [
        sketched(*each)[0]
        for each in zip(
            torch.split(states, lengths),
            torch.split(pieces, counts),
            ([length] for length in lengths),
            ([count] for count in counts),
            strict=True,
        )
    ]
    assert len(together) == len(alone)
    for one, other in zip(together, alone, strict=True):
        for kind in ("pieces", "words", "telling"):
            np.testing.assert_array_equal(getattr(one, kind), getattr(other, kind))


@settings(deadline=None)
@given(LENGTHS, st.sampled_from([21, 384]), st.integers(0, 99))
def test_a_sketch_holds_the_signs_of_its_pieces_and_of_its_telling_tokens(
    lengths: list[int], dimension: int, seed: int
) -> None:
    states, pieces, counts = states_of(lengths, dimension, seed)
    rows, own = states.numpy(), np.split(pieces.numpy(), np.cumsum(counts)[:-1])
    steps = np.round(rows * np.float32(GRID) / np.abs(rows).max(axis=1, keepdims=True))
    assert np.abs(steps).max(axis=1).tolist() == [GRID] * len(rows)
    for its, tokens, mine in zip(
        sketched(states, pieces, lengths, counts), np.split(steps, np.cumsum(lengths)[:-1]), own, strict=True
    ):
        told = np.unpackbits(its.telling)
        assert len(its.telling) == -(-len(tokens) // 8)
        assert told.sum() == len(its.words) == -(-len(tokens) // 2)
        assert not told[len(tokens) :].any()
        along = tokens[told[: len(tokens)] > 0].astype(np.int64) @ directions(dimension).astype(np.int64)
        np.testing.assert_array_equal(its.words, signs(along))
        np.testing.assert_array_equal(its.pieces, signs(mine))


def test_a_token_of_nothing_is_a_word_like_another() -> None:
    """Its products are all zero, whose sign is that of what is not negative."""
    states = torch.zeros(2, 8)
    (its,) = sketched(states, states[:1], [2], [1])
    assert its.words.tolist() == [[255] * (WORD_BITS // 8)]
    assert its.pieces.tolist() == [[255]]
