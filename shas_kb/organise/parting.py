"""No group may mix what must part on a level above: takes units out of groups where they cannot stay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shas_kb.organise.material import Array, Labels, means
from shas_kb.organise.near import nearest
from shas_kb.organise.wishes import FREE


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


def parted(labels: Labels, centres: Array, weights: Array, asked: Asked, base: int) -> tuple[Labels, Labels, Labels]:
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
                placed[movers] = nearest_group(movers, fitting, numbers, centres, weights)
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
        value, weight = heaviest(numbers[here], wanted[here], weights[here], len(names))
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


def nearest_group(
    movers: NDArray[np.bool_], others: NDArray[np.bool_], labels: Labels, centres: Array, weights: Array
) -> Labels:
    """For each unit of the mask `movers` the nearest of the groups of `others`, by their means."""
    names, numbers = np.unique(labels[others], return_inverse=True)
    found, _ = nearest(centres[movers], means(centres[others], weights[others], numbers), 1)
    return np.asarray(names[found[:, 0]])


def heaviest(groups: Labels, values: Labels, weights: Array, count: int | None = None) -> tuple[Labels, Array]:
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
