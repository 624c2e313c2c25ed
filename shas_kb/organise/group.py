"""Which units form one concept, and what vector the concept has: one step up, used again for every level.

`identify_concepts` then `merge_to_concept` make entities of documents, categories of entities, domains of categories:
Ward's merging, cut where the data says; then the units settle, each moving to the nearest concept (Lloyd's iteration,
weighted k-means).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from scipy import sparse

from shas_kb.organise.material import Array, Labels, unit
from shas_kb.organise.ward import Merges, relabelled, ward

LARGEST = 3000
ROUNDS = 30
SMALL_ROUNDS = 3
BLOCK = 2048
TEMPERATURE = 0.2


def identify_concepts(units: Array, weights: Array, choose: Callable[[Merges], int], *, most: int) -> Labels:
    """Which concept each unit belongs to, [n].

    Args:
        units: The units of one level, [n, d].
        weights: How many documents each stands for, [n].
        choose: Says from the course of the merging how many concepts there are.
        most: The largest answer to be expected of `choose`; more than `LARGEST` units are first put into small groups,
            and there must be more of those.
    """
    n = len(units)
    capacity = max(LARGEST, most + most // 4)
    if n <= capacity:
        small = np.arange(n)
        merges = ward(units, weights)
    else:
        seeds = units[np.linspace(0, n - 1, capacity).astype(np.int64)]
        small = refine(units, weights, relabelled(assign(units, seeds)[0]), SMALL_ROUNDS)
        merges = ward(means(units, weights, small), tally(weights, small))
    return refine(units, weights, relabelled(merges.cut(choose(merges))[small]))


def merge_to_concept(units: Array, weights: Array, labels: Labels) -> Array:
    """The unit vector of each concept, [count, d]: attention over its members, who count by nearness to their mean."""
    near = np.einsum("ij,ij->i", units, unit(means(units, weights, labels))[labels])
    return unit(means(units, weights * np.exp(near / TEMPERATURE), labels))


def refine(units: Array, weights: Array, labels: Labels, rounds: int = ROUNDS) -> Labels:
    """Moves units [n, d] from where `labels` [n] puts them to the nearest group until nothing moves; none empties."""
    groups = int(labels.max()) + 1
    for _ in range(rounds):
        centres = means(units, weights, labels)
        nearest, distance = assign(units, centres)
        nearest = _refill(nearest, distance, groups)
        if np.array_equal(nearest, labels):
            break
        labels = nearest
    return relabelled(labels)


def assign(units: Array, centres: Array) -> tuple[Labels, Array]:
    """The nearest centre of each unit, [n], and the squared distance to it, [n]; ties go to the first centre."""
    labels, distance = np.empty(len(units), dtype=np.int64), np.empty(len(units))
    for rows, far in distances(units, centres):
        labels[rows] = far.argmin(axis=1)
        distance[rows] = far.min(axis=1)
    return labels, distance


def distances(units: Array, centres: Array) -> Iterator[tuple[slice, Array]]:
    """Squared distances [block, groups] of the units to all centres, and their rows, a block at a time."""
    square = np.einsum("ij,ij->i", centres, centres)
    for start in range(0, len(units), BLOCK):
        rows = slice(start, start + BLOCK)
        own = np.einsum("ij,ij->i", units[rows], units[rows])
        yield rows, np.maximum(np.round(own[:, None] + square - 2 * (units[rows] @ centres.T), 12), 0)


def means(units: Array, weights: Array, labels: Labels) -> Array:
    """The weighted mean of each group, [groups, d]."""
    groups = int(labels.max()) + 1
    order = np.argsort(labels, kind="stable")
    starts = np.searchsorted(labels[order], np.arange(groups))
    total = np.add.reduceat(units[order] * weights[order, None], starts, axis=0)
    return np.asarray(total / np.add.reduceat(weights[order], starts)[:, None])


def tally(weights: Array, labels: Labels) -> Array:
    """The weight of each group, [groups]."""
    return np.bincount(labels, weights=weights).astype(np.float64)


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
