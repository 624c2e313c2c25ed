"""How near the meaning of a phrase is to what a node's documents are about, by the model that made their vectors.

As the tree sees documents: what varies inside of them counts less, so that the phrase is near that means what they
share, and not the one that means what texts of their kind do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from shas_kb.organise.material import Array, Labels, Material, members, unit
from shas_kb.organise.represent import mean_passages, whitening_inside
from shas_kb.organise.script import is_wide
from shas_kb.records import Vectors

Embed = Callable[[Sequence[str]], Vectors]
"""Gives phrases unit vectors, [n, d], in the space of the passages' own."""

MOST = 0.4
"""The share of a node's documents that may be farther from a phrase than it is said to be near."""
UNKNOWN = 0.06
"""The nearness, a usual one, of phrases in scripts without spaces, of which the bundled model knows nothing."""
NAME, FAR = 0.06, 0.02
"""The least nearness of a name, which a model may never have met, and of other phrases."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """The documents' mean passages at length 1, [n, d]; the matrix [d, d] by which vectors are whitened; and what gives
    phrases vectors of the same kind."""

    documents: Array
    turn: Array
    embed: Embed

    @classmethod
    def of(cls, materials: Sequence[Material], embed: Embed) -> Meaning:
        """What is known of the documents' meaning."""
        means = mean_passages(materials)
        return cls(unit(means), whitening_inside(materials, means), embed)

    def nearness(self, phrases: Sequence[Sequence[Sequence[str]]], levels: Sequence[Labels]) -> list[list[Array]]:
        """How near each phrase is to most documents of its node: the cosine that three in five of them reach.

        Cosines are of whitened vectors, seen from the middle of all documents unless a level has one node only, and
        rounded, so that the order of names does not hang on the last bits.

        Args:
            phrases: Those of each node, by level; they are embedded in one call.
            levels: The node of each document, [n], by level.
        """
        every = sorted({one for level in phrases for own in level for one in own if not is_wide(one)})
        row = {phrase: i for i, phrase in enumerate(every)}
        vectors = self.embed(every).astype(np.float64) if every else np.zeros((0, self.documents.shape[1]))
        found = []
        for level, nodes in zip(phrases, levels, strict=True):
            middle = self.documents.mean(axis=0) * (len(level) > 1)
            meant, documents = (unit((those - middle) @ self.turn) for those in (vectors, self.documents))
            found.append(
                [_nearness(own, row, meant, documents[rows]) for own, rows in zip(level, members(nodes), strict=True)]
            )
        return found


def _nearness(phrases: Sequence[str], row: dict[str, int], meant: Array, documents: Array) -> Array:
    near = np.full(len(phrases), UNKNOWN)
    known = [i for i, phrase in enumerate(phrases) if phrase in row]
    if 2 * len(known) > len(phrases):  # else the model knows little of the documents either
        cosines = meant[[row[phrases[i]] for i in known]] @ documents.T
        least = [FAR if phrases[i] == phrases[i].lower() else NAME for i in known]
        near[known] = np.maximum(np.round(np.quantile(cosines, MOST, axis=1), 2), least)
    return near
