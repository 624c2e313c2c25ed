"""Traits of a question: figures that mean the same in any collection."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shas_kb.ask import Snapshot
from shas_kb.ask.heights import Traits
from shas_kb.ask.levels import Embed, in_nodes
from shas_kb.ask.looking import look
from shas_kb.ask.retrieve import search
from shas_kb.ask.words import content_words
from shas_kb.records import NODE_LEVELS
from shas_kb.storage import Store

Add = Callable[[Store, str, Sequence[str]], str]
WORDS = ("Venus", "star", "membrane", "tariff", "inflation", "cell", "zither", "planets", "money", "金星", "of", "1923")
QUESTIONS = st.lists(st.sampled_from(WORDS), min_size=1, max_size=5).map(" ".join)
quick = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def traits_of(store: Store, snapshot: Snapshot, embed: Embed, question: str, under: str | None = None) -> Traits:
    found = look(store, snapshot, embed, question, snapshot.under(under)).traits
    assert found is not None
    return found


@quick
@given(QUESTIONS)
def test_the_evidence_is_shared_among_documents_and_nodes(
    library: Store, snapshot: Snapshot, embed: Embed, question: str
) -> None:
    every = snapshot.under(None)
    evidence = search(library, snapshot, content_words(question) or ["of"], embed.asked(question), every)
    documents = evidence.shares
    assert documents.sum() == pytest.approx(1)
    assert documents.min() >= 0
    for level in NODE_LEVELS:
        assert in_nodes(snapshot, level, documents).sum() == pytest.approx(1)


@quick
@given(QUESTIONS.filter(lambda question: question.replace("of", "").strip()), st.sampled_from([None, "Economics"]))
def test_traits_are_shares_and_cosines(
    library: Store, snapshot: Snapshot, embed: Embed, question: str, under: str | None
) -> None:
    found = traits_of(library, snapshot, embed, question, under)
    for name, value in found._asdict().items():
        assert (-2 if name.startswith("near") else 0) <= value <= 1 + 1e-6, name
    # What lies in a unit lies in the one above it.
    assert 0 < found.document <= found.entity + 1e-9
    assert found.entity <= found.category + 1e-9 <= found.domain + 2e-9
    assert found.passage > 0


def test_a_detail_lies_in_one_document_and_an_overview_over_many(
    library: Store, snapshot: Snapshot, embed: Embed
) -> None:
    detail = traits_of(library, snapshot, embed, "How often did prices double in Germany in 1923?")
    overview = traits_of(library, snapshot, embed, "planets and stars")
    assert detail.document > 0.9 > 0.5 > overview.document
    assert overview.category > 0.9
    assert detail.within == pytest.approx(1, abs=0.01)


def test_the_words_of_a_name_are_named(library: Store, snapshot: Snapshot, embed: Embed) -> None:
    assert traits_of(library, snapshot, embed, "rocky planets").named_entity == 1
    assert traits_of(library, snapshot, embed, "Economics").named_category == 1
    assert traits_of(library, snapshot, embed, "zither").named_entity == 0
    half = traits_of(library, snapshot, embed, "rocky zither")
    assert 0 < half.named_entity < 1


def test_a_rare_word_is_specific(library: Store, snapshot: Snapshot, embed: Embed) -> None:
    rare, common = (traits_of(library, snapshot, embed, word) for word in ("Chandrasekhar", "Venus"))
    assert rare.rarest == pytest.approx(1)
    assert rare.specific > common.specific


def test_without_a_tree_there_is_nothing_above_the_document(empty: Store, embed: Embed, add: Add) -> None:
    add(empty, "Walls", ["The Great Wall was built by the Ming.", "Smoke signals were given from its towers."])
    add(empty, "Bridges", ["A bridge of stone spans the river.", "Its five arches were built in a summer."])
    found = traits_of(empty, Snapshot.of(empty), embed, "Who built the wall?")
    assert 0.5 < found.document < 1
    assert (found.entity, found.category, found.domain, found.within) == (0, 0, 0, 1)
    assert (found.named_entity, found.named_category, found.near_entity, found.near_category) == (0, 0, 0, 0)


def test_a_passage_shares_with_those_of_its_own_document_alone(empty: Store, embed: Embed, add: Add) -> None:
    add(empty, "Walls", ["The Great Wall was built by the Ming."] * 2)
    add(empty, "Castles", ["The wall of the castle was built by the king."])
    found = traits_of(empty, Snapshot.of(empty), embed, "Who built the great wall?")
    assert found.passage == pytest.approx(0.5, abs=1e-3)
    assert found.document < 1


def test_a_single_document_has_all_of_the_evidence(empty: Store, embed: Embed, add: Add) -> None:
    add(empty, "Walls", ["The Great Wall was built by the Ming."])
    found = traits_of(empty, Snapshot.of(empty), embed, "Who built the wall?")
    assert (found.passage, found.document) == (1, 1)
