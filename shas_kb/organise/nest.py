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
    neighbours = min(NEIGHBOURS, n // 10 + 1)
    units = attend(plain, neighbours)
    # whether there is structure is a matter of the data: it must not depend on the ratio that is asked for
    small = min(max(2, round(2 * n / _ratio(TreeConfig(), 0, n))), n // 2)
    structured = n > 3 and ahead_of_chance(plain, neighbours, small, config.seed) > 0
    fixed = (config.entities, config.categories, config.domains)
    levels: list[Labels] = []
    centres, weights = units, np.ones(n)
    for height in range(len(fixed)):
        below = len(centres)
        ratio = _ratio(config, height, below)
        asked_above = max((count for count in fixed[height + 1 :] if count), default=1)
        choose = partial(_count, asked=fixed[height], least=asked_above, expected=below / ratio if structured else 1.0)
        labels = identify_concepts(centres, weights, choose)
        centres = means(centres, weights, labels)
        weights = tally(weights, labels)
        levels.append(labels)
    return Nested(units, (levels[0], levels[1], levels[2]))


def _ratio(config: TreeConfig, height: int, units: int) -> float:
    """How many units make one of the next level.

    A collection too small for ten entities of ten documents has, in proportion, as many groups as a group has members;
    but not for that fewer than two members.
    """
    asked, usual = config.ratios[height], TreeConfig().ratios[height]
    return max(asked * min(1.0, math.sqrt(units) / usual), min(asked, FEWEST))


def _count(merges: Merges, asked: int | None, least: int, expected: float) -> int:
    """The count that was asked for, or the natural one; `least` is what was asked for on the levels above."""
    return min(asked or max(natural_count(merges, expected), least), merges.units)
