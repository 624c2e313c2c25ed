"""Dense and lexical search, and their fusion."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from shas_kb.ask.retrieve import BLOCK, Ranking, best, cosines, fuse, search
from shas_kb.ask.snapshot import Snapshot
from shas_kb.storage import Store


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


def test_blocks_give_what_one_product_gives() -> None:
    rows = np.random.default_rng(0).standard_normal((2 * BLOCK + 1, 24)).astype(np.float16)
    vector = rows[7].astype(np.float32)
    assert np.allclose(cosines(rows, vector), rows.astype(np.float32) @ vector, atol=1e-4)


def test_each_search_finds_what_the_other_misses(library: Store, snapshot: Snapshot, embed: object) -> None:
    everything = snapshot.under(None)
    meaning = search(library, snapshot, ["overheated"], embed(["an overheated world of lead and acid"])[0], everything)
    assert not len(meaning.lexical.rows)
    assert "Venus" in snapshot.documents[snapshot.document_of(int(meaning.fused.rows[0]))].title
    name = search(library, snapshot, ["bagehot"], embed(["Bagehot"])[0], everything)
    assert snapshot.documents[snapshot.document_of(int(name.lexical.rows[0]))].title == "Central banks"


def test_a_branch_holds_all_that_is_found(library: Store, snapshot: Snapshot, embed: object) -> None:
    allowed = snapshot.under("Economics")
    evidence = search(library, snapshot, ["planet", "tariff"], embed(["planets"])[0], allowed)
    assert len(evidence.dense.rows) == 12
    for ranking in (evidence.dense, evidence.lexical, evidence.fused):
        assert all(allowed[snapshot.document_of(int(row))] for row in ranking.rows)
