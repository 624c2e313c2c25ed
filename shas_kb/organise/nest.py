"""The three steps up: documents to entities, entities to categories, categories to domains, each nested in the next."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from shas_kb.config import TreeConfig
from shas_kb.organise.attend import attend
from shas_kb.organise.count import ahead_of_chance, natural_count
from shas_kb.organise.group import identify_concepts
from shas_kb.organise.material import Array, Labels, Material, means, tally
from shas_kb.organise.represent import represent
from shas_kb.organise.ward import Merges

NEIGHBOURS = 30
FEWEST = 2.0
NATURAL = (10.0, 3.0, 2.0)
NATURAL_FOR = 153
"""Documents of which ten make an entity, three entities a category, two categories a domain, by themselves."""


@dataclass(frozen=True, slots=True)
class Nested:
    """The shape of the tree. `units` [n, width] are the documents as they were grouped; `levels` tell each document's
    entity, each entity's category and each category's domain; `of_documents` each document's entity, category and
    domain."""

    units: Array
    levels: tuple[Labels, Labels, Labels]

    @property
    def of_documents(self) -> tuple[Labels, Labels, Labels]:
        entity, category, domain = self.levels
        return entity, category[entity], domain[category[entity]]


def nest(materials: Sequence[Material], config: TreeConfig) -> Nested:
    """Groups `materials` (at least one, no two of which say the same) into one nested tree.

    Counts that `config` fixes are kept as far as there are enough units; the others are chosen by the data around its
    ratios, and are 1 where the documents group no better than chance.
    """
    plain = represent(materials, config.seed)
    n = len(plain)
    units = attend(plain, neighbours(n))
    # whether there is structure is a matter of the data: it must not depend on the ratio that is asked for
    small = min(max(2, round(2 * n / _ratio(None, 0, n, n))), n // 2)
    structured = n > 3 and ahead_of_chance(plain, neighbours(n), small, config.seed) > 0
    fixed = (config.entities, config.categories, config.domains)
    levels: list[Labels] = []
    centres, weights = units, np.ones(n)
    for height in range(len(fixed)):
        below = len(centres)
        ratio = _ratio(config.ratios, height, below, n)
        asked_above = max((count for count in fixed[height + 1 :] if count), default=1)
        expected = math.floor(below / ratio + 0.5) if structured else 1
        choose = partial(_count, asked=fixed[height], least=asked_above, expected=expected)
        labels = identify_concepts(centres, weights, choose)
        centres = means(centres, weights, labels)
        weights = tally(weights, labels)
        levels.append(labels)
    return Nested(units, (levels[0], levels[1], levels[2]))


def neighbours(documents: int) -> int:
    """To how many of its neighbours each of `documents` attends."""
    return min(NEIGHBOURS, documents // 10 + 1)


def _ratio(asked: Sequence[float] | None, height: int, units: int, documents: int) -> float:
    """How many of `units` make one of the next level.

    Unless ratios were asked for, they grow with the fourth root of the collection: with three levels between them and
    the whole, documents then fan out alike at every height, and ten times the documents do not make ten times the
    domains. A collection too small for ten entities of ten documents has, in proportion, as many groups as a group has
    members; but not for that fewer than two members.
    """
    usual = NATURAL[height]
    ratio = asked[height] if asked else usual * max(1.0, documents / NATURAL_FOR) ** 0.25
    return max(ratio * min(1.0, math.sqrt(units) / usual), min(ratio, FEWEST))


def _count(merges: Merges, asked: int | None, least: int, expected: int) -> int:
    """The count that was asked for, or the natural one; `least` is what was asked for on the levels above."""
    return min(asked or max(natural_count(merges, expected), least), merges.units)
