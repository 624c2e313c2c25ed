"""What a node is called: what its documents say that its siblings do not.

Class-based TF-IDF (Grootendorst, arXiv 2203.05794) over noun-like phrases. A node says a phrase as much as its children do on
average, each child counting the same, in roots: so a category is named by what all its entities share and not by the
loudest of them. What siblings and the rest of the collection say as well counts against a phrase; nearness of the
documents that use it to the node counts for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from shas_kb.organise.material import Array, Labels, unit
from shas_kb.organise.vocabulary import Vocabulary

KEYPHRASES = 8
SHORTLIST = 80
LENGTH_FACTOR = (0.0, 0.75, 1.25, 1.25, 1.0)
FRAGMENT = 0.75
ENOUGH = 0.5
ADDS = 0.2


@dataclass(frozen=True, slots=True)
class Named:
    """A node's name and its key phrases, best first."""

    name: str
    keyphrases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Candidate:
    phrase: int
    key: tuple[str, ...]
    text: str
    score: float


def name_levels(words: Vocabulary, units: Array, levels: Sequence[Labels]) -> list[list[Named]]:
    """Names and key phrases of all nodes, lowest level first.

    `units` [n, d] are the documents' vectors; `levels[0]` [n] tells each document's entity, `levels[1]` each entity's
    category, and so on. Names are given from the top down, and none is given twice.
    """
    said = [words.rates]
    for labels in levels:
        said.append(average(labels) @ said[-1])
    documents: list[Labels] = [levels[0]]
    for labels in levels[1:]:
        documents.append(labels[documents[-1]])
    near = _phrase_vectors(words, units)
    used: set[tuple[str, ...]] = set()
    named: list[list[Named]] = []
    for height in reversed(range(len(levels))):
        parents = levels[height + 1] if height + 1 < len(levels) else np.zeros(said[height + 1].shape[0], dtype=np.int64)
        members = documents[height]
        level: list[Named] = []
        scores = _scores(words, said[height + 1], parents, near, unit(average(members) @ units))
        covered = average(members) @ (words.rates > 0).astype(np.float64)
        for node, shortlist in enumerate(scores):
            inside = words.rates[np.flatnonzero(members == node)]
            level.append(_named(_without_fragments(words, shortlist, said[height + 1][node]), covered[node], inside, used, node))
        named.append(level)
    return named[::-1]
