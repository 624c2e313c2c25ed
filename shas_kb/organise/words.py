"""What documents say, in vectors: TF-IDF of their words and of their phrases of several words, reduced by a randomised
block Krylov method (Musco and Musco, arXiv 1504.05477).

In single precision, which is more than the first hundred directions of words are sure to, and takes a third of the
time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from shas_kb.organise.bag import counted, spread
from shas_kb.organise.cells import Single
from shas_kb.organise.material import Array, Material
from shas_kb.organise.together import together

COMMON = 0.3
SEVERAL = 60
"""Documents of which a word in two may be chance, and by which it can be told how much words tell."""
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
    least, most = 3 if n >= SEVERAL else 2, max(COMMON * n, 3)
    terms = [material.terms for material in materials]
    words = counted(terms, _columns({word: word for word in spread(terms, least, most)}))
    phrases = [material.phrases for material in materials]
    lower = _lower(spread(phrases), least)
    matrix = sparse.hstack([words, _between(counted(phrases, _columns(lower)), least, most)], format="csr")
    weight = (np.log((1 + n) / (1 + _occurs(matrix))) + 1).astype(np.float32)
    np.log(matrix.data, out=matrix.data)
    matrix.data += 1
    matrix.data *= weight[matrix.indices]
    squares = sparse.csr_matrix((np.square(matrix.data), matrix.indices, matrix.indptr), shape=matrix.shape)
    length = np.sqrt(np.asarray(squares.sum(axis=1)).ravel())
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


def _lower(phrases: Mapping[str, int], least: int) -> dict[str, str]:
    """The phrases of several words, of so many documents, by how they are written in small letters."""
    small = {phrase: phrase.lower() for phrase in phrases if " " in phrase}
    occurs: Counter[str] = Counter()
    for phrase, key in small.items():
        occurs[key] += phrases[phrase]
    return {phrase: key for phrase, key in small.items() if occurs[key] >= least}


def _columns(keys: Mapping[str, str]) -> dict[str, int]:
    """A column for each word, by what stands for it; in the order of these."""
    column = {key: j for j, key in enumerate(sorted(set(keys.values())))}
    return {word: column[key] for word, key in keys.items()}


def _between(matrix: sparse.csr_matrix, least: int, most: float) -> sparse.csr_matrix:
    """The columns of `matrix` that so many rows have."""
    occurs = _occurs(matrix)
    return sparse.csr_matrix(matrix[:, np.flatnonzero((occurs >= least) & (occurs <= most))])


def _occurs(matrix: sparse.csr_matrix) -> NDArray[np.int64]:
    return np.bincount(matrix.indices, minlength=matrix.shape[1])
