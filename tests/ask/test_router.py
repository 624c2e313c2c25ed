"""Levels of a question: by its traits, and by nothing else."""

from __future__ import annotations

from collections.abc import Collection

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shas_kb.ask import Snapshot, ask
from shas_kb.ask.heights import Traits
from shas_kb.ask.levels import Embed
from shas_kb.ask.router import HEIGHT_OF, MOST, SHARE, Routing, chosen, heights, mean, route
from shas_kb.ask.weights import HEIGHTS
from shas_kb.records import LEVELS, NODE_LEVELS, Level
from shas_kb.storage import Store

share = st.floats(0, 1)
cosine = st.floats(-1, 1)
TRAITS = st.builds(Traits, *[cosine if name.startswith("near") else share for name in Traits._fields])
THERE = st.sets(st.sampled_from(LEVELS)).map(lambda levels: levels | {"passage"})
ROUTINGS = st.builds(route, st.none() | TRAITS, THERE)
EVEN = Traits(*[0.5] * len(Traits._fields))


@given(st.none() | TRAITS, THERE)
def test_weights_sum_to_one_and_fall(traits: Traits | None, there: Collection[Level]) -> None:
    routing = route(traits, there)
    weights = [weight for _, weight in routing]
    assert sum(weights) == pytest.approx(1)
    assert weights == sorted(weights, reverse=True)
    assert weights[-1] >= 0
    assert {level for level, _ in routing} <= set(there)
    if traits is not None:
        assert len(routing) == len(there)


@given(TRAITS, THERE)
def test_a_height_keeps_its_probability_whichever_of_its_levels_are_there(traits: Traits, there: set[Level]) -> None:
    expected = heights(traits)
    assert sum(expected.values()) == pytest.approx(1)
    found = {HEIGHT_OF[level] for level in there}
    total = sum(expected[height] for height in found)
    for height in found:
        weight = sum(weight for level, weight in route(traits, there) if HEIGHT_OF[level] == height)
        assert weight == pytest.approx(expected[height] / total, abs=1e-12)


@given(TRAITS, THERE)
def test_the_likeliest_height_comes_first_whatever_its_levels_share(traits: Traits, there: set[Level]) -> None:
    """Three levels of a detail do not lose to one of a subject."""
    probability, counts = heights(traits), chosen(route(traits, there))
    order = list(counts)
    likeliest = max(probability[HEIGHT_OF[level]] for level in there)
    assert probability[HEIGHT_OF[order[0]]] == pytest.approx(likeliest)
    assert 1 <= len(order) <= MOST
    assert all(SHARE * counts[order[0]] <= count <= counts[order[0]] for count in counts.values())
    assert list(counts.values()) == sorted(counts.values(), reverse=True)


def test_a_height_of_many_levels_does_not_lose_to_one_of_a_single() -> None:
    routing: Routing = (("entity", 0.4), ("passage", 0.24), ("document", 0.24), ("sentence", 0.12))
    assert chosen(routing) == pytest.approx({"passage": 0.6, "document": 0.6, "entity": 0.4})
    assert list(chosen(routing)) == ["passage", "document", "entity"]


@given(TRAITS)
def test_passages_come_before_sentences(traits: Traits) -> None:
    weights = dict(route(traits, LEVELS))
    assert weights["passage"] >= weights["sentence"]


@pytest.mark.parametrize(
    ("trait", "level"), [("passage", "passage"), ("within", "category"), ("near_entity", "entity")]
)
def test_where_the_evidence_lies_draws_the_question(trait: str, level: Level) -> None:
    weights = [dict(route(EVEN._replace(**{trait: value}), LEVELS))[level] for value in (0.1, 0.5, 0.9)]
    assert weights == sorted(weights)
    assert weights[0] < weights[-1]


@given(THERE)
def test_a_question_without_a_subject_is_for_the_highest_level_there_is(there: set[Level]) -> None:
    assert route(None, there) == ((max(there, key=LEVELS.index), 1.0),)


@given(st.lists(ROUTINGS, min_size=1, max_size=3))
def test_the_mean_of_weights_sums_to_one(routings: list[Routing]) -> None:
    total = mean(routings)
    assert sum(weight for _, weight in total) == pytest.approx(1)
    assert [weight for _, weight in total] == sorted((weight for _, weight in total), reverse=True)
    assert {level for level, _ in total} == {level for routing in routings for level, _ in routing}
    if len(routings) == 1:
        assert dict(total) == pytest.approx(dict(routings[0]))


def test_the_weights_have_a_place_for_each_trait() -> None:
    assert set(HEIGHTS) == set(HEIGHT_OF.values())
    assert {len(weights) for weights in HEIGHTS.values()} == {1 + len(Traits._fields)}


DETAILS = (
    "In which year were radar echoes from Venus understood?",
    "How long does Venus take to turn once?",
    "Who said that mitochondria were bacteria once?",
    "How often did prices double in Germany in 1923?",
    "the highest volcano on Mars",
)
OVERVIEWS = ("natural science", "money, prices and trade", "planets and stars")


@pytest.mark.parametrize("question", DETAILS)
def test_a_detail_is_answered_low(library: Store, snapshot: Snapshot, embed: Embed, question: str) -> None:
    reply = ask(library, embed, question, snapshot=snapshot)
    assert reply.hits[0].level in ("sentence", "passage"), reply.routing


@pytest.mark.parametrize("question", OVERVIEWS)
def test_an_overview_is_answered_high(library: Store, snapshot: Snapshot, embed: Embed, question: str) -> None:
    reply = ask(library, embed, question, snapshot=snapshot)
    assert reply.hits[0].level in NODE_LEVELS, reply.routing


@pytest.mark.parametrize("cue", ["Give an overview of this: {}", "Overall, summarize: {}"])
@pytest.mark.parametrize("question", DETAILS[:3])
def test_cue_words_do_not_decide(library: Store, snapshot: Snapshot, embed: Embed, cue: str, question: str) -> None:
    reply = ask(library, embed, cue.format(question), snapshot=snapshot)
    assert reply.hits[0].level in ("sentence", "passage"), reply.routing


def test_a_detail_that_is_taken_for_a_subject_is_found_all_the_same(
    library: Store, snapshot: Snapshot, embed: Embed
) -> None:
    """Most of its words are the name of a document, and so say little of the height."""
    reply = ask(library, embed, "How heavy can a white dwarf be?", snapshot=snapshot)
    assert any("1.4 solar masses" in hit.text for hit in reply.hits[:5])


def test_a_question_without_a_subject_is_about_everything(library: Store, snapshot: Snapshot, embed: Embed) -> None:
    reply = ask(library, embed, "What are the main topics of this collection?", snapshot=snapshot)
    assert [hit.level for hit in reply.hits[:2]] == ["domain", "domain"]
    (node,) = (node for node in snapshot.nodes["domain"] if node.id == reply.hits[0].id)
    assert reply.citations[0] == node.summary[0]
