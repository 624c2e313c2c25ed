"""What a document brings to the tree."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from shas_kb.records import Vectors

Array = NDArray[np.float64]
Labels = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Material:
    """A document as the tree sees it.

    `passages` [p, d] are unit vectors, `heading` [d] is that of the title (zeros where it has not been encoded),
    `terms` counts the words of the text, `phrases` its noun-like phrases as they are written. `sha256` orders the
    documents, so that the order in which they came never matters.
    """

    id: str
    sha256: str
    title: str
    language: str
    passages: Vectors = field(repr=False)
    heading: Vectors = field(repr=False)
    terms: Mapping[str, int] = field(repr=False)
    phrases: Mapping[str, int] = field(repr=False)


def unit(x: Array) -> Array:
    """The rows of `x` [n, d] at length 1; rows of zeros stay zeros."""
    length = np.sqrt(np.einsum("ij,ij->i", x, x))[:, None]
    return np.asarray(x / np.where(length > 0, length, 1.0))


def means(units: Array, weights: Array, labels: Labels) -> Array:
    """The weighted mean of each group of `units` [n, d], [groups, d]."""
    groups = int(labels.max()) + 1
    order = np.argsort(labels, kind="stable")
    starts = np.searchsorted(labels[order], np.arange(groups))
    total = np.add.reduceat(units[order] * weights[order, None], starts, axis=0)
    return np.asarray(total / np.add.reduceat(weights[order], starts)[:, None])


def tally(weights: Array, labels: Labels) -> Array:
    """The weight of each group, [groups]."""
    return np.bincount(labels, weights=weights).astype(np.float64)


def relabelled(labels: NDArray[np.int64]) -> Labels:
    """The same groups numbered 0, 1, ... in the order of their first units."""
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return rank[inverse]


def members(labels: Labels) -> list[Labels]:
    """The units of each group, in their order, [groups] of [its size]."""
    return np.split(np.argsort(labels, kind="stable"), np.cumsum(np.bincount(labels))[:-1])
