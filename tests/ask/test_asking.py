"""Asking, from the question to the reply."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from shas_kb.ask import Snapshot, ask
from shas_kb.ask.answer import MOST, NOTHING
from shas_kb.ask.levels import Embed
from shas_kb.errors import NotFoundError, UsageError
from shas_kb.records import LEVELS, NODE_LEVELS, Level, Reading, Reply, SourceFile
from shas_kb.storage import Store


@pytest.fixture(scope="session")
def venus(library: Store, embed: Embed, snapshot: Snapshot) -> Reply:
    return ask(library, embed, "How long does Venus take to turn once?", snapshot=snapshot)


def test_a_detail_comes_from_its_passage_with_page_and_place(library: Store, venus: Reply) -> None:
    first = venus.hits[0]
    assert first.document is not None
    assert (first.document.title, first.page) == ("Venus", 2)
    assert first.path == ("Natural science", "Astronomy", "Rocky planets")
    assert first.why["dense"] == first.why["lexical"] == 1
    passage = library.passages([(first.document.id, 1)])[0]
    assert passage.text[(first.start or 0) - passage.start : (first.end or 0) - passage.start] == first.text
    assert "243 days" in venus.answer
    assert "(Venus, p. 2)" in venus.answer


def test_an_answer_is_made_of_quotations(library: Store, venus: Reply) -> None:
    assert 1 <= len(venus.citations) <= MOST
    for quote in venus.citations:
        assert f"“{quote.text}”" in venus.answer
        assert any(quote in passage.sentences for passage in library.document_passages(quote.document))
    assert len({quote.text for quote in venus.citations}) == len(venus.citations)


def test_the_reply_says_why(venus: Reply) -> None:
    assert 4 <= len(venus.reasons) <= 5
    assert venus.reasons[0].startswith("It asks for a detail, ")
    assert venus.reasons[1].startswith("Of what was found, ")
    assert "in the document 'Venus'" in venus.reasons[1]
    assert venus.reasons[-2].startswith("Its rarest word is ")
    assert venus.reasons[-1].startswith(f"That the collection answers it is {venus.confidence:.0%} likely")
    assert sum(weight for _, weight in venus.routing) == pytest.approx(1)
    assert venus.milliseconds > 0


def test_a_node_is_told_by_name_parts_and_documents(library: Store, embed: Embed, snapshot: Snapshot) -> None:
    reply = ask(library, embed, "natural science", ["domain"], k=2, snapshot=snapshot)
    first = reply.hits[0]
    assert (first.level, first.name, first.page, first.document) == ("domain", "Natural science", None, None)
    assert len(first.documents) == 7
    assert "Natural science (domain, 7 documents)" in reply.answer
    assert "Parts: Astronomy (5); Biology (2)." in reply.answer
    assert "Central documents: " in reply.answer
    assert reply.citations


def test_given_levels_share_the_weight_and_are_the_only_ones(library: Store, embed: Embed, snapshot: Snapshot) -> None:
    reply = ask(library, embed, "prices and tariffs", ["entity", "passage"], k=6, snapshot=snapshot)
    assert reply.routing == (("passage", 0.5), ("entity", 0.5))
    assert {hit.level for hit in reply.hits} == {"passage", "entity"}
    assert reply.levels == ("entity", "passage")
    assert "(entity, 2 documents)" in reply.answer


@pytest.mark.parametrize("level", LEVELS)
def test_every_level_answers(library: Store, embed: Embed, snapshot: Snapshot, level: Level) -> None:
    reply = ask(library, embed, "central banks and inflation", [level], k=3, snapshot=snapshot)
    assert {hit.level for hit in reply.hits} == {level}
    assert [hit.rank for hit in reply.hits] == list(range(1, len(reply.hits) + 1))
    scores = [hit.score for hit in reply.hits]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)
    assert len({hit.id for hit in reply.hits}) == len(reply.hits)


@pytest.mark.parametrize("name", ["Economics", "economics", "{id}", "{prefix}"])
def test_a_branch_by_name_or_id(library: Store, embed: Embed, snapshot: Snapshot, name: str) -> None:
    node = next(node for node in snapshot.nodes["category"] if node.name == "Economics")
    under = name.format(id=node.id, prefix=node.id[:6])
    reply = ask(library, embed, "planets", ["passage", "entity"], under, snapshot=snapshot)
    assert reply.hits
    assert all("Economics" in hit.path for hit in reply.hits)


def test_a_branch_that_is_not_there(library: Store, embed: Embed, snapshot: Snapshot) -> None:
    with pytest.raises(NotFoundError, match="'Economics'"):
        ask(library, embed, "prices", under="Econmics", snapshot=snapshot)


def test_what_the_collection_does_not_hold_is_said(library: Store, embed: Embed, snapshot: Snapshot) -> None:
    reply = ask(library, embed, "How do I bake sourdough bread?", snapshot=snapshot)
    assert reply.answer == NOTHING
    assert reply.citations == ()
    assert reply.hits
    assert reply.hits[0].score < 0.5


def test_most_passages_of_a_document_make_way_for_it(library: Store, embed: Embed, snapshot: Snapshot) -> None:
    reply = ask(library, embed, "Where do sunspots in a cycle of eleven years come from?", snapshot=snapshot)
    inside = [hit.level for hit in reply.hits if hit.document is not None and hit.document.title == "The Sun"]
    assert inside[0] in ("sentence", "passage")
    assert inside[1:] == ["document"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"question": ""}, "must hold a word"),
        ({"question": " \n\0"}, "must hold a word"),
        ({"question": "Venus", "k": 0}, "at least 1"),
        ({"question": "Venus", "levels": ["chapter"]}, "must be one of sentence"),
        ({"question": "Venus", "levels": ["domain"], "under": "Trade"}, "larger branch"),
    ],
)
def test_what_cannot_be_asked(
    library: Store, embed: Embed, snapshot: Snapshot, arguments: dict[str, object], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        ask(library, embed, snapshot=snapshot, **arguments)  # type: ignore[arg-type]


def test_an_empty_collection_says_what_to_do(empty: Store, embed: Embed) -> None:
    with pytest.raises(UsageError, match="shas-kb ingest"):
        ask(empty, embed, "Venus")


def test_a_collection_without_vectors_says_what_to_do(
    empty: Store, embed: Embed, make_reading: Callable[[str, Sequence[str]], Reading]
) -> None:
    empty.put_reading(SourceFile("/library", "a.txt", 1, 1), make_reading("A", ["Something."]))
    with pytest.raises(UsageError, match="must have vectors"):
        ask(empty, embed, "Venus")


def test_a_collection_without_a_tree_answers_low(
    empty: Store, embed: Embed, add: Callable[[Store, str, Sequence[str]], str]
) -> None:
    add(empty, "Walls", ["The Great Wall was built by the Ming.", "Smoke signals were given from its towers."])
    add(empty, "长城", ["长城是中国古代的防御工程。明朝修筑的长城保存最为完整。", "烽火台用来传递军情。"])
    reply = ask(empty, embed, "明朝修筑的长城")
    assert {level for level, _ in reply.routing} == {"sentence", "passage", "document"}
    assert reply.hits[0].document is not None
    assert reply.hits[0].document.title == "长城"
    assert reply.hits[0].path == ()
    assert "明朝修筑的长城保存最为完整。" in reply.answer
    with pytest.raises(UsageError, match="shas-kb organise"):
        ask(empty, embed, "walls", ["entity"])


def test_asking_needs_no_torch() -> None:
    code = (
        "import sys, shas_kb.ask.asking; "
        "print(sorted({'torch', 'sklearn', 'scipy', 'transformers', 'pymupdf', 'networkx', 'rich'} & set(sys.modules)))"
    )
    outcome = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert outcome.stdout.strip() == "[]"


def test_levels_that_group_alike_are_offered_once(snapshot: Snapshot) -> None:
    alone = replace(snapshot, nodes={level: snapshot.nodes[level][:1] for level in NODE_LEVELS})
    assert alone.repeated == ("category", "domain")
    assert snapshot.repeated == ()


def test_a_question_sees_one_state_while_another_program_writes(
    tmp_path: Path, add: Callable[[Store, str, Sequence[str]], str], embed: Embed
) -> None:
    path = tmp_path / "kb.sqlite"
    with Store.open(path, create=True) as store:
        for name in ("Venus", "Mars"):
            add(store, name, [f"{name} is a planet that turns around the Sun."])
    done = threading.Event()

    def write() -> None:
        with Store.open(path) as store:
            while not done.is_set():
                store.remove([add(store, "Comet", ["A comet is a body of ice and dust.", "It has a tail."])])

    writer = threading.Thread(target=write)
    writer.start()
    try:
        with Store.open(path) as store:
            for _ in range(20):
                with store.one_state():
                    reply = ask(store, embed, "Which planet turns around the Sun?")
                assert {hit.document.title for hit in reply.hits if hit.document} >= {"Venus", "Mars"}
    finally:
        done.set()
        writer.join()
