"""Questions at the command line, whatever is in them: a reply, or one line that says what to do."""

from __future__ import annotations

from pathlib import Path

import pytest
from harness import Shell

from shas_kb.cli.session import GOOD
from shas_kb.storage import Store

QUESTIONS = (
    'what "is" coral?',
    "corals' colour",
    "corals AND NOT bleaching",
    "NEAR(coral reef, 3) OR ^coral* text : reef",
    "(((",
    "🙂",
    "the of and",
    "x",
    "珊瑚为什么会白化？",
    "لماذا تبيض المرجان؟",
    "coral\0reef",
    "half a pair \ud83d of \udcff coral",
    "[bold]coral[/bold] [/red] \\[x",
    "coral\x1b[31m\r\nreef",
    "coral " * 10_000,
)


@pytest.mark.parametrize("question", QUESTIONS, ids=range(len(QUESTIONS)))
def test_any_question_gets_a_reply(shell: Shell, sample_kb: Path, question: str) -> None:
    told = shell("-d", sample_kb, "query", question, "--json")
    assert (told.code, told.err) == (GOOD, "")
    assert told.json["query"] == question
    assert told.json["hits"]
    assert told.json["answer"]["text"]
    drawn = shell("-d", sample_kb, "query", question, "--explain")
    assert (drawn.code, drawn.err) == (GOOD, "")
    assert "\x1b" not in drawn.out


@pytest.mark.parametrize("question", ["", " ", "\t\n", "\0", "\u3000"])
def test_no_question_is_one_line(shell: Shell, sample_kb: Path, question: str) -> None:
    for words, stdin in ((["query", question], None), (["query", "-"], question)):
        told = shell("-d", sample_kb, *words, stdin=stdin)
        assert (told.code, told.out) == (2, "")
        assert "must hold a word" in told.err
        assert len(told.err.strip().splitlines()) == 1


def test_the_whole_text_of_a_pdf_is_a_question(shell: Shell, sample_kb: Path) -> None:
    with Store.open(sample_kb) as store:
        document = max((each for each in store.documents() if each.kind == "pdf"), key=lambda each: each.characters)
        text = "\n".join(passage.text for passage in store.document_passages(document.id))
    assert len(text) > 5_000
    told = shell("-d", sample_kb, "query", "-", "--json", stdin=text)
    assert (told.code, told.err) == (GOOD, "")
    assert document.id in {hit["document"]["id"] for hit in told.json["hits"] if hit.get("document")}
