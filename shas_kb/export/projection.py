"""A map: document vectors laid out in the plane so that neighbours stay neighbours.

The layout of UMAP (arXiv:1802.03426) cut down to numpy: principal components to begin with, attraction along the edges
of the nearest-neighbour graph, repulsion from points drawn with a fixed seed. The same vectors give the same map.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from shas_kb.records import Vectors

Points = NDArray[np.float64]

_NEIGHBOURS = 12
_DRAWN = 8
_EPOCHS = 240
_MANY = 5000
_GRAVITY = 0.02  # keeps islands that no edge holds from drifting off
_A, _B = 1.577, 0.895  # UMAP's curve for min_dist 0.1
_BLOCK = 1024
_ROOM = 0.55  # of the side that each would have if they shared the square evenly
_PUSHES = 100
_CROWD = 8  # the nearest that each is pushed by


def project(vectors: Vectors) -> Points:
    """Lay the rows out in the unit square.

    Args:
        vectors: [n, d], unit length (a zero row lands in the middle of things).

    Returns:
        [n, 2] in 0 to 1.
    """
    n = len(vectors)
    if n < 3:
        return np.array([[0.5, 0.5]] if n == 1 else [[0.0, 0.5], [1.0, 0.5]][:n]).reshape(n, 2)
    points = _principal(vectors)
    points *= 10 / max(float(np.abs(points).max()), 1e-9)
    heads, tails, weights = _edges(vectors, min(_NEIGHBOURS, n - 1))
    random = np.random.default_rng(0)
    everyone = np.repeat(np.arange(n), _DRAWN)
    epochs = _EPOCHS if n < _MANY else _EPOCHS // 2
    for epoch in range(epochs):
        pull = points[tails] - points[heads]
        square = (pull**2).sum(axis=1)
        safe = np.maximum(square, 1e-6)
        strength = weights * (2 * _A * _B * safe ** (_B - 1)) / (1 + _A * safe**_B)
        force = _gather(heads, np.clip(strength[:, None] * pull, -4, 4), n)

        drawn = random.integers(0, n, size=len(everyone))
        push = points[everyone] - points[drawn]
        square = (push**2).sum(axis=1)
        strength = 2 * _B / ((0.01 + square) * (1 + _A * square**_B))
        force += _gather(everyone, np.clip(strength[:, None] * push, -4, 4), n)
        force -= _GRAVITY * points
        points += (1 - epoch / epochs) * 0.5 * np.clip(force, -4, 4)
    return np.round(_apart(_spread(points)), 4)


def _principal(vectors: Vectors) -> Points:
    """The first two principal components, each with its largest loading positive."""
    centred = vectors.astype(np.float64) - vectors.mean(axis=0)
    _, axes = np.linalg.eigh(centred.T @ centred)
    axes = axes[:, ::-1][:, :2]  # [d, 2]
    largest = np.abs(axes).argmax(axis=0)
    axes = axes * np.where(axes[largest, np.arange(axes.shape[1])] < 0, -1.0, 1.0)
    points = np.zeros((len(vectors), 2))
    points[:, : axes.shape[1]] = centred @ axes
    # Equal vectors would stay on top of each other for ever: a tiny spiral sets them apart.
    turn = np.arange(len(points)) * 2.399963
    return points + 1e-3 * np.stack([np.cos(turn), np.sin(turn)], axis=1)


def _edges(vectors: Vectors, count: int) -> tuple[NDArray[np.intp], NDArray[np.intp], Points]:
    """The nearest-neighbour graph in both directions: heads, tails, and weights that fall from 1 with the distance."""
    n = len(vectors)
    near = np.empty((n, count), dtype=np.intp)
    distance = np.empty((n, count))
    for first in range(0, n, _BLOCK):
        cosines = np.round(vectors[first : first + _BLOCK] @ vectors.T, 4)
        here = np.arange(len(cosines))
        cosines[here, first + here] = -np.inf
        found = np.sort(np.argpartition(-cosines, count - 1, axis=1)[:, :count], axis=1)
        near[first : first + _BLOCK] = found
        distance[first : first + _BLOCK] = 1 - np.take_along_axis(cosines, found, axis=1)
    excess = distance - distance.min(axis=1, keepdims=True)
    weights = np.exp(-excess / np.maximum(excess.mean(axis=1, keepdims=True), 1e-3)).ravel()
    heads, tails = np.repeat(np.arange(n), count), near.ravel()
    return np.concatenate([heads, tails]), np.concatenate([tails, heads]), np.concatenate([weights, weights])


def _spread(points: Points) -> Points:
    """Into the unit square, half by position and half by rank, so that a far island does not crowd the others."""
    n = len(points)
    ranks = np.argsort(np.argsort(points, axis=0, kind="stable"), axis=0, kind="stable") / (n - 1)
    points = points - points.min(axis=0)
    spread: Points = 0.5 * ranks + 0.5 * points / np.maximum(points.max(axis=0), 1e-9)
    return spread


def _apart(points: Points) -> Points:
    """Points that crowd push each other away, until each has room of its own to be seen in."""
    n = len(points)
    room = _ROOM / n**0.5
    for _ in range(_PUSHES):
        far, near = cKDTree(points).query(points, k=min(_CROWD, n - 1) + 1, distance_upper_bound=room)
        heads, places = np.nonzero(np.isfinite(far))
        tails, far = near[heads, places], far[heads, places]
        others = heads != tails
        if not others.any():
            break
        heads, tails, far = heads[others], tails[others], far[others]
        push = (points[tails] - points[heads]) * (0.25 * (room / np.maximum(far, 1e-6) - 1))[:, None]
        points = points + _gather(tails, push, n) - _gather(heads, push, n)
    points = points - points.min(axis=0)
    apart: Points = points / np.maximum(points.max(axis=0), 1e-9)
    return apart


def _gather(rows: NDArray[np.intp], values: Points, n: int) -> Points:
    return np.stack([np.bincount(rows, weights=values[:, axis], minlength=n) for axis in (0, 1)], axis=1)
