"""A person's taxonomy becomes wishes: its nodes hold the documents that fit them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from shas_kb.organise.material import Labels, Material
from shas_kb.organise.represent import document_vectors
from shas_kb.organise.seeds import fitting
from shas_kb.records import Wish


def sown(wishes: Sequence[Wish], materials: Sequence[Material], entities: Labels) -> tuple[Wish, ...]:
    """The wishes, in which those that stand in a taxonomy hold the documents that fit them.

    Args:
        wishes: All of them.
        materials: The documents, [n].
        entities: The entity in which each was found, [n].
    """
    if all(wish.vector is None for wish in wishes):
        return tuple(wishes)
    found = fitting(wishes, [material.id for material in materials], document_vectors(materials), entities)
    return tuple(replace(wish, held=wish.held | found.get(wish.id, frozenset())) for wish in wishes)
