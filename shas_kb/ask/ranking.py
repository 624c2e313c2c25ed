"""Rankings, and several of them as one.

Units are fused by rank (Cormack, Clarke and Büttcher, "Reciprocal rank fusion outperforms Condorcet and individual rank
learning methods", SIGIR 2009): each gets 1 / (c + rank) from each ranking it is in.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shas_kb.ask.snapshot import Rows

FUSION = 10.0
"""c of the fusion by rank; larger trusts the first places less. Picked among 1, 5, 10, 20 and 60 on SciFact."""


@dataclass(frozen=True)
class Ranking:
    """Some rows in the order of a search, best first. `rank` counts from 1."""

    rows: Rows
    scores: NDArray[np.float64]

    @property
    def rank(self) -> dict[int, int]:
        return {int(row): i for i, row in enumerate(self.rows, 1)}

    def then(self, other: Ranking) -> Ranking:
        """This one, and after it the other; they share no row."""
        return Ranking(np.concatenate([self.rows, other.rows]), np.concatenate([self.scores, other.scores]))


def best(scores: NDArray[np.floating], count: int) -> Ranking:
    """The `count` highest scores, best first; equal ones in the order of their rows."""
    count = min(count, len(scores))
    if not count:
        return Ranking(np.empty(0, np.int64), np.empty(0))
    floor = np.partition(scores, len(scores) - count)[len(scores) - count]
    rows = np.flatnonzero(scores >= floor)
    rows = rows[np.argsort(-scores[rows], kind="stable")][:count]
    return Ranking(rows, scores[rows].astype(np.float64))


def highest(scores: NDArray[np.float64], owner: Rows, count: int) -> NDArray[np.float64]:
    """The highest score that each of `count` owners has [count]; minus infinity where it has none."""
    found = np.full(count, -np.inf)
    np.maximum.at(found, owner, scores)
    return found


def fuse(*rankings: Ranking) -> Ranking:
    """Reciprocal rank fusion; scores are scaled so that the first place in every ranking gives 1."""
    worth = [(FUSION + 1) / (FUSION + 1 + np.arange(len(ranking.rows))) / len(rankings) for ranking in rankings]
    rows, place = np.unique(np.concatenate([ranking.rows for ranking in rankings]), return_inverse=True)
    scores = np.asarray(np.bincount(place, np.concatenate(worth), len(rows)), np.float64)
    order = np.argsort(-scores, kind="stable")
    return Ranking(rows[order], scores[order])
