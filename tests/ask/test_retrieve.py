"""Dense and lexical search, and both together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from shas_kb.ask.levels import Embed, rank_passages
from shas_kb.ask.ranking import Ranking, best, fuse
from shas_kb.ask.retrieve import (
    BLOCK,
    Evidence,
    cosines,
    drawn,
    search,
    together,
)
from shas_kb.ask.snapshot import Snapshot
from shas_kb.config import (
    DOCUMENT_COUNTS,
    LEXICAL_COUNTS,
    PASSAGE_COUNTS,
    TITLE_COUNTS,
    TITLE_TEMPERATURE,
    WORD_BITS,
    WORDS_COUNT,
)
from shas_kb.encoder.sketch import unpack
from shas_kb.storage import Store

Add = Callable[[Store, str, Sequence[str]], str]


@given(hnp.arrays(np.float32, st.integers(0, 60), elements=st.integers(-3, 3)), st.integers(0, 70))
def test_best_is_a_stable_sort(scores: np.ndarray, count: int) -> None:
    expected = np.argsort(-scores, kind="stable")[:count]
    assert best(scores, count).rows.tolist() == expected.tolist()


@given(st.lists(st.permutations(list(range(12))), min_size=1, max_size=3))
def test_fusion_keeps_what_all_agree_on_and_stays_between_nothing_and_one(orders: list[list[int]]) -> None:
    fused = fuse(*(Ranking(np.array(order), np.zeros(len(order))) for order in orders))
    ranks = [{row: rank for rank, row in enumerate(order)} for order in orders]
    assert sorted(fused.rows.tolist()) == list(range(12))
    assert (np.diff(fused.scores) <= 0).all()
    assert 0 < fused.scores[-1] <= fused.scores[0] <= 1 + 1e-9
    place = {row: i for i, row in enumerate(fused.rows.tolist())}
    for one in range(12):
        for other in range(12):
            if all(rank[one] < rank[other] for rank in ranks):
                assert place[one] < place[other]


WORTHS = st.lists(st.integers(0, 4), max_size=20).map(lambda steps: sorted((step / 8 for step in steps), reverse=True))


def ranking(rows: Sequence[int], scores: Sequence[float]) -> Ranking:
    return Ranking(np.array(rows, np.int64), np.array(scores, np.float64))


@given(WORTHS, st.data())
def test_together_adds_the_share_of_the_best_words(worths: list[float], data: st.DataObject) -> None:
    rows = data.draw(st.permutations(range(len(worths))))
    found = data.draw(st.lists(st.sampled_from(rows), unique=True)) if rows else []
    scores = sorted(data.draw(st.lists(st.integers(1, 5), min_size=len(found), max_size=len(found))), reverse=True)
    dense, lexical = ranking(rows, worths), ranking(found, scores)
    both = together(dense, lexical)
    share = dict(zip(found, (score / scores[0] for score in scores), strict=True))
    sums = {row: worth + LEXICAL_COUNTS * share.get(row, 0.0) for row, worth in zip(rows, worths, strict=True)}
    assert both.rows.tolist() == sorted(rows, key=lambda row: (-sums[row], rows.index(row)))
    assert both.scores.tolist() == fuse(dense, lexical).scores.tolist()  # beside those of other levels
    assert (np.diff(both.scores) <= 0).all()


@given(st.permutations(range(9)), st.permutations(range(9)))
def test_words_decide_where_the_dense_search_tells_nothing(rows: list[int], order: list[int]) -> None:
    both = together(ranking(rows, [0.7] * 9), ranking(order[:6], [9.0, 7.0, 4.0, 2.0, 1.0, 0.5]))
    assert both.rows.tolist() == order[:6] + [row for row in rows if row not in order[:6]]


@given(st.permutations(range(9)), st.floats(0, 0.3))
def test_without_words_the_dense_order_stays(rows: list[int], step: float) -> None:
    both = together(ranking(rows, [1 - step * place for place in range(9)]), ranking([], []))
    assert both.rows.tolist() == rows


def test_words_that_every_passage_holds_count_as_little_as_they_say() -> None:
    assert together(ranking([0, 1], [0.01, 0.0]), ranking([1, 0], [2e-6, 1e-6])).rows.tolist() == [0, 1]


def test_passages_without_sketches_are_not_compared_with_others(empty: Store, embed: Embed, add: Add) -> None:
    """As an ingest that was interrupted leaves them: then all are ranked by their own vectors."""
    ids = [add(empty, f"Notes {i}", [text]) for i, text in enumerate(ABOUT)]
    empty._db.execute("DELETE FROM sketches WHERE passage IN (SELECT id FROM passages WHERE document = ?)", (ids[0],))
    half = evidence_of(empty, Snapshot.of(empty), embed, "What is a bow made of?", ["bow"]).dense
    empty._db.execute("DELETE FROM sketches")
    none = evidence_of(empty, Snapshot.of(empty), embed, "What is a bow made of?", ["bow"]).dense
    assert half.rows.tolist() == none.rows.tolist()
    np.testing.assert_allclose(half.scores, none.scores)


def test_the_best_words_make_up_for_so_much_worth_and_no_more() -> None:
    words = ranking([1], [3.0])
    assert together(ranking([0, 1], [LEXICAL_COUNTS - 0.01, 0.0]), words).rows.tolist() == [1, 0]
    assert together(ranking([0, 1], [LEXICAL_COUNTS + 0.01, 0.0]), words).rows.tolist() == [0, 1]


def test_blocks_give_what_one_product_gives() -> None:
    rows = np.random.default_rng(0).standard_normal((2 * BLOCK + 1, 24)).astype(np.float16)
    vector = rows[7].astype(np.float32)
    assert np.allclose(cosines(rows, vector), rows.astype(np.float32) @ vector, atol=1e-4)


def test_blocks_serve_several_vectors() -> None:
    rows = np.random.default_rng(0).standard_normal((BLOCK + 1, 24)).astype(np.float16)
    vectors = rows[3:6].astype(np.float32)
    assert np.allclose(cosines(rows, vectors), rows.astype(np.float32) @ vectors.T, atol=1e-4)
    assert cosines(rows[:0], vectors).shape == (0, 3)


def evidence_of(
    store: Store, snapshot: Snapshot, embed: Embed, question: str, words: list[str], under: str | None = None
) -> Evidence:
    return search(store, snapshot, words, embed.asked(question), snapshot.under(under))


def titles(snapshot: Snapshot, ranking: Ranking) -> list[str]:
    return [snapshot.documents[snapshot.document_of(int(row))].title for row in ranking.rows]


def test_each_search_finds_what_the_other_misses(library: Store, snapshot: Snapshot, embed: Embed) -> None:
    meaning = evidence_of(library, snapshot, embed, "an overheated world of lead and acid", ["overheated"])
    assert not len(meaning.lexical.rows)
    assert titles(snapshot, meaning.fused)[0] == "Venus"
    name = evidence_of(library, snapshot, embed, "Bagehot", ["bagehot"])
    assert titles(snapshot, name.lexical)[0] == "Central banks"


def test_a_branch_holds_all_that_is_found(library: Store, snapshot: Snapshot, embed: Embed) -> None:
    allowed = snapshot.under("Economics")
    evidence = evidence_of(library, snapshot, embed, "planets", ["planet", "tariff"], "Economics")
    assert len(evidence.dense.rows) == 12
    for ranking in (evidence.dense, evidence.lexical, evidence.fused):
        assert all(allowed[snapshot.document_of(int(row))] for row in ranking.rows)
    assert set(np.flatnonzero(evidence.cosine > -1)) == set(evidence.dense.rows.tolist())


# One of its sentences answers; the passages of the other documents speak of the matter all along, and do not.
CLAUSE = (
    "The baker's shop on the corner closes at noon on Mondays. The river was frozen from January to March that year. "
    "My uncle paid forty crowns for his violin. A dog slept under the table. The stove was lit with old newspapers."
)
ABOUT = (
    "Violins are made of spruce and maple. A violin is played with a bow of horsehair, and each violin sounds its own.",
    "Buying a violin takes patience. One goes from shop to shop, tries instruments, and compares how they sound.",
)
ASKED = "How much did the uncle pay for his violin?"


def test_a_passage_is_found_by_the_clause_that_answers(empty: Store, embed: Embed, add: Add) -> None:
    add(empty, "Memories", [CLAUSE])
    for i, text in enumerate(ABOUT):
        add(empty, f"Notes {i}", [text])
    snapshot = Snapshot.of(empty)
    evidence = evidence_of(empty, snapshot, embed, ASKED, ["zither"])
    assert titles(snapshot, best(evidence.cosine, 3))[0] != "Memories"
    assert titles(snapshot, evidence.dense)[0] == titles(snapshot, evidence.fused)[0] == "Memories"
    without_sketches(empty)
    assert titles(snapshot, evidence_of(empty, snapshot, embed, ASKED, ["zither"]).dense)[0] != "Memories"


def test_a_collection_of_an_older_version_answers_by_whole_passages(empty: Store, embed: Embed, add: Add) -> None:
    for i, text in enumerate(ABOUT):
        add(empty, f"Notes {i}", [text])
    without_sketches(empty)
    empty._db.execute("UPDATE vectors SET title = NULL")
    snapshot = Snapshot.of(empty)
    assert not snapshot.titles.any()
    evidence = evidence_of(empty, snapshot, embed, "What is a bow made of?", ["bow"])
    own = cosines(snapshot.matrix, embed.asked("What is a bow made of?").vector)
    worth = (1 + WORDS_COUNT + PASSAGE_COUNTS + DOCUMENT_COUNTS) * own + TITLE_COUNTS / len(
        ABOUT
    )  # each document has one passage
    np.testing.assert_allclose(evidence.dense.scores, np.sort(worth)[::-1], atol=1e-5)


def test_worth_is_made_of_pieces_words_passage_document_and_title(
    library: Store, snapshot: Snapshot, embed: Embed
) -> None:
    asked = embed.asked("Which planet turns backwards?")
    evidence = search(library, snapshot, ["planet"], asked, snapshot.under(None))
    found = snapshot.matrix.astype(np.float32) @ asked.vector
    mass = np.exp(snapshot.titles.astype(np.float32) @ asked.vector / TITLE_TEMPERATURE)
    for row, score in zip(evidence.dense.rows.tolist(), evidence.dense.scores.tolist(), strict=True):
        document = snapshot.document_of(row)
        (sketch,) = library.sketches([snapshot.key(row)])
        assert sketch
        said = unpack(sketch.words, WORD_BITS)
        words = sum(count * (said @ word).max() for word, count in zip(asked.words, asked.counts, strict=True))
        piece = float((unpack(sketch.pieces, 384) @ asked.vector).max() + WORDS_COUNT * words)
        nearest = found[snapshot.offsets[document] : snapshot.offsets[document + 1]].max()
        title = mass[document] / mass.sum()
        whole = PASSAGE_COUNTS * found[row] + DOCUMENT_COUNTS * nearest + TITLE_COUNTS * title
        assert abs(score - (piece + whole)) < 1e-5


def test_a_title_that_stands_out_draws_the_question() -> None:
    named, vague = drawn(np.array([[0.8, 0.3, 0.2, 0.3], [0.32, 0.3, 0.29, 0.3]], np.float32))
    assert named[0] > 0.99 and vague.max() < 0.4
    np.testing.assert_allclose([named.sum(), vague.sum()], 1.0, rtol=1e-6)
    assert not drawn(np.empty(0, np.float32)).size


def test_the_document_that_is_named_answers(empty: Store, embed: Embed, add: Add) -> None:
    """Passages that say the same of different things are told apart by the titles above them."""
    same = "Its revenue grew by a tenth, and the board proposes to pay half of the profit to the shareholders."
    for name in (
        "Annual report of Northern Shipyards",
        "Annual report of Silva Coffee",
        "Annual report of Volt Tramways",
    ):
        add(empty, name, [f"{same} The year closed on the last day of June.", same])
    snapshot = Snapshot.of(empty)
    for name in ("Silva Coffee", "Volt Tramways", "Northern Shipyards"):
        found = evidence_of(empty, snapshot, embed, f"How much did the revenue of {name} grow?", ["revenue"])
        assert all(name in title for title in titles(snapshot, found.dense)[:2])


def test_words_bring_candidates_that_are_far_away(
    library: Store, snapshot: Snapshot, embed: Embed, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("CANDIDATES", "NEAREST"):
        monkeypatch.setattr(f"shas_kb.ask.retrieve.{name}", 1)
    evidence = evidence_of(library, snapshot, embed, "In 1873 he gave a rule for a panic", ["aquaporins"])
    assert titles(snapshot, evidence.lexical) == ["Cell membranes"]
    assert titles(snapshot, evidence.dense) == ["Central banks", "Cell membranes"]
    assert sorted(evidence.fused.rows) == sorted(evidence.dense.rows)


def test_nearness_is_that_of_the_plain_question(library: Store, snapshot: Snapshot, embed: Embed) -> None:
    plain = embed.asked("What is there about trade?").plain
    asked = replace(embed.asked("Sunspots"), plain=plain)
    evidence = search(library, snapshot, ["zither"], asked, snapshot.under(None))
    assert titles(snapshot, evidence.dense)[0] == "The Sun"
    np.testing.assert_allclose(evidence.cosine, cosines(snapshot.matrix, plain), atol=1e-6)
    assert rank_passages(evidence).nearest == evidence.cosine.max()


def without_sketches(store: Store) -> None:
    store._db.execute("DELETE FROM sketches")
