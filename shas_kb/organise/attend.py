"""One step of sparse attention among the units of one level: each moves towards those that are near to it and it to
them.

Mutual neighbours only, so that a unit that is near to everything draws nothing to itself. Memory is bounded:
similarities are computed a block of rows at a time, and of each row only the nearest are kept.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

from shas_kb.organise.material import Array, unit
from shas_kb.organise.near import SPARE, rough


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
    near = np.empty((n, neighbours), dtype=np.int64)
    cosine = np.empty((n, neighbours))
    for rows, candidates in rough(units, units, min(neighbours + SPARE, n - 1) + 1):
        exact = np.round(np.einsum("ij,ikj->ik", units[rows], units[candidates]), 12)
        exact[candidates == rows[:, None]] = -np.inf
        order = np.argsort(-exact, axis=1, kind="stable")[:, :neighbours]
        near[rows] = np.take_along_axis(candidates, order, axis=1)
        cosine[rows] = np.take_along_axis(exact, order, axis=1)
    source = np.repeat(np.arange(n), neighbours)
    one_way = sparse.csr_matrix((np.maximum(cosine, 0).ravel(), (source, near.ravel())), shape=(n, n))
    return sparse.csr_matrix(one_way.minimum(one_way.T))
