"""What documents say, in vectors: TF-IDF of their words and of their phrases of several words, reduced by a randomised
singular value decomposition (Halko, Martinsson and Tropp, arXiv 0909.4061)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

import numpy as np
from scipy import sparse

from shas_kb.organise.material import Array, Material

COMMON = 0.3


def tfidf(materials: Sequence[Material]) -> sparse.csr_matrix:
    """Sublinear TF-IDF of the words and phrases [n, vocabulary], rows at length 1.

    Words of fewer than three documents (two in a small collection) link nothing; words of more than three in ten tell
    little apart.
    """
    n = len(materials)
    counts = [dict(_words(material)) for material in materials]
    spread = Counter(chain.from_iterable(counts))
    least, most = (3 if n >= 60 else 2), max(COMMON * n, 3)
    vocabulary = sorted(term for term, documents in spread.items() if least <= documents <= most)
    column = {term: j for j, term in enumerate(vocabulary)}
    weight = np.array([np.log((1 + n) / (1 + spread[term])) + 1 for term in vocabulary])
    matrix = counted(counts, column)
    matrix.data = (1 + np.log(matrix.data)) * weight[matrix.indices]
    length = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    return sparse.csr_matrix(sparse.diags(1 / np.where(length > 0, length, 1.0)) @ matrix)


def counted(counts: Sequence[Mapping[str, int]], column: Mapping[str, int]) -> sparse.csr_matrix:
    """The matrix [n, columns] of what each of `counts` counts; words without a column are left out, those that share
    one summed."""
    at = np.fromiter((column.get(word, -1) for one in counts for word in one), dtype=np.int64)
    values = np.fromiter((count for one in counts for count in one.values()), dtype=np.float64)
    rows = np.repeat(np.arange(len(counts)), [len(one) for one in counts])
    width = max(column.values(), default=-1) + 1
    matrix = sparse.csr_matrix((values[at >= 0], (rows[at >= 0], at[at >= 0])), shape=(len(counts), width))
    matrix.sum_duplicates()
    return matrix


def reduced(matrix: sparse.csr_matrix, width: int, seed: int = 0, rounds: int = 3) -> Array:
    """The rows of `matrix` [n, m] on their `width` principal directions, [n, at most width]."""
    width = min(width, *matrix.shape)
    if width == 0:
        return np.zeros((matrix.shape[0], 0))
    sketch = min(width + 10, *matrix.shape)
    basis = matrix @ np.random.default_rng(seed).standard_normal((matrix.shape[1], sketch))
    for _ in range(rounds):
        basis = matrix @ (matrix.T @ np.linalg.qr(basis)[0])
    basis = np.linalg.qr(basis)[0]
    projected = matrix.T @ basis
    spread, directions = np.linalg.eigh(projected.T @ projected)
    strongest = np.argsort(-spread, kind="stable")[:width]
    return np.asarray((basis @ directions[:, strongest]) * np.sqrt(np.maximum(spread[strongest], 0)))


def _words(material: Material) -> Iterator[tuple[str, int]]:
    """A document's words and its phrases of several words, in any case; none is both."""
    yield from material.terms.items()
    phrases: Counter[str] = Counter()
    for phrase, count in material.phrases.items():
        if " " in phrase:
            phrases[phrase.lower()] += count
    yield from phrases.items()
