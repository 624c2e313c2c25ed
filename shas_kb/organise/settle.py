"""Makes a person's wishes hold in a tree as it was found.

Level by level, from the documents up. What a wish holds goes to its group; what else its anchors show to be its own
comes along. A found group that loses most of itself dissolves: the rest goes to what is nearest. Then no group mixes
what must part on a level above, so that the tree stays nested.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from shas_kb.organise.material import Array, Labels, means, relabelled, tally
from shas_kb.organise.nest import Nested
from shas_kb.organise.parting import Asked, heaviest, nearest_group, parted
from shas_kb.organise.wishes import FREE, Demands
from shas_kb.records import Wish


@dataclass(frozen=True, slots=True)
class Settled:
    """A tree in which the wishes hold; `wishes` tell, level by level, which groups are whose."""

    nested: Nested
    wishes: tuple[dict[int, Wish], ...]


def settle(nested: Nested, demands: Demands, original_of: Labels) -> tuple[Settled, Labels]:
    """The tree as `demands` want it. What nothing is asked of stays as it was found.

    Args:
        nested: The originals as they were found.
        demands: Of all documents [n].
        original_of: Which original each document says the same as, [n].

    Returns:
        The tree over those documents that stand for themselves, and which of these stands for each document, [n]: they
        are the originals, and copies that are held elsewhere than the one they copy.
    """
    if demands.are_none:
        return Settled(nested, ({}, {}, {})), original_of
    ways = np.column_stack([original_of, demands.required.T])
    _, first, number = np.unique(ways, axis=0, return_index=True, return_inverse=True)
    first, unit_of = np.sort(first), relabelled(number.ravel())
    origin = original_of[first]
    centres, weights = nested.units[origin], np.ones(len(first))
    nested = replace(nested, units=centres)
    found = nested.levels[0][origin]
    held, upper = demands.required[0, first], demands.required[1:, first]
    levels: list[Labels] = []
    whose: list[dict[int, Wish]] = []
    stands_for = unit_of
    for height, wishes in enumerate(demands.wishes):
        anchors = [unit_of[rows] for rows in demands.anchors[height]]
        # a category or domain got what was moved there, or of a taxonomy what fits it: the rest must not follow; it
        # does where all of a group was to be one with another
        draws = np.array([height == 0 or (wish.vector is None and bool(wish.held)) for wish in wishes], dtype=bool)
        asked = Asked(held, upper, anchors, _chain(demands.above[height:]), draws)
        groups = _grouped(found, centres, weights, asked)
        whose.append({group: wishes[wish] for group, wish in enumerate(groups.owner) if wish != FREE})
        levels.append(groups.labels)
        if len(groups.upper):
            found = heaviest(groups.labels, nested.levels[height + 1][found], weights)[0]
            held, upper = groups.upper[0], groups.upper[1:]
        centres, weights = means(centres, weights, groups.labels), tally(weights, groups.labels)
        unit_of = groups.labels[unit_of]
    return Settled(replace(nested, levels=(levels[0], levels[1], levels[2])), tuple(whose)), stands_for


@dataclass(frozen=True, slots=True)
class Groups:
    """Groups of units: `labels` [n], the wish whose each is (`owner` [groups]), and the wishes whose groups it must lie
    under, `upper` [levels above, groups]."""

    labels: Labels
    owner: Labels
    upper: Labels


def _grouped(found: Labels, centres: Array, weights: Array, asked: Asked) -> Groups:
    """The units as they were `found` in groups, moved to where they are asked for."""
    base = int(found.max()) + 1  # the group of wish i is base + i
    labels = np.where(asked.held != FREE, base + asked.held, found)
    labels = _claimed(labels, weights, asked, base)
    labels = _dissolved(labels, found, centres, weights, asked)
    labels, names, upper = parted(labels, centres, weights, asked, base)
    order = relabelled(labels)
    _, first = np.unique(order, return_index=True)
    name = names[labels[first]]
    owner = np.where((name >= base) & (name < base + len(asked.anchors)), name - base, FREE)
    return Groups(order, owner, upper[:, labels[first]])


def _claimed(labels: Labels, weights: Array, asked: Asked, base: int) -> Labels:
    """Gives each wish the found group with most of its anchors, as far as no wish holds them. Where several want the
    same, it goes to the one with most; the others take out what is their own."""
    labels = labels.copy()
    free = asked.held == FREE
    wanted: dict[int, list[tuple[int, int]]] = {}
    for wish, units in enumerate(asked.anchors):
        votes = np.bincount(labels[units[free[units]]])
        if len(votes):
            wanted.setdefault(int(votes.argmax()), []).append((-int(votes.max()), wish))
    for group, wishes in wanted.items():
        inside = free & (labels == group)
        (_, strongest), *others = sorted(wishes)
        labels[inside] = base + strongest
        for _, wish in others:
            documents = np.bincount(asked.anchors[wish], minlength=len(labels))
            labels[inside & (2 * documents > weights)] = base + wish
    return labels


def _dissolved(labels: Labels, found: Labels, centres: Array, weights: Array, asked: Asked) -> Labels:
    """Moves what is left of found groups that lost most of their documents to the nearest of the other groups."""
    count = max(int(labels.max()), int(found.max())) + 1
    drawn = np.append(asked.draws, False)[asked.held]  # that of `FREE` is the last
    lost = np.bincount(found, weights=weights * drawn, minlength=count)
    left = np.bincount(labels, weights=weights, minlength=count)
    leaving = (lost > left)[labels] & (labels <= found.max())
    if not leaving.any():
        return labels
    labels = labels.copy()
    others = ~leaving & (drawn | (asked.held == FREE))
    labels[leaving] = nearest_group(leaving, others, labels, centres, weights)
    return labels


def _chain(above: Sequence[Labels]) -> Labels:
    """Under which wishes the wishes of the first level lie, on each level above, [levels above, wishes]."""
    ways = [np.arange(len(above[0]))]
    for level in above[:-1]:
        last = ways[-1]
        ways.append(np.where(last == FREE, FREE, level[last]) if len(level) else np.full_like(last, FREE))
    return np.array(ways[1:], dtype=np.int64).reshape(len(above) - 1, len(above[0]))
