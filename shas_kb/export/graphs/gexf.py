"""The graph as GEXF 1.2, which Gephi opens as a map: positions, sizes and colours are in it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from shas_kb.export.appearance import colours, positions
from shas_kb.export.content import Content
from shas_kb.export.graphs.graph import COLUMNS, Value, attributes, joined, links
from shas_kb.writing import Written, write_whole

_SPACE = "http://www.gexf.net/1.2draft"
_COLUMNS: Mapping[str, type] = {"level": str, "parent": str, **COLUMNS}
_TYPES = {int: "integer", float: "double"}
_KIND = "kind"
_SIDE = 1000.0  # of the map, in Gephi's units, up to about 300 nodes
_ROOM = 60.0  # to each node's side, of more


def write_gexf(content: Content, out: Path) -> Written:
    """Write the graph as GEXF."""
    return write_whole(out, build_gexf(content))


def build_gexf(content: Content) -> bytes:
    """The file. `networkx` writes GEXF too, but with the day's date in it, and not as the schema has it."""
    root = Element("gexf", {"xmlns": _SPACE, "xmlns:viz": f"{_SPACE}/viz", "version": "1.2"})
    meta = SubElement(root, "meta")
    SubElement(meta, "creator").text = "shas-kb"
    SubElement(meta, "description").text = f"tree {content.hash}"
    graph = SubElement(root, "graph", mode="static", defaultedgetype="directed")
    titles = SubElement(graph, "attributes", {"class": "node", "mode": "static"})
    for title, type in _COLUMNS.items():
        SubElement(titles, "attribute", id=title, title=title, type=_TYPES.get(type, "string"))
    titles = SubElement(graph, "attributes", {"class": "edge", "mode": "static"})
    SubElement(titles, "attribute", id=_KIND, title=_KIND, type="string")
    _nodes(graph, content)
    _edges(graph, content)
    indent(root, " ")
    data: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return data + b"\n"


def _nodes(graph: Element, content: Content) -> None:
    everything = attributes(content)
    place, colour = positions(content), colours(content)
    side = max(_SIDE, _ROOM * math.sqrt(len(everything)))
    nodes = SubElement(graph, "nodes", count=str(len(everything)))
    for id, facts in everything.items():
        fields = {"id": id, "label": str(facts["name"])}
        if "parent" in facts:
            fields["pid"] = str(facts["parent"])
        node = SubElement(nodes, "node", fields)
        _values(node, {title: facts[title] for title in _COLUMNS if title in facts})
        x, y = place[id]
        SubElement(node, "viz:size", value=f"{4 * math.sqrt(int(str(facts.get('documents', 1)))):.2f}")
        SubElement(node, "viz:position", x=f"{(x - 0.5) * side:.2f}", y=f"{(y - 0.5) * side:.2f}", z="0")
        SubElement(node, "viz:color", r=str(colour[id] >> 16), g=str(colour[id] >> 8 & 255), b=str(colour[id] & 255))


def _edges(graph: Element, content: Content) -> None:
    found = links(content)
    edges = SubElement(graph, "edges", count=str(len(found)))
    for i, link in enumerate(found):
        edge = SubElement(edges, "edge", id=str(i), source=link.source, target=link.target, weight=str(link.weight))
        _values(edge, {_KIND: link.kind})


def _values(element: Element, facts: dict[str, Value]) -> None:
    values = SubElement(element, "attvalues")
    for title, value in facts.items():
        SubElement(values, "attvalue", {"for": title, "value": str(joined(value))})
