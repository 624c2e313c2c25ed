"""A small collection of real prose in a real store, encoded as an ingest encodes it, under a tree put together by hand
(so that these tests depend on nobody else's idea of a good one)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from shas_kb.ask import Snapshot
from shas_kb.ask.levels import Embed
from shas_kb.encoder import describe, learned_for, load, load_question_encoder
from shas_kb.encoder.encoder import Encoder
from shas_kb.records import (
    LEVELS,
    Membership,
    ModelFacts,
    Node,
    Passage,
    Quote,
    Reading,
    SourceFile,
    Text,
    Tree,
)
from shas_kb.storage import Store

# domain > category > entity > document: its passages, each a run of sentences.
COLLECTION: dict[str, dict[str, dict[str, dict[str, tuple[str, ...]]]]] = {
    "Natural science": {
        "Astronomy": {
            "Rocky planets": {
                "Venus": (
                    "Venus is the second planet from the Sun and nearly as large as the Earth. Its atmosphere "
                    "is carbon dioxide, ninety times as dense as ours.",
                    "Venus turns once in 243 days, and backwards. Radar echoes from its surface showed this in 1962.",
                    "The surface of Venus is hot enough to melt lead. A runaway greenhouse effect keeps it so.",
                ),
                "Mars": (
                    "Mars is a cold planet with a thin atmosphere. Its red colour is iron oxide in the dust.",
                    "Dry valleys on Mars were cut by flowing water. Ice still lies under its poles.",
                    "Olympus Mons on Mars is the highest volcano known, 22 kilometres above the plain around it.",
                ),
                "Mercury": (
                    "Mercury is the smallest planet and the nearest to the Sun. It has no air to hold the heat "
                    "of its day.",
                    "Craters cover Mercury as they cover the Moon. Its iron core fills most of the planet.",
                    "Two spacecraft have visited Mercury so far: Mariner 10 and MESSENGER.",
                ),
            },
            "Stars": {
                "The Sun": (
                    "The Sun is a star of middle size that fuses hydrogen into helium. The light of that "
                    "fusion takes eight minutes to reach us.",
                    "Sunspots come and go in a cycle of eleven years. They are cooler than the surface around them.",
                    "The corona of the Sun is a million degrees hot, and is seen at a total eclipse.",
                ),
                "White dwarfs": (
                    "A star like the Sun ends as a white dwarf, no larger than the Earth. It cools for "
                    "billions of years.",
                    "No white dwarf can be heavier than 1.4 solar masses. Chandrasekhar computed this limit on "
                    "a ship to England.",
                    "A white dwarf that draws matter from a companion star may explode as a supernova.",
                ),
            },
        },
        "Biology": {
            "Cells": {
                "Mitochondria": (
                    "Mitochondria release the energy of food in the cells of animals and plants. They have "
                    "their own DNA.",
                    "Mitochondria were bacteria once, which another cell took in and kept. Lynn Margulis "
                    "argued so in 1967.",
                    "A liver cell holds more than a thousand mitochondria; a red blood cell holds none.",
                ),
                "Cell membranes": (
                    "A membrane of two layers of lipids surrounds each living cell. Proteins in it let chosen "
                    "molecules pass.",
                    "Water crosses the membrane of a cell through pores called aquaporins.",
                    "Nerve cells keep a voltage across their membrane by pumping sodium out and potassium in.",
                ),
            },
        },
    },
    "Society": {
        "Economics": {
            "Money and prices": {
                "Inflation": (
                    "Inflation is a rise of prices in general, so that money buys less. It is measured by the "
                    "price of a basket of goods.",
                    "Inflation hurts those who hold cash and helps those who owe money at a fixed rate of interest.",
                    "In Germany in 1923 prices doubled every four days, and wages were paid twice daily.",
                ),
                "Central banks": (
                    "A central bank sets the rate of interest at which other banks borrow. It raises the rate "
                    "when prices rise too fast.",
                    "Central banks lend to banks in a panic, against good collateral. Bagehot gave this rule in 1873.",
                    "Most central banks aim at an inflation of about two percent a year.",
                ),
            },
            "Trade": {
                "Comparative advantage": (
                    "Two countries gain from trade even when one of them makes everything more cheaply. "
                    "Ricardo showed it with wine and cloth.",
                    "A country exports what it gives up least to make. Economists call this its comparative advantage.",
                    "Trade has losers too: workers in trades that cannot compete with imports.",
                ),
                "Tariffs": (
                    "A tariff is a tax on imported goods. It raises their price for buyers at home, and "
                    "protects producers there.",
                    "The Smoot-Hawley tariff of 1930 was answered by other countries with tariffs of their "
                    "own, and trade fell.",
                    "Tariffs once paid for most of what governments spent.",
                ),
            },
        },
    },
}


@cache
def encoder() -> Encoder:
    return load(device="cpu")


def pieces(text: str) -> int:
    """Word pieces of a text, without the two special ones."""
    return len(encoder().offsets(text)) - 2


def reading(title: str, passages: Sequence[str]) -> Reading:
    """A reading of a text of one passage a page."""
    made, start = [], 0
    for ordinal, text in enumerate(passages):
        found = re.finditer(r"[^.。]+[.。](?=\s|$|[^\d])\s*|\S[^.。]*$", text)
        spans = [(start + m.start(), start + m.start() + len(m[0].rstrip())) for m in found]
        tokens = sum(pieces(text[begin - start : end - start]) for begin, end in spans)
        made.append(Passage(ordinal, None, start, start + len(text), tokens, text, tuple(spans)))
        start += len(text) + 1
    whole = " ".join(passages)
    terms = dict.fromkeys(re.findall(r"\w+", whole.casefold()), 1)
    return Reading(
        kind="text",
        sha256=hashlib.sha256((title + whole).encode()).hexdigest(),
        title=title,
        authors=(),
        year=None,
        language="en",
        characters=len(whole),
        page_starts=tuple(passage.start for passage in made),
        sections=(),
        passages=tuple(made),
        terms=terms,
        phrases={},
    )


def put(store: Store, title: str, passages: Sequence[str]) -> str:
    """Add a document with its vectors and sketches; returns its id."""
    id = store.put_reading(SourceFile("/library", f"{title}.txt", 1, 1), reading(title, passages))
    store.put_vectors(id, next(encoder().encode([Text(title, passages)])))
    return id


def node(level: str, name: str, parent: Node | None, members: Sequence[str], store: Store) -> Node:
    """A node over documents that are in the store."""
    first = store.document_passages(members[0])[0].sentences[0]
    titles = [store.document(id).title for id in members]
    digest = hashlib.sha256(f"{level} {name}".encode()).hexdigest()[:10]
    assert level in LEVELS
    return Node(
        id=level[0] + digest,
        level=level,
        name=name,
        parent=parent.id if parent else None,
        documents=len(members),
        keyphrases=tuple(titles[:3]),
        summary=(Quote(first.text, first.document, first.page, first.start, first.end),),
        central=tuple(members[:2]),
        confidence=0.9,
        vector=np.ones(4, dtype=np.float32),
    )


def fill(store: Store) -> dict[str, str]:
    """Put the collection and its tree into `store`; returns the ids of the documents by title."""
    store.set_model(ModelFacts("bundled", "fingerprint", 384, 254))
    ids = {
        title: put(store, title, passages)
        for categories in COLLECTION.values()
        for entities in categories.values()
        for documents in entities.values()
        for title, passages in documents.items()
    }
    nodes: list[Node] = []
    memberships: list[Membership] = []
    for domain, categories in COLLECTION.items():
        under = [ids[title] for entities in categories.values() for group in entities.values() for title in group]
        nodes.append(top := node("domain", domain, None, under, store))
        for category, entities in categories.items():
            under = [ids[title] for group in entities.values() for title in group]
            nodes.append(middle := node("category", category, top, under, store))
            for entity, group in entities.items():
                nodes.append(low := node("entity", entity, middle, [ids[title] for title in group], store))
                memberships += [Membership(ids[title], low.id, 1.0, True) for title in group]
    store.put_tree(Tree("run", "hash", {}, tuple(nodes), tuple(memberships)))
    return ids


@pytest.fixture(scope="session")
def embed() -> Iterator[Embed]:
    """On one thread: texts this short gain little from a second, and parallel test runs lose much by it."""
    with threadpool_limits(1):
        yield load_question_encoder(None, learned_for(describe(None).facts))


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """For reading only."""
    with Store.open(tmp_path_factory.mktemp("library") / "kb.sqlite", create=True) as store:
        fill(store)
        yield store


@pytest.fixture(scope="session")
def snapshot(library: Store) -> Snapshot:
    return Snapshot.of(library)


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "kb.sqlite", create=True) as store:
        yield store


@pytest.fixture(scope="session")
def make_reading() -> Callable[[str, Sequence[str]], Reading]:
    return reading


@pytest.fixture
def add() -> Callable[[Store, str, Sequence[str]], str]:
    return put
