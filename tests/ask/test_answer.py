"""An answer without a language model: quoted, short, and no surer than it is."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shas_kb.ask import Snapshot, ask
from shas_kb.ask.answer import (
    MOST,
    NOTHING,
    PERHAPS,
    PERHAPS_ABOUT,
    PERHAPS_SURE,
    SAME,
    SURE,
    Support,
    compose,
    confidence,
    quote,
    quote_each,
)
from shas_kb.ask.levels import Embed
from shas_kb.ask.looking import look
from shas_kb.ask.words import stems
from shas_kb.organise.readable import readable
from shas_kb.records import LEVELS, NODE_LEVELS, Level
from shas_kb.storage import Store

Add = Callable[[Store, str, Sequence[str]], str]
QUESTIONS = (
    "How long does Venus take to turn once?",
    "planets and stars",
    "What do central banks do about prices?",
    "How do countries trade, and how high is Olympus Mons?",
    "What are the main topics of this collection?",
    "cells",
)


@pytest.mark.parametrize(
    ("sure", "begins", "quoted"),
    [
        (1.0, "“", True),
        (SURE, "“", True),
        (SURE - 1e-6, PERHAPS, True),
        (PERHAPS_SURE, PERHAPS, True),
        (PERHAPS_SURE - 1e-6, NOTHING, False),
        (0.0, NOTHING, False),
    ],
)
def test_an_answer_is_no_surer_than_it_is(
    library: Store, snapshot: Snapshot, embed: Embed, sure: float, begins: str, quoted: bool
) -> None:
    question = "How long does Venus take to turn once?"
    sentences = look(library, snapshot, embed, question, snapshot.under(None)).sentences
    text, citations = compose(snapshot, [], None, sentences, sure)
    assert text.startswith(begins)
    assert ("243 days" in text) == bool(citations) == quoted
    assert text.count(PERHAPS) == (begins == PERHAPS)


def test_a_node_is_told_in_any_script(empty: Store, embed: Embed, add: Add) -> None:
    text = "البحر واسع وعميق وفيه أسماك كثيرة تعيش بين الصخور والشعاب المرجانية."
    add(empty, "البحر", [text])
    snapshot = Snapshot.of(empty)
    sentences = look(empty, snapshot, embed, "البحر", snapshot.under(None)).sentences
    assert [found.text for found in quote_each(snapshot, sentences, MOST)] == [text]


@given(st.builds(Support, st.floats(-5, 5), st.floats(0, 1), st.floats(0.1, 1), st.floats(-1, 1), st.floats(0, 1)))
def test_confidence_grows_with_what_speaks_for_an_answer(support: Support) -> None:
    sure = confidence(support)
    assert 0 < sure < 1
    assert sure < confidence(support._replace(worth=support.worth + 1))
    assert sure < confidence(support._replace(covered=support.covered + 0.1))
    assert sure < confidence(support._replace(near=support.near + 0.1))


def test_what_is_near_counts_only_for_an_overview() -> None:
    detail = Support(worth=1.5, covered=0.4, overview=0.0, near=0.1, unknown=0.0)
    assert confidence(detail) == confidence(detail._replace(near=0.9))


def test_what_comes_nearest_is_told_of_a_node_without_a_no(snapshot: Snapshot) -> None:
    node = snapshot.nodes["domain"][0]
    for sure, begins in ((SURE, node.name), (PERHAPS_SURE, f"{PERHAPS_ABOUT}\n{node.name}"), (0.0, NOTHING)):
        text, _ = compose(snapshot, [node], None, None, sure)
        assert text.startswith(begins)


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("levels", [(), ("passage",), ("domain", "sentence")])
def test_citations_are_verbatim_few_and_different(
    library: Store, snapshot: Snapshot, embed: Embed, question: str, levels: Sequence[Level]
) -> None:
    reply = ask(library, embed, question, levels, snapshot=snapshot)
    assert 1 <= len(reply.citations) <= MOST
    for said in reply.citations:
        passages = library.document_passages(said.document)
        (inside,) = (each for each in passages if each.start <= said.start and said.end <= each.end)
        assert inside.text[said.start - inside.start : said.end - inside.start] == said.text
        assert f"“{said.text}” ({library.document(said.document).title}, p. {said.page})" in reply.answer
    assert len({quote.text for quote in reply.citations}) == len(reply.citations)
    assert reply.answer.count("“") == len(reply.citations)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(QUESTIONS), st.integers(1, MOST))
def test_quotes_come_by_relevance_and_do_not_repeat(
    library: Store, snapshot: Snapshot, embed: Embed, question: str, most: int
) -> None:
    sentences = look(library, snapshot, embed, question, snapshot.under(None)).sentences
    found = quote(sentences, most)
    order = [sentences.quotes[row] for row in sentences.ranking.rows.tolist()]
    places = [order.index(each) for each in found]
    assert places[0] == 0
    assert places == sorted(places)
    assert len(found) <= most
    said = [stems(each.text) for each in found]
    for i, one in enumerate(said):
        assert all(len(one & other) < SAME * len(one | other) for other in said[:i])


@pytest.mark.parametrize(
    "text",
    ["My uncle paid forty crowns for his violin.", "It was so, and then it was not.", "外祖父花四十克朗买了小提琴。"],
)
def test_what_several_documents_say_is_quoted_once(empty: Store, embed: Embed, add: Add, text: str) -> None:
    for i in range(4):
        add(empty, f"Memories {i}", [text])
    reply = ask(empty, embed, text, ["passage"])
    assert [quote.text for quote in reply.citations] == [text]


def test_a_name_that_a_person_gave_answers_for_its_words(library: Store, snapshot: Snapshot, embed: Embed) -> None:
    """No passage says "natural science"; the node of that name is what was asked for."""
    reply = ask(library, embed, "What is there about natural science?", snapshot=snapshot)
    assert reply.confidence >= SURE
    assert "(category, " in reply.answer or "(domain, " in reply.answer
    inside = ask(library, embed, "natural science", under="Economics", snapshot=snapshot)
    assert inside.answer == NOTHING


def test_a_question_about_everything_gets_no_sentence_by_chance(
    library: Store, snapshot: Snapshot, embed: Embed
) -> None:
    reply = ask(library, embed, "What is this collection about?", snapshot=snapshot)
    nodes = {node.id: node for node in snapshot.nodes["domain"]}
    told = [nodes[hit.id] for hit in reply.hits if hit.level == "domain"]
    assert [node.name in reply.answer for node in told] == [True] * len(nodes)
    assert reply.citations == tuple(node.summary[0] for node in told)
    assert reply.answer.count("Parts: ") == len(told)


def test_a_node_is_told_by_what_its_documents_say_to_the_question(
    library: Store, snapshot: Snapshot, embed: Embed
) -> None:
    question = "How do banks and money hang together?"
    reply = ask(library, embed, question, ["category"], snapshot=snapshot)
    inside = set(reply.hits[0].documents)
    assert {quote.document for quote in reply.citations} <= inside
    assert len({quote.document for quote in reply.citations}) == len(reply.citations) > 1
    assert all(readable(quote.text) for quote in reply.citations)


def test_what_tells_of_a_node_is_shared_among_its_entities(library: Store, snapshot: Snapshot, embed: Embed) -> None:
    question = "How do planets, banks and cells change?"
    sentences = look(library, snapshot, embed, question, snapshot.under(None)).sentences
    among = {int(snapshot.home["entity"][snapshot.index[quote.document]]) for quote in sentences.quotes}
    told = quote_each(snapshot, sentences, MOST)
    assert told and len(among) > 1
    share = Counter(int(snapshot.home["entity"][snapshot.index[quote.document]]) for quote in told)
    assert max(share.values()) <= math.ceil(MOST / len(among))


@pytest.mark.parametrize("level", LEVELS)
def test_a_question_about_everything_is_answered_at_every_level(
    library: Store, snapshot: Snapshot, embed: Embed, level: Level
) -> None:
    reply = ask(library, embed, "What is it about?", [level], snapshot=snapshot)
    assert reply.citations
    assert reply.answer.startswith("“") == (level not in NODE_LEVELS)


@pytest.mark.parametrize("question", ["🙂🙃", "?!", "—"])
def test_a_question_without_a_letter_has_no_answer(
    library: Store, snapshot: Snapshot, embed: Embed, question: str
) -> None:
    reply = ask(library, embed, question, snapshot=snapshot)
    assert (reply.answer, reply.citations, reply.confidence) == (NOTHING, (), 0.0)
