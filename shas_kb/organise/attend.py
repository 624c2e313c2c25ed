"""One step of sparse attention among the units of one level: each moves towards those that are near to it and it to
them.

Mutual neighbours only, so that a unit that is near to everything draws nothing to itself. Memory is bounded:
similarities are computed a block of rows at a time, and of each row only the nearest are kept.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from shas_kb.organise.material import Array, unit

BLOCK = 512
SPARE = 8


def attend(units: Array, neighbours: int) -> Array:
    """Unit vectors [n, d] after one step: x <- unit(x + W x), W the cosines to mutual neighbours, rows summing to 1."""
    weights = mutual(units, neighbours)
    total = np.asarray(weights.sum(axis=1)).ravel()
    weights = sparse.diags(1 / np.where(total > 0, total, 1.0)) @ weights
    return unit(units + weights @ units)


def mutual(units: Array, neighbours: int) -> sparse.csr_matrix:
    """Cosines [n, n] between units each of which is among the other's nearest `neighbours`; none below zero.

    The nearest are found in float32 with a few to spare and ordered in float64, ties by position: the same whatever the
    number of threads.
    """
    n = len(units)
    neighbours = min(neighbours, n - 1)
    if neighbours < 1:
        return sparse.csr_matrix((n, n))
    spare = min(neighbours + SPARE, n - 1)
    rough = units.astype(np.float32)
    near = np.empty((n, neighbours), dtype=np.int64)
    cosine = np.empty((n, neighbours))
    for start in range(0, n, BLOCK):
        rows = np.arange(start, min(start + BLOCK, n))
        near[rows], cosine[rows] = _nearest(units, rough, rows, neighbours, spare)
    source = np.repeat(np.arange(n), neighbours)
    one_way = sparse.csr_matrix((np.maximum(cosine, 0).ravel(), (source, near.ravel())), shape=(n, n))
    return sparse.csr_matrix(one_way.minimum(one_way.T))


def _nearest(
    units: Array, rough: NDArray[np.float32], rows: NDArray[np.int64], neighbours: int, spare: int
) -> tuple[NDArray[np.int64], Array]:
    similar = rough[rows] @ rough.T
    similar[np.arange(len(rows)), rows] = -np.inf
    candidates = np.sort(np.argpartition(-similar, spare - 1, axis=1)[:, :spare], axis=1)
    exact = np.round(np.einsum("ij,ikj->ik", units[rows], units[candidates]), 12)
    order = np.argsort(-exact, axis=1, kind="stable")[:, :neighbours]
    return np.take_along_axis(candidates, order, axis=1), np.take_along_axis(exact, order, axis=1)
