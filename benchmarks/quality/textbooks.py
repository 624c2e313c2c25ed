"""OpenStax's sections under their true tree: chapters are entities, books categories, fields domains."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from corpora import Corpus, records
from report import EVAL

from quality.stores import ids
from shas_kb.records import NODE_LEVELS, Level, Membership, Node, Tree
from shas_kb.storage import Store

Place = tuple[str, str, str]
"""Field, book and chapter of a section."""

WRITTEN = Path(__file__).with_name("openstax.txt")
"""Questions written for it, a line each: height, question, and for a node its true name. They are about `CHAPTERS`, to
which the weights of a first router were not fitted, and no question says how high it is meant."""

CHAPTERS = frozenset(
    {
        "Stars from Adolescence to Old Age",
        "Observing the Sky: The Birth of Astronomy",
        "Earth, Moon, and Sky",
        "Rings, Moons, and Pluto",
        "Cotton is King: The Antebellum South, 1800–1860",
        "Imperial Reforms and Colonial Protests, 1763-1774",
        "Creating Republican Governments, 1776–1790",
        "Jacksonian Democracy, 1820–1840",
        "Financial Markets",
        "Money and Banking",
        "Government Budgets and Fiscal Policy",
        "Positive Externalities and Public Goods",
        "Personality",
        "Social Psychology",
        "Thinking and Intelligence",
        "Emotion and Motivation",
        "An Introduction to Sociology",
        "Social Stratification in the United States",
        "Global Inequality",
        "Media and Technology",
        "Contemporary Philosophies and Social Theories",
        "The Early History of Philosophy around the World",
    }
)


def written() -> list[tuple[str, str, str]]:
    """Height, question and, for a node, its name."""
    rows = [line.split("|") for line in WRITTEN.read_text(encoding="utf-8").splitlines()]
    return [(height, question, name[0] if name else "") for height, question, *name in rows]


def places() -> dict[str, Place]:
    """Where each section belongs, by its id."""
    return {row["id"]: (row["l1"], row["l2"], row["l3"]) for row in records(EVAL / "openstax" / "docs.jsonl.gz")}


def chapters(found: Corpus) -> Corpus:
    """The sections of `CHAPTERS`, as a collection of their own."""
    where = places()
    return found.part([place for place, text in enumerate(found.texts) if where[text.id][2] in CHAPTERS])


def true_tree(store: Store) -> None:
    """Put the tree there that the sections are said to belong to."""
    where, known = places(), ids(store)
    members: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for section, id in known.items():
        for depth in (1, 2, 3):
            members[where[section][:depth]].append(id)
    nodes = [_node(store, path, under) for path, under in sorted(members.items(), key=lambda item: len(item[0]))]
    memberships = [
        Membership(id, _id(path), 1.0, True) for path, under in members.items() if len(path) == 3 for id in under
    ]
    store.put_tree(Tree("truth", "truth", {}, tuple(nodes), tuple(memberships)))


def true_documents(store: Store) -> Mapping[Level, Mapping[str, frozenset[str]]]:
    """The documents of each chapter ("entity"), book ("category") and field ("domain"), by its title."""
    where = places()
    found: dict[Level, dict[str, set[str]]] = {level: defaultdict(set) for level in NODE_LEVELS}
    for section, id in ids(store).items():
        for level, title in zip(reversed(NODE_LEVELS), where[section], strict=True):
            found[level][title].add(id)
    return {level: {title: frozenset(each) for title, each in titles.items()} for level, titles in found.items()}


def _node(store: Store, path: tuple[str, ...], under: list[str]) -> Node:
    return Node(
        id=_id(path),
        level=NODE_LEVELS[3 - len(path)],
        name=path[-1],
        parent=_id(path[:-1]) if path[:-1] else None,
        documents=len(under),
        keyphrases=(),
        summary=(store.document_passages(under[0])[0].sentences[0],),
        central=tuple(under[:3]),
        confidence=1.0,
        vector=np.ones(4, np.float32),
    )


def _id(path: tuple[str, ...]) -> str:
    return "dce"[len(path) - 1] + hashlib.sha256(repr(path).encode()).hexdigest()[:10]
