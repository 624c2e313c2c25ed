"""What a document brings to the tree."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shas_kb.records import Vectors

Array = NDArray[np.float64]
Labels = NDArray[np.int64]
Counts = NDArray[np.integer[Any]]


@dataclass(frozen=True, slots=True)
class Material:
    """A document as the tree sees it.

    `passages` [p, d] are unit vectors, `heading` [d] is that of the title (zeros where it has not been encoded),
    `tokens` [p] the word pieces of each passage, `terms` counts the words of the text, `phrases` its noun-like phrases
    as they are written. `sha256` orders the documents, so that the order in which they came never matters.
    """

    id: str
    sha256: str
    title: str
    language: str
    passages: Vectors = field(repr=False)
    heading: Vectors = field(repr=False)
    tokens: Counts = field(repr=False)
    terms: Mapping[str, int] = field(repr=False)
    phrases: Mapping[str, int] = field(repr=False)


def unit(x: Array) -> Array:
    """The rows of `x` [n, d] at length 1; rows of zeros stay zeros."""
    length = np.sqrt(np.einsum("ij,ij->i", x, x))[:, None]
    return np.asarray(x / np.where(length > 0, length, 1.0))
