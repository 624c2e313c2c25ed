"""A person types an id, its beginning, a path or a name, and means one thing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from shas_kb.errors import NotFoundError
from shas_kb.lookup import called, look_up
from shas_kb.records import Document, Level, Node


def node(id: str, level: Level, name: str) -> Node:
    return Node(id, level, name, None, 1, (), (), (), 0.5, np.zeros(2, dtype=np.float32))


def document(id: str, path: str, title: str) -> Document:
    return Document(id, "/root", path, id * 4, "pdf", title, (), None, "en", 1, 1, 1, 1)


NODES = [
    node("d0001", "domain", "Oceans"),
    node("c0001", "category", "Reefs"),
    node("e0001", "entity", "Reefs of Fiji"),
]
DOCUMENTS = [document("abc123", "sea/ice.pdf", "Sea ice"), document("abd456", "sea/old.pdf", "Reefs")]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("c0001", "c0001"),
        ("e00", "e0001"),
        (" oceans ", "d0001"),
        ("sea/old.pdf", "abd456"),
        ("SEA ICE", "abc123"),
        ("abc", "abc123"),
    ],
)
def test_what_is_meant(typed: str, meant: str) -> None:
    assert look_up(typed, [*NODES, *DOCUMENTS]).id == meant


def test_what_is_called_the_same_is_told_apart_by_its_place() -> None:
    twins = [document("aaa111", "git/index.html", "Introduction"), document("bbb222", "sql/index.html", "Introduction")]
    with pytest.raises(NotFoundError, match=r"aaa111 \(git/index\.html\), bbb222 \(sql/index\.html\)"):
        look_up("introduction", twins)
    with pytest.raises(NotFoundError, match=r"c0001 \(category 'Reefs', 1 documents\), abd456 \(sea/old.pdf\)"):
        look_up("reefs", [*NODES, *DOCUMENTS])


def test_an_id_tells_apart_what_is_called_the_same() -> None:
    units = [*NODES, *DOCUMENTS]
    assert called(NODES[0], units) == repr(NODES[0].name)
    assert called(NODES[0], [*units, replace(NODES[0], id="d0009")]) == f"{NODES[0].name!r} ({NODES[0].id})"


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("Reefs", "c0001"),
        ("Ocean", "did you mean 'Oceans'"),
        ("ab", "shas-kb tree"),
        ("", "shas-kb tree"),
        ("Fiji", "Reefs of Fiji"),
    ],
)
def test_what_is_not_one_thing_is_explained(typed: str, said: str) -> None:
    with pytest.raises(NotFoundError, match=said):
        look_up(typed, [*NODES, *DOCUMENTS])
