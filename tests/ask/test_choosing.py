"""Which units become hits, and in which order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shas_kb.ask import Snapshot, ask
from shas_kb.ask.choosing import FEW, FEWEST, FILLED, Found, interleave, promote, with_passages
from shas_kb.ask.hits import in_turn
from shas_kb.ask.levels import Embed, Units
from shas_kb.ask.looking import look
from shas_kb.ask.ranking import Ranking, fuse
from shas_kb.records import LEVELS, NODE_LEVELS, Hit, Level
from shas_kb.storage import Store

quick = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
COUNTS = st.dictionaries(st.sampled_from(LEVELS), st.floats(0.5, 1), min_size=1, max_size=3)


def units_of(level: Level, places: Sequence[int]) -> Units:
    ranking = fuse(Ranking(np.array(places, np.int64), np.zeros(len(places))))
    return Units(level, ranking, {"dense": ranking}, 0.5)


def some_units(snapshot: Snapshot, rows: Sequence[int], data: st.DataObject) -> dict[Level, Units]:
    """Units of every level in some order; there is a sentence for each of `rows`."""
    count = {"sentence": len(rows), "passage": snapshot.passages, "document": len(snapshot.ids)}
    count |= {level: len(snapshot.nodes[level]) for level in NODE_LEVELS}
    return {level: units_of(level, data.draw(st.permutations(range(count[level])))) for level in LEVELS}


@quick
@given(COUNTS, st.data())
def test_levels_stand_in_one_order_each_in_its_own(
    snapshot: Snapshot, counts: Mapping[Level, float], data: st.DataObject
) -> None:
    units = some_units(snapshot, range(6), data)
    found = interleave(units, counts, 99)
    scores = [unit.score for unit in found]
    assert scores == sorted(scores, reverse=True)
    assert counts[found[0].level] == max(counts.values())
    for level in counts:
        assert [unit.place for unit in found if unit.level == level] == units[level].ranking.rows.tolist()
    assert {unit.level for unit in found} == set(counts)


@quick
@given(COUNTS, st.integers(1, 14), st.data())
def test_hits_are_so_many_all_different_with_passages_among_them(
    snapshot: Snapshot, counts: Mapping[Level, float], k: int, data: st.DataObject
) -> None:
    rows = data.draw(st.lists(st.integers(0, snapshot.passages - 1), min_size=1, max_size=8))
    units = some_units(snapshot, rows, data)
    found = with_passages(units, interleave(units, counts, 99), 99)
    scores = [unit.score for unit in found]
    assert scores == sorted(scores, reverse=True)
    for level in ("document", *NODE_LEVELS):
        assert sum(unit.level == level for unit in found) <= FEW
    assert sum(unit.level == "passage" for unit in found) == snapshot.passages
    hits = promote(snapshot, units, rows, found, k)
    assert len(hits) == k
    assert len({(hit.level, hit.place) for hit in hits}) == k
    texts = {rows[hit.place] if hit.level == "sentence" else hit.place for hit in hits if is_text(hit)}
    shown = [row for hit in hits for row in hit.rows]
    assert len(shown) == len(set(shown))
    assert not texts & set(shown)
    assert (hits[0].level, hits[0].place) == (found[0].level, found[0].place)


def is_text(found: Found) -> bool:
    return found.level in ("sentence", "passage")


def passages(rows: Sequence[int]) -> list[Found]:
    return [Found("passage", row, 1 - i / 100, {}) for i, row in enumerate(rows)]


@pytest.fixture(scope="module")
def plain(snapshot: Snapshot) -> Mapping[Level, Units]:
    """Every level in the order of the collection."""
    documents = units_of("document", range(len(snapshot.ids)))
    return {"document": documents, "entity": units_of("entity", range(len(snapshot.nodes["entity"])))}


def test_a_document_stands_for_the_passages_that_fill_it(snapshot: Snapshot, plain: Mapping[Level, Units]) -> None:
    """The best of them keeps its place; the document takes that of the second, and shows all the others."""
    hits = promote(snapshot, plain, (), passages([4, 9, 3, 12, 5]), 5)
    assert [(hit.level, hit.place) for hit in hits] == [
        ("passage", 4),
        ("passage", 9),
        ("document", 1),
        ("passage", 12),
    ]
    assert hits[2].rows == (3, 5)
    assert hits[2].score == 0.98


def test_a_document_shows_a_passage_of_several_sentences_once(snapshot: Snapshot, plain: Mapping[Level, Units]) -> None:
    """And not again the one whose sentence stands by itself."""
    found = [Found("sentence", place, 1 - place / 10, {}) for place in range(5)]
    first, document = promote(snapshot, plain, (4, 4, 3, 5, 3), found, 5)
    assert (first.level, document.level, document.rows) == ("sentence", "document", (3, 5))


def test_passages_beyond_the_first_k_do_not_fill_a_document(snapshot: Snapshot, plain: Mapping[Level, Units]) -> None:
    hits = promote(snapshot, plain, (), passages([4, 9, 3, 12, 5]), 4)
    assert [hit.level for hit in hits] == ["passage"] * 4


def test_two_passages_do_not_fill_a_document(snapshot: Snapshot, plain: Mapping[Level, Units]) -> None:
    assert FEWEST == 3 > FILLED * 3
    assert [hit.level for hit in promote(snapshot, plain, (), passages([4, 3]), 5)] == ["passage"] * 2


def test_a_sentence_and_its_passage_do_not_both_stay(snapshot: Snapshot, plain: Mapping[Level, Units]) -> None:
    sentence, other = Found("sentence", 0, 0.9, {}), Found("sentence", 1, 0.7, {})
    found = [sentence, Found("passage", 7, 0.8, {}), other, Found("passage", 2, 0.6, {})]
    hits = promote(snapshot, plain, (7, 2), found, 5)
    assert [(hit.level, hit.place) for hit in hits] == [("sentence", 0), ("sentence", 1)]


def test_an_entity_stands_for_the_documents_that_fill_it(snapshot: Snapshot, plain: Mapping[Level, Units]) -> None:
    entity = next(place for place in range(5) if len(snapshot.members("entity", place)) == 3)
    members = snapshot.members("entity", entity).tolist()
    found = [Found("document", place, 1 - i / 10, {}) for i, place in enumerate(members)]
    hits = promote(snapshot, plain, (), found, 5)
    assert [(hit.level, hit.place) for hit in hits] == [("document", members[0]), ("entity", entity)]


def test_a_document_hit_shows_the_text_of_the_passages_it_stands_for(
    library: Store, snapshot: Snapshot, embed: Embed
) -> None:
    reply = ask(library, embed, "How long does Venus take to turn once?", snapshot=snapshot)
    document = next(hit for hit in reply.hits if hit.level == "document" and hit.name == "Venus")
    first, second, third = library.document_passages(document.id)
    assert reply.hits[0].id == second.id
    assert document.text == f"{first.text}\n…\n{third.text}"
    assert (document.page, document.start, document.end) == (first.page, first.start, third.end)


@pytest.fixture(scope="module")
def hits(library: Store, snapshot: Snapshot, embed: Embed) -> tuple[Hit, ...]:
    return ask(library, embed, "planets and stars", ["passage", "entity"], k=8, snapshot=snapshot).hits


@quick
@given(st.lists(st.lists(st.integers(0, 7), max_size=5, unique=True), min_size=1, max_size=3))
def test_hits_of_several_questions_come_in_turn(hits: Sequence[Hit], chosen: list[list[int]]) -> None:
    found = [[replace(hits[i], rank=rank) for rank, i in enumerate(places, 1)] for places in chosen]
    together = in_turn(found)
    expected: list[str] = []
    for turn in range(5):
        for places in found:
            if turn < len(places) and places[turn].id not in expected:
                expected.append(places[turn].id)
    assert [hit.id for hit in together] == expected
    assert [hit.rank for hit in together] == list(range(1, len(expected) + 1))


def test_what_two_questions_find_first_comes_first(hits: Sequence[Hit]) -> None:
    assert [hit.id for hit in in_turn([[hits[0], hits[2]], [hits[1], hits[0]]])] == [hits[i].id for i in (0, 1, 2)]


MIXED = (
    "How do countries trade, and how long does Venus take to turn once?",
    "What do central banks do about prices; how high is Olympus Mons?",
)


@pytest.mark.parametrize("question", MIXED)
def test_a_question_of_two_heights_finds_both(library: Store, snapshot: Snapshot, embed: Embed, question: str) -> None:
    reply = ask(library, embed, question, snapshot=snapshot)
    first = {hit.level for hit in reply.hits[:5]}
    assert first & {*NODE_LEVELS}
    assert "passage" in first
    assert [hit.rank for hit in reply.hits] == list(range(1, 11))
    assert sum(weight for _, weight in reply.routing) == pytest.approx(1)
    assert sum("It asks for " in reason for reason in reply.reasons) == 2
    assert "(entity, " in reply.answer
    assert {"Venus", "Mars"} & {library.document(quote.document).title for quote in reply.citations}


def test_a_clause_that_leans_on_another_is_not_asked_alone(library: Store, snapshot: Snapshot, embed: Embed) -> None:
    question = "How do white dwarfs end, and how do these differ?"
    reply = ask(library, embed, question, snapshot=snapshot)
    whole = look(library, snapshot, embed, question, snapshot.under(None))
    assert sum("It asks for " in reason for reason in reply.reasons) == 1
    assert reply.confidence == whole.confidence
