"""Which documents say a phrase, and where they lie."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from shas_kb.organise.group import averaging
from shas_kb.organise.material import Array, Labels, unit
from shas_kb.organise.vocabulary import Vocabulary

EVERYWHERE = 0.5
"""The share of the documents outside a node, from which on what they say tells nothing of it."""
OF_TITLES = 0.2
"""The share of the other titles, from which on what they have is a form of titles ("regulations")."""
TITLED = 3.0
"""How much more a phrase is worth that stands in all titles of a node, and in none elsewhere."""
UNIFORM = 0.2
"""What a phrase is worth that all documents say equally often."""
LEAST = 0.01
"""The least of what is taken in logarithms."""


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
        """How many of the documents `members` have each phrase in their titles, if few others do: 1 if none, 4 if all
        and no other, [phrases]."""
        inside = self._taken(self._titled[members], phrases).sum(axis=0)
        others = max(self._titled.shape[0] - len(members), 1)
        alone = np.maximum(1 - (self._titles[phrases] - inside) / (OF_TITLES * others), 0)
        return np.asarray(1 + TITLED * inside / len(members) * alone)

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
        return np.asarray(np.maximum(self._of_entities[:, phrases].T @ near / self._total[phrases], LEAST))

    def absence(self, phrases: Labels, inside: Array) -> Array:
        """How little all other documents say each phrase: 1 if none does, `LEAST` from half of them on, [phrases]."""
        others = max(self._rates.shape[0] - len(inside), 1)
        outside = self._documents[phrases] - np.count_nonzero(inside, axis=0)
        return np.asarray(np.maximum(1 - outside / (EVERYWHERE * others), LEAST))

    @staticmethod
    def difference(inside: Array) -> Array:
        """How much documents differ in how often they say each phrase, [phrases]: a subject is said often by some, a
        heading, a form or a passing remark as often by all. `inside` [documents, phrases] is how much each says it."""
        says = np.count_nonzero(inside, axis=0)
        usual = np.take_along_axis(-np.sort(-inside, axis=0), (says // 2)[None], axis=0)
        as_usual = np.count_nonzero((inside == usual) & (inside > 0), axis=0)
        return np.asarray(1 - (1 - UNIFORM) * as_usual / np.maximum(says, 1))
