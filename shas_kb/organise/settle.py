"""Makes a person's wishes hold in a tree as it was found.

Level by level, from the documents up. What a wish holds goes to its group; what else its anchors show to be its own
comes along. A found group that loses most of itself dissolves: the rest goes to what is nearest. Then no group mixes
what must part on a level above, so that the tree stays nested.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from shas_kb.organise.group import assign, means, tally
from shas_kb.organise.material import Array, Labels
from shas_kb.organise.nest import Nested
from shas_kb.organise.ward import relabelled
from shas_kb.organise.wishes import FREE, Demands
from shas_kb.records import Wish


@dataclass(frozen=True, slots=True)
class Settled:
    """A tree in which the wishes hold; `wishes` tell, level by level, which groups are whose."""

    nested: Nested
    wishes: tuple[dict[int, Wish], ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of the units of one level.

    Attributes:
        held: The wish that each unit is held by, [n].
        upper: The same on each level above, [levels above, n]; where one is given, those above it follow from it.
        anchors: Of each wish, the units by which it is recognised; a unit stands there for each of its documents.
        above: The wishes whose groups each wish lies under, on each level above, [levels above, wishes].
        draws: Whether what is left of a found group follows when it loses most of itself to the wish, [wishes].
    """

    held: Labels
    upper: Labels
    anchors: Sequence[Labels]
    above: Labels
    draws: NDArray[np.bool_]


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
        # a category or domain of a taxonomy got what fits it: the rest, which does not, must not follow
        draws = np.array([height == 0 or wish.vector is None for wish in wishes], dtype=bool)
        asked = Asked(held, upper, anchors, _chain(demands.above[height:]), draws)
        groups = _grouped(found, centres, weights, asked)
        whose.append({group: wishes[wish] for group, wish in enumerate(groups.owner) if wish != FREE})
        levels.append(groups.labels)
        if len(groups.upper):
            found = _heaviest(groups.labels, nested.levels[height + 1][found], weights)[0]
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
    labels, names, upper = _parted(labels, centres, weights, asked, base)
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
    labels[leaving] = _nearest(leaving, others, labels, centres, weights)
    return labels


def _parted(labels: Labels, centres: Array, weights: Array, asked: Asked, base: int) -> tuple[Labels, Labels, Labels]:
    """Takes units out of groups that must lie elsewhere above than they, to the nearest group that must lie where
    they do, or to one of their own.

    Returns:
        Groups [n] by number, the name of each (as `labels` had it; higher ones are new), and under which wishes'
        groups each must lie, [levels above, groups].
    """
    names, numbers = np.unique(labels, return_inverse=True)
    needs = _needs(names, numbers, weights, asked, base)
    placed = numbers.copy()
    waiting = asked.held == FREE
    for height, wanted in enumerate(asked.upper):
        here = waiting & (wanted != FREE)
        waiting &= ~here
        here &= needs[height, numbers] != wanted
        for value in np.unique(wanted[here]):
            movers = here & (wanted == value)
            fitting = (needs[height] == value)[numbers] & ~movers
            if fitting.any():
                placed[movers] = _nearest(movers, fitting, numbers, centres, weights)
            else:
                placed[movers] = len(names)
                names = np.append(names, max(int(names.max()), base + len(asked.anchors) - 1) + 1)
                needs = np.column_stack([needs, asked.upper[:, np.flatnonzero(movers)[0]]])
    return placed, names, needs


def _needs(names: Labels, numbers: Labels, weights: Array, asked: Asked, base: int) -> Labels:
    """Under which wishes' groups each group must lie, [levels above, groups]: a wish's where that lies, any other where
    at least half of its documents must."""
    needs = np.full((len(asked.upper), len(names)), FREE, dtype=np.int64)
    waiting = np.ones(len(numbers), dtype=bool)
    for height, wanted in enumerate(asked.upper):
        total = np.bincount(numbers, weights=weights * waiting, minlength=len(names))
        here = waiting & (wanted != FREE)
        value, weight = _heaviest(numbers[here], wanted[here], weights[here], len(names))
        # what is decided on one level is decided above it: there all that must lie under the same must lie alike
        chosen = np.where((needs[:height] == FREE).all(axis=0) & (weight > 0) & (2 * weight >= total), value, FREE)
        for place in np.unique(chosen[chosen != FREE]):
            example = np.flatnonzero(wanted == place)[0]
            needs[height:, chosen == place] = asked.upper[height:, [example]]
        waiting &= ~here
    for number in np.flatnonzero((names >= base) & (names < base + len(asked.anchors))):
        wish = names[number] - base
        inside = np.flatnonzero(asked.held == wish)
        way = asked.upper[:, inside[0]] if len(inside) else asked.above[:, wish]
        if len(inside) or (way != FREE).any():
            needs[:, number] = way
    return needs


def _nearest(
    movers: NDArray[np.bool_], others: NDArray[np.bool_], labels: Labels, centres: Array, weights: Array
) -> Labels:
    """For each unit of the mask `movers` the nearest of the groups of `others`, by their means."""
    names, numbers = np.unique(labels[others], return_inverse=True)
    return names[assign(centres[movers], means(centres[others], weights[others], numbers))[0]]


def _heaviest(groups: Labels, values: Labels, weights: Array, count: int | None = None) -> tuple[Labels, Array]:
    """The value that most weight of each group has, [count], the lowest if several, and how much; `FREE` and 0 for a
    group without units."""
    count = int(groups.max()) + 1 if count is None else count
    best, most = np.full(count, FREE, dtype=np.int64), np.zeros(count)
    pairs, number = np.unique(np.column_stack([groups, values]), axis=0, return_inverse=True)
    sums = np.bincount(number.ravel(), weights=weights, minlength=len(pairs))
    for (group, value), weight in zip(pairs, sums, strict=True):
        if weight > most[group]:
            best[group], most[group] = value, weight
    return best, most


def _chain(above: Sequence[Labels]) -> Labels:
    """Under which wishes the wishes of the first level lie, on each level above, [levels above, wishes]."""
    ways = [np.arange(len(above[0]))]
    for level in above[:-1]:
        last = ways[-1]
        ways.append(np.where(last == FREE, FREE, level[last]) if len(level) else np.full_like(last, FREE))
    return np.array(ways[1:], dtype=np.int64).reshape(len(above) - 1, len(above[0]))
