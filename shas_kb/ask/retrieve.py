"""Search of the passages: dense and lexical, and both together.

A passage's vector is the mean of all it says, so the clause that answers may be lost in it, and it does not say of
whom it speaks, which its document does. Dense search therefore has two steps: the nearest passages, and those with the
question's words, are ranked by what their pieces and words say and by what speaks for their documents.

Together a passage is worth that, and `LEXICAL_COUNTS` times its share of the best BM25 score: where the model knows
little of a language, all passages are worth much the same to it, and the words decide.

Units of other levels are fused by rank (Cormack, Clarke and Büttcher, "Reciprocal rank fusion outperforms Condorcet and
individual rank learning methods", SIGIR 2009): each gets 1 / (c + rank) from each ranking it is in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from shas_kb.ask.snapshot import Mask, Rows, Snapshot
from shas_kb.config import (
    DOCUMENT_COUNTS,
    LEXICAL_COUNTS,
    PASSAGE_COUNTS,
    TITLE_COUNTS,
    TITLE_TEMPERATURE,
    WORDS_COUNT,
)
from shas_kb.encoder.sketch import Said
from shas_kb.records import Asked, Vectors

if TYPE_CHECKING:
    from shas_kb.storage import Store

FUSION = 10.0
"""c of the fusion by rank; larger trusts the first places less. Picked among 1, 5, 10, 20 and 60 on SciFact."""

TELLING = 1.0
"""BM25 of a word that tells passages apart, at the least: in five passages, one that only one of them holds."""

TOGETHER = 16
"""Passages whose sketches are read at once."""

CANDIDATES = 200
"""Passages taken from the full text."""

NEAREST = 100
"""Passages taken for their nearness: so many find what twice as many do (benchmarks/asking_speed.py)."""

LOOKED_AT = 384
"""Passages that are compared with the question, by their signs, where they are too many to compare all."""

BLOCK = 8192
"""Rows turned from float16 to float32 at a time: 12 MB of the default model, however large the collection."""


@dataclass(frozen=True)
class Ranking:
    """Some rows in the order of a search, best first. `rank` counts from 1."""

    rows: Rows
    scores: NDArray[np.float64]

    @property
    def rank(self) -> dict[int, int]:
        return {int(row): i for i, row in enumerate(self.rows, 1)}


TEMPERATURE = 0.05
"""Cosine by which a passage must be farther to count e times less as evidence. Chosen, not fitted; the router's weights
were fitted with it."""


@dataclass(frozen=True)
class Evidence:
    """What the passages say to a question.

    Attributes:
        cosine: of every passage with the question [p], of its document where it was not looked at (see `looked_at`); -1
            outside the branch that was asked for.
        dense: the passages worth most to the question, see `rank_candidates`.
        lexical: the passages with its words, scored by BM25.
        fused: both.
    """

    cosine: Vectors
    dense: Ranking
    lexical: Ranking
    fused: Ranking

    @cached_property
    def mass(self) -> NDArray[np.float64]:
        """Every passage's share of the evidence [p]: exp(cosine / T), scaled to a sum of 1."""
        raised = np.exp((self.cosine - self.cosine.max()) / np.float32(TEMPERATURE)).astype(np.float64)
        return np.asarray(raised / raised.sum(), dtype=np.float64)


def search(store: Store, snapshot: Snapshot, content: Sequence[str], asked: Asked, allowed: Mask) -> Evidence:
    """Search the passages of the `allowed` documents.

    Args:
        store: for its full-text index.
        snapshot: for its vectors.
        content: the words of the question that are worth looking for.
        asked: the question.
        allowed: which documents take part [n].
    """
    lexical = _lexical(store, snapshot, content, allowed)
    titled = of_titles(snapshot, asked.vector, allowed)
    if snapshot.matrix is None:
        cosine, found = looked_at(store, snapshot, asked, titled, allowed, lexical)
    else:
        cosine, found = cosines(snapshot.matrix, np.stack([asked.plain, asked.vector])).T.copy()
    if not allowed.all():
        outside = ~allowed[snapshot.owner]
        cosine[outside] = found[outside] = -1.0
    context = (titled + DOCUMENT_COUNTS * nearest_of(snapshot, found))[snapshot.owner]
    nearest = best(found + context, min(NEAREST, int(np.diff(snapshot.offsets)[allowed].sum())))
    rows = distinct(np.concatenate([nearest.rows, lexical.rows]))
    dense = rank_candidates(store, snapshot, rows, PASSAGE_COUNTS * found + context, found, asked)
    return Evidence(cosine, dense, lexical, together(dense, lexical))


