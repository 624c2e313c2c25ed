"""Vectors: float16 in, the same out, in a fixed order."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from shas_kb.errors import DatabaseError, NotFoundError, UsageError
from shas_kb.records import ModelFacts
from shas_kb.storage import Store


def of_older_version(store: Store, id: str) -> None:
    """Make a document what it was before titles and sketches were encoded."""
    store._db.execute("UPDATE vectors SET title = NULL WHERE document = ?", (id,))
    store._db.execute("DELETE FROM sketches WHERE passage IN (SELECT id FROM passages WHERE document = ?)", (id,))


def test_vectors_come_back_in_half_precision(store: Store, file, reading, vectors) -> None:
    id = store.put_reading(file("a.txt"), reading("one", "two", "three"))
    encoded = vectors(3)
    store.put_vectors(id, encoded)
    stored = store.vectors(id)
    assert stored.dtype == np.float32
    np.testing.assert_array_equal(stored, encoded.passages.astype(np.float16).astype(np.float32))
    ids, documents = store.document_matrix()
    assert ids == [id]
    np.testing.assert_array_equal(documents[0], encoded.document.astype(np.float16).astype(np.float32))
    titles = store.title_matrix()
    assert titles.dtype == np.float16
    np.testing.assert_array_equal(titles[0], encoded.title.astype(np.float16))
    store.put_vectors(id, replace(encoded, passages=encoded.passages[::-1]))
    np.testing.assert_array_equal(store.vectors(id), stored[::-1])


def test_the_matrix_holds_every_passage_and_knows_which(store: Store, file, reading, vectors) -> None:
    sizes = {store.put_reading(file(f"{n}.txt"), reading(*(f"{n} {i}" for i in range(n)))): n for n in (3, 1, 4)}
    for id, n in sizes.items():
        store.put_vectors(id, vectors(n, n))
    found = store.passage_matrix()
    assert found.matrix.dtype == np.float16
    assert found.matrix.shape == (8, 12)
    assert found.documents == sorted(sizes) == store.document_matrix()[0]
    assert found.offsets.dtype == np.int64
    for row in range(8):
        id, ordinal = found.key(row)
        np.testing.assert_array_equal(found.matrix[row].astype(np.float32), store.vectors(id)[ordinal])
        assert found.offsets[found.documents.index(id)] + ordinal == row


def test_an_empty_collection_has_empty_matrices(store: Store) -> None:
    store.set_model(ModelFacts("m", "f", 12, 254))
    found = store.passage_matrix()
    assert (found.documents, found.offsets.tolist(), found.matrix.shape) == ([], [0], (0, 12))
    ids, documents = store.document_matrix()
    assert (ids, documents.shape, store.title_matrix().shape) == ([], (0, 12), (0, 12))


def test_pending_is_in_the_order_of_paths(store: Store, file, reading, vectors) -> None:
    ids = {name: store.put_reading(file(name), reading(name)) for name in ("c", "a", "b")}
    assert store.pending() == [ids["a"], ids["b"], ids["c"]]
    store.put_vectors(ids["a"], vectors(1))
    assert store.pending() == [ids["b"], ids["c"]]
    with pytest.raises(NotFoundError, match="have vectors"):
        store.vectors(ids["b"])


def test_documents_of_an_older_version_are_pending_and_their_titles_blank(store: Store, filled, vectors) -> None:
    ids = sorted(filled(store, 3))
    of_older_version(store, ids[1])
    assert store.pending() == [ids[1]]
    assert store.check() == []
    assert [bool(row.any()) for row in store.title_matrix()] == [True, False, True]
    store.put_vectors(ids[1], vectors(2))
    assert store.pending() == []
    assert [len(its.pieces) for its in store.sketches([(ids[1], 0), (ids[1], 1)]) if its] == [1, 2]


def test_vectors_that_do_not_fit_are_refused(store: Store, file, reading, vectors) -> None:
    id = store.put_reading(file("a.txt"), reading("one", "two"))
    encoded = vectors(2)
    whole = r"must have the shapes document \(12,\), title \(12,\), passages \(2, 12\), got "
    with pytest.raises(
        UsageError, match=whole + r"document \(12,\), title \(12,\), passages \(1, 12\); encode it with"
    ):
        store.put_vectors(id, replace(encoded, passages=encoded.passages[:1]))
    for wrong in ({"title": encoded.title[:4]}, {"document": encoded.document[None]}):
        with pytest.raises(UsageError, match="must have the shapes"):
            store.put_vectors(id, replace(encoded, **wrong))
    for name in ("document", "title", "passages"):
        with pytest.raises(UsageError, match="must be finite"):
            store.put_vectors(id, replace(encoded, **{name: getattr(encoded, name) * np.nan}))
    with pytest.raises(NotFoundError, match="got 'nowhere'"):
        store.put_vectors("nowhere", encoded)
    store.set_model(ModelFacts("m", "f", 16, 254))
    with pytest.raises(UsageError, match="encode it with the collection's model"):
        store.put_vectors(id, encoded)
    assert store.pending() == [id]
    assert store.sketches([(id, 0), (id, 1)]) == [None, None]


def test_rows_of_different_sizes_are_not_glued_together(store: Store, filled) -> None:
    ids = filled(store, 2)
    store._db.execute("UPDATE vectors SET dimension = 4 WHERE document = ?", (ids[0],))
    with pytest.raises(DatabaseError, match=r"of one size, got \[4, 12\]; run `shas-kb check"):
        store.passage_matrix()
