"""Draws a vault's graph as Obsidian's graph view shows it: `python docs/export/draw_vault.py VAULT vault-graph.svg`.

It reads what Obsidian reads, the notes and their links, and knows nothing of how they were written.
"""

from __future__ import annotations

import json
import re
import sys
from html import escape
from itertools import product
from pathlib import Path

import networkx as nx
import yaml

WIDTH, HEIGHT, MARGIN = 1200, 900, 60
GREY = "#8a8a8a"
PULLS = (0.12, 0.2, 0.4, 0.6, 0.8)
SPREAD, SEED = 0.6, 7
SIZES = {"collection": 17, "domain": 20, "category": 16, "entity": 13}
LINK = re.compile(r"(?<!\\)\[\[([^\]|#]+)")


def read(vault: Path) -> nx.Graph:
    """The notes that have a level, by name, with an edge where one of two links to the other."""
    notes: dict[str, tuple[dict[str, object], str]] = {}
    for path in sorted(vault.rglob("*.md")):
        _, front, text = path.read_text().split("---\n", 2) if path.read_text().startswith("---\n") else ("", "", "")
        properties = yaml.safe_load(front) or {}
        if "kb_level" in properties:
            notes[path.stem] = properties, front + text
    graph = nx.Graph()
    for name, (properties, _) in notes.items():
        tag = str(properties["tags"][0]).split("/")  # type: ignore[index]
        graph.add_node(name, level=properties["kb_level"], branch=tag[1] if len(tag) > 1 else "", path="/".join(tag))
    for name, (_, text) in notes.items():
        graph.add_edges_from((name, target) for target in LINK.findall(text) if target in notes and target != name)
    return graph


def place(graph: nx.Graph) -> dict[str, tuple[float, float]]:
    """Where the notes are drawn toward one another by their links and keep apart, on the page."""
    # What lies near in the tree pulls more than what is related across it; Home, which all link to, hardly pulls.
    for one, other, link in graph.edges(data=True):
        paths = [graph.nodes[end]["path"].split("/") for end in (one, other)]
        shared = sum(a == b for a, b in zip(*paths, strict=False))
        link["weight"] = PULLS[shared] if "Home" not in (one, other) else PULLS[0]
    found = nx.spring_layout(graph, k=SPREAD, iterations=600, weight="weight", seed=SEED)
    low = [min(spot[axis] for spot in found.values()) for axis in (0, 1)]
    high = [max(spot[axis] for spot in found.values()) for axis in (0, 1)]
    return {
        name: (
            MARGIN + (spot[0] - low[0]) / (high[0] - low[0]) * (WIDTH - 2 * MARGIN),
            MARGIN + (spot[1] - low[1]) / (high[1] - low[1]) * (HEIGHT - 2 * MARGIN),
        )
        for name, spot in found.items()
    }


def colours(vault: Path) -> dict[str, str]:
    """The colours that the vault's settings give to its branches."""
    groups = json.loads((vault / ".obsidian/graph.json").read_text())["colorGroups"]
    return {group["query"].removeprefix("tag:#kb/"): f"#{group['color']['rgb']:06x}" for group in groups} | {"": GREY}


def draw(graph: nx.Graph, spots: dict[str, tuple[float, float]], colour: dict[str, str]) -> str:
    """The picture."""
    radius = {name: 1.8 + 0.75 * graph.degree(name) ** 0.5 for name in graph}
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fbfbfa"/>',
    ]
    for one, other in graph.edges:
        (x1, y1), (x2, y2) = spots[one], spots[other]
        same = graph.nodes[one]["branch"] == graph.nodes[other]["branch"]
        stroke = colour[graph.nodes[one]["branch"]] if same else GREY
        parts.append(f'<path d="M{x1:.0f} {y1:.0f}L{x2:.0f} {y2:.0f}" stroke="{stroke}" stroke-opacity=".13"/>')
    for name, (x, y) in spots.items():
        fill = colour[graph.nodes[name]["branch"]]
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius[name]:.1f}" fill="{fill}" stroke="#fff"/>')
    order = sorted(SIZES, key=lambda level: -SIZES[level])
    taken: list[tuple[float, float, float, float]] = []
    for level in order:
        for name in (name for name in graph if graph.nodes[name]["level"] == level):
            size = SIZES[level]
            x, y, box = label(spots[name], radius[name], len(name) * size * 0.56, size, taken)
            taken.append(box)
            weight = "bold" if level in ("domain", "collection") else "600" if level == "category" else "normal"
            place = f'x="{x:.0f}" y="{y:.0f}" font-size="{size}" font-weight="{weight}" text-anchor="middle"'
            halo = 'fill="none" stroke="#fbfbfa" stroke-width="4" stroke-linejoin="round"'
            parts += [f"<text {place} {ink}>{escape(name)}</text>" for ink in (halo, 'fill="#222"')]
    return "\n".join([*parts, "</svg>", ""])


def label(
    spot: tuple[float, float], radius: float, wide: float, size: float, taken: list[tuple[float, float, float, float]]
) -> tuple[float, float, tuple[float, float, float, float]]:
    """The nearest place to a node where its label covers no other: the middle of its line, and its box."""
    steps = sorted(product(range(-12, 13), range(-12, 13)), key=lambda step: step[0] ** 2 + step[1] ** 2)
    for right, down in steps:
        x, y = spot[0] + 14 * right, spot[1] - radius - 5 + 9 * down
        box = (x - wide / 2 - 3, y - size, x + wide / 2 + 3, y + 4)
        inside = box[0] > 0 and box[2] < WIDTH and box[1] > 0 and box[3] < HEIGHT
        if inside and not any(overlap(box, other) for other in taken):
            return x, y, box
    raise ValueError("a label must have a place, got none; make the picture larger.")


def overlap(one: tuple[float, float, float, float], other: tuple[float, float, float, float]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


if __name__ == "__main__":
    links = read(Path(sys.argv[1]))
    Path(sys.argv[2]).write_text(draw(links, place(links), colours(Path(sys.argv[1]))))
