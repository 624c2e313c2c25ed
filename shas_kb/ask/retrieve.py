"""Search of the passages: dense and lexical, and both together.

A passage's vector is the mean of all it says, so the clause that answers may be lost in it, and it does not say of
whom it speaks, which its document does. Dense search therefore has two steps: the nearest passages, and those with the
question's words, are ranked by what their pieces and words say and by what speaks for their documents.

Together a passage is worth that, and `LEXICAL_COUNTS` times its share of the best BM25 score: where the model knows
little of a language, all passages are worth much the same to it, and the words count the more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from shas_kb.ask.likely import distinct, likely, read
from shas_kb.ask.ranking import Ranking, best, fuse, highest
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

TELLING = 1.0
"""BM25 of a word that tells passages apart, at the least: in five passages, one that only one of them holds."""

TOGETHER = 16
"""Passages whose sketches are read at once."""

LEAST_KNOWN = 0.1
"""Of `Asked.known`, below which it does not fall here."""

CANDIDATES = 200
"""Passages taken from the full text."""

NEAREST = 100
"""Passages taken for their nearness."""

TEMPERATURE = 0.2
"""Worth by which a document must fall behind another to have an e-th of its share of the evidence. Picked among .1, .2
and .4 by how well heights are told on collections that the router's weights were not learned on."""

BLOCK = 8192
"""Rows turned from float16 to float32 at a time: 12 MB of the default model, however large the collection."""


@dataclass(frozen=True)
class Evidence:
    """What the passages say to a question.

    Attributes:
        cosine: of every passage with the question [p], or of its document where that is not likely to answer (see
            `likely`); -1 outside the branch that was asked for.
        documents: of every document's own vector with the question [n].
        dense: the passages worth most to the question, see `rank_candidates`.
        lexical: the passages with its words, scored by BM25.
        fused: both.
        owner: the document of each row of `dense`.
        known: how well the model knows the question's words.
    """

    cosine: Vectors
    documents: Vectors
    dense: Ranking
    lexical: Ranking
    fused: Ranking
    owner: Rows
    known: float

    @cached_property
    def worth(self) -> NDArray[np.float64]:
        """What each row of `dense` is worth, with its words."""
        return worths(self.dense, self.lexical, self.known)

    @cached_property
    def of_documents(self) -> NDArray[np.float64]:
        """What each document is worth, which is what its best passage is [n]; minus infinity where none was found."""
        return highest(self.worth, self.owner, len(self.documents))

    @cached_property
    def shares(self) -> NDArray[np.float64]:
        """Which share of the evidence lies in each document [n]: exp(its worth / T), scaled to a sum of 1."""
        mass = np.exp((self.of_documents - self.of_documents.max()) / TEMPERATURE)
        return np.asarray(mass / mass.sum(), np.float64)


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
        rows = likely(snapshot, asked.vector, titled, allowed, lexical)
        vectors = read(store, snapshot, rows)
    else:
        rows = np.flatnonzero(allowed[snapshot.owner])
        vectors = snapshot.matrix if allowed.all() else snapshot.matrix[rows]
    documents = snapshot.vectors @ asked.plain
    cosine = np.repeat(np.where(allowed, documents, np.float32(-1)), np.diff(snapshot.offsets))
    cosine[rows], found = cosines(vectors, np.stack([asked.plain, asked.vector])).T
    owner = snapshot.owner[rows]
    nearest = np.full(len(allowed), -1.0, np.float32)
    np.maximum.at(nearest, owner, found)
    context = (titled + DOCUMENT_COUNTS * nearest)[owner]
    near = best(found + context, NEAREST).rows
    chosen = distinct(np.concatenate([near, np.searchsorted(rows, lexical.rows)]))
    context = (PASSAGE_COUNTS * found + context)[chosen]
    dense = rank_candidates(store, snapshot, rows[chosen], context, found[chosen], asked)
    fused = together(dense, lexical, asked.known)
    return Evidence(cosine, documents, dense, lexical, fused, snapshot.owner[dense.rows], asked.known)


def of_titles(snapshot: Snapshot, asked: Vectors, allowed: Mask) -> Vectors:
    """What its title is worth to a question, for each document: `TITLE_COUNTS` times the share of the question that it
    draws from those of all allowed documents [n]."""
    worth: Vectors = np.zeros(len(allowed), np.float32)
    worth[allowed] = TITLE_COUNTS * drawn((snapshot.titles @ asked)[allowed])
    return worth


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
        context: what else speaks for each [c].
        cosine: of each with the question [c].
        asked: the question.
    """
    sketches = store.sketches(snapshot.keys(rows))
    said = (1 + WORDS_COUNT) * cosine
    there = [its for its in sketches if its is not None]
    if len(there) == len(sketches):
        for at in range(0, len(there), TOGETHER):
            said[at : at + TOGETHER] = Said.of(there[at : at + TOGETHER], snapshot.vectors.shape[1]).to([asked])[0]
    ranking = best(said + context, len(rows))
    return Ranking(rows[ranking.rows], ranking.scores)


def together(dense: Ranking, lexical: Ranking, known: float = 1.0) -> Ranking:
    """The rows of `dense`, with those of `lexical` among them, by `worths`.

    Scores are those of a fusion by rank, so that they can stand beside those of other levels.
    """
    order = best(worths(dense, lexical, known), len(dense.rows)).rows
    return Ranking(dense.rows[order], fuse(dense, lexical).scores)


def worths(dense: Ranking, lexical: Ranking, known: float = 1.0) -> NDArray[np.float64]:
    """What each row of `dense` is worth with its words [rows], see above. BM25 below `TELLING` is of words that nearly
    all passages hold, and counts as little as it says; all of it counts the more, the less the model knows the
    question's words (`known`)."""
    most = lexical.scores.max(initial=TELLING)
    share = dict(zip(lexical.rows.tolist(), (lexical.scores / most).tolist(), strict=True))
    words = np.array([share.get(row, 0.0) for row in dense.rows.tolist()])
    return np.asarray(dense.scores + LEXICAL_COUNTS / max(known, LEAST_KNOWN) * words)


def cosines(matrix: NDArray[np.float16], vectors: Vectors) -> Vectors:
    """Rows [p, d] with one vector [d] or some [v, d], in float32, a block of rows at a time [p] or [p, v]."""
    scores = np.empty((len(matrix), *vectors.shape[:-1]), dtype=np.float32)
    for start in range(0, len(matrix), BLOCK):
        scores[start : start + BLOCK] = matrix[start : start + BLOCK].astype(np.float32) @ vectors.T
    return scores


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
