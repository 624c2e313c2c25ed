"""A collection too large to compare all of its passages: what its signs point to is what all of it would give."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shas_kb.ask import Snapshot, ask
from shas_kb.ask.levels import Embed
from shas_kb.ask.likely import distinct, ranges
from shas_kb.ask.retrieve import cosines, search
from shas_kb.ask.signs import Signs
from shas_kb.ask.words import Covering, content_words, stems
from shas_kb.config import WORD_BITS
from shas_kb.records import NODE_LEVELS, Asked, Encoded, Reading, Sketch, SourceFile, Vectors
from shas_kb.storage import Store

MakeReading = Callable[[str, Sequence[str]], Reading]
QUESTIONS = ("What did Bagehot say of panics?", "Which planet turns backwards?", "the price of money")


def unit(rows: np.ndarray) -> Vectors:
    return np.asarray(rows / np.linalg.norm(rows, axis=-1, keepdims=True), np.float32)


@pytest.mark.parametrize("under", [None, "Economics"])
@pytest.mark.parametrize("question", QUESTIONS)
def test_where_all_is_looked_at_it_is_exhaustive(
    library: Store, snapshot: Snapshot, embed: Embed, question: str, under: str | None
) -> None:
    signs = Snapshot.of(library, exhaustive=0)
    assert signs.matrix is None and snapshot.matrix is not None
    asked, words = embed.asked(question), content_words(question)
    one, other = (search(library, each, words, asked, each.under(under)) for each in (signs, snapshot))
    np.testing.assert_allclose(one.cosine, other.cosine, atol=1e-6)
    for kind in ("dense", "lexical", "fused"):
        found, expected = getattr(one, kind), getattr(other, kind)
        assert found.rows.tolist() == expected.rows.tolist()
        np.testing.assert_allclose(found.scores, expected.scores, atol=1e-5)


def test_a_reply_is_the_same(library: Store, snapshot: Snapshot, embed: Embed) -> None:
    one, other = (
        ask(library, embed, QUESTIONS[0], snapshot=each) for each in (Snapshot.of(library, exhaustive=0), snapshot)
    )
    assert (one.hits, one.answer) == (other.hits, other.answer)


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory, make_reading: MakeReading) -> Store:
    """300 documents of 8 passages each, around 40 themes."""
    random = np.random.default_rng(0)
    themes = unit(random.standard_normal((40, 384)))
    store = Store.open(tmp_path_factory.mktemp("crowd") / "kb.sqlite", create=True)
    for i in range(300):
        near = themes[random.integers(40, size=8)] + 0.06 * random.standard_normal((8, 384))
        add(store, make_reading, f"Document {i}", unit(near))
    return store


def add(store: Store, make_reading: MakeReading, title: str, passages: Vectors) -> str:
    made = make_reading(title, [f"Passage {i} of {title}." for i in range(len(passages))])
    id = store.put_reading(SourceFile("/crowd", f"{title}.txt", 1, 1), made)
    words, telling = np.zeros((1, WORD_BITS // 8), np.uint8), np.packbits([1])
    sketches = tuple(Sketch(np.packbits(row[None] >= 0, axis=1), words, telling) for row in passages)
    mean = unit(passages.mean(axis=0))
    store.put_vectors(id, Encoded(mean, mean, passages, sketches))
    return id


def question(vector: Vectors) -> Asked:
    return Asked(vector, vector, np.zeros((1, WORD_BITS), np.float32), np.ones(1, np.float32))


def test_signs_find_the_nearest(crowd: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a tenth of the passages looked at, nearly all of the nearest ten are."""
    monkeypatch.setattr("shas_kb.ask.likely.LOOKED_AT", 240)
    whole, large = Snapshot.of(crowd), Snapshot.of(crowd, exhaustive=0)
    random = np.random.default_rng(1)
    assert whole.matrix is not None
    shares, looked_at = [], []
    for row in random.integers(whole.passages, size=40):
        asked = unit(whole.matrix[row].astype(np.float32) + 0.06 * random.standard_normal(384))
        cosine = search(crowd, large, [], question(asked), large.under(None)).cosine
        exact = cosines(whole.matrix, asked)
        near = np.argsort(-exact)[:10]
        shares.append(np.isclose(cosine[near], exact[near], atol=1e-5).mean())
        looked_at.append(np.isclose(cosine, exact, atol=1e-7).sum())
    assert np.mean(shares) >= 0.98
    assert max(looked_at) < 300


