"""GEXF: what Gephi shows without being told how."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import networkx as nx
import pytest

from shas_kb.export import Extent, export
from shas_kb.storage import Store


@pytest.fixture
def graph(store: Store, tmp_path: Path) -> Any:
    """As networkx reads it."""
    return nx.read_gexf(export(store, "gexf", tmp_path / "kb.gexf").path, version="1.2draft")


def seen(graph: Any, what: str) -> dict[str, Any]:
    return {id: viz[what] for id, viz in graph.nodes(data="viz")}


def test_the_hierarchy_and_the_columns_are_there(store: Store, graph: Any) -> None:
    documents = {document.id: document for document in store.documents()}
    for id, data in graph.nodes(data=True):
        assert data.get("pid") == data.get("parent")
        if data["level"] == "document":
            assert data["sha256"] == documents[id].sha256
            assert data["year"] == 2024 and isinstance(data["year"], int)
        else:
            assert data["keyphrases"] == f"bright / light|<script>|{data['label'].lower()}"
            assert data["confidence"] == 0.75
    assert {type(weight) for *_, weight in graph.edges(data="weight")} == {float}


def test_a_node_has_the_colour_of_its_domain_and_the_size_of_its_documents(graph: Any) -> None:
    colour = {id: tuple(rgb[channel] for channel in "rgb") for id, rgb in seen(graph, "color").items()}
    domains = [id for id, level in graph.nodes(data="level") if level == "domain"]
    assert len({colour[id] for id in domains}) == len(domains) == 2
    for id, parent in graph.nodes(data="parent"):
        assert parent is None or colour[id] == colour[parent]
    size = seen(graph, "size")
    nodes = [(data["documents"], size[id]) for id, data in graph.nodes(data=True) if data["level"] != "document"]
    assert {size[id] for id, level in graph.nodes(data="level") if level == "document"} == {4}
    assert sorted(nodes) == sorted(nodes, key=lambda pair: pair[1]) and min(nodes)[1] > 4


def test_a_node_lies_in_the_middle_of_its_documents(graph: Any) -> None:
    place = {id: (at["x"], at["y"]) for id, at in seen(graph, "position").items()}
    assert len(set(place.values())) > 20
    for entity in (id for id, level in graph.nodes(data="level") if level == "entity"):
        inside = [place[id] for id, parent in graph.nodes(data="parent") if parent == entity]
        for axis in (0, 1):
            middle = sum(point[axis] for point in inside) / len(inside)
            assert place[entity][axis] == pytest.approx(middle, abs=0.2)


def test_without_documents_the_entities_are_spread(store: Store, tmp_path: Path) -> None:
    path = export(store, "gexf", tmp_path / "kb.gexf", Extent(depth="entity")).path
    places = seen(nx.read_gexf(path, version="1.2draft"), "position")
    assert len({(at["x"], at["y"]) for at in places.values()}) >= 4
    assert not re.search(r"20\d\d-\d\d-\d\d", path.read_text())
