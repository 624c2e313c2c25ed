"""What tells at which height a question is asked, in figures that mean the same in any collection.

- **Where the evidence lies.** What the documents are worth to the question becomes shares (a softmax), and it is seen
  which share the best document has, the best entity, category and domain. A detail stands in one document; of a
  subject many documents of one entity tell a little each; an overview lies over several entities.
- **What nodes are called.** A question in the words of a node's name and key phrases is asked at its height.
- **How specific its words are** in this collection, the rarest one and all of them.
- **How much nearer** than the best passage the nearest entity and category stand.

No word is a cue: "summarise" and "overall" change nothing but through these.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from shas_kb.ask.levels import Units, in_nodes
from shas_kb.ask.ranking import best
from shas_kb.ask.retrieve import TEMPERATURE, Evidence
from shas_kb.ask.snapshot import Snapshot
from shas_kb.ask.words import commonness
from shas_kb.records import NODE_LEVELS, Level


class Traits(NamedTuple):
    """A question in figures.

    `passage` is the share of the best passage within its document; `document` to `domain` are the shares of the
    evidence in the best unit of each level, `within` that of the best category within the best domain; `named_*` the
    share of its words' weight in the name and key phrases of one node; `rarest` and `specific` what its rarest word and
    its words in the mean are worth, 0 to 1; `near_*` how much nearer than the best passage the nearest node is, in
    cosines; `lead` how much more the best document is worth than the second, which tells plain questions whose evidence
    all lies in one document.
    """

    passage: float
    document: float
    entity: float
    category: float
    domain: float
    within: float
    named_entity: float
    named_category: float
    rarest: float
    specific: float
    near_entity: float
    near_category: float
    lead: float


def traits(
    snapshot: Snapshot,
    evidence: Evidence,
    units: Mapping[Level, Units],
    known: Mapping[str, float],
    weights: Mapping[str, float],
) -> Traits:
    """The traits of a question.

    Args:
        snapshot: the collection.
        evidence: what its passages say.
        units: the units of its levels.
        known: the words that say what it is about, with the share of passages that hold each; at least one.
        weights: what each of them says.
    """
    most = {level: in_nodes(snapshot, level, evidence.shares) for level in NODE_LEVELS}
    named = {level: float(snapshot.covered(level, weights).max(initial=0.0)) for level in NODE_LEVELS}
    near = {level: unit.nearest for level, unit in units.items()}
    top = {level: float(share.max(initial=0.0)) for level, share in most.items()}
    return Traits(
        passage=_alone(evidence),
        document=float(evidence.shares.max()),
        **top,
        within=_within(snapshot, most["category"], most["domain"]),
        named_entity=named["entity"],
        named_category=named["category"],
        rarest=1 - commonness(known, snapshot.naming, snapshot.passages),
        specific=sum(weights.values()) / len(weights),
        near_entity=near.get("entity", near["passage"]) - near["passage"],
        near_category=near.get("category", near["passage"]) - near["passage"],
        lead=_lead(evidence),
    )


def _alone(evidence: Evidence) -> float:
    """The share of the best passage within its document."""
    mass = np.exp((evidence.worth - evidence.worth.max()) / TEMPERATURE)
    return float(mass.max() / mass[evidence.owner == evidence.owner[mass.argmax()]].sum())


def _lead(evidence: Evidence) -> float:
    """How much more the best document is worth than the second one, up to 1; 0 without a second."""
    first, second = best(np.append(evidence.of_documents, -np.inf), 2).scores.tolist()
    return min(first - second, 1.0) if np.isfinite(second) else 0.0


def _within(snapshot: Snapshot, categories: NDArray[np.float64], domains: NDArray[np.float64]) -> float:
    """Which part of the best domain's share its best category has; 1 where there is no tree."""
    if not domains.max(initial=0.0):
        return 1.0
    best = int(domains.argmax())
    inside = snapshot.home["category"][snapshot.home["domain"] == best]
    return float(categories[np.unique(inside)].max() / domains[best])
