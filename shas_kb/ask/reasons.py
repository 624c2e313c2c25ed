"""Why a question was answered at its height, in plain sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from shas_kb.ask import router
from shas_kb.ask.levels import in_nodes
from shas_kb.ask.ranking import Ranking
from shas_kb.ask.snapshot import Snapshot
from shas_kb.records import NODE_LEVELS, Level

if TYPE_CHECKING:
    from shas_kb.ask.looking import Seen

NAMED = 0.15
"""The share of a question's weight in a node's name and key phrases from which that is told."""

MEANINGS: Mapping[str, str] = {
    "detail": "a detail, which passages answer",
    "subject": "a subject, which an entity is about",
    "overview": "an overview, which a category or domain gives",
}


def explain(snapshot: Snapshot, seen: Seen, routing: router.Routing, *, given: bool) -> tuple[str, ...]:
    """A few sentences: the decision, where the evidence lies, whose words it uses, how rare they are, how sure it is.

    Args:
        snapshot: the collection.
        seen: what was found for the question.
        routing: the levels it was sent to.
        given: whether a person gave them.
    """
    return tuple(_told(snapshot, seen, routing, given))


def _told(snapshot: Snapshot, seen: Seen, routing: router.Routing, given: bool) -> Iterator[str]:
    if given:
        yield f"The level was given: {', '.join(level for level, _ in routing)}."
    if seen.traits is None:
        yield "It has no word that names a subject, so it is taken to be about everything."
        return
    heights = sorted(seen.heights.items(), key=lambda height: -height[1])
    if not given:
        first, *others = heights
        rest = ", ".join(f"{name} {probability:.0%}" for name, probability in others)
        yield f"It asks for {MEANINGS[first[0]]}, with a probability of {first[1]:.0%} ({rest})."
    yield from _evidence(snapshot, seen)
    rarest = max(seen.weights, key=lambda word: seen.weights[word])
    held = round(seen.known[rarest] * snapshot.passages)
    where = "no passage has it" if not held else f"{held} of {snapshot.passages} passages have it"
    yield f"Its rarest word is {rarest!r}: {where}."
    yield (
        f"That the collection answers it is {seen.confidence:.0%} likely: the best passages, or a node's name, hold "
        f"{seen.support.covered:.0%} of what its words say."
    )


def _evidence(snapshot: Snapshot, seen: Seen) -> Iterator[str]:
    """Which share of what was found lies in the best document, and under the best node of each level."""
    documents = seen.evidence.shares
    best = int(documents.argmax())
    said = [f"{documents[best]:.0%} in the document {snapshot.documents[best].title!r}"]
    for level in NODE_LEVELS:
        under = in_nodes(snapshot, level, documents)
        if under.any():
            said.append(f"{under.max():.0%} in the {level} {snapshot.nodes[level][int(under.argmax())].name!r}")
    yield f"Of what was found, {', '.join(said)}."
    named = [(float(found.scores[0]), level, int(found.rows[0])) for level, found in _worded(seen)]
    share, level, place = max(named, default=(0.0, NODE_LEVELS[0], 0))
    if share >= NAMED:
        name = snapshot.nodes[level][place].name
        yield f"The name and key phrases of the {level} {name!r} hold {share:.0%} of what its words say."


def _worded(seen: Seen) -> list[tuple[Level, Ranking]]:
    """The nodes of each level by the question's words, where some have any."""
    found = [(level, seen.units[level].by["lexical"]) for level in NODE_LEVELS if level in seen.units]
    return [(level, ranking) for level, ranking in found if len(ranking.rows)]
