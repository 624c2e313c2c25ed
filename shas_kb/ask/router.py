"""Which levels a question is for.

Its traits (heights.py) give a probability to each of three heights: a **detail**, which sentences, passages and
documents answer; a **subject**, which entities do; an **overview**, which categories and domains do. It is a
multinomial logistic regression, learned on questions that were written to six collections at known heights (a
mixed question counts half for each of its parts), without a word of theirs: benchmarks/asking_weights.py learns it, and
measures it on collections that were left out.

Within a height its levels share by where the evidence lies: in one passage, or evenly over its document; in one
category, or evenly over its domain.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType

from shas_kb.ask.heights import Traits
from shas_kb.ask.weights import HEIGHTS
from shas_kb.records import LEVELS, Level

SENTENCE = 0.25
"""What a sentence has of its and its passage's weight: so little that hits are passages, where nobody asks for
sentences. A passage shows its sentences where they stand, and ten passages hold the one that answers far more often
than ten sentences do."""

DOCUMENT = 0.5
"""What evidence that lies evenly over a document counts for the document, against its passages, which are precise."""

SHARE = 0.5
"""A level is answered when its weight is at least this share of the largest."""

MOST = 3
"""Levels answered at once: more would be a list of everything."""

HEIGHT_OF: Mapping[Level, str] = MappingProxyType(
    {
        "sentence": "detail",
        "passage": "detail",
        "document": "detail",
        "entity": "subject",
        "category": "overview",
        "domain": "overview",
    }
)
"""The height of each level."""

Routing = tuple[tuple[Level, float], ...]


def heights(traits: Traits) -> Mapping[str, float]:
    """The probability of each height."""
    scores = {
        height: bias + sum(weight * trait for weight, trait in zip(weights, traits, strict=True))
        for height, (bias, *weights) in HEIGHTS.items()
    }
    top = max(scores.values())
    raised = {height: math.exp(score - top) for height, score in scores.items()}
    return {height: mass / sum(raised.values()) for height, mass in raised.items()}


def route(traits: Traits | None, there: Collection[Level]) -> Routing:
    """Weigh the levels that there are.

    Args:
        traits: of the question; None where it has no subject, and so is about everything.
        there: the levels that could be meant; "passage" is among them.

    Returns:
        Levels with their weights, which sum to 1, largest first.
    """
    if traits is None:
        return ((next(level for level in reversed(LEVELS) if level in there), 1.0),)
    height = heights(traits)
    parts: Mapping[str, Mapping[Level, float]] = {
        "detail": {
            "sentence": SENTENCE * traits.passage,
            "passage": (1 - SENTENCE) * traits.passage,
            "document": DOCUMENT * (1 - traits.passage),
        },
        "subject": {"entity": 1.0},
        "overview": {"category": traits.within, "domain": 1 - traits.within},
    }
    weights: dict[Level, float] = {}
    for name, levels in parts.items():
        left = [level for level in levels if level in there]
        total = sum(levels[level] for level in left)
        weights |= {level: height[name] * (levels[level] / total if total else 1 / len(left)) for level in left}
    total = sum(weights.values())
    ordered = sorted(weights, key=lambda level: (-weights[level], LEVELS.index(level)))
    return tuple((level, weights[level] / total) for level in ordered)


def chosen(routing: Routing) -> Mapping[Level, float]:
    """The levels that are answered, with what their units count, the most first: what the level has of its height's
    weight is 1 for the first of a height, so that a height of several levels does not lose to one of a single level."""
    height = dict.fromkeys(HEIGHT_OF.values(), 0.0)
    first = dict.fromkeys(HEIGHT_OF.values(), 0.0)
    for level, weight in routing:
        height[HEIGHT_OF[level]] += weight
        first[HEIGHT_OF[level]] = max(first[HEIGHT_OF[level]], weight)
    counts = {level: height[HEIGHT_OF[level]] * weight / first[HEIGHT_OF[level]] for level, weight in routing if weight}
    ordered = sorted(counts, key=lambda level: (-counts[level], LEVELS.index(level)))[:MOST]
    return {level: counts[level] for level in ordered if counts[level] >= SHARE * counts[ordered[0]]}


def mean(routings: Sequence[Routing]) -> Routing:
    """The weights of several questions in one."""
    total: dict[Level, float] = {}
    for routing in routings:
        for level, weight in routing:
            total[level] = total.get(level, 0.0) + weight / len(routings)
    ordered = sorted(total, key=lambda level: (-total[level], LEVELS.index(level)))
    return tuple((level, total[level]) for level in ordered)
