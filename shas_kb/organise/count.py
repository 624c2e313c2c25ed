"""How many concepts: where the data takes a step, near the natural ratio; and none at all where it is no better than
chance.

Going down the course of Ward's merging, the cost of a merge jumps once groups are joined that belong apart. The step
at k groups is the mean log cost of the merges just below k less that of those just above it; it is weighed by how
near k is to the ratio, with heavy tails, so that a strong step far from the ratio wins over a faint one near to it.
"""

from __future__ import annotations

import numpy as np

from shas_kb.organise.attend import attend
from shas_kb.organise.material import Array, unit
from shas_kb.organise.ward import Merges, ward

WIDTH = 0.25
REACH = 3.0
SAMPLE = 600
SHUFFLES = 3


def natural_count(merges: Merges, expected: int) -> int:
    """The number of groups to cut `merges` into, around `expected`.

    Costs below the precision of the data count as nothing: units that are the same are never counted apart.
    """
    distinct = 1 + int(np.sum(merges.costs > 1e-9))
    if expected < 2 or distinct < 3:
        return 1 if expected < 2 else distinct
    low, high = max(2, int(expected / REACH)), min(int(expected * REACH), distinct - 1)
    if high < low:
        return distinct
    counts = np.arange(low, high + 1)
    logs = np.log(np.maximum(merges.costs[::-1], 1e-12))
    steps = np.array([step(logs, int(k)) for k in counts])
    prior = 1 / (1 + (np.log(counts / expected) / WIDTH) ** 2)
    return int(counts[np.argmax(np.round(np.maximum(steps, 0) * prior + 1e-3 * prior, 9))])


def step(logs: Array, groups: int) -> float:
    """How much dearer the merges that leave fewer than `groups` are than those that lead to it; `logs` [merges] are log
    costs, the dearest first.

    The mean over a fifth of `groups` merges on either side, so that the step means the same at every scale.
    """
    at, window = groups - 1, max(1, groups // 5)
    return float(logs[max(0, at - window) : at].mean() - logs[at : at + window].mean())


def ahead_of_chance(units: Array, neighbours: int, groups: int, seed: int = 0) -> float:
    """How far grouping `units` [n, d] into `groups` is ahead of grouping units that have no groups.

    The gap statistic (Tibshirani, Walther and Hastie, JRSS B 63, 2001): log of the scatter left within groups,
    expected less found. The reference is the same units with each principal coordinate shuffled among them, through
    the same step of attention. Large collections are judged by a sample. Positive: there is structure.
    """
    if len(units) > SAMPLE:
        groups = max(2, groups * SAMPLE // len(units))
        units = units[np.linspace(0, len(units) - 1, SAMPLE).astype(int)]
    found = _scatter(units, neighbours, groups)
    left, values, _ = np.linalg.svd(units, full_matrices=False)
    coordinates = left * values
    generator = np.random.default_rng(seed)
    expected = [_scatter(unit(generator.permuted(coordinates, axis=0)), neighbours, groups) for _ in range(SHUFFLES)]
    return float(np.mean(np.log(expected)) - np.log(found))


def _scatter(units: Array, neighbours: int, groups: int) -> float:
    merges = ward(attend(units, neighbours), np.ones(len(units)))
    return float(merges.costs[: max(0, len(units) - groups)].sum()) + 1e-9
