"""The units of every level, ranked by what the passages and the units' own vectors and words say."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from shas_kb.ask.ranking import FUSION, Ranking, best, fuse, highest
from shas_kb.ask.retrieve import Evidence
from shas_kb.ask.sentences import Sentences
from shas_kb.ask.snapshot import Mask, Snapshot
from shas_kb.records import Asked, Level, Vectors


class Embed(Protocol):
    """Questions to unit vectors, of the model that the collection is built with."""

    def asked(self, question: str) -> Asked:
        """A question by which passages are found."""


OTHERS = 200
"""Documents that follow those of which a passage was found."""


@dataclass(frozen=True)
class Units:
    """Ranked units of one level.

    `ranking` gives their places: rows of the passages, documents, nodes, or sentences, by level; `by` are the searches
    that were fused into it, by name; `nearest` is the highest cosine of the question with any unit of the level (of
    sentences, whose cosines are not known, 0).
    """

    level: Level
    ranking: Ranking
    by: Mapping[str, Ranking]
    nearest: float


def rank_sentences(sentences: Sentences) -> Units:
    """Sentences are ranked by their relevance; scores fall as those of a fusion by rank do."""
    dense, lexical = sentences.ranking, _positive(sentences.covered)
    return Units("sentence", fuse(dense), {"dense": dense, "lexical": lexical}, 0.0)


def rank_passages(evidence: Evidence) -> Units:
    by = {"dense": evidence.dense, "lexical": evidence.lexical}
    return Units("passage", evidence.fused, by, float(evidence.cosine.max()))


def rank_documents(snapshot: Snapshot, evidence: Evidence, allowed: Mask) -> Units:
    """A document is worth what its best passage is; those of which none was found follow, by their own vectors. Scores
    are those of a fusion by rank, as for passages."""
    count = len(snapshot.ids)
    dense = _positive(highest(evidence.dense.scores, evidence.owner, count), -np.inf)
    lexical = _positive(highest(evidence.lexical.scores, snapshot.owner[evidence.lexical.rows], count), -np.inf)
    order = _positive(evidence.of_documents, -np.inf).rows
    cosine = np.where(allowed, evidence.documents, -1.0)
    others = np.where(allowed, cosine, -np.inf)
    others[order] = -np.inf
    rest = best(others, min(OTHERS, int(np.isfinite(others).sum())))
    ranks = np.arange(len(order), len(order) + len(rest.rows))
    scores = np.concatenate([fuse(dense, lexical).scores, (FUSION + 1) / (FUSION + 1 + ranks) / 4])
    ranking = Ranking(np.concatenate([order, rest.rows]), scores)
    by = {"dense": dense.then(rest), "lexical": lexical}
    return Units("document", ranking, by, float(cosine.max()))


def rank_nodes(
    snapshot: Snapshot,
    level: Level,
    evidence: Evidence,
    weights: Mapping[str, float],
    vector: Vectors,
    allowed: Mask,
) -> Units:
    """A node is as good as its centre, its name and key phrases, and the share of the evidence that lies in it.

    In a branch, only nodes that lie wholly in it take part.
    """
    nodes, home = snapshot.nodes[level], snapshot.home[level]
    inside = np.zeros(len(nodes), dtype=bool)
    inside[home[(home >= 0) & allowed]] = True
    inside[home[(home >= 0) & ~allowed]] = False
    cosine = np.where(inside, snapshot.centres[level] @ vector, -1.0)
    count = int(inside.sum())
    dense = best(cosine, count)
    share = best(np.where(inside, in_nodes(snapshot, level, evidence.shares), -1.0), count)
    worded = _positive(np.where(inside, snapshot.covered(level, weights), 0.0))
    by = {"dense": dense, "passages": share, "lexical": worded}
    return Units(level, fuse(dense, share, worded), by, _top(dense))


def in_nodes(snapshot: Snapshot, level: Level, documents: NDArray[np.float64]) -> NDArray[np.float64]:
    """The share under each node of a level [nodes], from those of the documents [n]."""
    home = snapshot.home[level]
    placed = home >= 0
    under = np.bincount(home[placed], weights=documents[placed], minlength=len(snapshot.nodes[level]))
    return np.asarray(under, np.float64)


def best_passage(
    snapshot: Snapshot, evidence: Evidence, sentences: Sentences, document: int, but: Collection[int] = ()
) -> int:
    """The row of the passage that a document is shown by: that of its most relevant sentence, else the first of its
    that was found, else the nearest; none of `but`, if it has others that were found."""
    start, end = int(snapshot.offsets[document]), int(snapshot.offsets[document + 1])
    found = np.concatenate([np.array(sentences.rows, np.int64)[sentences.ranking.rows], evidence.fused.rows])
    inside = found[(found >= start) & (found < end)].tolist()
    nearest = start + int(evidence.cosine[start:end].argmax())
    return next((row for row in inside if row not in but), inside[0] if inside else nearest)


def _positive(scores: NDArray[np.float64], floor: float = 0.0) -> Ranking:
    return best(scores, int((scores > floor).sum()))


def _top(ranking: Ranking) -> float:
    return float(ranking.scores[0]) if len(ranking.scores) else -1.0
