"""How near the meaning of a phrase is to what a node's documents are about, by the model that made their vectors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from shas_kb.organise.group import averaging
from shas_kb.organise.material import Array, Labels, unit
from shas_kb.organise.vocabulary import is_wide
from shas_kb.records import Vectors

Embed = Callable[[Sequence[str]], Vectors]
"""Gives phrases unit vectors, [n, d], in the space of the passages' own."""

UNKNOWN = 0.06
"""The nearness, a usual one, of phrases in scripts without spaces, of which the bundled model knows nothing."""
NAME, FAR = 0.04, 0.01
"""The least nearness of a name, which a model may never have met, and of other phrases."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """The documents' mean passages [n, d], and what gives phrases vectors of the same kind."""

    documents: Array
    embed: Embed

    def nearness(self, phrases: Sequence[Sequence[Sequence[str]]], levels: Sequence[Labels]) -> list[list[Array]]:
        """How near each phrase is to the middle of its node, and how much nearer than to that of the collection.

        The product of both: cosine with the node's centre, and with what tells this from the centre of all documents.
        Cosines are rounded, so that the order of names does not hang on the last bits.

        Args:
            phrases: Those of each node, by level; they are embedded in one call.
            levels: The node of each document, [n], by level.
        """
        every = sorted({one for level in phrases for own in level for one in own if not is_wide(one)})
        row = {phrase: i for i, phrase in enumerate(every)}
        vectors = self.embed(every).astype(np.float64) if every else np.zeros((0, self.documents.shape[1]))
        whole = unit(self.documents.mean(axis=0)[None])[0]
        found = []
        for level, nodes in zip(phrases, levels, strict=True):
            centres = unit(averaging(nodes) @ self.documents)
            common = whole if len(centres) > 1 else np.zeros_like(whole)
            found.append(
                [
                    _nearness(own, row, vectors, centre, centre - common)
                    for own, centre in zip(level, centres, strict=True)
                ]
            )
        return found


def _nearness(phrases: Sequence[str], row: dict[str, int], vectors: Array, centre: Array, telling: Array) -> Array:
    near = np.full(len(phrases), UNKNOWN)
    known = [i for i, phrase in enumerate(phrases) if phrase in row]
    own = vectors[[row[phrases[i]] for i in known]]
    close = np.maximum(np.round(own @ centre, 2), 0) * np.maximum(np.round(own @ telling, 2), 0)
    least = [FAR if phrases[i] == phrases[i].lower() else NAME for i in known]
    near[known] = np.maximum(close, least)
    return near
