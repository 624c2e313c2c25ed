"""The way of a question: searched for, routed, ranked at the chosen levels, answered."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from shas_kb.ask import answer, router
from shas_kb.ask.hits import as_hits, interleave, promote
from shas_kb.ask.levels import (
    READ,
    Embed,
    Sentences,
    Units,
    rank_documents,
    rank_nodes,
    rank_passages,
    rank_sentences,
    read_sentences,
)
from shas_kb.ask.reasons import explain
from shas_kb.ask.retrieve import Evidence, search
from shas_kb.ask.snapshot import Mask, Snapshot
from shas_kb.ask.words import commonness, content_words, coverage, stems, subject_words, worth
from shas_kb.errors import UsageError
from shas_kb.records import LEVELS, NODE_LEVELS, Level, Reply, Vectors

if TYPE_CHECKING:
    from shas_kb.storage import Store

LONGEST = 4000
"""Characters of a question that are embedded: far more than any backbone's window holds."""


UNSURE = 0.5
"""Confidence below which the answer is that there is none. A question without a subject has it."""


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
    allowed = snapshot.under(under)
    content = content_words(text)
    subject = subject_words(content)
    shares = dict(zip(subject, store.rarity(subject), strict=True))
    weights = {word: worth(share, snapshot.passages) for word, share in shares.items()}
    asked = embed.asked(text[:LONGEST])
    vector = asked.plain
    evidence = search(store, snapshot, content or [text[:LONGEST]], asked, allowed)
    sentences = read_sentences(store, snapshot, evidence, weights, embed, vector)
    units = _units(snapshot, evidence, sentences, weights, vector, allowed)
    if levels:
        routing = _fixed(levels, units)
        picked = tuple(level for level, _ in routing)
    else:
        telling = {level: found for level, found in units.items() if _tells(snapshot, level, bool(subject))}
        routing = router.route(
            {level: found.nearest for level, found in telling.items()},
            {level: found.spread for level, found in telling.items()},
            commonness(shares, snapshot.naming, snapshot.passages),
        )
        picked = router.chosen(routing)
    sure = _confidence(store, snapshot, evidence, units, weights) if weights else UNSURE * any(map(str.isalnum, text))
    found = interleave([(units[level], weight) for level, weight in routing if level in picked])
    found = found[:k] if levels else promote(snapshot, units, sentences.rows, found, k)
    order = [int(place) for place in units["document"].ranking.rows]
    hits = as_hits(store, snapshot, evidence, sentences, found, order, sure)
    if sure >= UNSURE:
        said, citations = answer.compose(snapshot, hits, sentences)
    else:
        said, citations = answer.NOTHING, ()
    return Reply(
        query=question,
        levels=tuple(levels),
        routing=routing,
        hits=hits,
        answer=said,
        citations=citations,
        milliseconds=(time.perf_counter() - started) * 1000,
        reasons=explain(snapshot, units, evidence, weights, routing, bool(levels)),
    )


def _units(
    snapshot: Snapshot,
    evidence: Evidence,
    sentences: Sentences,
    weights: Mapping[str, float],
    vector: Vectors,
    allowed: Mask,
) -> dict[Level, Units]:
    """The units of every level that has some."""
    units = [rank_sentences(sentences), rank_passages(evidence), rank_documents(snapshot, evidence, vector, allowed)]
    units += [rank_nodes(snapshot, level, evidence, weights, vector, allowed) for level in NODE_LEVELS]
    return {unit.level: unit for unit in units if len(unit.ranking.rows)}


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


def _confidence(
    store: Store, snapshot: Snapshot, evidence: Evidence, units: Mapping[Level, Units], weights: Mapping[str, float]
) -> float:
    """How likely the collection answers, from the nearest passage and the words of the best ones and of nodes."""
    keys = [snapshot.key(int(row)) for row in evidence.fused.rows[:READ]]
    texts = [stems(passage.text) for passage in store.passages(keys)]
    covered = max((coverage(weights, text) for text in texts), default=0.0)
    named = max(snapshot.covered(level, weights).max(initial=0.0) for level in NODE_LEVELS)
    return answer.confidence(units["passage"].nearest, max(covered, float(named)))
