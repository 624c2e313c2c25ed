"""What a person's wishes ask of each document: in which node it must be, on each level.

A wish holds documents on its own level, and through the node it lies under also on the levels above. Where two wishes
contradict one another (the commands leave none that do) the one on the lower level wins.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from shas_kb.organise.material import Labels
from shas_kb.records import NODE_LEVELS, Wish

FREE = -1


@dataclass(frozen=True, slots=True)
class Demands:
    """What is asked of documents [n], level by level, entities first.

    Attributes:
        wishes: Of each level, those that shape the tree; a wish that only names a node is not among them.
        above: The place of each wish's node among the wishes of the next level, [wishes]; `FREE` where the documents
            decide.
        required: The place of the wish that each document is held by, [levels, n]; `FREE` if by none.
        anchors: Of each wish, the documents (rows) by which it is recognised.
    """

    wishes: tuple[tuple[Wish, ...], ...]
    above: tuple[Labels, ...]
    required: Labels
    anchors: tuple[tuple[Labels, ...], ...]

    @property
    def are_none(self) -> bool:
        return not any(self.wishes)


def demands(wishes: Sequence[Wish], documents: Sequence[str]) -> Demands:
    """What `wishes` ask of `documents` (ids [n]), so that no two of them contradict one another."""
    row = {document: i for i, document in enumerate(documents)}
    parents = {wish.parent for wish in wishes}
    shaping = sorted((wish for wish in wishes if wish.held or wish.id in parents), key=lambda wish: wish.id)
    levels = tuple(tuple(wish for wish in shaping if wish.level == level) for level in NODE_LEVELS)
    place = {wish.id: i for level in levels for i, wish in enumerate(level)}
    required = np.full((len(levels), len(documents)), FREE, dtype=np.int64)
    for height, level in enumerate(levels):
        for i, wish in enumerate(level):
            required[height, _rows(row, wish.held)] = i
    above = tuple(np.array([place.get(wish.parent or "", FREE) for wish in level], dtype=np.int64) for level in levels)
    anchors = tuple(tuple(_rows(row, wish.anchors) for wish in level) for level in levels)
    _agree(required, above)
    return Demands(levels, above, required, anchors)


def _rows(row: dict[str, int], documents: frozenset[str]) -> Labels:
    return np.array(sorted(row[document] for document in documents if document in row), dtype=np.int64)


def _agree(required: Labels, above: Sequence[Labels]) -> None:
    """All documents of a wish go one way up: to the node it lies under, else to where most of those go that are held
    on the levels above."""
    for height in range(len(required) - 1):
        for i in range(len(above[height])):
            inside = required[height] == i
            if above[height][i] == FREE:
                above[height][i] = _most(required[height + 1, inside])
            required[height + 1, inside] = above[height][i]
            if above[height][i] == FREE:
                for upper in required[height + 2 :]:
                    upper[inside] = _most(upper[inside])


def _most(places: Labels) -> int:
    held = places[places != FREE]
    return int(np.bincount(held).argmax()) if len(held) else FREE
