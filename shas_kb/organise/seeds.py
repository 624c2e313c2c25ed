"""Which documents fit the nodes of a person's taxonomy.

An entity of it gets the documents that are nearest to it; a category or domain gets whole entities as they were found,
as a broad name is near to none of its documents alone, but to what they have in common. What fits nowhere is left to
form nodes of its own. Nothing is asked of a document that a person has put somewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from shas_kb.organise.material import Array, Labels, Material, unit
from shas_kb.organise.represent import document_vectors
from shas_kb.records import NODE_LEVELS, Level, Wish

FITS: dict[Level, float] = {"entity": 0.3, "category": 0.25, "domain": 0.25}
"""The least cosine with a node's name and words. Picked on the sample corpus: with the names of its true entities,
categories and domains alone, some of them left out."""


def sown(wishes: Sequence[Wish], materials: Sequence[Material], entities: Labels) -> tuple[Wish, ...]:
    """The wishes, in which those that stand in a taxonomy hold the documents that fit them.

    Args:
        wishes: All of them.
        materials: The documents, [n].
        entities: The entity in which each was found, [n].
    """
    if all(wish.vector is None for wish in wishes):
        return tuple(wishes)
    vectors = document_vectors(materials)
    free, groups = np.ones(len(materials), dtype=bool), np.array(entities)
    row = {material.id: i for i, material in enumerate(materials)}
    for number, wish in enumerate(wishes):
        held = [row[document] for document in wish.held if document in row]
        if wish.level == "entity" and wish.parent is None:
            groups[held] = int(entities.max()) + 1 + number
        else:
            free[held] = False
    found: dict[str, frozenset[str]] = {}
    for height, level in enumerate(NODE_LEVELS):
        # what is nearer to a node above lies under that, and not in the one below
        seeds = [wish for wish in wishes if wish.vector is not None and wish.level in NODE_LEVELS[height:]]
        taken = {document for wish in wishes if wish.level == level == "entity" for document in wish.held}
        rows = np.array([i for i in np.flatnonzero(free) if materials[i].id not in taken], dtype=np.int64)
        if not seeds or not len(rows):
            continue
        own = rows if level == "entity" else groups[rows]
        home = _nearest(vectors[rows], own, np.array([seed.vector for seed in seeds], np.float64), FITS[level])
        for place, seed in enumerate(seeds):
            if seed.level == level:
                found[seed.id] = frozenset(materials[i].id for i in rows[home == place])
                free[rows[home == place]] = False
    return tuple(replace(wish, held=wish.held | found.get(wish.id, frozenset())) for wish in wishes)


def _nearest(vectors: Array, groups: Labels, seeds: Array, least: float) -> Labels:
    """The nearest of `seeds` [k, d] to the mean of each document's group, [n]; -1 where none is nearer than `least`."""
    _, number = np.unique(groups, return_inverse=True)
    centres = np.zeros((int(number.max()) + 1, vectors.shape[1]))
    np.add.at(centres, number, vectors)
    near = np.round(unit(centres) @ seeds.T, 9)
    nearest = np.where(near.max(axis=1) >= least, near.argmax(axis=1), -1)
    return np.asarray(nearest[number])
