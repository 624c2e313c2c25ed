"""GraphML and node-link JSON, read back by others than the writer."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import networkx as nx
import pytest

from shas_kb.export import export
from shas_kb.storage import Store

XML = "{http://graphml.graphdrawing.org/xmlns}"


@pytest.fixture
def written(store: Store, tmp_path: Path) -> Path:
    export(store, "graphml", tmp_path / "kb.graphml")
    export(store, "json", tmp_path / "kb.json")
    return tmp_path


def test_graphml_and_json_hold_the_same_graph(store: Store, written: Path) -> None:
    document = json.loads((written / "kb.json").read_text())
    assert document["schema_version"] == 1
    from_json = nx.node_link_graph(document, edges="links")
    from_xml = nx.read_graphml(written / "kb.graphml")
    assert dict(from_json.nodes(data=True)) == dict(from_xml.nodes(data=True))
    assert sorted(from_json.edges(data="kind")) == sorted(from_xml.edges(data="kind"))
    levels = [level for _, level in from_xml.nodes(data="level")]
    assert {level: levels.count(level) for level in set(levels)} == {
        "domain": 2,
        "category": 2,
        "entity": 4,
        "document": len(store.documents()),
    }


def test_the_tree_is_in_the_edges(store: Store, written: Path) -> None:
    graph = nx.read_graphml(written / "kb.graphml")
    contains = graph.edge_subgraph((a, b) for a, b, kind in graph.edges(data="kind") if kind == "contains")
    assert nx.is_forest(contains)
    assert contains.number_of_nodes() == graph.number_of_nodes()
    for child, parent in graph.nodes(data="parent"):
        assert [above for above, _ in contains.in_edges(child)] == ([parent] if parent else [])
    also = [(a, b) for a, b, kind in graph.edges(data="kind") if kind == "also"]
    assert len(also) == len(store.documents())
    related = [(a, b, data["weight"]) for a, b, data in graph.edges(data=True) if data["kind"] == "related"]
    assert related
    assert all(graph.nodes[a]["level"] == graph.nodes[b]["level"] and 0 < w <= 1 for a, b, w in related)


def test_graphml_is_plain_xml_with_one_type_for_each_attribute(written: Path) -> None:
    root = ElementTree.parse(written / "kb.graphml").getroot()
    keys = [(key.get("for"), key.get("attr.name")) for key in root.iter(f"{XML}key")]
    assert len(keys) == len(set(keys))
    types = {key.get("attr.name"): key.get("attr.type") for key in root.iter(f"{XML}key")}
    assert types["documents"] == types["pages"] == "long"
    assert types["confidence"] == types["weight"] == "double"
    assert types["keyphrases"] == types["name"] == "string"
    text = (written / "kb.graphml").read_text()
    assert "bright / light|&lt;script&gt;|planets" in text
    assert str(written) not in text
