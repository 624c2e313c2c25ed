"""Sketches: bytes in, the same out, and always those of the passage asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shas_kb.errors import DatabaseError, NotFoundError, UsageError
from shas_kb.records import Encoded, Sketch
from shas_kb.storage import Store

KINDS = ("pieces", "words", "telling")


def parts(sketch: Sketch | None) -> dict[str, list[object]] | None:
    """A sketch as plain lists; None stays None."""
    return {kind: getattr(sketch, kind).tolist() for kind in KINDS} if sketch else None


@pytest.fixture
def put(store: Store, file, reading, vectors) -> dict[tuple[str, int], Sketch | None]:
    """Passages of three documents, of which the last is not encoded, with what they say."""
    found: dict[tuple[str, int], Sketch | None] = {}
    for name, count in (("a", 3), ("b", 2), ("c", 2)):
        id = store.put_reading(file(name), reading(*(f"{name}{i}" for i in range(count))))
        encoded = vectors(count, count)
        if name != "c":
            store.put_vectors(id, encoded)
        found |= {(id, i): None if name == "c" else its for i, its in enumerate(encoded.sketches)}
    return found


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_sketches_come_in_the_order_asked_for(
    store: Store, put: dict[tuple[str, int], Sketch | None], data: st.DataObject
) -> None:
    keys = data.draw(st.lists(st.sampled_from(list(put)), max_size=9))
    found = store.sketches(keys)
    assert [parts(its) for its in found] == [parts(put[key]) for key in keys]
    assert all(getattr(its, kind).dtype == np.uint8 for its in found if its for kind in KINDS)


def test_an_unknown_passage_is_named(store: Store, put: dict[tuple[str, int], Sketch | None]) -> None:
    known = next(iter(put))
    with pytest.raises(NotFoundError, match=f"got '{known[0]}:9'"):
        store.sketches([known, (known[0], 9)])


def test_sketches_are_replaced_and_go_with_their_passages(store: Store, file, reading, vectors) -> None:
    id = store.put_reading(file("a.txt"), reading("one", "two"))
    keys = [(id, 0), (id, 1)]
    assert store.sketches(keys) == [None, None]
    store.put_vectors(id, vectors(2))
    other = vectors(2, 7)
    turned = replace(other, sketches=other.sketches[::-1])
    store.put_vectors(id, turned)
    assert [parts(its) for its in store.sketches(keys)] == [parts(its) for its in turned.sketches]
    assert store._db.value("SELECT count(*) FROM sketches") == 2
    store.put_reading(file("a.txt"), reading("new"))
    assert store._db.value("SELECT count(*) FROM sketches") == 0
    assert store.pending() == [id]


Spoil = Callable[[Encoded], tuple[Sketch, ...]]


def second(**wrong: Callable[[Sketch], object]) -> Spoil:
    """The second of two sketches with some of its parts spoilt."""
    return lambda encoded: (
        encoded.sketches[0],
        replace(encoded.sketches[1], **{kind: spoil(encoded.sketches[1]) for kind, spoil in wrong.items()}),
    )


@pytest.mark.parametrize(
    "spoil",
    [
        lambda encoded: (),
        lambda encoded: encoded.sketches[:1],
        lambda encoded: (*encoded.sketches, encoded.sketches[0]),
        second(pieces=lambda its: its.pieces[:, :1]),
        second(pieces=lambda its: np.repeat(its.pieces, 2, axis=1)),
        second(pieces=lambda its: its.pieces[0]),
        second(words=lambda its: its.words[:, :8]),
        second(words=lambda its: its.words[0]),
        second(pieces=lambda its: its.pieces[:0]),
        second(words=lambda its: its.words[:0]),
        second(telling=lambda its: its.telling[:0]),
    ],
    ids=[
        "none",
        "too few",
        "too many",
        "narrow pieces",
        "wide pieces",
        "pieces of one row",
        "narrow words",
        "words of one row",
        "no pieces",
        "no words",
        "nothing telling",
    ],
)
def test_sketches_that_do_not_fit_are_refused(store: Store, file, reading, vectors, spoil: Spoil) -> None:
    id = store.put_reading(file("a.txt"), reading("one", "two"))
    encoded = vectors(2)
    said = (
        "must have sketches for each of its 2 passages, with at least one piece of 2 bytes and one word of 16; encode"
    )
    with pytest.raises(UsageError, match=said):
        store.put_vectors(id, replace(encoded, sketches=spoil(encoded)))
    assert store.pending() == [id]
    assert store.sketches([(id, 0), (id, 1)]) == [None, None]


def test_sketches_of_different_sizes_are_not_mixed(store: Store, filled) -> None:
    ids = filled(store, 2)
    store._db.execute(
        "UPDATE sketches SET dimension = 4 WHERE passage IN (SELECT id FROM passages WHERE document = ?)", (ids[0],)
    )
    assert [len(its.pieces) for its in store.sketches([(ids[1], 0), (ids[1], 1)]) if its] == [1, 2]
    with pytest.raises(DatabaseError, match=r"of one size, got \[4, 12\]; run `shas-kb check"):
        store.sketches([(id, 0) for id in ids])
