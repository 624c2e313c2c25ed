"""Where each node and document lies on a flat map, and in which colour."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from shas_kb.export.content import Content
from shas_kb.export.projection import project
from shas_kb.export.related import unit_rows

COLOURS = (0x4C82D8, 0xD07A2D, 0x2E9E6B, 0xC0559A, 0x2AA3B5, 0x9A8F1F, 0x8A6FD1, 0xCC5A55)


def positions(content: Content) -> dict[str, tuple[float, float]]:
    """What is lowest in the export by its vector, what is above in the weighted middle of that, in the unit square."""
    sums: dict[str, list[float]] = {}
    for id, (x, y), weight in _lowest(content):
        for place in (id, *content.path(id)):
            total = sums.setdefault(place, [0.0, 0.0, 0.0])
            for i, part in enumerate((x * weight, y * weight, weight)):
                total[i] += part
    return {id: (round(x / weight, 4), round(y / weight, 4)) for id, (x, y, weight) in sums.items()}


def _lowest(content: Content) -> list[tuple[str, tuple[float, float], float]]:
    """Ids with positions and weights: the documents, or the nodes that have nothing below them."""
    if content.documents:
        ids = [document.id for document in content.documents]
        vectors = content.vectors
        weights = [max(content.weights[id], 1e-3) for id in ids]
    else:
        nodes = [node for node in content.nodes if node.id not in content.children]
        ids = [node.id for node in nodes]
        vectors = unit_rows(np.array([node.vector for node in nodes]))
        weights = [float(node.documents) for node in nodes]
    points = [(float(x), float(y)) for x, y in project(vectors)]
    return list(zip(ids, points, weights, strict=True))


def colours(content: Content) -> Mapping[str, int]:
    """Of each node and document the colour (0xRRGGBB) of the topmost node that it lies under."""
    top = {id: COLOURS[i % len(COLOURS)] for i, id in enumerate(content.children.get("", ()))}
    ids = [*(node.id for node in content.nodes), *(document.id for document in content.documents)]
    return {id: top[(*content.path(id), id)[0]] for id in ids}
