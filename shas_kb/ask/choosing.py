"""Which units become hits: those of several levels in one order, parents in the place of children that fill them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from shas_kb.ask.levels import Units
from shas_kb.ask.snapshot import Snapshot
from shas_kb.records import Level

FILLED = 0.5
"""A parent stands in when more than this share of its children was hit ..."""

FEWEST = 3
"""... and at least so many: one hit in a document of one passage says nothing of the document."""

ENOUGH = 5
"""Units of a level that are listed for each hit that is wanted."""

FEW = 3
"""Documents, and nodes of a level, among the hits: the best are wanted, and passages are to have room beside them."""


@dataclass(frozen=True)
class Found:
    """A unit on its way to become a hit. `place` is its row in the level (see Units.ranking); `rows` are the passages
    that a document stands for."""

    level: Level
    place: int
    score: float
    why: Mapping[str, int]
    rows: tuple[int, ...] = ()


def interleave(units: Mapping[Level, Units], counts: Mapping[Level, float], k: int) -> list[Found]:
    """The best units of some levels, by fused score times what the level counts (the most is taken for 1): enough for
    `k` hits, of which parents may take the place of several."""
    most = max(counts.values())
    found = [unit for level, count in counts.items() for unit in _of_level(units[level], count / most, k)]
    return sorted(found, key=lambda unit: -unit.score)


def with_passages(units: Mapping[Level, Units], found: Sequence[Found], k: int) -> list[Found]:
    """The hits of a question whose level nobody gave: of documents and nodes the best; and passages, after these if
    the router did not choose them, so that a detail is found where it was wrong."""
    seen: dict[Level, int] = {}
    kept: list[Found] = []
    for unit in found:
        seen[unit.level] = seen.get(unit.level, 0) + 1
        if unit.level in ("sentence", "passage") or seen[unit.level] <= FEW:
            kept.append(unit)
    if "passage" not in seen:
        kept += _of_level(units["passage"], kept[-1].score, k)
    return kept


def _of_level(unit: Units, count: float, k: int) -> list[Found]:
    ranks = {name: ranking.rank for name, ranking in unit.by.items()}
    most = ENOUGH * k
    ranked = zip(unit.ranking.rows[:most].tolist(), unit.ranking.scores[:most].tolist(), strict=True)
    return [Found(unit.level, place, score * count, _why(ranks, place)) for place, score in ranked]


def promote(
    snapshot: Snapshot, units: Mapping[Level, Units], rows: Sequence[int], found: list[Found], k: int
) -> list[Found]:
    """The first `k` of `found`, without what another of them already shows.

    A passage and its sentences do not both stay: the better one does. A document stands for its passages, and an entity
    for its documents, once most of them are among the first `k`; the best of them keeps its place, so that a precise
    hit is never lost to a general one, and a document shows the others. `rows` are the passages of the sentences.
    """
    found = _without_repeats(rows, found)
    for parent in ("document", "entity"):
        if parent in units:
            found = _lift(snapshot, units[parent], rows, found, k)
    return found[:k]


def _without_repeats(rows: Sequence[int], found: Sequence[Found]) -> list[Found]:
    first: dict[int, Level] = {}
    kept: list[Found] = []
    for unit in found:
        row = rows[unit.place] if unit.level == "sentence" else unit.place
        if unit.level not in ("sentence", "passage") or first.setdefault(row, unit.level) == unit.level:
            kept.append(unit)
    return kept


def _lift(snapshot: Snapshot, parents: Units, rows: Sequence[int], found: list[Found], k: int) -> list[Found]:
    above = [_parent(snapshot, parents.level, unit, rows) for unit in found]
    hit: dict[int, set[int]] = {}
    for child, parent in above[:k]:
        if parent >= 0:
            hit.setdefault(parent, set()).add(child)
    full = {parent for parent, children in hit.items() if _filled(snapshot, parents.level, parent, len(children))}
    ranks = {name: ranking.rank for name, ranking in parents.by.items()}
    kept: set[int] = set()
    shown: dict[int, int] = {}
    read: set[int] = set()  # a passage may be there by several sentences, and is shown once
    lifted: list[Found] = []
    for number, (unit, (child, parent)) in enumerate(zip(found, above, strict=True)):
        itself = unit.level == parents.level
        place = unit.place if itself else parent
        left = parents.level == "document" and not itself and number < k and child not in read
        others = (child,) if left else ()
        if place not in full:
            lifted.append(unit)
        elif not itself and place not in kept:
            kept.add(place)
            lifted.append(unit)
        elif place not in shown:
            shown[place] = len(lifted)
            lifted.append(Found(parents.level, place, unit.score, _why(ranks, place), others))
        elif others:
            stands = lifted[shown[place]]
            lifted[shown[place]] = replace(stands, rows=(*stands.rows, *others))
        read.add(child)
    return lifted


def _parent(snapshot: Snapshot, level: Level, unit: Found, rows: Sequence[int]) -> tuple[int, int]:
    """(child, parent) of a hit just below `level`, as places; a sentence counts as its passage; -1 without parent."""
    if level == "document" and unit.level in ("sentence", "passage"):
        row = rows[unit.place] if unit.level == "sentence" else unit.place
        return row, snapshot.document_of(row)
    if level == "entity" and unit.level == "document":
        return unit.place, int(snapshot.home["entity"][unit.place])
    return -1, -1


def _filled(snapshot: Snapshot, level: Level, place: int, hit: int) -> bool:
    if level == "document":
        children = int(snapshot.offsets[place + 1] - snapshot.offsets[place])
    else:
        children = len(snapshot.members(level, place))
    return hit >= FEWEST and hit > FILLED * children


def _why(ranks: Mapping[str, Mapping[int, int]], place: int) -> dict[str, int]:
    return {name: rank[place] for name, rank in ranks.items() if place in rank}
