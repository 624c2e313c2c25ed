"""The nearest of many points: all are compared while that is cheap, else those of neighbouring cells only.

Cells are those of a coarse k-means with about the square root of all points as their number, as in an inverted file
(Jégou, Douze and Schmid, TPAMI 33, 2011). All queries of one cell look at the same points, those of the cells nearest
to it, so that the whole comes down to a matrix product for each cell.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from shas_kb.organise.cells import Single, apart, cell_centres, in_cells
from shas_kb.organise.material import Array, Labels, members
from shas_kb.organise.together import together

CHEAP = 4e8
"""Pairs, up to which all are compared: 20,000 units of one level with each other."""
LOOK = 20
"""A query looks at so many times the square root of the number of points."""
SPARE = 8
"""So many more candidates are found in single precision than are wanted."""
BLOCK = 512


def nearest(queries: Array, points: Array, count: int) -> tuple[Labels, Array]:
    """The `count` points [m, d] nearest to each query [n, d], nearest first, and their squared distances, both
    [n, count]; of up to `SPARE` points that are equally near the first ones are taken.

    Candidates are found in float32 with a few to spare and ordered in float64, rounded: the same whatever the machine
    does with the last bits.
    """
    found = np.empty((len(queries), count), dtype=np.int64)
    distance = np.empty((len(queries), count))
    square = np.einsum("ij,ij->i", points, points)
    for rows, candidates in rough(queries, points, min(count + SPARE, len(points))):
        own = np.einsum("ij,ij->i", queries[rows], queries[rows])
        inner = np.einsum("ij,ikj->ik", queries[rows], points[candidates])
        exact = np.maximum(np.round(own[:, None] + square[candidates] - 2 * inner, 12), 0)
        order = np.argsort(exact, axis=1, kind="stable")[:, :count]
        found[rows] = np.take_along_axis(candidates, order, axis=1)
        distance[rows] = np.take_along_axis(exact, order, axis=1)
    return found, distance


def rough(queries: Array, points: Array, count: int) -> Iterator[tuple[Labels, Labels]]:
    """Rows of `queries` [n, d], a block at a time, and for each the `count` points [m, d] that are about nearest, in
    the order of their rows. Every query comes once."""
    asked, given = queries.astype(np.float32), points.astype(np.float32)
    half = np.einsum("ij,ij->i", given, given) / 2

    def look(some: tuple[Labels, Labels | None]) -> tuple[Labels, Labels]:
        rows, columns = some
        seen, less = (given, half) if columns is None else (given[columns], half[columns])
        near = asked[rows] @ seen.T - less
        best = np.sort(np.argpartition(near, -count, axis=1)[:, -count:], axis=1)
        return rows, best if columns is None else columns[best]

    blocks = (
        (rows[start : start + BLOCK], columns)
        for rows, columns in _looks(asked, given, count)
        for start in range(0, len(rows), BLOCK)
    )
    yield from together(look, blocks)


def _looks(queries: Single, points: Single, count: int) -> Iterator[tuple[Labels, Labels | None]]:
    """Which queries look at which points (in the order of their rows; None is all of them)."""
    if len(queries) * len(points) <= CHEAP:
        yield np.arange(len(queries)), None
        return
    centres = cell_centres(points, int(np.sqrt(len(points))))
    cell = in_cells(points, centres)
    homes = in_cells(queries, centres)
    filled = np.unique(cell)
    inside = members(np.searchsorted(filled, cell))
    sizes = np.array([len(rows) for rows in inside])
    wanted = max(int(LOOK * np.sqrt(len(points))), 4 * count)
    occupied = np.unique(homes)
    between = apart(centres[occupied], centres[filled])
    for distances, rows in zip(between, members(np.searchsorted(occupied, homes)), strict=True):
        order = np.argsort(distances, kind="stable")
        enough = int(np.searchsorted(np.cumsum(sizes[order]), wanted)) + 1
        yield rows, np.sort(np.concatenate([inside[other] for other in order[:enough]]))
