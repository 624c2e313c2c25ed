"""What a document is: what it is about, by three views of its vectors (the mean of its passages, the first of them, its
title); and its words. Both count equally, but for words that what documents are about does not bear out: of short notes
hardly two share any that tell what they are about. (Of few documents that cannot be told.)

Vectors are whitened by the scatter of passages around their own document: what varies inside a document is what the
level above must forget (within-class covariance normalisation; Hatch et al., Interspeech 2006). A view counts by how
far the others agree with it, so that titles count where they tell what documents are about, and not where they are
numbers.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from shas_kb.organise.cells import Single
from shas_kb.organise.material import Array, Labels, Material, unit
from shas_kb.organise.together import both, together
from shas_kb.organise.whiten import whitening
from shas_kb.organise.words import SEVERAL, reduced, tfidf

WORD_WIDTH = 100
WIDTH = 160
BLOCK = 256
FEW = 500
ROWS = 2048
"""Documents whose views are side by side at once."""
PROBES = 1000
NEAREST = 10


def represent(materials: Sequence[Material], seed: int = 0) -> Array:
    """One unit vector for each document, [n, at most 160] float64: the principal directions of meaning and words."""
    words, views = both(lambda: unit(reduced(tfidf(materials), WORD_WIDTH, seed)), lambda: meanings(materials))
    trusted = trust([*views, words])
    counts = shares(trusted[:-1])
    if len(words) >= SEVERAL:
        words = words * np.sqrt(words_count(trusted))
    blocks = [slice(start, start + ROWS) for start in range(0, len(words), ROWS)]

    def joined(rows: slice) -> Array:
        return unit(np.hstack([meaning([view[rows] for view in views], counts), words[rows]]))

    if len(words) <= FEW:  # fewer than the views have columns
        left, length, _ = np.linalg.svd(joined(slice(None)), full_matrices=False)
        return unit((left * length)[:, :WIDTH])

    def products(rows: slice) -> Array:
        block = joined(rows)
        return block.T @ block

    spread, directions = np.linalg.eigh(sum(together(products, blocks)))
    strongest = directions[:, np.argsort(-spread, kind="stable")[:WIDTH]]
    return unit(np.concatenate(list(together(lambda rows: joined(rows) @ strongest, blocks))))


def shares(trusted: Array) -> Array:
    """The share of a cosine that each view of what documents are about has, [views]: that of the trust in it."""
    return np.asarray(trusted / trusted.sum() if trusted.any() else np.full(len(trusted), 1 / len(trusted)))


def words_count(trusted: Array) -> float:
    """What words count beside what documents are about, 0 to 1, by the trust in each view and, last, in the words: the
    square of their trust as a share of that in the views, which is what makes words of short notes count for little,
    and leaves all else as it is."""
    views, words = trusted[:-1], trusted[-1]
    usual = float(shares(views) @ views)
    return min(1.0, float(words) / usual) ** 2 if usual else 1.0


def meaning(views: Sequence[Single], counts: Array) -> Array:
    """The `views` [n, d] of what documents are about side by side, [n, views * d], each with its share (`counts`) of a
    cosine."""
    return np.hstack([view * np.sqrt(share) for view, share in zip(views, counts, strict=True)])


def meanings(materials: Sequence[Material]) -> list[Single]:
    """Unit vectors [n, d] float32 of what documents are about, a view each: the mean passage, the first, and the title
    (left out where there are none); in the space in which passages vary equally in every direction around their
    document."""
    means = mean_passages(materials)
    turn = whitening_inside(materials, means)

    def seen(view: Array | Single) -> Single:
        middle, whitened = view.mean(axis=0, dtype=np.float64), np.empty(view.shape, np.float32)
        for start in range(0, len(view), ROWS):
            rows = slice(start, start + ROWS)
            whitened[rows] = unit((view[rows] - middle) @ turn)
        return whitened

    first = np.zeros(means.shape, np.float32)
    for row, material in zip(first, materials, strict=True):
        if len(material.passages):
            row[:] = material.passages[0]
    views = [seen(means), seen(first)]
    titles = np.stack([material.heading for material in materials])
    return [*views, seen(titles)] if titles.any() else views


def trust(views: Sequence[Array | Single]) -> Array:
    """How far each of `views` (unit vectors [n, d] of the same documents) is borne out by the others, [views], 0 to 1.

    A view is borne out by another as far as its nearest neighbours are near by the other one too: how much nearer than
    chance they are (in standard deviations of all cosines) as a share of the same for the other's own nearest ones; the
    mean over the others. Reckoned on at most a thousand documents.
    """
    probes = np.unique(np.linspace(0, len(views[0]) - 1, PROBES).astype(np.int64))
    cosines = [some @ some.T for some in (view[probes].astype(np.float64) for view in views)]
    near = [_neighbours(cosine, min(NEAREST, len(probes) // 10 + 1)) for cosine in cosines]
    ahead = np.array([[_ahead(cosine, rows) for cosine in cosines] for rows in near])
    own = np.diag(ahead)
    shares = np.clip(np.where(own > 0, ahead / np.where(own > 0, own, 1.0), 0.0), 0, 1)
    np.fill_diagonal(shares, 0)
    return np.asarray(np.round(shares.sum(axis=1) / max(len(views) - 1, 1), 6))


def document_vectors(materials: Sequence[Material]) -> Array:
    """The mean passage of each document at length 1, [n, d] float64: in the space in which questions are asked."""
    return unit(mean_passages(materials))


def mean_passages(materials: Sequence[Material]) -> Array:
    """The mean passage of each document, [n, d] float64; zeros of one without."""
    width = max(material.passages.shape[-1] for material in materials)
    means = np.zeros((len(materials), width))
    for mean, material in zip(means, materials, strict=True):
        if len(material.passages):
            np.mean(material.passages, axis=0, dtype=np.float64, out=mean)
    return means


def whitening_inside(materials: Sequence[Material], means: Array) -> Array:
    """What vectors are multiplied with, [d, d], so that passages vary equally in every direction around their
    document's mean [n, d]; the identity if none vary."""
    scatter = scatter_inside(materials, means)
    return np.eye(means.shape[1]) if scatter is None else whitening(scatter)


def scatter_inside(materials: Sequence[Material], means: Array) -> Array | None:
    """How passages vary around their document's mean [n, d], [d, d]; None if none has two that differ.

    Scatter known from few passages is drawn towards the same in all directions, so that tiny collections are hardly
    whitened at all.
    """
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


def _neighbours(cosines: Array, count: int) -> Labels:
    """The rows [n, count] nearest to each row by its `cosines` [n, n] to all."""
    others = np.where(np.eye(len(cosines), dtype=bool), -np.inf, cosines)
    return np.argpartition(-others, count - 1, axis=1)[:, :count]


def _ahead(cosines: Array, near: Labels) -> float:
    """How much nearer the rows `near` [n, count] are than all, in standard deviations of the cosines."""
    every = cosines[np.triu_indices(len(cosines), 1)]
    spread = every.std() if len(every) else 0.0
    if spread < 1e-9:
        return 0.0
    return float((np.take_along_axis(cosines, near, axis=1).mean() - every.mean()) / spread)
