"""The graph as Cytoscape JSON: for cytoscape.js, where nodes lie in their parents, and for Cytoscape on the desktop."""

from __future__ import annotations

import json
import math
from pathlib import Path

from shas_kb.export.appearance import colours, positions
from shas_kb.export.content import Content
from shas_kb.export.graphs.graph import attributes, links
from shas_kb.writing import Written, write_whole

SCHEMA_VERSION = 1
_ROOM = 80.0  # to each node's side, in pixels


def write_cytoscape(content: Content, out: Path) -> Written:
    """Write the graph as Cytoscape JSON."""
    return write_whole(out, (json.dumps(build_cytoscape(content), ensure_ascii=False, indent=1) + "\n").encode())


def build_cytoscape(content: Content) -> dict[str, object]:
    """The document. The tree is in `data.parent` alone, as edges into one's own parent would spoil every layout."""
    everything = attributes(content)
    place, colour = positions(content), colours(content)
    side = _ROOM * math.sqrt(len(everything))
    nodes = [
        {
            "data": {"id": id, **facts, "colour": f"#{colour[id]:06x}", "weight": content.weights.get(id, 1.0)},
            "position": {"x": round(place[id][0] * side, 1), "y": round((1 - place[id][1]) * side, 1)},
            "classes": facts["level"],
        }
        for id, facts in everything.items()
    ]
    edges = [
        {
            "data": {
                "id": f"{link.kind}-{link.source}-{link.target}",
                "source": link.source,
                "target": link.target,
                "kind": link.kind,
                "interaction": link.kind,
                "weight": link.weight,
            },
            "classes": link.kind,
        }
        for link in links(content)
        if link.kind != "contains"
    ]
    return {
        "format_version": "1.0",
        "generated_by": "shas-kb",
        "target_cytoscapejs_version": "~3.34",
        "data": {"name": "shas-kb", "shared_name": "shas-kb", "hash": content.hash, "schema_version": SCHEMA_VERSION},
        "elements": {"nodes": nodes, "edges": edges},
    }
