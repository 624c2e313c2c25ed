"""No reply is too long, whatever the collection holds, and what is left out can be had."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from large import CROWD, UNBROKEN, WIDE, long_document

from shas_kb.assistant.bounds import LONGEST, beginning, cut, first_fitting, fit, size, size_within
from shas_kb.records import LEVELS

ENTRY = st.fixed_dictionaries({"id": st.text(max_size=20), "text": st.text(), "more": st.lists(st.integers())})


def test_the_tree_shows_the_largest_and_how_many_others_there_are(lost) -> None:
    seen = lost.ask("tree")
    documents = CROWD + 3 * (WIDE - 1)
    assert seen["counts"] == {
        "domain": WIDE,
        "category": 2 * WIDE - 1,
        "entity": 3 * WIDE - 2,
        "document": documents,
    }
    for level in ("domain", "category", "entity", "document"):
        shown = [node for node in seen["nodes"] if node["level"] == level]
        assert seen["depth"] == level
        below = CROWD if level == "document" else WIDE
        assert len(shown) + seen["more_nodes"] == below
        assert "Only the first are shown" in seen["note"]
        assert len(shown) > 20
        seen = lost.ask("tree", under=shown[0]["id"]) if level != "document" else seen


def test_a_narrow_branch_is_shown_to_its_documents(lost) -> None:
    narrow = lost.ask("tree")["nodes"][1]
    branch = lost.ask("tree", under=narrow["id"])
    assert [node["level"] for node in branch["nodes"]] == ["domain", "category", "entity", "document"]
    assert "more_nodes" not in branch


def test_all_documents_of_a_node_can_be_paged_through(lost) -> None:
    entity = lost.ask("search", question="words", levels=["entity"], k=1)["hits"][0]
    assert len(entity["documents"]) == 1 or entity["more_documents"]
    domain = lost.ask("tree", depth="domain")["nodes"][0]
    seen: list[str] = []
    shown = lost.ask("show", id=domain["id"])
    while True:
        seen += [document["id"] for document in shown["documents"]]
        if "next_offset" not in shown:
            break
        assert shown["next_offset"] == len(seen)
        shown = lost.ask("show", id=domain["id"], offset=len(seen))
    assert len(set(seen)) == len(seen) == shown["count"] == domain["documents"]


def test_a_long_document_can_be_read_to_its_end(lost) -> None:
    reading = long_document()
    texts = {passage.ordinal: "" for passage in reading.passages}
    offset, calls = 0, 0
    while True:
        shown = lost.ask("show", id=reading.title, offset=offset)
        for entry in shown["content"]:
            texts[int(entry["id"].split(":")[1])] += entry["text"]
        calls += 1
        if "next_offset" not in shown:
            break
        assert shown["next_offset"] > offset
        offset = shown["next_offset"]
    assert list(texts.values()) == [passage.text for passage in reading.passages]
    assert calls < 60


def test_a_passage_longer_than_a_reply_is_cut_and_says_where_it_goes_on(lost) -> None:
    document = lost.ask("show", id="long")["id"]
    for id in (f"{document}:200", f"{document}:200.0", f"{document}:199"):
        shown = lost.ask("show", id=id)
        assert "more characters]" in json.dumps(shown)
        assert f"show {document} with offset {shown['start']}" in shown["note"]
    assert lost.ask("show", id=document, offset=shown["end"] + 1)["content"][0]["text"].startswith(UNBROKEN[:100])


@pytest.mark.parametrize("levels", [[], ["domain"], ["sentence", "passage"], ["document"], list(LEVELS)])
def test_fifty_hits_are_bounded(lost, levels: list[str]) -> None:
    found = lost.ask("search", question="it went on with words", levels=levels, k=50)
    assert len(found["hits"]) + found.get("more_hits", 0) == 50
    assert "note" in found
    assert lost.ask("answer", question="it went on with words", levels=levels)["answer"]["text"]


def test_of_ordinary_hits_many_come_and_ten_come_whole(assistant) -> None:
    found = assistant.ask("search", question="How warm is the sea?", levels=["passage"], k=50)
    assert len(found["hits"]) >= 20
    assert len(found["hits"]) + found["more_hits"] == 50
    assert "note" not in assistant.ask("search", question="How warm is the sea?", k=10)


@given(st.text(), st.integers(1, 30))
def test_a_cut_text_says_how_much_is_missing(text: str, most: int) -> None:
    short = cut(text, most)
    if len(text) <= most:
        assert short == text
    else:
        assert short == f"{text[:most].rstrip()} … [{len(text) - most:,} more characters]"


@given(st.text(), st.integers(-5, 60))
def test_a_beginning_fits_as_it_is_escaped(text: str, longest: int) -> None:
    part = beginning(text, longest)
    assert text.startswith(part)
    assert not part or len(json.dumps(part, ensure_ascii=False)) <= longest
    assert part or not text or longest < 8


@given(st.lists(ENTRY, max_size=40), st.integers(0, 2000))
def test_entries_are_taken_until_one_does_not_fit(entries: list[dict[str, object]], longest: int) -> None:
    taken = first_fitting(entries, longest)
    assert [entry["id"] for entry in taken] == [entry["id"] for entry in entries[: len(taken)]]
    assert taken or not entries
    grown = size({"entries": taken}) - size({"entries": []})
    assert len(taken) <= 1 or grown <= longest + 5
    if len(taken) < len(entries):
        assert grown + size_within(entries[len(taken)]) > longest


@given(st.text(max_size=5000), st.lists(ENTRY, max_size=300), st.integers(2000, LONGEST))
def test_a_fitted_reply_is_short_and_counts_what_it_leaves_out(
    text: str, entries: list[dict[str, object]], longest: int
) -> None:
    reply = {"text": text, "entries": entries}
    fitted = fit(reply, "Ask for less.", longest)
    assert size(fitted) <= longest
    assert len(fitted["entries"]) + fitted.get("more_entries", 0) == len(entries)
    assert (fitted == reply) == ("note" not in fitted)
