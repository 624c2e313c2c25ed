"""Questions in a file: what may stand there, and what is said of what may not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from shas_kb.errors import UsageError
from shas_kb.evaluation import Part, written_cases
from shas_kb.storage import Store


def written(store: Store, folder: Path, *lines: object):  # type: ignore[no-untyped-def]
    file = folder / "questions.jsonl"
    texts = (line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines)
    file.write_bytes(b"\n".join(texts))
    return written_cases(store, file)


def test_a_document_is_given_by_path_or_id(small: Store, tmp_path: Path) -> None:
    document = small.documents()[0]
    said = " ".join(small.document_passages(document.id)[0].text.split()[:5])
    for name in (document.path, document.id):
        line = {"question": "Who?", "document": name, "answer": f" {said.replace(' ', '  ')} "}
        cases, unknown = written(small, tmp_path, line)
        assert cases[0].parts == (Part(frozenset({document.id}), sentence=said),)
        assert unknown == []


def test_an_answer_that_its_document_does_not_give_is_told(small: Store, tmp_path: Path) -> None:
    document = small.documents()[0]
    line = {"question": "Who?", "document": document.path, "answer": "Nobody ever."}
    cases, unknown = written(small, tmp_path, line)
    assert cases[0].parts == (Part(frozenset({document.id})),)
    assert unknown == [f"the answer of {tmp_path / 'questions.jsonl'}, line 1"]


def test_a_node_is_given_by_name_and_holds_for_others_over_the_same_documents(small: Store, tmp_path: Path) -> None:
    tree = small.tree()
    assert tree is not None
    members = tree.members()
    for node in tree.nodes:
        ((case,), unknown) = written(small, tmp_path, {"question": "What?", node.level: node.name.upper()})
        assert unknown == []
        assert node.id in case.parts[0].nodes
        assert {members[id] for id in case.parts[0].nodes} == {
            members[other.id] for other in tree.nodes if (other.level, other.name) == (node.level, node.name)
        }


def test_names_that_the_tree_has_not_are_told_once(small: Store, tmp_path: Path) -> None:
    line = {"question": "What of dragons?", "height": "subject", "entity": "dragons"}
    cases, unknown = written(small, tmp_path, line, line)
    assert unknown == ["entity 'dragons'"]
    assert [case.parts for case in cases] == [(Part(),), (Part(),)]


def test_parts_and_null_and_strange_fields_and_blank_lines(small: Store, tmp_path: Path) -> None:
    path = small.documents()[0].path
    cases, _ = written(
        small,
        tmp_path,
        b"\xef\xbb\xbf"
        + json.dumps({"question": "Both?", "height": "mixed", "parts": [{"document": path}, {}]}).encode(),
        b"  \r",
        {"question": "None?", "height": "none", "document": None, "split": "dev", "page": 3},
    )
    assert [(case.question, case.height, len(case.parts)) for case in cases] == [
        ("Both?", "mixed", 2),
        ("None?", "none", 1),
    ]


def test_half_a_character_is_none(small: Store, tmp_path: Path) -> None:
    ((case,), _) = written(small, tmp_path, b'{"question": "What is \\ud83d?"}')
    assert case.question == "What is ??"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"{", "must be JSON"),
        (b'{"question": "\xff"}', "must be UTF-8"),
        (b"[" * 100_000, "must be JSON"),
        (b"[1]", "must be an object"),
        ({"question": " "}, "question must be a text"),
        ({"document": "x"}, "question must be a text"),
        ({"question": "x", "height": "deep"}, "height must be one of detail"),
        ({"question": "x", "height": 3}, "height must be a text"),
        ({"question": "x", "document": "nowhere.pdf"}, "document must name something in the collection"),
        ({"question": "x", "answer": "Because."}, "an answer must stand with the document"),
        ({"question": "x", "parts": {"document": "x"}}, "parts must be a list"),
        ({"question": "x", "parts": ["x"]}, "parts must be a list"),
        ({"question": "x", "height": "none", "entity": "dragons", "document": "FIRST"}, "must have no answer"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_bad_line_is_named(small: Store, tmp_path: Path, line: object, said: str) -> None:
    if isinstance(line, dict) and line.get("document") == "FIRST":
        line["document"] = small.documents()[0].path
    with pytest.raises(UsageError, match="line 3") as raised:
        written(small, tmp_path, {"question": "good?"}, b"", line)
    assert said in str(raised.value)
    assert len(str(raised.value)) < 600


def test_a_file_without_questions_is_none(small: Store, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="got none"):
        written(small, tmp_path, b"", b"\n")
