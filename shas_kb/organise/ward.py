"""Ward's merging (JASA 58, 1963) of units that stand for some documents each: its whole course, to be cut at any
height."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from shas_kb.organise.cells import split
from shas_kb.organise.material import Array, Labels, means, relabelled, tally

LARGEST = 3000
"""Units that are merged at once: their costs take 72 MB."""


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
        first, second = self.pairs[: self.units - groups].T
        joined = sparse.csr_matrix((np.ones(len(first)), (first, second)), shape=(self.units, self.units))
        return relabelled(connected_components(joined, directed=False)[1].astype(np.int64))


def merging(units: Array, weights: Array) -> Merges:
    """The course of Ward's merging of any number of `units` [n, d] that stand for `weights` [n] documents each.

    More than `LARGEST` of them are merged within cells first. The cheapest of these merges, of all cells, are kept
    until `LARGEST` groups are left, which merge freely: the groups at the top may hold units of any cells, and only
    the small ones at the bottom cannot reach over the edge of a cell.
    """
    n = len(units)
    if n <= LARGEST:
        return ward(units, weights)
    inside = [(rows, ward(units[rows], weights[rows])) for rows in split(units.astype(np.float32), LARGEST)]
    pairs = np.concatenate([rows[merges.pairs] for rows, merges in inside])
    costs = np.concatenate([merges.costs for _, merges in inside])
    kept = np.argsort(costs, kind="stable")[: n - LARGEST]
    small = Merges(n, pairs[kept], costs[kept]).cut(LARGEST)
    above = ward(means(units, weights, small), tally(weights, small))
    firsts = np.unique(small, return_index=True)[1]
    pairs = np.concatenate([pairs[kept], firsts[above.pairs]])
    costs = np.concatenate([costs[kept], above.costs])
    order = np.argsort(costs, kind="stable")
    return Merges(n, pairs[order], costs[order])


def ward(units: Array, weights: Array) -> Merges:
    """The whole course of Ward's merging of `units` [n, d] that stand for `weights` [n] documents each.

    Nearest-neighbour chain over a matrix of n x n costs (Murtagh, 1983): O(n^2) time, O(n^2) memory. Groups that are
    merged away stay in the matrix until half of it is of such.
    """
    n = len(units)
    mass = weights.astype(np.float64).copy()
    square = np.einsum("ij,ij->i", units, units)
    cost = square[:, None] + square[None, :] - 2 * (units @ units.T)
    cost = np.maximum(np.round(cost, 12), 0) * (mass[:, None] * mass[None, :] / (mass[:, None] + mass[None, :]))
    np.fill_diagonal(cost, np.inf)
    names = np.arange(n)
    away = np.zeros(n)  # infinite for a group that is merged away
    chain: list[int] = []
    pairs, costs = np.empty((n - 1, 2), dtype=np.int64), np.empty(n - 1)
    for step in range(n - 1):
        if 2 * (n - step) <= len(names):
            left = np.flatnonzero(away == 0)
            chain = np.searchsorted(left, chain).tolist()
            cost, mass, names, away = cost[np.ix_(left, left)], mass[left], names[left], away[left]
        if not chain:
            chain.append(int(np.argmin(away)))
        while True:
            here = chain[-1]
            there = int(np.argmin(cost[here] + away))
            if len(chain) > 1 and cost[here, chain[-2]] <= cost[here, there]:
                break
            chain.append(there)
        a, b = sorted((chain.pop(), chain.pop()))
        between = cost[a, b]
        pairs[step], costs[step] = (names[a], names[b]), between
        total = mass[a] + mass[b] + mass
        joined = ((mass[a] + mass) * cost[a] + (mass[b] + mass) * cost[b] - mass * between) / total
        joined[a] = np.inf
        cost[a] = cost[:, a] = joined
        mass[a] += mass[b]
        away[b] = np.inf
    order = np.argsort(costs, kind="stable")
    return Merges(n, pairs[order], costs[order])
