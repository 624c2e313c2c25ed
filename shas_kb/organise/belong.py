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
    entities: list[list[tuple[int, float]]] = []
    for own, distance, rivals, distances in zip(labels, to_own, nearby, far, strict=True):
        others = rivals != own
        entities.append(
            shares(np.concatenate([[own], rivals[others]]), np.concatenate([[distance], distances[others]]))
        )
    return entities


def shares(candidates: Labels, distances: Array) -> list[tuple[int, float]]:
    """The weight of a document in each of `candidates` (its own first) at these squared distances; they sum to 1."""
    weight = np.exp(np.minimum(distances[0] - distances, 0) / TEMPERATURE)
    weight /= weight.sum()
    kept = weight >= LEAST
    kept[0] = True
    weight = np.round(weight[kept] / weight[kept].sum(), 6)
    weight[0] += 1 - weight.sum()
    return [(int(node), float(share)) for node, share in zip(candidates[kept], weight, strict=True)]


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
