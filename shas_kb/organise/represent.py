"""What a document is: what it is about, by the vectors of its passages, of the first and of its title; and its words.
Both count equally.

Vectors are whitened by the scatter of passages around their own document: what varies inside a document is what the
level above must forget (within-class covariance normalisation; Hatch et al., Interspeech 2006). Words are TF-IDF
reduced by a randomised singular value decomposition (Halko, Martinsson and Tropp, arXiv 0909.4061).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import sparse

from shas_kb.organise.bag import counted, spread
from shas_kb.organise.material import Array, Material, unit
from shas_kb.organise.together import together

LEAD_COUNTS, HEADING_COUNTS = 0.3, 0.3
"""What the first passage and the title of a document count beside the mean of its passages."""
WORD_WIDTH = 100
ENOUGH = 20_000
"""Documents that show in which directions words vary."""
WIDTH = 160
SCATTER_FLOOR = 0.1
COMMON = 0.3
BLOCK = 256


def represent(materials: Sequence[Material], seed: int = 0) -> Array:
    """One unit vector for each document, [n, at most 160] float64: the principal directions of meaning and words."""
    meaning = unit(whitened(materials))
    words = unit(reduced(tfidf(materials), WORD_WIDTH, seed))
    joined = unit(np.hstack([meaning, words]))
    spread, directions = np.linalg.eigh(joined.T @ joined)
    return unit(joined @ directions[:, np.argsort(-spread, kind="stable")[:WIDTH]])


def document_vectors(materials: Sequence[Material]) -> Array:
    """The mean passage of each document at length 1, [n, d] float64: in the space in which questions are asked."""
    return unit(_means(materials))


def whitened(materials: Sequence[Material]) -> Array:
    """What documents are about [n, d], in the space in which passages vary equally in every direction around their
    document."""
    rows = about(materials)
    centred = rows - rows.mean(axis=0)
    scatter = scatter_inside(materials)
    return centred if scatter is None else white(centred, scatter)


def about(materials: Sequence[Material]) -> Array:
    """The mean passage of each document, and some of its first passage and its title, which say what all of it is
    about before the details come, [n, d]."""
    rows = _means(materials)
    for row, material in zip(rows, materials, strict=True):
        if len(material.passages):
            row += LEAD_COUNTS * material.passages[0] + HEADING_COUNTS * material.heading
    return rows


def scatter_inside(materials: Sequence[Material]) -> Array | None:
    """How passages vary around their document, [d, d]; None if none has two that differ.

    Scatter known from few passages is drawn towards the same in all directions, so that tiny collections are hardly
    whitened at all.
    """
    means = _means(materials)
    width = means.shape[1]
    sizes = np.array([len(material.passages) for material in materials])
    scatter = -(means.T * sizes) @ means
    for start in range(0, len(materials), BLOCK):
        passages = np.concatenate([material.passages for material in materials[start : start + BLOCK]]).astype(
            np.float64
        )
        scatter += passages.T @ passages
    freedom = int(np.sum(np.maximum(sizes - 1, 0)))
    size = np.trace(scatter) / max(width, 1)
    if freedom == 0 or size < 1e-9:
        return None
    scatter += size * width / freedom * np.eye(width)
    return np.asarray(scatter)


def white(rows: Array, scatter: Array) -> Array:
    """Rows [n, d] with each direction divided by the root of its scatter, floored by a tenth of the mean scatter."""
    spread, directions = np.linalg.eigh(scatter)
    scale = 1.0 / np.sqrt(spread + SCATTER_FLOOR * spread.mean())
    return np.asarray((rows @ directions) * scale)


def tfidf(materials: Sequence[Material]) -> sparse.csr_matrix:
    """Sublinear TF-IDF of the words [n, vocabulary], rows at length 1.

    Words of fewer than three documents (two in a small collection) link nothing; words of more than three in ten tell
    little apart.
    """
    n = len(materials)
    terms = [material.terms for material in materials]
    occurs = spread(terms)
    least, most = (3 if n >= 60 else 2), max(COMMON * n, 3)
    vocabulary = sorted(term for term, documents in occurs.items() if least <= documents <= most)
    column = {term: j for j, term in enumerate(vocabulary)}
    weight = np.array([np.log((1 + n) / (1 + occurs[term])) + 1 for term in vocabulary])
    matrix = counted(terms, column)
    matrix.data = (1 + np.log(matrix.data)) * weight[matrix.indices]
    length = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    return sparse.csr_matrix(sparse.diags(1 / np.where(length > 0, length, 1.0)) @ matrix)


def reduced(matrix: sparse.csr_matrix, width: int, seed: int = 0, rounds: int = 3) -> Array:
    """The rows of `matrix` [n, m] on their `width` principal directions, [n, at most width]; of more than `ENOUGH` rows
    an even sample says which these are."""
    n = matrix.shape[0]
    some = matrix if n <= ENOUGH else matrix[np.linspace(0, n - 1, ENOUGH).astype(np.int64)]
    width = min(width, *some.shape)
    if width == 0:
        return np.zeros((n, 0))
    sketch = min(width + 10, *some.shape)
    turned = sparse.csr_matrix(some.T)
    basis = product(some, np.random.default_rng(seed).standard_normal((some.shape[1], sketch)))
    for _ in range(rounds):
        basis = product(some, product(turned, np.linalg.qr(basis)[0]))
    basis = np.linalg.qr(basis)[0]
    projected = product(turned, basis)
    spread, directions = np.linalg.eigh(projected.T @ projected)
    strongest = np.argsort(-spread, kind="stable")[:width]
    length = np.sqrt(np.maximum(spread[strongest], 0))
    if some is matrix:
        return np.asarray((basis @ directions[:, strongest]) * length)
    return product(matrix, (projected @ directions[:, strongest]) / np.where(length > 0, length, 1.0))


def product(matrix: sparse.csr_matrix, dense: Array) -> Array:
    """`matrix` [n, m] times `dense` [m, k]: a row of the result is a sum over a row of `matrix`, in its order."""
    half = matrix.shape[0] // 2
    parts = (matrix[:half], matrix[half:])
    return np.concatenate(list(together(lambda part: np.asarray(part @ dense), parts)))


def _means(materials: Sequence[Material]) -> Array:
    width = max(material.passages.shape[-1] for material in materials)
    means = np.zeros((len(materials), width))
    for mean, material in zip(means, materials, strict=True):
        if len(material.passages):
            mean[:] = material.passages.mean(axis=0, dtype=np.float64)
    return means
