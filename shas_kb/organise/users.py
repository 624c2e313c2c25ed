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
        self._titled = words.titled
        self._titles = np.asarray(words.titled.sum(axis=0)).ravel()
        self._entities = unit(averaging(entities) @ units)
        sizes = sparse.diags(np.bincount(entities).astype(np.float64))
        self._of_entities = sparse.csc_matrix(sizes @ averaging(entities) @ words.rates)
        self._total = np.asarray(words.rates.sum(axis=0)).ravel()
        self._documents = np.bincount(words.rates.indices, minlength=words.rates.shape[1])
        self._column = np.full(words.rates.shape[1], -1)

    def inside(self, members: Labels, phrases: Labels) -> Array:
        """How much each of the documents `members` says each phrase, [members, phrases]."""
        return self._taken(self._rates[members], phrases)

    def titled(self, members: Labels, phrases: Labels) -> Array:
        """By how much more of the documents `members` have each phrase in their titles than of the rest, [phrases]."""
        inside = self._taken(self._titled[members], phrases).sum(axis=0)
        rest = max(self._titled.shape[0] - len(members), 1)
        return np.asarray(np.maximum(inside / len(members) - (self._titles[phrases] - inside) / rest, 0))

    def _taken(self, rows: sparse.csr_matrix, phrases: Labels) -> Array:
        """Some columns of some rows, [rows, phrases]; slicing sparse columns would take much longer."""
        self._column[phrases] = np.arange(len(phrases))
        columns = self._column[rows.indices]
        self._column[phrases] = -1
        row = np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr))
        found = np.zeros((rows.shape[0], len(phrases)))
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
