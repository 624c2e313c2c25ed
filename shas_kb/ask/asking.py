"""The way of a question: searched for, routed, ranked at the chosen levels, answered."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from shas_kb.ask import answer, router
from shas_kb.ask.choosing import interleave, promote, with_passages
from shas_kb.ask.clauses import apart, clauses, may_stand
from shas_kb.ask.hits import as_hits, in_turn
from shas_kb.ask.levels import Embed, Units
from shas_kb.ask.looking import Seen, look
from shas_kb.ask.reasons import explain
from shas_kb.ask.sentences import read_sentences
from shas_kb.ask.snapshot import Snapshot
from shas_kb.ask.spelling import as_meant
from shas_kb.errors import UsageError
from shas_kb.records import LEVELS, NODE_LEVELS, Hit, Level, Quote, Reply

if TYPE_CHECKING:
    from shas_kb.storage import Store

ABOVE = 3
"""Passages of each document that may tell of a category or domain, of which many things are asked; of an entity one."""


def ask(
    store: Store,
    embed: Embed,
    question: str,
    levels: Sequence[Level] = (),
    under: str | None = None,
    k: int = 10,
    *,
    snapshot: Snapshot | None = None,
) -> Reply:
    """Ask the collection.

    Args:
        store: the collection.
        embed: texts and questions to unit vectors, of the model that the collection is built with.
        question: any text.
        levels: the heights to answer at; none lets the router choose.
        under: only in this branch: a node or document by id, beginning of an id, or name.
        k: the most hits.
        snapshot: what `Snapshot.of(store)` gave; handed in, a second question need not read the vectors again.

    Returns:
        Hits, best guess first, an answer in quotations, and where the question was routed.

    Raises:
        UsageError: an empty question, `k` below 1, a level without units here, or a collection not ready to be asked.
        NotFoundError: `under` names nothing.
    """
    started = time.perf_counter()
    text = question.replace("\0", " ").encode("utf-8", "replace").decode("utf-8").strip()
    if not text:
        raise UsageError(f"The question must hold a word, got {question!r}; ask something.")
    if k < 1:
        raise UsageError(f"k must be at least 1, got {k}; ask for one hit or more.")
    snapshot = snapshot or Snapshot.of(store)
    typed, text = text, as_meant(store, snapshot, text)
    allowed = snapshot.under(under)
    several = [] if levels else clauses(text)
    parts = [look(store, snapshot, embed, clause, allowed) for clause in several] if may_stand(several) else []
    if not apart([part.told for part in parts]):
        parts = [look(store, snapshot, embed, text, allowed)]
    routings = [_fixed(levels, parts[0].units) if levels else _route(snapshot, part) for part in parts]
    found = [
        _hits(store, snapshot, part, routing, bool(levels), k) for part, routing in zip(parts, routings, strict=True)
    ]
    hits = in_turn(found)[:k]
    sure = sum(part.confidence for part in parts) / len(parts)
    said, citations = _answer(store, snapshot, parts, routings, hits, sure, given=bool(levels))
    return Reply(
        query=question,
        levels=tuple(levels),
        routing=router.mean(routings),
        hits=hits,
        answer=said,
        citations=citations,
        confidence=sure,
        milliseconds=(time.perf_counter() - started) * 1000,
        reasons=_reasons(snapshot, parts, routings, given=bool(levels)),
        read_as=text if text != typed else None,
    )


def _answer(
    store: Store,
    snapshot: Snapshot,
    parts: Sequence[Seen],
    routings: Sequence[router.Routing],
    hits: Sequence[Hit],
    sure: float,
    *,
    given: bool,
) -> tuple[str, tuple[Quote, ...]]:
    """The answer and what it quotes: the best node, or several where the question has no subject, told by sentences of
    its documents; and sentences for a detail, where one is asked for or may be."""
    levels = {level for routing in routings for level in (dict(routing) if given else router.chosen(routing))}
    broad = max(parts, key=lambda part: part.told[0] != "detail")
    detail = min(parts, key=lambda part: part.told[0] != "detail")
    best = [hit for hit in hits if hit.level in NODE_LEVELS and hit.level in levels]
    about = None
    if best and broad.known:
        best = best[:1]
        inside = np.isin(np.arange(len(snapshot.ids)), [snapshot.index[id] for id in best[0].documents])
        each = 1 if best[0].level == "entity" else ABOVE
        about = read_sentences(store, snapshot, broad.evidence, broad.weights, broad.text, broad.asked, inside, each)
    nodes = {node.id: node for hit in best for node in snapshot.nodes[hit.level]}
    below = not best or bool(levels - set(NODE_LEVELS))
    beside = bool(about and about.quotes) and not below and not given
    return answer.compose(
        snapshot,
        [nodes[hit.id] for hit in best],
        about if about is not None and about.quotes else None,
        detail.sentences if below or beside else None,
        sure,
        beside=beside,
    )


def _reasons(
    snapshot: Snapshot, parts: Sequence[Seen], routings: Sequence[router.Routing], *, given: bool
) -> tuple[str, ...]:
    """Why it was answered so, clause by clause."""
    told = [explain(snapshot, part, routing, given=given) for part, routing in zip(parts, routings, strict=True)]
    if len(parts) == 1:
        return told[0]
    return tuple(f"In {part.text!r}: {reason}" for part, reasons in zip(parts, told, strict=True) for reason in reasons)


def _route(snapshot: Snapshot, seen: Seen) -> router.Routing:
    """The levels that a question asks for, of those that could be meant."""
    return router.route(seen.traits, [level for level in seen.units if _tells(snapshot, level, bool(seen.known))])


def _hits(
    store: Store, snapshot: Snapshot, seen: Seen, routing: router.Routing, given: bool, k: int
) -> tuple[Hit, ...]:
    """The first `k` hits, at the levels that were `given` or at those that the router chose."""
    found = interleave(seen.units, dict(routing) if given else router.chosen(routing), k)
    if not given:
        found = promote(snapshot, seen.units, seen.sentences.rows, with_passages(seen.units, found, k), k)
    order = [int(place) for place in seen.units["document"].ranking.rows]
    return as_hits(store, snapshot, seen.evidence, seen.sentences, found[:k], order, seen.confidence)


def _tells(snapshot: Snapshot, level: Level, has_subject: bool) -> bool:
    """Whether a level could be what was asked for: one that repeats the level below is not, nor one whose only node is
    the whole collection, but for a question without a subject."""
    whole = level in NODE_LEVELS and len(snapshot.nodes[level]) == 1
    return level not in snapshot.repeated and not (whole and has_subject)


def _fixed(levels: Sequence[Level], units: Mapping[Level, Units]) -> tuple[tuple[Level, float], ...]:
    """The levels that were asked for, of equal weight."""
    wanted = tuple(level for level in LEVELS if level in levels)
    if len(wanted) < len(set(levels)):
        strange = ", ".join(sorted(set(levels) - set(wanted)))
        raise UsageError(
            f"level must be one of {', '.join(LEVELS)}, got {strange}; leave it out to let the router choose."
        )
    for level in wanted:
        if level not in units:
            there = ", ".join(units)
            raise UsageError(
                f"level must be one that has units here ({there}), got {level}; "
                "build the tree (shas-kb organise), or ask in a larger branch."
            )
    return tuple((level, 1 / len(wanted)) for level in wanted)
