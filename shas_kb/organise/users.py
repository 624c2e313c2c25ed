"""Which documents say a phrase, and where they lie."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from shas_kb.organise.group import averaging
from shas_kb.organise.material import Array, Labels, unit
from shas_kb.organise.vocabulary import Vocabulary

EVERYWHERE = 0.5
"""The share of the documents outside a node, from which on what they say tells nothing of it."""


class Users:
    """Answers, for some phrases at a time, who says them; `units` [n, d] are the documents' vectors."""

    def __init__(self, words: Vocabulary, units: Array, entities: Labels) -> None:
        self._rates = words.rates
        self._entities = unit(averaging(entities) @ units)
        sizes = sparse.diags(np.bincount(entities).astype(np.float64))
        self._of_entities = sparse.csc_matrix(sizes @ averaging(entities) @ words.rates)
        self._total = np.asarray(words.rates.sum(axis=0)).ravel()
        self._documents = np.bincount(words.rates.indices, minlength=words.rates.shape[1])
        self._column = np.full(words.rates.shape[1], -1)

    def inside(self, members: Labels, phrases: Labels) -> Array:
        """How much each of the documents `members` says each phrase, [members, phrases]."""
        self._column[phrases] = np.arange(len(phrases))
        rows = self._rates[members]
        columns = self._column[rows.indices]
        self._column[phrases] = -1
        row = np.repeat(np.arange(len(members)), np.diff(rows.indptr))
        found = np.zeros((len(members), len(phrases)))
        found[row[columns >= 0], columns[columns >= 0]] = rows.data[columns >= 0]
        return found

    def nearness(self, phrases: Labels, centre: Array) -> Array:
        """How near to `centre` [d] the entities lie whose documents say each phrase, [phrases]."""
        if not centre.any():  # the only document differs from the mean of all in nothing, which says nothing
            return np.ones(len(phrases))
        near = np.maximum(self._entities @ centre, 0)
        return np.asarray(self._of_entities[:, phrases].T @ near / self._total[phrases])

    def absence(self, phrases: Labels, inside: Array) -> Array:
        """How little all other documents say each phrase: 1 if none does, 0 from half of them on, [phrases]."""
        others = max(self._rates.shape[0] - len(inside), 1)
        outside = self._documents[phrases] - np.count_nonzero(inside, axis=0)
        return np.asarray(np.maximum(1 - outside / (EVERYWHERE * others), 0))
