"""Why a question was routed as it was, in plain sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from shas_kb.records import NODE_LEVELS, Level

if TYPE_CHECKING:
    from shas_kb.ask.levels import Units
    from shas_kb.ask.retrieve import Evidence
    from shas_kb.ask.snapshot import Snapshot

TOP = 10
"""Passages whose spread over the tree is told."""


def explain(
    snapshot: Snapshot,
    units: Mapping[Level, Units],
    evidence: Evidence,
    weights: Mapping[str, float],
    routing: tuple[tuple[Level, float], ...],
    fixed: bool,
) -> tuple[str, ...]:
    """Three to five sentences: the decision, what stands nearest, how rare its words are, where the evidence lies."""
    said = [_decision(routing, fixed), _nearest(units), _words(weights)]
    return (*said, *_spread(snapshot, units, evidence))


def _decision(routing: tuple[tuple[Level, float], ...], fixed: bool) -> str:
    if fixed:
        return f"The level was given: {', '.join(level for level, _ in routing)}."
    shares = ", ".join(f"{level} {weight:.0%}" for level, weight in routing[:3])
    return f"The question asks for the {routing[0][0]} level most ({shares})."


def _nearest(units: Mapping[Level, Units]) -> str:
    order = sorted(units.values(), key=lambda unit: -unit.nearest)
    return f"Nearest to it, by cosine: {', '.join(f'{unit.level} {unit.nearest:.2f}' for unit in order)}."


def _words(weights: Mapping[str, float]) -> str:
    if not weights:
        return "It has no words that name a subject, so it is taken to be about everything."
    rarest = max(weights, key=lambda word: weights[word])
    kind = (
        "rare here" if weights[rarest] >= 0.7 else "known to some passages" if weights[rarest] >= 0.4 else "common here"
    )
    return f"Its rarest word is {rarest!r}, {kind} (weight {weights[rarest]:.2f} of 1)."


def _spread(snapshot: Snapshot, units: Mapping[Level, Units], evidence: Evidence) -> list[str]:
    """In how many documents the best passages lie, and in which node, of the lowest level where one holds most."""
    documents = [snapshot.document_of(int(row)) for row in evidence.fused.rows[:TOP]]
    if not documents:
        return []
    lie = f"The best {len(documents)} passages" if len(documents) > 1 else "The only passage"
    said = [f"{lie} come from {len(set(documents))} of {len(snapshot.documents)} documents."]
    for level in NODE_LEVELS:
        places = [int(snapshot.home[level][document]) for document in documents]
        first = max(set(places), key=lambda place: (places.count(place), -place))
        if level in units and first >= 0 and 2 * places.count(first) > len(places):
            said.append(f"{places.count(first)} of them lie in the {level} {snapshot.nodes[level][first].name!r}.")
            break
    return said
