"""What documents say, in vectors: TF-IDF of their words and of their phrases of several words, reduced by a randomised
singular value decomposition (Halko, Martinsson and Tropp, arXiv 0909.4061).

In single precision, which is more than the first hundred directions of words are sure to, and takes a third of the
time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from scipy import sparse

from shas_kb.organise.bag import counted, spread
from shas_kb.organise.cells import Single
from shas_kb.organise.material import Array, Material
from shas_kb.organise.together import together

COMMON = 0.3
ENOUGH = 20_000
"""Documents that show in which directions words vary."""


def tfidf(materials: Sequence[Material]) -> sparse.csr_matrix:
    """Sublinear TF-IDF of the words and phrases [n, vocabulary], rows at length 1.

    Those of fewer than three documents (two in a small collection) link nothing; those of more than three in ten tell
    little apart.
    """
    n = len(materials)
    words = _frequencies([material.terms for material in materials], lambda word: word)
    phrases = _frequencies(
        [material.phrases for material in materials], lambda phrase: phrase.lower() if " " in phrase else None
    )
    matrix = sparse.csr_matrix(sparse.hstack([words, phrases]))
    occurs = np.bincount(matrix.indices, minlength=matrix.shape[1])
    kept = (occurs >= (3 if n >= 60 else 2)) & (occurs <= max(COMMON * n, 3))
    matrix = sparse.csr_matrix(matrix[:, np.flatnonzero(kept)])
    weight = np.log((1 + n) / (1 + occurs[kept])) + 1
    matrix.data = (1 + np.log(matrix.data)) * weight[matrix.indices]
    length = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    matrix.data /= np.repeat(np.where(length > 0, length, 1.0), np.diff(matrix.indptr))
    return matrix


def reduced(matrix: sparse.csr_matrix, width: int, seed: int = 0, rounds: int = 3) -> Array:
    """The rows of `matrix` [n, m] on their `width` principal directions, [n, at most width]; of more than `ENOUGH` rows
    an even sample says which these are."""
    n = matrix.shape[0]
    matrix = matrix.astype(np.float32)
    some = matrix if n <= ENOUGH else matrix[np.linspace(0, n - 1, ENOUGH).astype(np.int64)]
    width = min(width, *some.shape)
    if width == 0:
        return np.zeros((n, 0))
    sketch = min(width + 10, *some.shape)
    turned = sparse.csr_matrix(some.T)
    basis = product(some, np.random.default_rng(seed).standard_normal((some.shape[1], sketch), dtype=np.float32))
    for _ in range(rounds):
        basis = product(some, product(turned, np.linalg.qr(basis)[0]))
    basis = np.linalg.qr(basis)[0]
    projected = product(turned, basis)
    spreads, directions = np.linalg.eigh(projected.T @ projected)
    strongest = np.argsort(-spreads, kind="stable")[:width]
    length = np.sqrt(np.maximum(spreads[strongest], 0))
    if n <= ENOUGH:
        return ((basis @ directions[:, strongest]) * length).astype(np.float64)
    return product(matrix, (projected @ directions[:, strongest]) / np.where(length > 0, length, 1.0)).astype(
        np.float64
    )


def product(matrix: sparse.csr_matrix, dense: Single) -> Single:
    """`matrix` [n, m] times `dense` [m, k]: a row of the result is a sum over a row of `matrix`, in its order."""
    half = int(np.searchsorted(matrix.indptr, matrix.nnz // 2))
    parts = (matrix[:half], matrix[half:])
    return np.concatenate(list(together(lambda part: np.asarray(part @ dense), parts)))


def _frequencies(counts: Sequence[Mapping[str, int]], key: Callable[[str], str | None]) -> sparse.csr_matrix:
    """How often each document says what, [n, keys], by what `key` makes of it; without what it makes nothing of."""
    keys = {word: made for word in spread(counts) if (made := key(word)) is not None}
    column = {made: j for j, made in enumerate(sorted(set(keys.values())))}
    return counted(counts, {word: column[made] for word, made in keys.items()})
