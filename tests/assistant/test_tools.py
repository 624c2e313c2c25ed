"""What an assistant gets of each tool, over a real process, of a small real collection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from harness import Shell

from shas_kb.records import LEVELS

if TYPE_CHECKING:
    from pathlib import Path

QUESTION = "Which temperature bleaches corals?"


def test_it_is_offered_four_tools_that_explain_themselves(assistant) -> None:
    tools = assistant.tools()
    assert set(tools) == {"search", "answer", "tree", "show"}
    for tool in tools.values():
        assert tool.annotations.read_only_hint
        assert len(tool.description) > 100
        assert "  " not in tool.description
        for parameter in tool.input_schema["properties"].values():
            assert parameter["description"]
    properties = tools["search"].input_schema["properties"]
    assert properties["k"]["maximum"] == 50
    assert properties["levels"]["items"]["enum"] == list(LEVELS)
    assert tools["tree"].input_schema["properties"]["depth"]["enum"][:4] == ["domain", "category", "entity", "document"]


def same(reply: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in reply.items() if name != "milliseconds"}


def test_search_and_answer_say_what_query_says(assistant, shell: Shell, small_kb: Path) -> None:
    told = shell("-d", small_kb, "query", QUESTION, "--json").json
    found = assistant.ask("search", question=QUESTION)
    assert same(found) == same(assistant.ask("search", question=QUESTION, levels=[], under=""))
    assert same(found) == {name: told[name] for name in ("query", "read_as", "level", "routing", "hits", "confidence")}
    answered = assistant.ask("answer", question=QUESTION)
    assert same(answered) == {
        name: told[name] for name in ("query", "read_as", "level", "routing", "answer", "confidence")
    }


def test_search_keeps_to_levels_branch_and_number(assistant, shell: Shell, small_kb: Path) -> None:
    nodes = shell("-d", small_kb, "tree", "--json").json["nodes"]
    entity = next(node for node in nodes if node["level"] == "entity")
    inside = {node["id"] for node in nodes if node["parent"] == entity["id"]}
    for under in (entity["id"], entity["name"]):
        found = assistant.ask("search", question="what is measured?", levels=["passage"], under=under, k=3)
        assert len(found["hits"]) == 3
        assert {hit["level"] for hit in found["hits"]} == {"passage"}
        assert {hit["document"]["id"] for hit in found["hits"]} <= inside
    document = sorted(inside)[0]
    answered = assistant.ask("answer", question="what is measured?", levels=["sentence"], under=document)
    assert {quote["document"] for quote in answered["answer"]["citations"]} <= {document}


def test_the_tree_is_the_tree(assistant, shell: Shell, small_kb: Path) -> None:
    told = shell("-d", small_kb, "tree", "--json").json
    found = assistant.ask("tree")
    brief = [{name: node[name] for name in found["nodes"][0] if name in node} for node in told["nodes"]]
    assert [node["id"] for node in found["nodes"]] == [node["id"] for node in brief]
    assert found["counts"]["document"] == sum(node["level"] == "document" for node in brief)
    assert found["hash"] == told["hash"]
    assert assistant.ask("tree", under="", depth="") == found
    above = assistant.ask("tree", depth="domain")
    assert above["nodes"] == [node for node in told["nodes"] if node["level"] == "domain"]
    domain = above["nodes"][0]
    branch = assistant.ask("tree", under=domain["id"], depth="entity")
    assert branch["nodes"][0] == domain
    assert {node["level"] for node in branch["nodes"]} == {"domain", "category", "entity"}
    entity = branch["nodes"][-1]
    assert assistant.ask("tree", under=entity["id"], depth="domain")["nodes"] == [entity]


def test_show_takes_what_the_others_give(assistant, shell: Shell, small_kb: Path) -> None:
    for level in ("sentence", "passage", "entity", "category"):
        hit = assistant.ask("search", question=QUESTION, levels=[level])["hits"][0]
        shown = assistant.ask("show", id=hit["id"])
        told = shell("-d", small_kb, "show", hit["id"], "--json").json
        assert {**shown, "count": None} == {**told, "count": None}
    document = assistant.ask("search", question=QUESTION, levels=["document"])["hits"][0]["document"]
    shown = assistant.ask("show", id=document["id"])
    told = shell("-d", small_kb, "show", document["id"], "--json").json
    assert shown["content"][0]["text"] == told.pop("beginning")
    assert {name: shown[name] for name in told} == told
    assert assistant.ask("show", id=document["path"]) == shown == assistant.ask("show", id=document["title"])


def test_reading_goes_on_at_an_offset(assistant, small_kb: Path) -> None:
    hit = assistant.ask("search", question=QUESTION, levels=["passage"], k=1)["hits"][0]
    shown = assistant.ask("show", id=hit["document"]["id"], offset=hit["start"])
    assert (shown["content"][0]["id"], shown["content"][0]["text"]) == (hit["id"], hit["text"])
    later = assistant.ask("show", id=hit["document"]["id"], offset=hit["start"] + 7)
    assert later["content"][0]["text"] == hit["text"][7:]
    entity = assistant.ask("search", question=QUESTION, levels=["entity"], k=1)["hits"][0]["id"]
    documents = assistant.ask("show", id=entity)["documents"]
    assert assistant.ask("show", id=entity, offset=1)["documents"] == documents[1:]


@pytest.mark.parametrize(
    "question",
    [
        "😀😀 ?!",
        "潮汐",
        'NEAR("tide" sea) OR text:* AND NOT ^moon" --',
        "\0 tide \x1b[31m",
        "a" * 4000,
        "'; DROP TABLE passages; --",
        "{'json': [1, 2]}",
        "-",
    ],
)
def test_any_text_is_a_question(assistant, question: str) -> None:
    assert "hits" in assistant.ask("search", question=question, k=50)
    assert assistant.ask("answer", question=question)["answer"]["text"]


@pytest.mark.parametrize(
    ("tool", "arguments", "said"),
    [
        ("search", {"question": ""}, "must hold a word"),
        ("answer", {"question": " \n "}, "must hold a word"),
        ("search", {"question": "tide " * 10_000}, "at most 4,000 characters, got 50,000"),
        ("answer", {"question": "tide " * 10_000}, "at most 4,000 characters, got 50,000"),
        ("search", {"question": "tide", "k": 0}, "k must be from 1 to 50, got 0"),
        ("search", {"question": "tide", "k": 51}, "k must be from 1 to 50, got 51"),
        ("search", {"question": "tide", "k": 10**30}, "k must be from 1 to 50, got 1000"),
        ("search", {"question": "tide", "levels": ["chapter"]}, "level must be one of sentence,"),
        ("search", {"question": "tide", "levels": ["x" * 90_000]}, "level must be one of sentence,"),
        ("answer", {"question": "tide", "under": "nowhere at all"}, "got 'nowhere at all'"),
        ("answer", {"question": "tide", "under": "no" * 9_000}, "under must have at most 500 characters"),
        ("tree", {"under": "nowhere at all"}, "got 'nowhere at all'"),
        ("tree", {"under": "no" * 9_000}, "under must have at most 500 characters"),
        ("tree", {"depth": "page"}, "depth must be one of domain, category, entity, document, got page"),
        ("show", {"id": "nothing"}, "got 'nothing'"),
        ("show", {"id": ""}, "got ''"),
        ("show", {"id": "😀" * 600}, "the id must have at most 500 characters, got 600"),
        ("show", {"id": "abcdefabcdef:1"}, "abcdefabcdef"),
    ],
)
def test_a_refusal_is_one_line_that_says_what_to_do(
    assistant, tool: str, arguments: dict[str, object], said: str
) -> None:
    line = assistant.refused(tool, **arguments)
    assert said in line
    assert len(line.splitlines()) == 1
    assert assistant.ask("tree", depth="domain")["nodes"]


def test_an_offset_must_be_inside(assistant) -> None:
    hit = assistant.ask("search", question=QUESTION, levels=["passage"], k=1)["hits"][0]
    document = hit["document"]["id"]
    for id, offset in ((document, -1), (document, 10**30), (hit["id"], 1)):
        assert "offset must be from 0 to" in assistant.refused("show", id=id, offset=offset)
    domain = assistant.ask("tree", depth="domain")["nodes"][0]
    assert f"from 0 to {domain['documents'] - 1} here" in assistant.refused("show", id=domain["id"], offset=10_000)
    for place in (f"{document}:99999", f"{document}:0.99999", f"{document}:{'9' * 400}"):
        assert "must name one of the" in assistant.refused("show", id=place)


def test_what_is_no_argument_is_refused(assistant) -> None:
    for tool, arguments in (
        ("search", {}),
        ("search", {"question": 7}),
        ("search", {"question": "tide", "k": "many"}),
        ("search", {"question": "tide", "levels": 3}),
        ("show", {"id": None}),
        ("show", {"id": "x", "offset": 1.5}),
        ("remove", {"id": "x"}),
    ):
        assistant.refused(tool, **arguments)
    assert assistant.ask("tree", depth="domain")["nodes"]
