"""Which passages of a collection too large to compare all may answer a question, and their vectors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from shas_kb.ask.ranking import Ranking, best
from shas_kb.ask.snapshot import Mask, Rows, Snapshot
from shas_kb.config import DOCUMENT_COUNTS
from shas_kb.records import Vectors

if TYPE_CHECKING:
    from shas_kb.storage import Store

LOOKED_AT = 256
"""Passages that are compared with a question where they are too many to compare all."""


def likely(snapshot: Snapshot, asked: Vectors, titled: Vectors, allowed: Mask, lexical: Ranking) -> Rows:
    """The passages that may answer a question, where not all vectors are held, rising.

    These are the passages that promise most, by their signs and their documents' titles; those that hold the question's
    words; and of the documents of these the passage that is nearest by its signs. What is not among them counts through
    its document, as a unit that is not opened does in attention.

    Args:
        snapshot: the collection.
        asked: the question with its words weighed [d].
        titled: what titles are worth to it [n].
        allowed: which documents take part [n].
        lexical: the passages with its words.
    """
    sizes = np.diff(snapshot.offsets)
    estimate = snapshot.signs.cosines(asked)
    nearest = np.maximum.reduceat(estimate, snapshot.offsets[:-1])  # none is without passages
    around = np.where(allowed, titled + DOCUMENT_COUNTS * nearest, -np.inf).astype(np.float32)
    promising = best(estimate + np.repeat(around, sizes), min(LOOKED_AT, int(sizes[allowed].sum()))).rows
    worded = distinct(snapshot.owner[lexical.rows])
    inside = ranges(snapshot.offsets[worded], snapshot.offsets[worded + 1])
    first = inside[estimate[inside] == nearest[snapshot.owner[inside]]]
    return distinct(np.concatenate([promising, lexical.rows, first]))


def read(store: Store, snapshot: Snapshot, rows: Rows) -> NDArray[np.float16]:
    """The vectors of some passages [rows, d], from the documents that they are in; `rows` are rising."""
    documents, document = np.unique(snapshot.owner[rows], return_inverse=True)
    sizes = np.diff(snapshot.offsets)[documents]
    within = rows - snapshot.offsets[documents[document]]
    vectors = store.opened([snapshot.ids[i] for i in documents.tolist()])
    taken: NDArray[np.float16] = vectors[(np.cumsum(sizes) - sizes)[document] + within]
    return taken


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
