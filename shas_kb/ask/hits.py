"""From chosen units to hits: names, texts and places filled in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise, zip_longest
from typing import TYPE_CHECKING

from shas_kb.ask.choosing import Found
from shas_kb.ask.levels import best_passage
from shas_kb.ask.retrieve import Evidence
from shas_kb.ask.sentences import Sentences
from shas_kb.ask.snapshot import Snapshot
from shas_kb.records import NODE_LEVELS, Hit, StoredPassage

if TYPE_CHECKING:
    from shas_kb.storage import Store


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
    alone = {unit.place for unit in found if unit.level == "passage"}
    shown = [() if unit.level in NODE_LEVELS else _rows(snapshot, evidence, sentences, unit, alone) for unit in found]
    rows = list(dict.fromkeys(row for rows in shown for row in rows))
    passages = dict(zip(rows, store.passages([snapshot.key(row) for row in rows]), strict=True))
    return tuple(
        _node_hit(snapshot, unit, rank, order, sure)
        if unit.level in NODE_LEVELS
        else _text_hit(snapshot, sentences, unit, rank, [passages[row] for row in rows], sure)
        for rank, (unit, rows) in enumerate(zip(found, shown, strict=True), 1)
    )


def in_turn(found: Sequence[Sequence[Hit]]) -> tuple[Hit, ...]:
    """The hits of several questions in turn, the first of each, then the second; none twice."""
    if len(found) == 1:
        return tuple(found[0])
    distinct: dict[str, Hit] = {}
    for row in zip_longest(*found):
        for hit in row:
            if hit is not None:
                distinct.setdefault(hit.id, hit)
    return tuple(replace(hit, rank=rank) for rank, hit in enumerate(distinct.values(), 1))


def _rows(
    snapshot: Snapshot, evidence: Evidence, sentences: Sentences, unit: Found, alone: set[int]
) -> tuple[int, ...]:
    """The passages that a hit shows, in order of reading; a document one that is not a hit `alone`, if it has such."""
    if unit.level == "sentence":
        return (sentences.rows[unit.place],)
    if unit.level == "passage":
        return (unit.place,)
    return tuple(sorted(unit.rows)) or (best_passage(snapshot, evidence, sentences, unit.place, alone),)


def _text_hit(
    snapshot: Snapshot, sentences: Sentences, unit: Found, rank: int, shown: Sequence[StoredPassage], sure: float
) -> Hit:
    passage = shown[0]
    place = snapshot.index[passage.document]
    document = snapshot.documents[place]
    id, name, text = passage.id, passage.section or document.title, passage.text
    page, start, end = passage.page, passage.start, passage.end
    if unit.level == "sentence":
        quote = sentences.quotes[unit.place]
        id, text, page = f"{passage.id}.{sentences.places[unit.place]}", quote.text, quote.page
        start, end = quote.start, quote.end
    elif unit.level == "document":
        id, name, text, end = document.id, document.title, _together(shown), shown[-1].end
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


def _together(passages: Sequence[StoredPassage]) -> str:
    """Passages of one document in one text, with a mark where some are left out."""
    text = passages[0].text
    for before, passage in pairwise(passages):
        text += ("\n" if passage.ordinal == before.ordinal + 1 else "\n…\n") + passage.text
    return text
