"""Who is near whom: the few nearest rows of each row, by cosine."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from shas_kb.records import Vectors

Weighted = tuple[tuple[str, float], ...]
_BLOCK = 2048


def neighbours(ids: Sequence[str], vectors: Vectors, count: int) -> dict[str, Weighted]:
    """The `count` nearest others of each row, nearest first, with cosines (3 digits), above 0 and half the nearest's.

    Args:
        ids: what the rows are called; equal cosines come in this order.
        vectors: [rows, dimension] of any length; a zero row has no neighbours.
        count: how many for each.
    """
    if len(ids) < 2:
        return {}
    unit = unit_rows(vectors)
    count = min(count, len(ids) - 1)
    found: dict[str, Weighted] = {}
    for first in range(0, len(ids), _BLOCK):
        cosines = np.round(unit[first : first + _BLOCK] @ unit.T, 3)  # [block, rows]
        here = np.arange(len(cosines))
        cosines[here, first + here] = -np.inf
        nearest = np.argpartition(-cosines, count - 1, axis=1)[:, :count]
        for i, row in enumerate(np.sort(nearest, axis=1)):
            ranked = row[np.argsort(-cosines[i, row], kind="stable")]
            least = max(0.0, float(cosines[i, ranked[0]]) / 2)
            weights = [(ids[j], round(float(cosines[i, j]), 3)) for j in ranked]
            found[ids[first + i]] = tuple((other, weight) for other, weight in weights if weight > least)
    return found


def unit_rows(vectors: Vectors) -> Vectors:
    """Each row at length 1; a zero row stays zero."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: Vectors = (vectors / np.where(lengths > 0, lengths, 1)).astype(np.float32)
    return unit
