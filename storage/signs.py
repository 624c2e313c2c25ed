"""Signs of passage vectors, a bit a channel: a sixteenth of what is stored, so that a large collection's can be held.

By the angle between two vectors it is decided how many of their signs agree (Charikar, "Similarity estimation
techniques from rounding algorithms", STOC 2002). So a count of bits tells which passages are likely near, and only
these need be looked at.
"""

from __future__ import annotations

import numpy as np

HALF = np.dtype("<f2")
"""Vectors as they are stored."""


def sign_bytes(dimension: int) -> int:
    """Bytes of a vector's signs."""
    return (dimension + 7) // 8


def signs_of(vectors: bytes, dimension: int) -> bytes:
    """The signs of stored vectors, `sign_bytes` each; of what is no whole number of vectors, none."""
    if dimension < 1 or len(vectors) % (HALF.itemsize * dimension):
        return b""
    return np.packbits(np.frombuffer(vectors, HALF).reshape(-1, dimension) >= 0, axis=1).tobytes()
