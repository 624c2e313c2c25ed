"""Misspelt words are read as the collection spells them; all else stays as it is typed."""

from __future__ import annotations

import pytest

from shas_kb.ask import Snapshot, ask
from shas_kb.ask.levels import Embed
from shas_kb.ask.spelling import as_meant
from shas_kb.storage import Store


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("Which planeet turns backwards?", "Which planet turns backwards?"),
        ("What does the surfce of Venus melt?", "What does the surface of Venus melt?"),
        ("SURFCE, surfce!", "surface, surface!"),
    ],
)
def test_a_misspelt_word_is_read_as_the_one_that_it_nearly_is(
    library: Store, snapshot: Snapshot, typed: str, meant: str
) -> None:
    assert as_meant(library, snapshot, typed) == meant


@pytest.mark.parametrize(
    "typed",
    [
        "Which planet turns backwards?",
        "What is a kubernetes cluster?",  # unknown, and like nothing
        "What about Marz?",  # too short to tell
        "Is the surface like Surfce?",  # a name
        "sarfice",  # two slips
        "What is there about natural science?",  # the name of a node, in no passage
        "planeet2 planeet_x pläneet",
        "行星",
        "",
        "?!",
    ],
)
def test_what_is_not_misspelt_stays_as_it_is(library: Store, snapshot: Snapshot, typed: str) -> None:
    assert as_meant(library, snapshot, typed) == typed


def test_a_word_of_a_single_passage_may_be_misspelt_itself(library: Store, snapshot: Snapshot) -> None:
    assert library.rarity(["messenger"]) == [1 / snapshot.passages]
    assert as_meant(library, snapshot, "messengr") == "messengr"


def test_it_is_answered_and_told(library: Store, snapshot: Snapshot, embed: Embed) -> None:
    typed, meant = "How hot is the surfce of Venus?", "How hot is the surface of Venus?"
    found, right = (ask(library, embed, question, snapshot=snapshot) for question in (typed, meant))
    assert (found.query, found.read_as) == (typed, meant)
    assert right.read_as is None
    assert found.hits == right.hits
    assert found.answer == right.answer
