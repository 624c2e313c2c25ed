"""Questions asked in all ways, and the command."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from harness import Shell

from shas_kb.ask.levels import Embed
from shas_kb.evaluation import Case, Part, evaluate, figures, own_cases
from shas_kb.evaluation.evaluate import AMONG, OURS, PASSAGES
from shas_kb.evaluation.ways import BASELINES, COLLAPSED
from shas_kb.records import NODE_LEVELS
from shas_kb.storage import Store


def test_own_questions_are_about_texts_that_are_there(small: Store) -> None:
    cases = own_cases(small, 12, seed=3)
    assert len({case.question for case in cases}) == 12
    assert cases == own_cases(small, 12, seed=3) != own_cases(small, 12, seed=4)
    for case in cases:
        (part,) = case.parts
        (passage,) = small.passages(list(part.passages))
        assert part.documents == {passage.document}
        assert part.sentence in " ".join(passage.text.split())


def test_every_way_is_scored_on_what_is_known(small: Store, embed: Embed) -> None:
    document = small.documents()[0]
    passage = small.document_passages(document.id)[0]
    sentence = max((quote.text for quote in passage.sentences), key=len)
    part = Part(frozenset({document.id}), frozenset({(document.id, 0)}), " ".join(sentence.split()))
    found = figures(evaluate(small, embed, [Case(sentence, parts=(part,))]))
    ways = found["ways"]
    assert isinstance(ways, dict)
    assert list(ways) == [*BASELINES, OURS, PASSAGES]
    for way, aspects in ways.items():
        assert set(aspects) == {"document", "passage", "sentence"}, way
        assert aspects["sentence"]["recall@5"] == 1.0, way
    assert "heights" not in found


def test_heights_count_the_first_hit_and_all_parts_of_a_mixed_question(small: Store, embed: Embed) -> None:
    tree = small.tree()
    assert tree is not None
    document = small.documents()[0]
    entity = next(node for node in tree.nodes if node.level == "entity")
    question = max((quote.text for quote in small.document_passages(document.id)[0].sentences), key=len)
    own, other = Part(frozenset({document.id})), Part(nodes=frozenset({"no such node"}))
    cases = [
        Case(question, "detail", (own,)),
        Case(entity.name, "mixed", (own, other)),
        Case(entity.name, "mixed", (own, Part())),
        Case("zxqv wvut", "none"),
    ]
    asked = evaluate(small, embed, cases)
    heights = figures(asked)["heights"]
    assert isinstance(heights, dict)
    assert list(heights) == [COLLAPSED, OURS]
    told = heights[OURS]
    first = asked[0].found[OURS][0].level
    assert told["by height"]["detail"]["share"] == float(first not in NODE_LEVELS)
    assert told["by height"]["mixed"] == {"questions": 1, "share": 0.0}
    assert sum(told["went to"]["mixed"].values()) == 2
    assert told["accuracy"]["questions"] == 2
    assert AMONG == 5


def test_what_nothing_answers_is_counted_apart(small: Store, embed: Embed) -> None:
    own = own_cases(small, 3)
    found = figures(evaluate(small, embed, [*own, Case("zxqv wvut", "none")], baselines=False))
    answered = found["answered"]
    assert isinstance(answered, dict)
    for way, its in answered["questions with an answer"].items():
        assert its["questions"] == 3, way
    nothing = {"questions": 1, "share": 0.0}
    assert answered["others"] == {"for certain": nothing, "perhaps": nothing}
    sure = found["calibration of being answered"]
    assert isinstance(sure, dict) and sure["questions"] == 4


def test_eval_asks_its_own_questions(shell: Shell, small_kb: Path) -> None:
    outcome = shell("-d", small_kb, "eval", "--count", 4, "--json")
    assert outcome.code == 0
    assert outcome.json["questions"] == {"file": None, "count": 4, "unknown": []}
    assert set(outcome.json["ways"]) == {*BASELINES, OURS, PASSAGES}
    assert outcome.json["ways"]["BM25"]["document"]["questions"] == 4
    assert "Asking: 4 questions" in outcome.err


def test_eval_shows_tables_for_a_file(shell: Shell, small_kb: Path, tmp_path: Path) -> None:
    document = next(iter(_documents(small_kb)))
    file = tmp_path / "questions.jsonl"
    lines = [
        {"question": f"What does {document} say?", "height": "detail", "document": document},
        {"question": "What of dragons?", "height": "subject", "entity": "dragons"},
        {"question": "zxqv wvut", "height": "none"},
    ]
    file.write_text("\n".join(map(json.dumps, lines)))
    outcome = shell("-d", small_kb, "eval", file)
    assert outcome.code == 0
    assert "\x1b" not in outcome.out
    for said in (
        "the document, 1 asked for",
        "height asked for, shas-kb",
        "others, 1: answered for certain 0%, at all 0%",
        "calibration",
    ):
        assert said in outcome.out
    assert "Not in the collection, and counted only for heights: entity 'dragons'." in outcome.err


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["FILE", "--count", "3"], 2, "--count and --seed must stand without a file"),
        (["nowhere.jsonl"], 3, "nowhere.jsonl"),
        (["FILE"], 2, "line 1"),
        (["--count", "0"], 2, "count"),
    ],
)
def test_what_cannot_be_asked_is_said_in_a_line(
    shell: Shell, small_kb: Path, tmp_path: Path, words: list[str], code: int, said: str
) -> None:
    file = tmp_path / "bad.jsonl"
    file.write_text("{}")
    outcome = shell("-d", small_kb, "eval", *(word.replace("FILE", str(file)) for word in words))
    assert outcome.code == code
    assert said in " ".join(outcome.err.split())
    assert "Traceback" not in outcome.err


def test_help_says_what_a_line_holds(shell: Shell) -> None:
    text = shell("eval", "--help").out
    for said in ("$ shas-kb eval", "question", "document", "answer", "height", "--count", "--seed"):
        assert said in text


def test_eval_without_a_collection(shell: Shell, tmp_path: Path) -> None:
    outcome = shell("-d", tmp_path / "none.sqlite", "eval")
    assert outcome.code == 3
    assert "shas-kb ingest" in outcome.err


def _documents(db: Path) -> list[str]:
    with Store.open(db) as store:
        return [document.path for document in store.documents()]
