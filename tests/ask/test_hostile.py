"""Whatever is asked: a reply, or an error that says in a line what to do."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shas_kb.ask import Snapshot, ask
from shas_kb.ask.answer import MOST, NOTHING, PERHAPS, PERHAPS_ABOUT
from shas_kb.ask.levels import Embed
from shas_kb.errors import UsageError
from shas_kb.records import LEVELS, NODE_LEVELS, Level
from shas_kb.storage import Store

STRANGE = (
    "to be or not to be",
    "what is it?",
    "a",
    "é",
    "星",
    "🙂🙃",
    "🙂 Venus",
    "planet " * 10_000,
    " ".join(f"word{i}" for i in range(10_000)),
    "x" * 100_000,
    "Venus" + " " * 100_000 + "turns",
    "金星自转一周要多久？",
    "星" * 5_000,
    "كم يستغرق دوران كوكب الزهرة؟",
    "Venus\0turns",
    "half a pair \ud83d",
    "\udcff\udcfe",
    "\u202e\u0301\ufeff",
    "<script>alert(1)</script>",
    "%s %d {} {question} \\N{x} $(reboot) `id`",
    "../../etc/passwd",
    "what\r\nis\tVenus",
    "?" * 1000 + " and what " * 1000,
)
FULL_TEXT = (
    '"',
    "'",
    '"Venus',
    "'Venus' turns",
    '" OR 1=1; -- (NEAR',
    "Venus AND Mars",
    "AND",
    "NOT NOT",
    "Venus OR",
    "NEAR(Venus Mars, 3)",
    "Ven*",
    "*",
    "^Venus",
    "text : Venus",
    "{text} : Venus",
    "Venus + Mars - Sun",
    "(((",
    "'); DROP TABLE passages; --",
)


def one_form(store: Store, snapshot: Snapshot, embed: Embed, question: str, levels: list[Level], k: int) -> None:
    """Any reply is of this form."""
    reply = ask(store, embed, question, levels, k=k, snapshot=snapshot)
    assert reply.query == question
    assert 1 <= len(reply.hits) <= k
    assert [hit.rank for hit in reply.hits] == list(range(1, len(reply.hits) + 1))
    assert all(0 <= hit.score <= 1 for hit in reply.hits)
    assert all((hit.level in NODE_LEVELS) == (hit.document is None) for hit in reply.hits)
    assert len({hit.id for hit in reply.hits}) == len(reply.hits)
    assert sum(weight for _, weight in reply.routing) == pytest.approx(1)
    assert 0 <= reply.confidence <= 1
    assert len(reply.citations) <= MOST
    assert bool(reply.citations) == (reply.answer != NOTHING)
    assert reply.answer.removeprefix(PERHAPS).removeprefix(PERHAPS_ABOUT).strip()


@pytest.mark.parametrize("question", [*STRANGE, *FULL_TEXT], ids=range(len(STRANGE) + len(FULL_TEXT)))
def test_any_question_gets_a_reply(library: Store, snapshot: Snapshot, embed: Embed, question: str) -> None:
    one_form(library, snapshot, embed, question, [], 10)


@pytest.mark.parametrize("question", ["", " ", "\t\r\n", "\0", " \n\0\u3000"])
def test_nothing_is_no_question(library: Store, snapshot: Snapshot, embed: Embed, question: str) -> None:
    with pytest.raises(UsageError, match="must hold a word") as error:
        ask(library, embed, question, snapshot=snapshot)
    assert len(str(error.value).splitlines()) == 1


def test_operators_are_words_like_others(library: Store, snapshot: Snapshot, embed: Embed) -> None:
    """A question in quotes, or with an operator in it, finds what it finds without."""
    for question in ('"Who" computed: the (limit) of ^white* dwarfs?', "computed limit NOT white dwarfs OR AND"):
        first = ask(library, embed, question, ["passage"], snapshot=snapshot).hits[0]
        assert "Chandrasekhar" in first.text


def test_the_whole_text_of_a_collection_is_a_question(library: Store, snapshot: Snapshot, embed: Embed) -> None:
    passages = [passage for id in snapshot.ids for passage in library.document_passages(id)]
    one_form(library, snapshot, embed, "\n".join(passage.text for passage in passages), [], 10)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(question=st.text(max_size=40), k=st.integers(1, 12), levels=st.lists(st.sampled_from(LEVELS), max_size=2))
def test_replies_keep_their_form(
    library: Store, embed: Embed, snapshot: Snapshot, question: str, k: int, levels: list[Level]
) -> None:
    if not question.replace("\0", " ").strip():
        with pytest.raises(UsageError):
            ask(library, embed, question, levels, k=k, snapshot=snapshot)
        return
    one_form(library, snapshot, embed, question, levels, k)
