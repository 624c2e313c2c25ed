"""Pieces: four bits a channel in, directions out, and always those of the passage asked for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shas_kb.encoder import load_question_encoder
from shas_kb.errors import NotFoundError
from shas_kb.records import Vectors
from shas_kb.storage import Store
from shas_kb.storage.pieces import pack, packed, unpack


def random_rows(count: int, dimension: int, seed: int) -> Vectors:
    rows = np.random.default_rng(seed).standard_normal((count, dimension)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows


def through(rows: Vectors) -> Vectors:
    blob = pack(rows)
    assert len(blob) == len(rows) * packed(rows.shape[1])
    back = unpack(blob, rows.shape[1])
    assert (back.shape, back.dtype) == (rows.shape, np.float32)
    np.testing.assert_allclose(np.linalg.norm(back, axis=1), 1, atol=1e-5)
    return back


def kept(rows: Vectors) -> None:
    cosine = np.einsum("nd,nd->n", through(rows), rows)
    assert cosine.mean() > 0.99
    assert cosine.min() > 0.97


@pytest.mark.parametrize("dimension", [127, 128, 383, 384, 385, 1024])
def test_directions_are_kept(dimension: int) -> None:
    kept(random_rows(500, dimension, dimension))


def test_directions_of_real_texts_are_kept() -> None:
    texts = ["The corona of the Sun is a million degrees hot", "and is seen at an eclipse.", "Tariffs", "长城"]
    kept(np.asarray(load_question_encoder(None)(texts), np.float32))


@given(st.integers(0, 5), st.integers(1, 40), st.integers(0, 99))
def test_channels_keep_their_sign(count: int, dimension: int, seed: int) -> None:
    rows = random_rows(count, dimension, seed)
    back = through(rows)
    np.testing.assert_array_equal(back > 0, rows >= 0)


def test_a_byte_holds_the_first_of_two_channels_in_its_lower_half() -> None:
    row = np.array([[2, -1, 2]], np.float32) / 3
    assert pack(row) == bytes([0x6B, 0x8B])
    np.testing.assert_allclose(unpack(b"\x6b\x8b", 3)[0], np.array([3.5, -1.5, 3.5]) / np.sqrt(26.75), atol=1e-6)


def test_rows_that_are_all_the_same_or_nothing_do_no_harm() -> None:
    even = np.full((1, 9), 1 / 3, np.float32)
    np.testing.assert_allclose(through(even), even, atol=1e-6)
    assert np.isfinite(through(np.zeros((2, 9), np.float32))).all()
    assert unpack(b"", 9).shape == (0, 9)


def test_pieces_come_in_the_order_asked_for(store: Store, file, reading, vectors) -> None:
    put = {}
    for name, count in (("a", 3), ("b", 2)):
        id = store.put_reading(file(name), reading(*(f"{name}{i}" for i in range(count))))
        encoded = vectors(count, count)
        store.put_vectors(id, encoded)
        starts = np.concatenate(([0], np.cumsum(encoded.counts)))
        put |= {(id, i): encoded.pieces[starts[i] : starts[i + 1]] for i in range(count)}
    keys = [*reversed(put), next(iter(put))]
    found = store.pieces(keys)
    assert [len(rows) for rows in found] == [2, 1, 3, 2, 1, 1]
    for key, rows in zip(keys, found, strict=True):
        np.testing.assert_array_equal(rows, unpack(pack(put[key]), 8))
    assert store.pieces([]) == []
    with pytest.raises(NotFoundError, match=f"got '{keys[0][0]}:9'"):
        store.pieces([keys[0], (keys[0][0], 9)])


def test_pieces_are_replaced_and_go_with_their_passages(store: Store, file, reading, vectors) -> None:
    id = store.put_reading(file("a.txt"), reading("one", "two"))
    assert [rows.shape[0] for rows in store.pieces([(id, 0), (id, 1)])] == [0, 0]
    store.put_vectors(id, vectors(2))
    other = vectors(2, 7)
    store.put_vectors(id, replace(other, counts=(2, 1)))
    first, second = store.pieces([(id, 0), (id, 1)])
    np.testing.assert_array_equal(np.concatenate((first, second)), unpack(pack(other.pieces), 8))
    assert (len(first), len(second)) == (2, 1)
    store.put_reading(file("a.txt"), reading("new"))
    assert store._db.value("SELECT count(*) FROM pieces") == 0
    assert store.pending() == [id]
