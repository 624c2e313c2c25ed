"""How a document belongs: mostly to its own entity, somewhat to others; and how sure the tree is of each of its
nodes."""

from __future__ import annotations

import numpy as np

from shas_kb.organise.material import Array, Labels, means, unit
from shas_kb.organise.near import nearest

TEMPERATURE = 0.15
LEAST = 0.1
RIVALS = 4


def belonging(units: Array, labels: Labels) -> list[list[tuple[int, float]]]:
    """The entities of each document with its weight in each, its own first; weights sum to 1.

    A weight falls off exponentially with the squared distance to the entity's mean beyond that of the document's own;
    weights under a tenth are dropped.
    """
    centres = means(units, np.ones(len(units)), labels)
    nearby, far = nearest(units, centres, min(RIVALS, len(centres)))
    away = units - centres[labels]
    to_own = np.einsum("ij,ij->i", away, away)
    others = np.where(nearby == labels[:, None], np.inf, far)
    return shares(np.column_stack([labels, nearby]), np.column_stack([to_own, others]))


def shares(candidates: Labels, distances: Array) -> list[list[tuple[int, float]]]:
    """The weight of each document in each of its `candidates` [n, k], its own first, at these squared `distances`
    [n, k]; they sum to 1."""
    weight = np.exp(np.minimum(distances[:, :1] - distances, 0) / TEMPERATURE)
    kept = weight >= LEAST * weight.sum(axis=1, keepdims=True)
    kept[:, 0] = True
    weight = np.where(kept, weight, 0)
    weight = np.round(weight / weight.sum(axis=1, keepdims=True), 6)
    weight[:, 0] += 1 - weight.sum(axis=1)
    return [
        [(node, share) for node, share, keeps in zip(*its, strict=True) if keeps]
        for its in zip(candidates.tolist(), weight.tolist(), kept.tolist(), strict=True)
    ]


def confidence(units: Array, labels: Labels) -> Array:
    """How sure the tree is of each group of a level, [groups], from 0 to 1.

    A simplified silhouette (Hruschka, de Castro and Campello, 2004): by how much a document is nearer to its own
    group's mean than to the nearest other one, as a share of the latter; the mean over the group. A group without a
    rival on its level gets the mean cosine of its documents to its own mean, which says how alike they are.
    """
    centres = means(units, np.ones(len(units)), labels)
    if len(centres) == 1:
        return np.asarray(np.clip(np.mean(units @ unit(centres).T, axis=0), 0, 1))
    nearby, far = nearest(units, centres, 2)
    away = units - centres[labels]
    own = np.sqrt(np.einsum("ij,ij->i", away, away))
    other = np.sqrt(np.where(nearby[:, 0] == labels, far[:, 1], far[:, 0]))
    sure = np.clip(1 - own / np.where(other > 0, other, 1.0), 0, 1)
    return np.asarray(np.bincount(labels, weights=sure) / np.bincount(labels))
