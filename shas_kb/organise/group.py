"""Which units form one concept, and what vector the concept has: one step up, used again for every level.

`identify_concepts` then `merge_to_concept` make entities of documents, categories of entities, domains of categories:
Ward's merging, cut where the data says; then the units settle, each moving to the nearest concept (Lloyd's iteration,
weighted k-means).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import sparse

from shas_kb.organise.material import Array, Labels, means, relabelled, unit
from shas_kb.organise.near import nearest
from shas_kb.organise.ward import Merges, merging

ROUNDS = 30
SETTLED = 1000
TEMPERATURE = 0.2


def identify_concepts(units: Array, weights: Array, choose: Callable[[Merges], int]) -> Labels:
    """Which concept each unit belongs to, [n].

    Args:
        units: The units of one level, [n, d].
        weights: How many documents each stands for, [n].
        choose: Says from the course of the merging how many concepts there are.
    """
    merges = merging(units, weights)
    return refine(units, weights, merges.cut(choose(merges)))


def merge_to_concept(units: Array, weights: Array, labels: Labels) -> Array:
    """The unit vector of each concept, [count, d]: attention over its members, who count by nearness to their mean."""
    near = np.einsum("ij,ij->i", units, unit(means(units, weights, labels))[labels])
    return unit(means(units, weights * np.exp(near / TEMPERATURE), labels))


def refine(units: Array, weights: Array, labels: Labels) -> Labels:
    """Moves units [n, d] from where `labels` [n] puts them to the nearest group, until fewer than one in `SETTLED` of
    them move; no group empties."""
    groups = int(labels.max()) + 1
    for _ in range(ROUNDS):
        found, distance = nearest(units, means(units, weights, labels), 1)
        moved = _refill(found[:, 0], distance[:, 0], groups)
        moves = int(np.sum(moved != labels))
        labels = moved
        if moves * SETTLED <= len(units):
            break
    return relabelled(labels)


def averaging(labels: Labels) -> sparse.csr_matrix:
    """The matrix [groups, n] that takes the plain mean of each group."""
    sizes = np.bincount(labels)
    rows = (1 / sizes[labels], (labels, np.arange(len(labels))))
    return sparse.csr_matrix(rows, shape=(len(sizes), len(labels)))


def _refill(labels: Labels, distance: Array, groups: int) -> Labels:
    """Gives each empty group the unit that is farthest from its centre and not alone there."""
    sizes = np.bincount(labels, minlength=groups)
    empty = np.flatnonzero(sizes == 0)
    if not len(empty):
        return labels
    labels = labels.copy()
    queue = iter(np.argsort(-distance, kind="stable"))
    for group in empty:
        mover = next(unit for unit in queue if sizes[labels[unit]] > 1)
        sizes[labels[mover]] -= 1
        labels[mover] = group
    return labels
