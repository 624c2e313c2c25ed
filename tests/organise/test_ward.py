"""The course of merging is that which Ward's rule gives, step by step."""

from __future__ import annotations

import numpy as np
import pytest

from shas_kb.organise.ward import ward


def by_the_rule(units: np.ndarray, weights: np.ndarray, groups: int) -> list[set[int]]:
    """Merges the two groups whose merging costs least, until `groups` are left."""
    parts = [{i} for i in range(len(units))]

    def cost(one: set[int], other: set[int]) -> float:
        rows, columns = list(one), list(other)
        mass, others = weights[rows].sum(), weights[columns].sum()
        apart = np.average(units[rows], axis=0, weights=weights[rows]) - np.average(
            units[columns], axis=0, weights=weights[columns]
        )
        return float(mass * others / (mass + others) * (apart @ apart))

    while len(parts) > groups:
        pairs = [(i, j) for i in range(len(parts)) for j in range(i)]
        i, j = min(pairs, key=lambda pair: cost(parts[pair[0]], parts[pair[1]]))
        parts[j] |= parts.pop(i)
    return parts


@pytest.mark.parametrize("count", [1, 2, 3, 7, 33])
def test_groups_are_those_of_the_rule(count: int) -> None:
    generator = np.random.default_rng(count)
    units = generator.standard_normal((count, 5))
    weights = generator.integers(1, 6, count).astype(np.float64)
    merges = ward(units, weights)
    assert len(merges.costs) == count - 1
    for groups in range(1, count + 1):
        labels = merges.cut(groups)
        found = {frozenset(np.flatnonzero(labels == label).tolist()) for label in range(groups)}
        assert found == set(map(frozenset, by_the_rule(units, weights, groups)))


def test_costs_sum_to_the_scatter_of_all() -> None:
    units = np.random.default_rng(0).standard_normal((300, 4))
    weights = np.arange(1.0, 301.0)
    middle = np.average(units, axis=0, weights=weights)
    scatter = np.sum(weights[:, None] * (units - middle) ** 2)
    assert ward(units, weights).costs.sum() == pytest.approx(scatter)
