"""What is small of vectors: kept beside them, always as they are, and read without them."""

from __future__ import annotations

import numpy as np
import pytest

from shas_kb.errors import NotFoundError
from shas_kb.storage import Store
from shas_kb.storage.signs import sign_bytes, signs_of


def test_signs_are_those_of_the_channels() -> None:
    rows = np.array([[1, -1, 0, -0.5, 2, 3, -4, 5, -6, 7]], np.float16)
    assert signs_of(rows.tobytes(), 10) == bytes([0b10101101, 0b01000000])
    assert [sign_bytes(dimension) for dimension in (1, 8, 9, 384)] == [1, 1, 2, 48]


@pytest.mark.parametrize("dimension", [0, 3])
def test_what_are_no_vectors_have_no_signs(dimension: int) -> None:
    assert signs_of(b"\0\0\0\0", dimension) == b""


def test_outlines_follow_what_comes_changes_and_goes(store: Store, filled, file, reading, vectors) -> None:
    ids = filled(store, 4)
    assert_outlined(store)
    store.put_vectors(ids[1], vectors(2, 99))
    assert_outlined(store)
    store.remove([ids[0]])
    assert_outlined(store)
    again = store.put_reading(file("new.txt"), reading("one", "two", "three"))
    assert again not in store.outlines().documents  # not encoded yet
    store.put_vectors(again, vectors(3, 5))
    assert_outlined(store)
    assert store.check() == []


def assert_outlined(store: Store) -> None:
    """Outlines say of every vector what the vectors say."""
    found, whole, (ids, documents) = store.outlines(), store.passage_matrix(), store.document_matrix()
    assert found.documents == whole.documents == ids
    np.testing.assert_array_equal(found.offsets, whole.offsets)
    np.testing.assert_array_equal(found.signs, np.packbits(whole.matrix >= 0, axis=1))
    np.testing.assert_array_equal(found.vectors, documents)
    np.testing.assert_array_equal(found.titles, store.title_matrix())


def test_an_empty_collection_has_an_empty_outline(store: Store) -> None:
    found = store.outlines()
    assert (found.documents, found.offsets.tolist(), len(found.signs), len(found.vectors)) == ([], [0], 0, 0)


def test_some_documents_are_opened_by_their_ids(store: Store, filled) -> None:
    ids = sorted(filled(store, 5))
    expected = np.concatenate([store.vectors(id) for id in (ids[0], ids[3])])
    for wanted in ([ids[0], ids[3]], [ids[3], ids[0]]):
        np.testing.assert_array_equal(store.opened(wanted).astype(np.float32), expected)
    with pytest.raises(NotFoundError, match="gone or changed"):
        store.opened([ids[0], "gone"])
