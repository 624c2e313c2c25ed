"""The units of every level, ranked by what the passages and the units' own vectors and words say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from shas_kb.ask.ranking import Ranking, best, fuse
from shas_kb.ask.retrieve import Evidence
from shas_kb.ask.snapshot import Mask, Snapshot
from shas_kb.ask.words import coverage, stems, words
from shas_kb.records import LEVELS, Asked, Level, Quote, Vectors

if TYPE_CHECKING:
    from shas_kb.storage import Store


class Embed(Protocol):
    """Texts and questions to unit vectors, of the model that the collection is built with."""

    def __call__(self, texts: Sequence[str]) -> Vectors:
        """As passages are encoded, float32 [texts, d]."""

    def asked(self, question: str) -> Asked:
        """A question by which passages are found."""


READ = 5
"""Passages whose sentences are looked at. Chosen, not measured: more find more sentences and cost more to embed."""

SENTENCES = 24
"""Sentences embedded for a question. They are most of what a question costs (benchmarks/asking.py)."""

SHORTEST = 4
"""Words of a sentence that can say something: fewer are headings and captions, which are near to everything on their
subject and answer nothing."""


@dataclass(frozen=True)
class Units:
    """The units of one level, best first.

    `ranking.rows` are rows of the passage matrix, documents, nodes, or sentences, by level; `by` are the searches that
    were fused into it, by name; `nearest` is the highest cosine of the question with any unit of the level; `spread`
    is how evenly the evidence lies over the units one level below (0: all in one, 1: the same in each).
    """

    level: Level
    ranking: Ranking
    by: Mapping[str, Ranking]
    nearest: float
    spread: float


@dataclass(frozen=True)
class Sentences:
    """Sentences of the best passages, in order of reading. `rows` are their passages, `places` their place in them."""

    quotes: tuple[Quote, ...]
    rows: tuple[int, ...]
    places: tuple[int, ...]
    vectors: Vectors
    cosine: Vectors
    covered: NDArray[np.float64]


def read_sentences(
    store: Store, snapshot: Snapshot, evidence: Evidence, weights: Mapping[str, float], embed: Embed, vector: Vectors
) -> Sentences:
    """Embed the sentences of the best passages; of many, those with the question's words and of the first passages."""
    rows = [int(row) for row in evidence.fused.rows[:READ]]
    found: list[tuple[Quote, int, int, float]] = []
    promise: list[float] = []
    for rank, (row, passage) in enumerate(zip(rows, store.passages([snapshot.key(row) for row in rows]), strict=True)):
        for place, quote in enumerate(passage.sentences):
            if len(words(quote.text)) < SHORTEST:
                continue
            covered = coverage(weights, stems(quote.text))
            found.append((quote, row, place, covered))
            promise.append(covered - 0.05 * rank)
    kept = sorted(np.argsort(-np.array(promise), kind="stable")[:SENTENCES].tolist())
    quotes, owners, places, covered_by = zip(*(found[i] for i in kept), strict=True) if kept else ((), (), (), ())
    vectors = embed([quote.text for quote in quotes]) if quotes else np.empty((0, len(vector)), np.float32)
    return Sentences(quotes, owners, places, vectors, vectors @ vector, np.array(covered_by, dtype=np.float64))


def rank_sentences(sentences: Sentences) -> Units:
    dense = best(sentences.cosine, len(sentences.quotes))
    lexical = _positive(sentences.covered)
    return Units("sentence", fuse(dense, lexical), {"dense": dense, "lexical": lexical}, _top(dense), 0.0)


def rank_passages(evidence: Evidence) -> Units:
    by = {"dense": evidence.dense, "lexical": evidence.lexical}
    return Units("passage", evidence.fused, by, float(evidence.cosine.max()), 0.0)


def rank_documents(snapshot: Snapshot, evidence: Evidence, vector: Vectors, allowed: Mask) -> Units:
    """A document is as good as its best passage and itself together; and as the best of its passages to the words."""
    cosine = np.where(allowed, evidence.documents, -1.0)
    passage = np.maximum.reduceat(evidence.cosine, snapshot.offsets[:-1])
    dense = best((cosine + passage) / 2, min(int(allowed.sum()), len(evidence.dense.rows)))
    lexical = np.zeros(len(snapshot.ids))
    owners = np.searchsorted(snapshot.offsets, evidence.lexical.rows, side="right") - 1
    np.maximum.at(lexical, owners, evidence.lexical.scores)
    worded = _positive(lexical)
    spread = evenness(evidence.mass, int(np.diff(snapshot.offsets)[allowed].sum()))
    return Units("document", fuse(dense, worded), {"dense": dense, "lexical": worded}, float(cosine.max()), spread)


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
    share = best(np.where(inside, shares(snapshot, level, evidence), -1.0), count)
    worded = _positive(np.where(inside, snapshot.covered(level, weights), 0.0))
    by = {"dense": dense, "passages": share, "lexical": worded}
    below: Level = LEVELS[LEVELS.index(level) - 1]
    homes = snapshot.places(below)[allowed]
    spread = evenness(shares(snapshot, below, evidence), int(np.count_nonzero(np.bincount(homes[homes >= 0]))))
    return Units(level, fuse(dense, share, worded), by, _top(dense), spread)


def shares(snapshot: Snapshot, level: Level, evidence: Evidence) -> NDArray[np.float64]:
    """Which share of the evidence lies in each document, or under each node, of `level`."""
    place = snapshot.places(level)
    placed = place >= 0
    mass = np.add.reduceat(evidence.mass, snapshot.offsets[:-1])
    under = np.bincount(place[placed], weights=mass[placed], minlength=snapshot.count(level))
    return np.asarray(under, dtype=np.float64)


def evenness(shares: NDArray[np.float64], units: int) -> float:
    """Entropy of `shares` over that of `units` equal ones: 0 for all in one unit, 1 for the same in each."""
    some = shares[shares > 0]
    return float(-(some * np.log(some)).sum() / np.log(max(units, 2)))


def best_passage(snapshot: Snapshot, evidence: Evidence, document: int) -> int:
    """The row of a document's best passage: the first of the fused ones, else the nearest."""
    start, end = int(snapshot.offsets[document]), int(snapshot.offsets[document + 1])
    inside = evidence.fused.rows[(evidence.fused.rows >= start) & (evidence.fused.rows < end)]
    return int(inside[0]) if len(inside) else start + int(evidence.cosine[start:end].argmax())


def _positive(scores: NDArray[np.float64]) -> Ranking:
    return best(scores, int((scores > 0).sum()))


def _top(ranking: Ranking) -> float:
    return float(ranking.scores[0]) if len(ranking.scores) else -1.0
