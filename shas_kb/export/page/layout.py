"""The tree laid out in the plane for drawings of it as a graph: every node stands amid its children.

A node is a disc that holds its own dot and, packed around that, the discs of its children; the documents of an entity
lie around its dot as the seeds of a sunflower do (Vogel 1979). No two discs overlap, and the same tree gives the
same picture.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shas_kb.export.content import Content

Points = NDArray[np.float64]

_DOT = {"document": 1.0, "entity": 2.6, "category": 3.6, "domain": 5.0}
_APART = {"entity": 1.6, "category": 3.0, "domain": 8.0}
_SEED = 1.15  # of a sunflower: what a document takes, in radii of its dot
_GOLDEN = math.pi * (3 - math.sqrt(5))


@dataclass(frozen=True, slots=True)
class Disc:
    """Where the dot of something stands, and the disc of all that belongs to it. A document's dot has radius 1."""

    x: float
    y: float
    middle_x: float
    middle_y: float
    radius: float


def lay_out(content: Content) -> dict[str, Disc]:
    """The discs of all nodes and documents, by id; the whole is centred at (0, 0)."""
    radius = {document.id: _DOT["document"] for document in content.documents}
    within: dict[str, Points] = {}  # of a node: where its dot and its children stand, from the middle of its disc
    for node in reversed(content.nodes):
        dot, children = _DOT[node.level], content.children.get(node.id, ())
        sizes = np.array([dot, *(radius[child] for child in children)])
        if not children:
            sizes, points = np.array([dot + 2 * _SEED * math.sqrt(node.documents)]), np.zeros((1, 2))
        elif node.level == "entity":
            points = np.concatenate([np.zeros((1, 2)), _sunflower(len(children), dot)])
        else:
            points = pack(sizes)
        middle, around = enclosing(points, sizes)
        within[node.id] = points - middle
        radius[node.id] = around + _APART[node.level]

    topmost = content.children[""]
    sizes = np.array([radius[id] for id in topmost])
    points = pack(sizes)
    middles = dict(zip(topmost, points - enclosing(points, sizes)[0], strict=True))
    dots: dict[str, Points] = {}
    for node in content.nodes:
        dots[node.id], *children_at = middles[node.id] + within[node.id]
        middles |= zip(content.children.get(node.id, ()), children_at, strict=True)
    return {
        id: Disc(*(round(float(value), 1) for value in (*dots.get(id, at), *at, radius[id])))
        for id, at in middles.items()
    }


def enclosing(points: Points, radii: Points) -> tuple[Points, float]:
    """The smallest disc around discs, within a hundredth (Bădoiu and Clarkson 2003): its middle, its radius."""
    middle = points.mean(axis=0)
    for step in range(1, 200):
        far = np.round(np.hypot(*(points - middle).T) + radii, 9)
        outermost = int(far.argmax())
        away = points[outermost] - middle
        length = float(np.hypot(*away))
        if length == 0:
            break
        middle = middle + away * (1 + radii[outermost] / length) / (step + 1)
    return middle, float((np.hypot(*(points - middle).T) + radii).max())


def pack(radii: Points) -> Points:
    """Discs side by side, the first at (0, 0), each next one where it touches two others and is nearest to the first.

    Args:
        radii: [n], positive.

    Returns:
        [n, 2], the middles.
    """
    points = np.zeros((len(radii), 2))
    points[1:2, 0] = radii[:2].sum()
    for i in range(2, len(radii)):
        spots = _touching(points[:i], radii[:i], radii[i])
        distance = np.hypot(*np.moveaxis(spots[:, None] - points[None, :i], -1, 0))
        free = (distance >= radii[:i] + radii[i] - 1e-9).all(axis=1)
        spots = spots[free]
        points[i] = spots[np.argmin(np.round(np.hypot(*spots.T), 6))]
    return points


def _touching(points: Points, radii: Points, radius: float) -> Points:
    """Where a disc of `radius` touches two of the discs at `points`."""
    a, b = np.triu_indices(len(points), 1)
    between = points[b] - points[a]
    far = np.hypot(*between.T)
    to_a, to_b = radii[a] + radius, radii[b] + radius
    near = far <= to_a + to_b
    a, between, far, to_a, to_b = a[near], between[near], far[near], to_a[near], to_b[near]
    along = (far**2 + to_a**2 - to_b**2) / (2 * far)
    aside = np.sqrt(np.maximum(to_a**2 - along**2, 0))
    forth = between / far[:, None]
    foot = points[a] + along[:, None] * forth
    side = aside[:, None] * np.stack([-forth[:, 1], forth[:, 0]], axis=1)
    return np.concatenate([foot + side, foot - side])


def _sunflower(count: int, inner: float) -> Points:
    """`count` seeds around a middle that is kept free, [count, 2]; the first are the innermost."""
    seed = _DOT["document"] * _SEED
    turns = np.arange(count) + (inner / seed / 2 + 1) ** 2
    far = 2 * seed * np.sqrt(turns)
    return np.stack([far * np.cos(turns * _GOLDEN), far * np.sin(turns * _GOLDEN)], axis=1)
