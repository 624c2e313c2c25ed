"""Vectors of the phrases that names are chosen from are kept with the tree, and change nothing in it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from shas_kb.phrases import PhraseVectors
from shas_kb.pipeline import organise_collection
from shas_kb.storage import Store


@pytest.fixture
def store(sample_kb: Path, tmp_path: Path) -> Iterator[Store]:
    with Store.open(Path(shutil.copy(sample_kb, tmp_path))) as opened:
        yield opened


def test_a_tree_is_the_same_with_kept_phrases_with_some_and_with_none(store: Store) -> None:
    kept = store.phrase_vectors()
    hashes = set()
    for fewer in ("0", "phrase < 'm'", "1"):
        store._db.execute(f"DELETE FROM phrases WHERE {fewer}")
        tree = organise_collection(store)
        assert tree is not None
        hashes.add(tree.hash)
        again = store.phrase_vectors()
        assert again.keys() == kept.keys()
        np.testing.assert_allclose([again[phrase] for phrase in kept], list(kept.values()), atol=1e-3)
    assert len(hashes) == 1


def test_what_is_kept_is_not_made_again_and_what_is_not_asked_for_goes(store: Store) -> None:
    model = store.model()
    assert model is not None
    sign = np.full(model.dimension, model.dimension**-0.5, np.float16)
    store._db.execute("INSERT INTO phrases VALUES ('left over', ?), ('too short', x'0000')", (sign.tobytes(),))
    assert "too short" not in store.phrase_vectors()
    phrases = PhraseVectors(store, model.name)
    given = phrases(["left over", "tide", "left over"])
    assert (given[0] == sign).all() and (given[2] == sign).all()
    assert np.linalg.norm(given[1]) == pytest.approx(1, abs=1e-3)
    assert phrases.given.keys() == {"left over", "tide"}
    organise_collection(store)
    left = store._db.value("SELECT count(*) FROM phrases WHERE phrase IN ('left over', 'too short')")
    assert left == 0


def test_a_phrase_alone_has_the_vector_it_has_among_others(store: Store) -> None:
    model = store.model()
    assert model is not None
    phrases = sorted(store.phrase_vectors())[:12]
    store._db.execute("DELETE FROM phrases")
    together = PhraseVectors(store, model.name)(phrases)
    for phrase, vector in zip(phrases, together, strict=True):
        np.testing.assert_array_equal(PhraseVectors(store, model.name)([phrase])[0], vector)


def test_what_is_no_unit_vector_is_made_again(store: Store) -> None:
    kept = store.phrase_vectors()
    broken = np.full(len(next(iter(kept.values()))), np.nan, np.float16).tobytes()
    store._db.execute("UPDATE phrases SET vector = ?", (broken,))
    assert store.phrase_vectors() == {}
    organise_collection(store)
    assert store.phrase_vectors().keys() == kept.keys()


def test_of_a_collection_without_documents_no_name_stays(store: Store) -> None:
    store.forget([state.file for state in store.files()])
    assert organise_collection(store) is None
    assert store.tree() is None and store.phrase_vectors() == {}
    assert organise_collection(store) is None
    assert store.check(repair=True) == []
    assert store._db.value("SELECT count(*) FROM nodes") == 0
    assert store._db.value("SELECT count(*) FROM runs WHERE documents = 0") == 1


def test_a_repair_leaves_none(store: Store) -> None:
    assert store.check(repair=True) == []
    assert store.phrase_vectors() == {}
