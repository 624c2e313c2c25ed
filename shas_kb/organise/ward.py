"""Ward's merging (JASA 58, 1963) of units that stand for some documents each: its whole course, to be cut at any
height."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shas_kb.organise.material import Array, Labels


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

    Nearest-neighbour chain over a matrix of n x n costs (Murtagh, 1983): O(n^2) time, O(n^2) memory.
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


def relabelled(labels: NDArray[np.int64]) -> Labels:
    """The same groups numbered 0, 1, ... in the order of their first units."""
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return rank[inverse]