def test_what_is_not_looked_at_counts_through_its_document(crowd: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shas_kb.ask.likely.LOOKED_AT", 100)
    monkeypatch.setattr("shas_kb.ask.retrieve.NEAREST", 50)
    large, whole = Snapshot.of(crowd, exhaustive=0), Snapshot.of(crowd)
    assert whole.matrix is not None
    asked = whole.matrix[5].astype(np.float32)
    evidence = search(crowd, large, [], question(asked), large.under(None))
    by_document = (large.vectors @ asked)[large.owner]
    exact = cosines(whole.matrix, asked)
    differ = ~np.isclose(evidence.cosine, by_document, atol=1e-6)
    assert 50 <= differ.sum() <= 100
    np.testing.assert_allclose(evidence.cosine[differ], exact[differ], atol=1e-6)
    assert evidence.dense.rows[0] == 5


def test_a_branch_is_searched_as_deeply(crowd: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shas_kb.ask.likely.LOOKED_AT", 20)
    large = Snapshot.of(crowd, exhaustive=0)
    allowed = large.under(large.ids[7])
    evidence = search(crowd, large, [], question(unit(np.ones(384))), allowed)
    inside = np.flatnonzero(allowed[large.owner])
    assert sorted(evidence.dense.rows.tolist()) == inside.tolist()
    assert (np.delete(evidence.cosine, inside) == -1).all()


def test_what_comes_and_goes_is_seen_by_the_next_snapshot(tmp_path: Path, make_reading: MakeReading) -> None:
    random = np.random.default_rng(2)
    with Store.open(tmp_path / "kb.sqlite", create=True) as store:
        add(store, make_reading, "One", unit(random.standard_normal((3, 384))))
        vectors = unit(random.standard_normal((2, 384)))
        two = add(store, make_reading, "Two", vectors)
        snapshot = Snapshot.of(store, exhaustive=0)
        evidence = search(store, snapshot, [], question(vectors[1]), snapshot.under(None))
        assert snapshot.key(int(evidence.fused.rows[0])) == (two, 1)
        store.remove([two])
        snapshot = Snapshot.of(store, exhaustive=0)
        assert (snapshot.passages, len(snapshot.documents), two in snapshot.index) == (3, 1, False)


def test_centres_are_mean_directions(snapshot: Snapshot) -> None:
    for level in NODE_LEVELS:
        for place in range(snapshot.count(level)):
            mean = snapshot.vectors[snapshot.members(level, place)].mean(axis=0)
            np.testing.assert_allclose(snapshot.centres[level][place], unit(mean), atol=1e-6)


def test_words_of_nodes_are_covered_as_in_texts(snapshot: Snapshot) -> None:
    weights = {"planets": 0.5, "society": 0.25, "zither": 0.75, "planet": 0.5}
    covering = Covering(weights)
    for level in NODE_LEVELS:
        texts = [stems(" ".join((node.name, *node.keyphrases))) for node in snapshot.nodes[level]]
        assert snapshot.covered(level, weights).tolist() == pytest.approx(
            [covering.share(covering.among(text)) for text in texts]
        )
        assert not snapshot.covered(level, {}).any()


def test_records_are_read_when_they_are_wanted(library: Store) -> None:
    one, other = Snapshot.of(library).documents, Snapshot.of(library).documents
    assert one[1] == list(other)[1] == library.document(one[1].id)
    assert one[-1] == one[len(one) - 1]
    assert list(one[1:3]) == [one[1], one[2]]
    assert {document.id for document in one} == {document.id for document in library.documents()}
    with pytest.raises(IndexError):
        one[len(one)]


@pytest.mark.parametrize("dimension", [12, 64, 100, 384])
def test_agreement_of_signs_tells_the_angle(dimension: int) -> None:
    random = np.random.default_rng(0)
    rows = unit(random.standard_normal((3000, dimension)))
    asked = unit(rows[0] + 0.3 * rows[1])
    estimate = Signs.of(np.packbits(rows >= 0, axis=1), dimension).cosines(asked)
    error = estimate - rows @ asked
    assert abs(error.mean()) < 0.02
    assert np.sqrt(np.square(error).mean()) < 1.7 / np.sqrt(dimension)
    opposite = Signs.of(np.packbits(-rows >= 0, axis=1), dimension).cosines(asked)
    np.testing.assert_allclose(opposite, -estimate, atol=1e-6)


@given(st.lists(st.integers(0, 9)))
def test_distinct_are_rising(numbers: list[int]) -> None:
    assert distinct(np.array(numbers, np.int64)).tolist() == sorted(set(numbers))


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 5))))
def test_ranges_one_after_another(spans: list[tuple[int, int]]) -> None:
    starts, sizes = np.array(spans, np.int64).reshape(-1, 2).T
    expected = [number for start, size in spans for number in range(start, start + size)]
    assert ranges(starts, starts + sizes).tolist() == expected
