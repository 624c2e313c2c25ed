"""Sketches: what a passage says, unit by unit, in so few bits that a collection can keep all of it. Without torch.

A unit is kept as signs, a bit each: by the angle between two vectors it is decided how many of their signs agree
(Charikar, "Similarity estimation techniques from rounding algorithms", STOC 2002). The question is not rounded, so that
the product of its unit vector with the signs, scaled, estimates their cosine: for a vector with signs s,

    cos(q, x) ~ sqrt(pi / 2) q . s / sqrt(bits)

- **pieces**, the pyramid's level 2, are kept by the signs of their own channels;
- **words** are tokens, far more of them, and are kept by the signs of `WORD_BITS` random directions, the same
  everywhere and for ever. Only the telling half of a passage's tokens is kept: those whose states are longest, which
  count most in the mean that is its vector.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import shake_256

import numpy as np
from numpy.typing import NDArray

from shas_kb.config import WORD_BITS, WORDS_COUNT
from shas_kb.records import Asked, Codes, Sketch, Vectors

Ends = NDArray[np.int64]


@cache
def directions(dimension: int) -> Vectors:
    """The directions of words, 1 and -1, [dimension, WORD_BITS] (Achlioptas, "Database-friendly random projections",
    PODS 2001)."""
    bits = np.unpackbits(np.frombuffer(shake_256(b"shas-kb words").digest(dimension * WORD_BITS // 8), np.uint8))
    return bits.reshape(dimension, WORD_BITS) * np.float32(2) - 1


def projected(rows: Vectors) -> Vectors:
    """Rows [n, dimension] along the directions of words, at unit length [n, WORD_BITS]."""
    along = rows @ directions(rows.shape[1])
    unit: Vectors = along / np.maximum(np.linalg.norm(along, axis=1, keepdims=True), np.finfo(np.float32).tiny)
    return unit


def unpack(codes: Codes, bits: int) -> Vectors:
    """Signs as float32, [n, bytes] to [n, bits]: products with unit vectors estimate cosines."""
    scale = np.float32(np.sqrt(np.pi / 2 / bits))
    signs = np.unpackbits(codes, axis=1, count=bits).astype(np.float32)
    signs *= 2 * scale
    signs -= scale
    return signs


@dataclass(frozen=True, eq=False)
class Said:
    """What some passages say, in one matrix of each kind, ready to be compared.

    Attributes:
        pieces: [pieces, dimension].
        piece_ends: Where each passage's end, [passages]; none is without.
        words: [words, WORD_BITS].
        word_ends: Where each passage's end, [passages]; none is without.
    """

    pieces: Vectors
    piece_ends: Ends
    words: Vectors
    word_ends: Ends

    @classmethod
    def of(cls, sketches: Sequence[Sketch], dimension: int) -> Said:
        """Of so many passages, at least one."""
        pieces, words = ([getattr(its, kind) for its in sketches] for kind in ("pieces", "words"))
        return cls(
            unpack(np.concatenate(pieces), dimension),
            np.cumsum([len(its) for its in pieces]),
            unpack(np.concatenate(words), WORD_BITS),
            np.cumsum([len(its) for its in words]),
        )

    def to(self, asked: Sequence[Asked]) -> Vectors:
        """What each passage says to some questions, [questions, passages]: the cosine of its best piece, and
        `WORDS_COUNT` times what its words say to each word of the question, the best to each, as much as it counts.

        The second is late interaction (ColBERT; Khattab and Zaharia, arXiv 2004.12832): a passage that answers in
        several places is not worth only the best of them.
        """
        starts = np.cumsum([0, *(len(question.words) for question in asked[:-1])])
        words = _highest(np.concatenate([question.words for question in asked]), self.words, self.word_ends)
        words *= np.concatenate([question.counts for question in asked])[:, None]
        worth = _highest(np.stack([question.vector for question in asked]), self.pieces, self.piece_ends)
        worth += WORDS_COUNT * np.add.reduceat(words, starts, axis=0)
        return worth


def _highest(vectors: Vectors, units: Vectors, ends: Ends) -> Vectors:
    """The highest cosine of each vector with a passage's units, [vectors, passages]."""
    highest: Vectors = np.maximum.reduceat(vectors @ units.T, np.append(0, ends[:-1]), axis=1)
    return highest
