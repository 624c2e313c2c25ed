"""From ranked units to hits: levels interleaved, parents in the place of children that fill them, texts filled in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shas_kb.ask.levels import Units, best_passage
from shas_kb.ask.retrieve import Evidence
from shas_kb.ask.sentences import Sentences
from shas_kb.ask.snapshot import Snapshot
from shas_kb.records import NODE_LEVELS, Hit, Level, StoredPassage

if TYPE_CHECKING:
    from shas_kb.storage import Store

FILLED = 0.5
"""A parent stands in when more than this share of its children was hit ..."""

FEWEST = 3
"""... and at least so many: one hit in a document of one passage says nothing of the document."""


@dataclass(frozen=True)
class Found:
    """A unit on its way to become a hit. `place` is its row in the level (see Units.ranking)."""

    level: Level
    place: int
    score: float
    why: Mapping[str, int]


def interleave(units: Sequence[tuple[Units, float]]) -> list[Found]:
    """All units of some levels, by fused score times the level's weight (the heaviest level counts as 1)."""
    heaviest = max(weight for _, weight in units)
    found: list[Found] = []
    for unit, weight in units:
        ranks = {name: ranking.rank for name, ranking in unit.by.items()}
        for place, score in zip(unit.ranking.rows.tolist(), unit.ranking.scores.tolist(), strict=True):
            found.append(Found(unit.level, place, score * weight / heaviest, _why(ranks, place)))
    return sorted(found, key=lambda unit: -unit.score)


def promote(
    snapshot: Snapshot, units: Mapping[Level, Units], rows: Sequence[int], found: list[Found], k: int
) -> list[Found]:
    """The first `k` of `found`, without what another of them already shows.

    A passage and its sentences do not both stay: the better one does. A document stands for its passages, and an entity
    for its documents, once most of them are among the first `k`; the best of them keeps its place, so that a precise
    hit is never lost to a general one. `rows` are the passages of the sentences.
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
    standing: set[int] = set()
    lifted: list[Found] = []
    for unit, (_, parent) in zip(found, above, strict=True):
        itself = unit.level == parents.level
        place = unit.place if itself else parent
        if place not in full:
            lifted.append(unit)
        elif not itself and place not in kept:
            kept.add(place)
            lifted.append(unit)
        elif place not in standing:
            standing.add(place)
            lifted.append(Found(parents.level, place, unit.score, _why(ranks, place)))
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


def as_hits(
    store: Store,
    snapshot: Snapshot,
    evidence: Evidence,
    sentences: Sentences,
    found: Sequence[Found],
    order: Sequence[int],
    sure: float,
) -> tuple[Hit, ...]:
    """Fill in what is shown.

    Args:
        store: for the texts.
        snapshot: for names and places.
        evidence: for the best passage of a document.
        sentences: what the places of sentence hits refer to.
        found: the hits, best first.
        order: all documents that the search ranked, best first.
        sure: how likely the question is answered at all; scales the scores.
    """
    rows = {
        i: _row(snapshot, evidence, sentences, unit) for i, unit in enumerate(found) if unit.level not in NODE_LEVELS
    }
    passages = dict(zip(rows, store.passages([snapshot.key(row) for row in rows.values()]), strict=True))
    return tuple(
        _node_hit(snapshot, unit, rank, order, sure)
        if unit.level in NODE_LEVELS
        else _text_hit(snapshot, sentences, unit, rank, passages[rank - 1], sure)
        for rank, unit in enumerate(found, 1)
    )


def _row(snapshot: Snapshot, evidence: Evidence, sentences: Sentences, unit: Found) -> int:
    if unit.level == "sentence":
        return sentences.rows[unit.place]
    return best_passage(snapshot, evidence, sentences, unit.place) if unit.level == "document" else unit.place


def _text_hit(
    snapshot: Snapshot, sentences: Sentences, unit: Found, rank: int, passage: StoredPassage, sure: float
) -> Hit:
    place = snapshot.index[passage.document]
    document = snapshot.documents[place]
    id, name, text = passage.id, passage.section or document.title, passage.text
    page, start, end = passage.page, passage.start, passage.end
    if unit.level == "sentence":
        quote = sentences.quotes[unit.place]
        id, text, page = f"{passage.id}.{sentences.places[unit.place]}", quote.text, quote.page
        start, end = quote.start, quote.end
    elif unit.level == "document":
        id, name = document.id, document.title
    return Hit(
        rank=rank,
        level=unit.level,
        id=id,
        score=round(sure * unit.score, 4),
        name=name,
        text=text,
        path=snapshot.path(place),
        why=unit.why,
        document=document,
        page=page,
        start=start,
        end=end,
    )


def _node_hit(snapshot: Snapshot, unit: Found, rank: int, order: Sequence[int], sure: float) -> Hit:
    node = snapshot.nodes[unit.level][unit.place]
    members = snapshot.members(unit.level, unit.place)
    inside = set(members.tolist())
    ranked = [place for place in order if place in inside]
    ranked += sorted(inside.difference(ranked))
    above = NODE_LEVELS[NODE_LEVELS.index(unit.level) + 1 :]
    return Hit(
        rank=rank,
        level=unit.level,
        id=node.id,
        score=round(sure * unit.score, 4),
        name=node.name,
        text=" ".join(" ".join(quote.text.split()) for quote in node.summary),
        path=tuple(
            snapshot.nodes[level][place].name
            for level in reversed(above)
            if len(members) and (place := int(snapshot.home[level][members[0]])) >= 0
        ),
        why=unit.why,
        documents=tuple(snapshot.ids[place] for place in ranked),
    )


def _why(ranks: Mapping[str, Mapping[int, int]], place: int) -> dict[str, int]:
    return {name: rank[place] for name, rank in ranks.items() if place in rank}
