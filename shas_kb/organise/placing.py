"""Where documents that come later belong in a tree that stands, and whether they fit there.

A document goes to the entity whose mean is nearest, after the directions in which documents of one entity differ have
been shrunk (within-class covariance normalisation; Hatch et al., Interspeech 2006). Only documents from which the tree
was built say where an entity is, so that it does not matter in what order, or in how many runs, the others came.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-not-found,import-untyped,unused-ignore]

from shas_kb.organise.belong import RIVALS, shares
from shas_kb.organise.material import Array, Labels, means, unit
from shas_kb.organise.near import nearest
from shas_kb.organise.whiten import whitening
from shas_kb.records import Vectors

OPENING_COUNTS, TITLE_COUNTS = 0.3, 0.3
"""What the first passage and the title of a document count beside its own vector."""
NEARLY_ALL = 0.95


@dataclass(frozen=True, slots=True)
class Place:
    """The entities of a document with its weight in each, its own first; weights sum to 1. It `fits` unless it is
    farther from its entity than nearly all documents of the tree are from theirs."""

    entities: tuple[tuple[int, float], ...]
    fits: bool


def gist(documents: Vectors, openings: Vectors, titles: Vectors) -> Array:
    """What documents are about [n, d], from their own vectors, those of their first passages and of their titles."""
    return np.asarray(documents + OPENING_COUNTS * openings + TITLE_COUNTS * titles, dtype=np.float64)


def place(known: Array, entities: Labels, new: Array) -> list[Place]:
    """Places documents in the entities of others.

    Args:
        known: The gist of documents from which the tree was built, [n, d]; at least one.
        entities: The entity of each, [n]; every number up to the largest occurs.
        new: The gist of those to be placed, [m, d].

    Returns:
        A place for each of `new`, which depends on no other of them.
    """
    with threadpool_limits(1, user_api="blas"):
        inside, outside = unit(known), unit(new)
        middle = inside.mean(axis=0)
        inside, outside = inside - middle, outside - middle
        apart = inside - means(inside, np.ones(len(inside)), entities)[entities]
        scatter = apart.T @ apart
        if scatter.any():
            turn = whitening(scatter)
            inside, outside = inside @ turn, outside @ turn
        inside, outside = unit(inside), unit(outside)
        centres = means(inside, np.ones(len(inside)), entities)
        usual = float(np.quantile(_from_others(inside, entities, centres), NEARLY_ALL))
        found, distance = nearest(outside, centres, min(RIVALS, len(centres)))
    fits = (distance[:, 0] <= usual).tolist()
    return [Place(tuple(its), fit) for its, fit in zip(shares(found, distance), fits, strict=True)]


def _from_others(units: Array, labels: Labels, centres: Array) -> Array:
    """The squared distance of each unit to the mean of the others of its group, [n]; of one alone, to nothing: 0."""
    sizes = np.bincount(labels)[labels]
    away = units - centres[labels]
    to_mean = np.einsum("ij,ij->i", away, away)
    return np.asarray(to_mean * (sizes / np.maximum(sizes - 1, 1)) ** 2)
