"""Heights: by how near the units of each level stand and how common the words are, and by nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shas_kb.ask import Snapshot, ask
from shas_kb.ask.router import MOST, chosen, route
from shas_kb.records import LEVELS, NODE_LEVELS, Level
from shas_kb.storage import Store

EVEN: dict[Level, float] = dict.fromkeys(LEVELS, 0.4)
cosine = st.floats(-1, 1)
share = st.floats(0, 1)


def levels_of(numbers: st.SearchStrategy[float]) -> st.SearchStrategy[dict[Level, float]]:
    return st.fixed_dictionaries(dict.fromkeys(LEVELS, numbers))


@given(levels_of(cosine), levels_of(share), share)
def test_weights_sum_to_one_and_fall(nearest: dict[Level, float], spread: dict[Level, float], common: float) -> None:
    routing = route(nearest, spread, common)
    assert sum(weight for _, weight in routing) == pytest.approx(1)
    assert [weight for _, weight in routing] == sorted((weight for _, weight in routing), reverse=True)
    assert 1 <= len(chosen(routing)) <= MOST
    assert chosen(routing)[0] == routing[0][0]


@given(st.sampled_from(NODE_LEVELS), st.floats(0.01, 0.5))
def test_a_nearer_unit_and_wider_evidence_speak_for_a_level(level: Level, more: float) -> None:
    before = dict(route(EVEN, EVEN, 0.5))[level]
    assert dict(route(EVEN | {level: 0.4 + more}, EVEN, 0.5))[level] > before
    assert dict(route(EVEN, EVEN | {level: 0.4 + more}, 0.5))[level] > before


def test_commoner_words_speak_for_higher_levels() -> None:
    def high(common: float) -> float:
        return sum(weight for level, weight in route(EVEN, EVEN, common) if level in NODE_LEVELS)

    assert high(0.9) > high(0.5) > high(0.1)


DETAILS = (
    "In which year were radar echoes from Venus understood?",
    "How heavy can a white dwarf be?",
    "Who said that mitochondria were bacteria once?",
    "How often did prices double in Germany in 1923?",
    "the highest volcano on Mars",
)
OVERVIEWS = ("natural science", "money, prices and trade", "planets and stars")


@pytest.mark.parametrize("question", DETAILS)
def test_a_detail_is_answered_low(library: Store, snapshot: Snapshot, embed: object, question: str) -> None:
    reply = ask(library, embed, question, snapshot=snapshot)
    assert reply.hits[0].level in ("sentence", "passage"), reply.routing


@pytest.mark.parametrize("question", OVERVIEWS)
def test_an_overview_is_answered_high(library: Store, snapshot: Snapshot, embed: object, question: str) -> None:
    reply = ask(library, embed, question, snapshot=snapshot)
    assert reply.hits[0].level in NODE_LEVELS, reply.routing


@pytest.mark.parametrize("cue", ["Give an overview of this: {}", "Overall, summarize: {}"])
def test_cue_words_do_not_decide(library: Store, snapshot: Snapshot, embed: object, cue: str) -> None:
    for question in DETAILS[:3]:
        reply = ask(library, embed, cue.format(question), snapshot=snapshot)
        assert reply.hits[0].level in ("sentence", "passage"), (question, reply.routing)


def test_a_question_without_a_subject_is_about_everything(library: Store, snapshot: Snapshot, embed: object) -> None:
    reply = ask(library, embed, "What are the main topics of this collection?", snapshot=snapshot)
    assert reply.hits[0].level == "domain"
    assert reply.citations
