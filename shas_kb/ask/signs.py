"""Which passages of a large collection are likely near a question, by the signs of their vectors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shas_kb.records import Codes, Vectors

WORD = np.dtype(np.uint64)


@dataclass(frozen=True, eq=False)
class Signs:
    """Signs of vectors [n, d], a bit a channel: `words` [ceil(d / 64), n], so that a word of all is read in one go."""

    words: NDArray[np.uint64]
    dimension: int

    @classmethod
    def of(cls, codes: Codes, dimension: int) -> Signs:
        """Of packed signs [n, bytes], as `store.outlines` gives them."""
        return cls(np.ascontiguousarray(_words(codes).T), dimension)

    def cosines(self, vector: Vectors) -> Vectors:
        """An estimate of the cosine of each vector with `vector` [d], float32 [n].

        By the angle between two vectors it is decided how many of their signs differ (Charikar, STOC 2002).
        """
        asked = _words(np.packbits(vector >= 0)[None])[0]
        differ = np.zeros(self.words.shape[1], np.uint16)
        for word, its in zip(self.words, asked, strict=True):
            differ += np.bitwise_count(word ^ its)
        angles = np.linspace(0, np.pi, self.dimension + 1)
        estimate: Vectors = np.cos(angles).astype(np.float32)[differ]
        return estimate


def _words(codes: Codes) -> NDArray[np.uint64]:
    """Packed signs [n, bytes] in whole words [n, words]; what is added agrees everywhere."""
    padded = np.zeros((len(codes), -(-codes.shape[1] // WORD.itemsize) * WORD.itemsize), np.uint8)
    padded[:, : codes.shape[1]] = codes
    return padded.view(WORD)
