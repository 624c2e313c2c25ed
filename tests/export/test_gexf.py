"""GEXF: what Gephi shows without being told how."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pytest

from shas_kb.export import Extent, export
from shas_kb.export.appearance import positions
from shas_kb.export.content import read_content
from shas_kb.export.projection import project
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


def test_a_node_lies_in_the_weighted_middle_of_its_documents(store: Store) -> None:
    content = read_content(store)
    ids = [document.id for document in content.documents]
    weights = {id: 0.2 + 0.7 * (row % 2) for row, id in enumerate(ids)}
    place, points = positions(replace(content, weights=weights)), project(content.vectors)
    assert [place[id] for id in ids] == [tuple(point) for point in points.tolist()]
    for node in content.nodes:
        inside = [row for row, id in enumerate(ids) if node.id in content.path(id)]
        middle = np.average(points[inside], axis=0, weights=[weights[ids[row]] for row in inside])
        assert place[node.id] == pytest.approx(tuple(middle), abs=1e-4)


def test_positions_are_those_of_the_map(store: Store, graph: Any) -> None:
    place = positions(read_content(store))
    seen_at = {id: (at["x"] / 1000 + 0.5, at["y"] / 1000 + 0.5) for id, at in seen(graph, "position").items()}
    assert seen_at == {id: pytest.approx(at, abs=1e-4) for id, at in place.items()}
    assert len(set(seen_at.values())) > 20


def test_without_documents_the_entities_are_spread(store: Store, tmp_path: Path) -> None:
    path = export(store, "gexf", tmp_path / "kb.gexf", Extent(depth="entity")).path
    places = seen(nx.read_gexf(path, version="1.2draft"), "position")
    assert len({(at["x"], at["y"]) for at in places.values()}) >= 4
    assert not re.search(r"20\d\d-\d\d-\d\d", path.read_text())
