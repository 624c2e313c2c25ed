"""A tree takes in what comes to its collection without being built again.

Read for it are a few vectors of each document, not its passages and words: it takes a second where a build takes many.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from shas_kb.config import GrowthConfig
from shas_kb.organise import fitting, gist, place
from shas_kb.records import Membership, Tree, Vectors, Wish
from shas_kb.storage import Store

FITS, MISFITS = 1.0, 3.0
"""What a placed document counts in the drift, if it fits and if it does not."""


def grow(store: Store, encoded: Collection[str], config: GrowthConfig) -> Tree | None:
    """The current tree with all documents in their places; None where it must be built again.

    That is where too much is new; where a document is gone, whose words may stand in names; and where a new one is to
    be where a person has put it, or fits a node of a taxonomy that nothing fitted yet.

    Args:
        store: the collection, which has a tree.
        encoded: documents whose vectors are new, whether the tree knows them or not.
        config: from which size, and up to which drift, trees grow.
    """
    documents, vectors = store.document_matrix()
    if len(documents) < config.documents:
        return None
    row = {document: i for i, document in enumerate(documents)}
    homes = {home.document: home for home in store.homes()}
    placed = {document for document, home in homes.items() if home.same and document not in encoded}
    built = [homes[document] for document in documents if document in placed and homes[document].strain == 0]
    new = [document for document in documents if document not in placed]
    if not built or len(new) > config.drift * len(documents):
        return None
    wishes = store.wishes()
    held = {document for wish in wishes for document in wish.held}.intersection(new)
    if not homes.keys() <= row.keys() or not held <= homes.keys():
        return None
    loose = [document for document in new if document not in held]
    about = gist(vectors, store.opening_matrix().astype(np.float32), store.heading_matrix())
    nodes, entities = np.unique([home.entity for home in built], return_inverse=True)
    places = place(
        about[[row[home.document] for home in built]], entities, about[[row[document] for document in loose]]
    )
    fits = {document: its.fits for document, its in zip(loose, places, strict=True)}
    if _wakes(_dormant(store, wishes), wishes, fits, vectors[[row[document] for document in loose]]):
        return None
    memberships = [
        Membership(document, str(nodes[entity]), weight, rank == 0, FITS if its.fits else MISFITS)
        for document, its in zip(loose, places, strict=True)
        for rank, (entity, weight) in enumerate(its.entities)
    ]
    memberships += [Membership(document, homes[document].entity, 1.0, True, FITS) for document in sorted(held)]
    return store.tree() if store.place(memberships) <= config.drift else None


def _dormant(store: Store, wishes: Sequence[Wish]) -> dict[str, Wish]:
    """The nodes of a taxonomy that nothing fitted yet, by id."""
    sown = {wish.id: wish for wish in wishes if wish.vector is not None}
    tree = store.tree() if sown else None
    living = {node.id for node in tree.nodes} if tree else set()
    return {id: wish for id, wish in sown.items() if id not in living}


def _wakes(dormant: Mapping[str, Wish], wishes: Sequence[Wish], fits: Mapping[str, bool], vectors: Vectors) -> bool:
    """Whether one of some new documents brings a node of a taxonomy into the tree.

    A category or domain gets whole entities: one that has its place in an entity says nothing of these, one that fits
    in none (`fits`) may be the first of another.

    Args:
        dormant: The nodes of a taxonomy that are not in the tree, by id.
        wishes: All that was said.
        fits: Of each new document, whether it fits in the entity in which it is placed, [n].
        vectors: Theirs, in the same order, [n, d].
    """
    if not dormant or not fits:
        return False
    found = fitting(wishes, list(fits), vectors.astype(np.float64), np.arange(len(fits)))
    return any(
        dormant[id].level == "entity" or not all(fits[document] for document in own)
        for id, own in found.items()
        if id in dormant
    )
