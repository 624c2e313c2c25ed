"""What a document is: what varies between documents in their vectors, and their words. Both count equally.

Vectors are whitened by the scatter of passages around their own document: what varies inside a document is what the
level above must forget (within-class covariance normalisation; Hatch et al., Interspeech 2006). Words are TF-IDF reduced by a
randomised singular value decomposition (Halko, Martinsson and Tropp, arXiv 0909.4061).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import chain

import numpy as np
from scipy import sparse

from shas_kb.organise.material import Array, Material, unit

WORD_WIDTH = 100
SCATTER_FLOOR = 0.1
COMMON = 0.3


def represent(materials: Sequence[Material]) -> Array:
    """One unit vector for each document, [n, width] float64; widths differ from collection to collection."""
    meaning = unit(whitened(materials))
    words = unit(reduced(tfidf(materials), WORD_WIDTH))
    return unit(np.hstack([meaning, words]))


def document_vectors(materials: Sequence[Material]) -> Array:
    """The mean passage of each document at length 1, [n, d] float64: in the space in which questions are asked."""
    return unit(_means(materials))


def whitened(materials: Sequence[Material]) -> Array:
    """Document means [n, d] in the space in which passages vary equally in every direction around their document.

    Each direction is divided by the root of its scatter, floored by a tenth of the mean scatter. Scatter known from few
    passages is drawn towards the same in all directions, so that tiny collections are hardly whitened at all.
    """
    means = _means(materials)
    width = means.shape[1]
    scatter = np.zeros((width, width))
    freedom = 0
    for material, mean in zip(materials, means, strict=True):
        if len(material.passages) > 1:
            around = material.passages.astype(np.float64) - mean
            scatter += around.T @ around
            freedom += len(around) - 1
    centred = means - means.mean(axis=0)
    size = np.trace(scatter) / width
    if size <= 0:
        return centred
    scatter += size * width / max(freedom, 1) * np.eye(width)
    spread, directions = np.linalg.eigh(scatter)
    scale = 1.0 / np.sqrt(spread + SCATTER_FLOOR * spread.mean())
    return np.asarray((centred @ directions) * scale)


def tfidf(materials: Sequence[Material]) -> sparse.csr_matrix:
    """Sublinear TF-IDF of the words [n, vocabulary], rows at length 1.

    Words of fewer than three documents (two in a small collection) link nothing; words of more than three in ten tell
    little apart.
    """
    n = len(materials)
    spread = Counter(chain.from_iterable(material.terms for material in materials))
    least, most = (3 if n >= 60 else 2), max(COMMON * n, 3)
    vocabulary = sorted(term for term, documents in spread.items() if least <= documents <= most)
    column = {term: j for j, term in enumerate(vocabulary)}
    weight = np.array([np.log((1 + n) / (1 + spread[term])) + 1 for term in vocabulary])
    rows, columns, counts = [], [], []
    for i, material in enumerate(materials):
        known = sorted((column[term], count) for term, count in material.terms.items() if term in column)
        rows.append(np.full(len(known), i))
        columns.append(np.array([j for j, _ in known], dtype=np.int64))
        counts.append(np.array([count for _, count in known], dtype=np.float64))
    at = np.concatenate(columns)
    values = (1 + np.log(np.concatenate(counts))) * weight[at]
    matrix = sparse.csr_matrix((values, (np.concatenate(rows), at)), shape=(n, len(vocabulary)))
    length = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    return sparse.csr_matrix(sparse.diags(1 / np.where(length > 0, length, 1.0)) @ matrix)


def reduced(matrix: sparse.csr_matrix, width: int, rounds: int = 3) -> Array:
    """The rows of `matrix` [n, m] on their `width` principal directions, [n, at most width]; the seed is fixed."""
    width = min(width, *matrix.shape)
    if width == 0:
        return np.zeros((matrix.shape[0], 0))
    sketch = min(width + 10, *matrix.shape)
    basis = matrix @ np.random.default_rng(0).standard_normal((matrix.shape[1], sketch))
    for _ in range(rounds):
        basis = matrix @ (matrix.T @ np.linalg.qr(basis)[0])
    basis = np.linalg.qr(basis)[0]
    left, values, _ = np.linalg.svd((matrix.T @ basis).T, full_matrices=False)
    return np.asarray((basis @ left[:, :width]) * values[:width])


def _means(materials: Sequence[Material]) -> Array:
    width = max((material.passages.shape[1] for material in materials if material.passages.ndim == 2), default=0)
    means = np.zeros((len(materials), width))
    for i, material in enumerate(materials):
        if len(material.passages):
            means[i] = material.passages.mean(axis=0, dtype=np.float64)
    return means
