"""Which levels a question is for.

Three measurements decide, and no cue words ("summarise", "overall") do:

- **nearness**: how much nearer than the best passage the best unit of a level stands. A detail is nearest to one
  sentence; the subject of a chapter is as near to the chapter's centre as to its best passage; and so upwards.
- **commonness**: how common the rarest word of the question is. A word that few passages hold asks for them, words
  that many share ask for what lies above.
- **spread**: how evenly the evidence lies over the units one level further down. What stands in one document needs no
  entity; what a whole entity tells, piece by piece, does.

A level's weight is the softmax of `NEARNESS * nearness + COMMONNESS * commonness * height + SPREAD * spread + PRIOR`.
The weights were fitted on questions to 48 chapters of six textbooks (written by hand at four heights, and made of
titles and of words of single sentences) and measured on questions to other chapters (benchmarks/asking.py).
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from shas_kb.records import LEVELS, Level

NEARNESS = 11.7
"""A cosine 0.06 nearer doubles a level's weight."""

COMMONNESS = 4.9
"""From a question with a unique word to one of words that stand everywhere, each next level gains a factor e^4.9."""

SPREAD = 5.3
"""Evidence that lies evenly over all units below, against evidence in one of them, is worth a factor e^5.3."""

HEIGHT: Mapping[Level, float] = {
    "sentence": 0.0,
    "passage": 0.0,
    "document": 1.0,
    "entity": 2.0,
    "category": 3.0,
    "domain": 4.0,
}
"""How far above the passages a level stands."""

PRIOR: Mapping[Level, float] = {
    "sentence": -1.2,
    "passage": 0.0,
    "document": -4.4,
    "entity": -4.6,
    "category": -6.3,
    "domain": -8.4,
}
"""What evens the levels out, as commonness and spread are seldom near 0. The one for sentences is no fit, as no truth
tells a sentence from its passage: it makes a sentence outweigh its passage where it is nearer by more than 0.1."""

SHARE = 0.5
"""A level is answered when its weight is at least this share of the largest."""

MOST = 3
"""Levels answered at once: more would be a list of everything."""


def route(
    nearest: Mapping[Level, float], spread: Mapping[Level, float], common: float
) -> tuple[tuple[Level, float], ...]:
    """Weigh the levels that there are.

    Args:
        nearest: the highest cosine of the question with a unit of each level; "passage" must be among them.
        spread: how evenly the evidence lies over the units below each level, 0 to 1.
        common: how common the question's rarest word is, 0 to 1.

    Returns:
        Levels with their weights, which sum to 1, largest first.
    """
    scores = {
        level: NEARNESS * (nearest[level] - nearest["passage"])
        + COMMONNESS * common * HEIGHT[level]
        + SPREAD * spread[level]
        + PRIOR[level]
        for level in LEVELS
        if level in nearest
    }
    top = max(scores.values())
    raised = {level: math.exp(score - top) for level, score in scores.items()}
    total = sum(raised.values())
    ordered = sorted(raised, key=lambda level: (-raised[level], LEVELS.index(level)))
    return tuple((level, raised[level] / total) for level in ordered)


def chosen(routing: tuple[tuple[Level, float], ...]) -> tuple[Level, ...]:
    """The levels that are answered, largest weight first."""
    return tuple(level for level, weight in routing[:MOST] if weight >= SHARE * routing[0][1])
