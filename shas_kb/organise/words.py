"""What documents say, in vectors: TF-IDF of their words and of their phrases of several words, reduced by a randomised
block Krylov method (Musco and Musco, arXiv 1504.05477).

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
BLOCK, BLOCKS = 50, 6
"""Columns that are found at once, and how often: together three times the directions that are wanted."""
ENOUGH = 20_000
"""Documents that show in which directions words vary."""


def tfidf(materials: Sequence[Material]) -> sparse.csr_matrix:
    """Sublinear TF-IDF of the words and phrases [n, vocabulary], rows at length 1.

    Those of fewer than three documents (two in a small collection) link nothing; those of more than three in ten tell
    little apart.
    """
    n = len(materials)
    least = 3 if n >= 60 else 2
    words = _frequencies([material.terms for material in materials], lambda word: word, least)
    phrases = _frequencies(
        [material.phrases for material in materials], lambda phrase: phrase.lower() if " " in phrase else None, 1
    )
    matrix = sparse.csr_matrix(sparse.hstack([words, phrases]))
    occurs = np.bincount(matrix.indices, minlength=matrix.shape[1])
    kept = (occurs >= least) & (occurs <= max(COMMON * n, 3))
    matrix = sparse.csr_matrix(matrix[:, np.flatnonzero(kept)])
    weight = (np.log((1 + n) / (1 + occurs[kept])) + 1).astype(np.float32)
    matrix.data = (1 + np.log(matrix.data)) * weight[matrix.indices]
    length = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    matrix.data /= np.repeat(np.where(length > 0, length, 1.0), np.diff(matrix.indptr))
    return matrix


def reduced(matrix: sparse.csr_matrix, width: int, seed: int = 0) -> Array:
    """The rows of `matrix` [n, m] on their `width` principal directions, [n, at most width]; of more than `ENOUGH` rows
    an even sample says which these are."""
    n = matrix.shape[0]
    matrix = matrix.astype(np.float32, copy=False)
    some = matrix if n <= ENOUGH else matrix[np.linspace(0, n - 1, ENOUGH).astype(np.int64)]
    if not min(width, *some.shape):
        return np.zeros((n, 0))
    basis, turned = krylov(some, seed)
    spreads, directions = np.linalg.eigh((turned.T @ turned).astype(np.float64))
    strongest = np.argsort(-spreads, kind="stable")[:width]
    length = np.sqrt(np.maximum(spreads[strongest], 0))
    if n <= ENOUGH:
        return np.asarray((basis @ directions[:, strongest]) * length)
    onto = turned @ (directions[:, strongest] / np.where(length > 0, length, 1.0)).astype(np.float32)
    return product(matrix, onto).astype(np.float64)


def krylov(matrix: sparse.csr_matrix, seed: int) -> tuple[Single, Single]:
    """Orthogonal columns [n, k] that span nearly all that the strongest directions of `matrix` [n, m] do, and what its
    transpose makes of them, [m, k]; the whole space of a small matrix.

    Each block of columns is the one before it once more through the matrix, less what all of them hold already: taken
    out twice, which leaves columns orthogonal also where nothing but rounding is left of them.
    """
    size = min(matrix.shape)
    width, blocks = (BLOCK, BLOCKS) if size > 2 * BLOCK * BLOCKS else (size, 1)
    across = sparse.csr_matrix(matrix.T)
    found = np.random.default_rng(seed).standard_normal((matrix.shape[1], width), dtype=np.float32)
    basis = np.zeros((matrix.shape[0], width * blocks), dtype=np.float32)
    turned = np.zeros((matrix.shape[1], width * blocks), dtype=np.float32)
    for start in range(0, width * blocks, width):
        held, block = basis[:, :start], product(matrix, found)
        for _ in range(2):
            block = np.linalg.qr(block - held @ (held.T @ block))[0]
        found = product(across, block)
        basis[:, start : start + width], turned[:, start : start + width] = block, found
    return basis, turned


def product(matrix: sparse.csr_matrix, dense: Single) -> Single:
    """`matrix` [n, m] times `dense` [m, k]: a row of the result is a sum over a row of `matrix`, in its order."""
    half = int(np.searchsorted(matrix.indptr, matrix.nnz // 2))
    parts = (matrix[:half], matrix[half:])
    return np.concatenate(list(together(lambda part: np.asarray(part @ dense), parts)))


def _frequencies(
    counts: Sequence[Mapping[str, int]], key: Callable[[str], str | None], least: int
) -> sparse.csr_matrix:
    """How often each document says what at least `least` of them do, [n, keys], by what `key` makes of it; without what
    it makes nothing of."""
    keys = {word: made for word in spread(counts, least) if (made := key(word)) is not None}
    column = {made: j for j, made in enumerate(sorted(set(keys.values())))}
    return counted(counts, {word: column[made] for word, made in keys.items()}).astype(np.float32)