def looked_at(
    store: Store, snapshot: Snapshot, asked: Asked, titled: Vectors, allowed: Mask, lexical: Ranking
) -> tuple[Vectors, Vectors]:
    """Cosines of all passages with a question where not all vectors are held: of those that may answer it, exactly.

    Looked at are the passages that promise most, by their signs and their documents' titles; those that hold the
    question's words; and of the documents of these the passage that is nearest by its signs. A passage that is not
    looked at counts through its document, as a unit that is not opened does in attention.

    Args:
        store: for the vectors of what is looked at.
        snapshot: the collection.
        asked: the question.
        titled: what titles are worth to it [n].
        allowed: which documents take part [n].
        lexical: the passages with its words.

    Returns:
        With `asked.plain`, the document's own where a passage was not looked at; with `asked.vector`, -1 there [p].
    """
    likely = snapshot.signs.cosines(asked.vector)
    nearest = nearest_of(snapshot, likely)
    around = np.where(allowed, titled + DOCUMENT_COUNTS * nearest, -np.inf).astype(np.float32)
    promising = best(likely + around[snapshot.owner], min(LOOKED_AT, snapshot.passages)).rows
    worded = distinct(snapshot.owner[lexical.rows])
    inside = ranges(snapshot.offsets[worded], snapshot.offsets[worded + 1])
    first = inside[likely[inside] == nearest[snapshot.owner[inside]]]
    rows = distinct(np.concatenate([promising, lexical.rows, first]))
    documents, document = np.unique(snapshot.owner[rows], return_inverse=True)
    sizes = np.diff(snapshot.offsets)
    before = np.cumsum(sizes[documents]) - sizes[documents]
    places = before[document] + rows - snapshot.offsets[documents[document]]
    vectors = store.opened([snapshot.ids[i] for i in documents.tolist()])
    cosine = np.repeat(snapshot.vectors @ asked.plain, sizes)
    found = np.full(len(cosine), -1.0, np.float32)
    cosine[rows], found[rows] = cosines(vectors[places], np.stack([asked.plain, asked.vector])).T
    return cosine, found


def distinct(rows: Rows) -> Rows:
    """The different ones, rising. `np.unique` would import masked arrays, at a question's first words."""
    ordered = np.sort(rows)
    new: Mask = np.append(True, ordered[1:] != ordered[:-1])[: len(ordered)]
    return ordered[new]


def ranges(starts: Rows, ends: Rows) -> Rows:
    """The numbers of several ranges, one after another."""
    sizes = ends - starts
    numbers: Rows = np.repeat(starts - (np.cumsum(sizes) - sizes), sizes) + np.arange(sizes.sum())
    return numbers


def of_titles(snapshot: Snapshot, asked: Vectors, allowed: Mask) -> Vectors:
    """What its title is worth to a question, for each document: `TITLE_COUNTS` times the share of the question that it
    draws from those of all allowed documents [n]."""
    worth: Vectors = np.zeros(len(allowed), np.float32)
    worth[allowed] = TITLE_COUNTS * drawn((snapshot.titles @ asked)[allowed])
    return worth


def nearest_of(snapshot: Snapshot, cosine: Vectors) -> Vectors:
    """The highest of the cosines of each document's passages [p] with a question [n]."""
    nearest: Vectors = np.maximum.reduceat(cosine, snapshot.offsets[:-1])  # none is without passages
    return nearest


def drawn(cosine: Vectors) -> Vectors:
    """The share of a question that each title draws, by its cosines with them [..., n]; together they are 1."""
    mass = np.exp((cosine - cosine.max(axis=-1, keepdims=True, initial=-1.0)) / TITLE_TEMPERATURE)
    share: Vectors = mass / mass.sum(axis=-1, keepdims=True)
    return share


