"""What a document is: what it is about, by three views of its vectors (the mean of its passages, the first of them, its
title); and its words. Both count equally.

Vectors are whitened by the scatter of passages around their own document: what varies inside a document is what the
level above must forget (within-class covariance normalisation; Hatch et al., Interspeech 2006). A view counts by how
far the others agree with it, so that titles count where they tell what documents are about, and not where they are
numbers. Words, and phrases of several words, are TF-IDF reduced by a randomised singular value decomposition (Halko,
Martinsson and Tropp, arXiv 0909.4061).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

import numpy as np
from scipy import sparse

from shas_kb.organise.material import Array, Labels, Material, unit

WORD_WIDTH = 100
WIDTH = 160
SCATTER_FLOOR = 0.1
COMMON = 0.3
BLOCK = 256
PROBES = 1000
NEAREST = 10


def represent(materials: Sequence[Material], seed: int = 0) -> Array:
    """One unit vector for each document, [n, at most 160] float64: the principal directions of meaning and words."""
    words = unit(reduced(tfidf(materials), WORD_WIDTH, seed))
    joined = unit(np.hstack([meaning(meanings(materials), words), words]))
    spread, directions = np.linalg.eigh(joined.T @ joined)
    return unit(joined @ directions[:, np.argsort(-spread, kind="stable")[:WIDTH]])


def meaning(views: Sequence[Array], words: Array) -> Array:
    """The `views` [n, d] of what documents are about side by side, [n, views * d]: each has the share of a cosine that
    the trust in it has, by the other views and by the `words` [n, width]."""
    trusted = trust([*views, words])[:-1]
    shares = trusted / trusted.sum() if trusted.any() else np.full(len(views), 1 / len(views))
    return np.hstack([view * np.sqrt(share) for view, share in zip(views, shares, strict=True)])


def meanings(materials: Sequence[Material]) -> list[Array]:
    """Unit vectors [n, d] of what documents are about, a view each: the mean passage, the first, and the title (left
    out where there are none); in the space in which passages vary equally in every direction around their document."""
    first = np.zeros((len(materials), materials[0].heading.shape[-1]))
    for row, material in zip(first, materials, strict=True):
        if len(material.passages):
            row[:] = material.passages[0]
    titles = np.stack([material.heading for material in materials]).astype(np.float64)
    scatter = scatter_inside(materials)
    views = [_means(materials), first, *([titles] if titles.any() else [])]
    centred = [view - view.mean(axis=0) for view in views]
    return [unit(view if scatter is None else white(view, scatter)) for view in centred]


def trust(views: Sequence[Array]) -> Array:
    """How far each of `views` (unit vectors [n, d] of the same documents) is borne out by the others, [views], 0 to 1.

    A view is borne out by another as far as its nearest neighbours are near by the other one too: how much nearer than
    chance they are (in standard deviations of all cosines) as a share of the same for the other's own nearest ones; the
    mean over the others. Reckoned on at most a thousand documents.
    """
    probes = np.unique(np.linspace(0, len(views[0]) - 1, PROBES).astype(np.int64))
    cosines = [view[probes] @ view[probes].T for view in views]
    near = [_neighbours(cosine, min(NEAREST, len(probes) // 10 + 1)) for cosine in cosines]
    ahead = np.array([[_ahead(cosine, rows) for cosine in cosines] for rows in near])
    own = np.diag(ahead)
    shares = np.clip(np.where(own > 0, ahead / np.where(own > 0, own, 1.0), 0.0), 0, 1)
    np.fill_diagonal(shares, 0)
    return np.asarray(np.round(shares.sum(axis=1) / max(len(views) - 1, 1), 6))


def document_vectors(materials: Sequence[Material]) -> Array:
    """The mean passage of each document at length 1, [n, d] float64: in the space in which questions are asked."""
    return unit(_means(materials))


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


def _neighbours(cosines: Array, count: int) -> Labels:
    """The rows [n, count] nearest to each row by its `cosines` [n, n] to all."""
    others = np.where(np.eye(len(cosines), dtype=bool), -np.inf, np.round(cosines, 9))
    return np.argsort(-others, axis=1, kind="stable")[:, :count]


def _ahead(cosines: Array, near: Labels) -> float:
    """How much nearer the rows `near` [n, count] are than all, in standard deviations of the cosines."""
    every = cosines[np.triu_indices(len(cosines), 1)]
    spread = every.std() if len(every) else 0.0
    if spread < 1e-9:
        return 0.0
    return float((np.take_along_axis(cosines, near, axis=1).mean() - every.mean()) / spread)


def _means(materials: Sequence[Material]) -> Array:
    width = max(material.passages.shape[-1] for material in materials)
    means = np.zeros((len(materials), width))
    for mean, material in zip(means, materials, strict=True):
        if len(material.passages):
            mean[:] = material.passages.mean(axis=0, dtype=np.float64)
    return means
