"""A coarse partition of many units, so that each need be compared with few others only."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from shas_kb.organise.material import Labels, members

Single = NDArray[np.float32]

ROUNDS = 6
SAMPLE = 50
"""Points for each cell from which cells are found."""
BLOCK = 2048


def split(points: Single, largest: int) -> list[Labels]:
    """The rows of `points` [n, d] in cells of at most `largest` that lie together; the rows of a cell are in order."""
    cell = in_cells(points, cell_centres(points, 3 * len(points) // largest + 1))
    parts: list[Labels] = []
    for rows in members(np.unique(cell, return_inverse=True)[1]):
        if len(rows) <= largest:
            parts.append(rows)
        elif len(rows) < len(points):
            parts += [rows[part] for part in split(points[rows], largest)]
        else:  # points that are all the same lie in one cell
            parts += np.array_split(rows, len(rows) // largest + 1)
    return parts


def cell_centres(points: Single, count: int) -> Single:
    """The centres of about `count` cells of `points` [n, d], [count, d], by k-means on an even sample of them."""
    sample = points[np.linspace(0, len(points) - 1, min(len(points), SAMPLE * count)).astype(np.int64)]
    centres = sample[np.linspace(0, len(sample) - 1, count).astype(np.int64)]
    for _ in range(ROUNDS):
        cell = in_cells(sample, centres)
        order = np.argsort(cell, kind="stable")
        filled, starts = np.unique(cell[order], return_index=True)
        total = np.add.reduceat(sample[order].astype(np.float64), starts, axis=0)
        centres = centres.copy()
        centres[filled] = total / np.bincount(cell)[filled, None]
    return centres


def in_cells(points: Single, centres: Single) -> NDArray[np.int64]:
    """The nearest of `centres` [k, d] to each of `points` [n, d], [n]; ties go to the first."""
    blocks = (points[start : start + BLOCK] for start in range(0, len(points), BLOCK))
    return np.concatenate([np.round(apart(block, centres), 5).argmin(axis=1) for block in blocks])


def apart(some: Single, others: Single) -> Single:
    """Squared distances [n, m] less the squared length of each of `some`, halved."""
    return np.asarray(np.einsum("ij,ij->i", others, others) / 2 - some @ others.T)
