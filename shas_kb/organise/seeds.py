"""Which documents fit the nodes of a person's taxonomy.

An entity of it gets the documents that are nearest to it; a category or domain gets whole entities as they were found,
as a broad name is near to none of its documents alone, but to what they have in common. What fits nowhere is left to
form nodes of its own. Nothing is asked of a document that a person has put somewhere.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from shas_kb.organise.material import Array, Labels, unit
from shas_kb.organise.wishes import FREE, Demands, demands
from shas_kb.records import NODE_LEVELS, Level, Wish

FITS: dict[Level, float] = {"entity": 0.3, "category": 0.25, "domain": 0.25}
"""The least cosine with a node's name and words. Picked on the sample corpus: with the names of its true entities,
categories and domains alone, some of them left out."""


def fitting(
    wishes: Sequence[Wish], documents: Sequence[str], vectors: Array, entities: Labels
) -> dict[str, frozenset[str]]:
    """The documents that fit each node of a taxonomy, by its id; nodes that nothing fits are left out.

    Args:
        wishes: All of them.
        documents: Ids, [n].
        vectors: Theirs, unit length [n, d].
        entities: The entity in which each was found, [n].
    """
    every = [wish for wish in wishes if wish.vector is not None]
    asked = demands(wishes, documents)
    ways, way = np.unique(asked.required, axis=1, return_inverse=True)
    way = way.ravel()
    free = np.ones(len(documents), dtype=bool)
    found: dict[str, frozenset[str]] = {}
    for height, level in enumerate(NODE_LEVELS):
        # what is nearer to a node above lies under that, and not in the one below
        seeds = [seed for seed in every if seed.level in NODE_LEVELS[height:]]
        rows = np.flatnonzero(free)
        if not seeds or not len(rows):
            continue
        groups = entities if height else np.arange(len(documents))
        for below in reversed(asked.required[:height]):
            groups = np.where(below != FREE, len(documents) + below, groups)
        open_to = np.array([[_may(seed, held, asked) for seed in seeds] for held in ways.T])
        _, group = np.unique(np.column_stack([groups, way])[rows], axis=0, return_inverse=True)
        near = _nearness(vectors[rows], group.ravel(), np.array([seed.vector for seed in seeds], np.float64))
        near = np.where(open_to[way[rows]], near, -1.0)
        nearest = np.where(near.max(axis=1) >= FITS[level], near.argmax(axis=1), -1)
        for place, seed in enumerate(seeds):
            if seed.level == level:
                own = rows[nearest == place]
                found[seed.id] = frozenset(documents[i] for i in own)
                free[own] = False
    return {id: own for id, own in found.items() if own}


def _may(seed: Wish, held: Labels, asked: Demands) -> bool:
    """Whether documents that are held so, [levels], may be put in `seed`: if nothing holds them on its level, and what
    does above is what it lies under, if it lies under anything."""
    known = {wish.id: wish for level in asked.wishes for wish in level}
    above: dict[str, str] = {}
    step = seed
    while step.parent in known:
        step = known[step.parent]
        above[step.level] = step.id
    own = NODE_LEVELS.index(seed.level)
    if held[own] != FREE:
        return False
    holders = [asked.wishes[height][held[height]] for height in range(own + 1, len(held)) if held[height] != FREE]
    return all(above.get(holder.level, holder.id) == holder.id for holder in holders)


def _nearness(vectors: Array, groups: Labels, seeds: Array) -> Array:
    """The cosine of the mean of each document's group with each of `seeds` [k, d], [n, k]."""
    centres = np.zeros((int(groups.max()) + 1, vectors.shape[1]))
    np.add.at(centres, groups, vectors)
    return np.asarray(np.round(unit(centres) @ seeds.T, 9)[groups])