def rank_candidates(
    store: Store, snapshot: Snapshot, rows: Rows, context: Vectors, cosine: Vectors, asked: Asked
) -> Ranking:
    """Some passages by what they are worth to a question.

    Worth is what a passage says, and its context. If some have no sketch, since an older version encoded them, each
    passage's own cosine stands for what its pieces and words would say: the two are not to be compared.

    Args:
        store: for the sketches.
        snapshot: to know the passages by.
        rows: the passages [c].
        context: what else speaks for every passage [p].
        cosine: of every passage with the question [p].
        asked: the question.
    """
    sketches = store.sketches(snapshot.keys(rows))
    said = (1 + WORDS_COUNT) * cosine[rows]
    there = [its for its in sketches if its is not None]
    if len(there) == len(sketches):
        for at in range(0, len(there), TOGETHER):
            said[at : at + TOGETHER] = Said.of(there[at : at + TOGETHER], snapshot.vectors.shape[1]).to([asked])[0]
    ranking = best(said + context[rows], len(rows))
    return Ranking(rows[ranking.rows], ranking.scores)


def together(dense: Ranking, lexical: Ranking) -> Ranking:
    """The rows of `dense`, with those of `lexical` among them, by their worth and their words, see above.

    Scores are those of a fusion by rank, so that they can stand beside those of other levels. BM25 below `TELLING` is
    of words that nearly all passages hold, and counts as little as it says.
    """
    most = lexical.scores.max(initial=TELLING)
    share = dict(zip(lexical.rows.tolist(), (lexical.scores / most).tolist(), strict=True))
    words = np.array([share.get(row, 0.0) for row in dense.rows.tolist()])
    order = best(dense.scores + LEXICAL_COUNTS * words, len(words)).rows
    return Ranking(dense.rows[order], fuse(dense, lexical).scores)


def cosines(matrix: NDArray[np.float16], vectors: Vectors) -> Vectors:
    """Rows [p, d] with one vector [d] or some [v, d], in float32, a block of rows at a time [p] or [p, v]."""
    scores = np.empty((len(matrix), *vectors.shape[:-1]), dtype=np.float32)
    for start in range(0, len(matrix), BLOCK):
        scores[start : start + BLOCK] = matrix[start : start + BLOCK].astype(np.float32) @ vectors.T
    return scores


def best(scores: NDArray[np.floating], count: int) -> Ranking:
    """The `count` highest scores, best first; equal ones in the order of their rows."""
    count = min(count, len(scores))
    if not count:
        return Ranking(np.empty(0, np.int64), np.empty(0))
    floor = np.partition(scores, len(scores) - count)[len(scores) - count]
    rows = np.flatnonzero(scores >= floor)
    rows = rows[np.argsort(-scores[rows], kind="stable")][:count]
    return Ranking(rows, scores[rows].astype(np.float64))


def fuse(*rankings: Ranking) -> Ranking:
    """Reciprocal rank fusion; scores are scaled so that the first place in every ranking gives 1."""
    scores: dict[int, float] = {}
    for ranking in rankings:
        for row, rank in ranking.rank.items():
            scores[row] = scores.get(row, 0.0) + (FUSION + 1) / (FUSION + rank) / len(rankings)
    ordered = sorted(scores, key=lambda row: (-scores[row], row))
    return Ranking(np.array(ordered, dtype=np.int64), np.array([scores[row] for row in ordered]))


def _lexical(store: Store, snapshot: Snapshot, content: Sequence[str], allowed: Mask) -> Ranking:
    """Full-text candidates. A branch gets a deeper search, since the index knows nothing of branches."""
    rows: list[int] = []
    scores: list[float] = []
    whole = bool(allowed.all())
    for document, ordinal, score in store.match(" ".join(content), CANDIDATES if whole else 20 * CANDIDATES):
        place = snapshot.index.get(document)
        if place is not None and allowed[place]:
            rows.append(int(snapshot.offsets[place]) + ordinal)
            scores.append(score)
    return Ranking(np.array(rows[:CANDIDATES], dtype=np.int64), np.array(scores[:CANDIDATES], dtype=np.float64))
