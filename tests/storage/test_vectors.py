"""Vectors: float16 in, the same out, in a fixed order."""

from __future__ import annotations

import numpy as np
import pytest

from shas_kb.errors import DatabaseError, NotFoundError, UsageError
from shas_kb.records import ModelFacts
from shas_kb.storage import Store


def test_vectors_come_back_in_half_precision(store: Store, file, reading, vectors) -> None:
    id = store.put_reading(file("a.txt"), reading("one", "two", "three"))
    passages, vector = vectors(3)
    store.put_vectors(id, passages, vector)
    stored = store.vectors(id)
    assert stored.dtype == np.float32
    np.testing.assert_array_equal(stored, passages.astype(np.float16).astype(np.float32))
    ids, documents = store.document_matrix()
    assert ids == [id]
    np.testing.assert_array_equal(documents[0], vector.astype(np.float16).astype(np.float32))
    store.put_vectors(id, passages[::-1], vector)
    np.testing.assert_array_equal(store.vectors(id), stored[::-1])


def test_the_matrix_holds_every_passage_and_knows_which(store: Store, file, reading, vectors) -> None:
    sizes = {store.put_reading(file(f"{n}.txt"), reading(*(f"{n} {i}" for i in range(n)))): n for n in (3, 1, 4)}
    for id, n in sizes.items():
        store.put_vectors(id, *vectors(n, n))
    found = store.passage_matrix()
    assert found.matrix.dtype == np.float16
    assert found.matrix.shape == (8, 8)
    assert found.documents == sorted(sizes) == store.document_matrix()[0]
    assert found.offsets.dtype == np.int64
    for row in range(8):
        id, ordinal = found.key(row)
        np.testing.assert_array_equal(found.matrix[row].astype(np.float32), store.vectors(id)[ordinal])
        assert found.offsets[found.documents.index(id)] + ordinal == row


def test_an_empty_collection_has_empty_matrices(store: Store) -> None:
    store.set_model(ModelFacts("m", "f", 8, 254))
    found = store.passage_matrix()
    assert (found.documents, found.offsets.tolist(), found.matrix.shape) == ([], [0], (0, 8))
    ids, documents = store.document_matrix()
    assert (ids, documents.shape) == ([], (0, 8))


def test_pending_is_in_the_order_of_paths(store: Store, file, reading, vectors) -> None:
    ids = {name: store.put_reading(file(name), reading(name)) for name in ("c", "a", "b")}
    assert store.pending() == [ids["a"], ids["b"], ids["c"]]
    store.put_vectors(ids["a"], *vectors(1))
    assert store.pending() == [ids["b"], ids["c"]]
    with pytest.raises(NotFoundError, match="have vectors"):
        store.vectors(ids["b"])


def test_vectors_that_do_not_fit_are_refused(store: Store, file, reading, vectors) -> None:
    id = store.put_reading(file("a.txt"), reading("one", "two"))
    passages, vector = vectors(2)
    with pytest.raises(UsageError, match=r"shapes \(2, 8\) and \(8,\), got \(1, 8\) and \(8,\)"):
        store.put_vectors(id, passages[:1], vector)
    with pytest.raises(UsageError, match="must be finite"):
        store.put_vectors(id, passages * np.nan, vector)
    with pytest.raises(NotFoundError, match="got 'nowhere'"):
        store.put_vectors("nowhere", passages, vector)
    store.set_model(ModelFacts("m", "f", 8, 254))
    with pytest.raises(UsageError, match="encode it with the collection's model"):
        store.put_vectors(id, passages[:, :4], vector[:4])
    assert store.pending() == [id]


def test_rows_of_different_sizes_are_not_glued_together(store: Store, filled) -> None:
    ids = filled(store, 2)
    store._db.execute("UPDATE vectors SET dimension = 4 WHERE document = ?", (ids[0],))
    with pytest.raises(DatabaseError, match=r"of one size, got \[4, 8\]; run `shas-kb check"):
        store.passage_matrix()
