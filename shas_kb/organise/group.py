"""Which units form one concept, and what vector the concept has: one step up, used again for every level.

`identify_concepts` then `merge_to_concept` make entities of documents, categories of entities, domains of categories. Grouping is
Ward's (JASA 58, 1963), weighted by the documents under each unit; the lowest level is then refined by Lloyd's iteration.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shas_kb.organise.material import Array, Labels

LARGEST = 3000
ROUNDS = 30
MICRO_ROUNDS = 5


@dataclass(frozen=True, slots=True)
class Merges:
    """How units [n] come together: merge i joins the groups that hold units `pairs[i]` at `costs[i]`, cheapest first.

    A cost is what the merge adds to the sum of squared distances between documents and their group's mean.
    """

    units: int
    pairs: NDArray[np.int64]
    costs: Array

    def cut(self, groups: int) -> Labels:
        """Which of `groups` groups each unit is in, [n], numbered in the order of their first units."""
        parent = np.arange(self.units)

        def root(unit: int) -> int:
            while parent[unit] != unit:
                parent[unit] = parent[parent[unit]]
                unit = parent[unit]
            return int(unit)

        for first, second in self.pairs[: self.units - groups]:
            a, b = root(first), root(second)
            parent[max(a, b)] = min(a, b)
        return relabelled(np.array([root(unit) for unit in range(self.units)]))


def ward(units: Array, weights: Array) -> Merges:
    """The whole course of Ward's merging of `units` [n, d] that stand for `weights` [n] documents each.

    Nearest-neighbour chain over a matrix of n x n costs (Murtagh, 1983): O(n^2) time; `LARGEST` bounds the memory.
    """
    n = len(units)
    mass = weights.astype(np.float64).copy()
    square = np.einsum("ij,ij->i", units, units)
    cost = square[:, None] + square[None, :] - 2 * (units @ units.T)
    cost = np.maximum(np.round(cost, 12), 0) * (mass[:, None] * mass[None, :] / (mass[:, None] + mass[None, :]))
    np.fill_diagonal(cost, np.inf)
    alive = np.ones(n, dtype=bool)
    chain: list[int] = []
    pairs, costs = np.empty((n - 1, 2), dtype=np.int64), np.empty(n - 1)
    for step in range(n - 1):
        if not chain:
            chain.append(int(np.argmax(alive)))
        while True:
            here = chain[-1]
            there = int(np.argmin(cost[here]))
            if len(chain) > 1 and cost[here, chain[-2]] <= cost[here, there]:
                break
            chain.append(there)
        a, b = sorted((chain.pop(), chain.pop()))
        between = cost[a, b]
        pairs[step], costs[step] = (a, b), between
        total = mass[a] + mass[b] + mass
        joined = ((mass[a] + mass) * cost[a] + (mass[b] + mass) * cost[b] - mass * between) / total
        joined[[a, b]] = np.inf
        cost[a] = cost[:, a] = joined
        cost[b] = cost[:, b] = np.inf
        mass[a] += mass[b]
        alive[b] = False
    order = np.argsort(costs, kind="stable")
    return Merges(n, pairs[order], costs[order])


def refine(units: Array, labels: Labels, rounds: int = ROUNDS) -> Labels:
    """Lloyd's iteration from the groups in `labels` [n] until nothing moves; no group is ever left empty."""
    groups = int(labels.max()) + 1
    for _ in range(rounds):
        centres = means(units, np.ones(len(units)), labels)
        nearest, distance = assign(units, centres)
        nearest = _refill(nearest, distance, groups)
        if np.array_equal(nearest, labels):
            break
        labels = nearest
    return relabelled(labels)


def assign(units: Array, centres: Array, block: int = 2048) -> tuple[Labels, Array]:
    """The nearest centre of each unit, [n], and the squared distance to it, [n]; ties go to the first centre."""
    square = np.einsum("ij,ij->i", centres, centres)
    labels, distance = np.empty(len(units), dtype=np.int64), np.empty(len(units))
    for start in range(0, len(units), block):
        rows = slice(start, start + block)
        far = np.round(square - 2 * (units[rows] @ centres.T), 12)
        labels[rows] = far.argmin(axis=1)
        distance[rows] = far.min(axis=1) + np.einsum("ij,ij->i", units[rows], units[rows])
    return labels, distance


def means(units: Array, weights: Array, labels: Labels) -> Array:
    """The weighted mean of each group, [groups, d]."""
    groups = int(labels.max()) + 1
    order = np.argsort(labels, kind="stable")
    starts = np.searchsorted(labels[order], np.arange(groups))
    total = np.add.reduceat(units[order] * weights[order, None], starts, axis=0)
    return np.asarray(total / np.add.reduceat(weights[order], starts)[:, None])


def relabelled(labels: NDArray[np.int64]) -> Labels:
    """The same groups numbered 0, 1, ... in the order of their first units."""
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return rank[inverse]


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
