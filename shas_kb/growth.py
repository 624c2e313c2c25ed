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


def grow(store: Store, tree: Tree, encoded: Collection[str], config: GrowthConfig) -> Tree | None:
    """The current tree with all documents in their places; None where it must be built again.

    That is where too much is new; where a document is gone, whose words may stand in names; and where a new one is to
    be where a person has put it, or fits a node of a taxonomy that nothing fitted yet.

    Args:
        store: the collection.
        tree: its current tree.
        encoded: documents whose vectors are new, whether the tree knows them or not.
        config: from which size, and up to which drift, trees grow.
    """
    documents, vectors = store.document_matrix()
    if len(documents) < config.documents:
        return None
    row = {document: i for i, document in enumerate(documents)}
    primary = {each.document: each for each in tree.memberships if each.primary and each.document not in encoded}
    built = [each for each in primary.values() if each.strain == 0 and each.document in row]
    new = [document for document in documents if document not in primary]
    if not built or len(new) > config.drift * len(documents):
        return None
    wishes, homes = store.wishes(), store.homes()
    held = {document for wish in wishes for document in wish.held}.intersection(new)
    if not homes.keys() <= row.keys() or not held <= homes.keys():
        return None
    loose = [document for document in new if document not in held]
    about = gist(vectors, store.opening_matrix().astype(np.float32), store.heading_matrix())
    nodes, entities = np.unique([each.node for each in built], return_inverse=True)
    places = place(
        about[[row[each.document] for each in built]], entities, about[[row[document] for document in loose]]
    )
    fits = {document: its.fits for document, its in zip(loose, places, strict=True)}
    if _wakes(wishes, {node.id for node in tree.nodes}, fits, vectors[[row[document] for document in loose]]):
        return None
    memberships = [
        Membership(document, str(nodes[entity]), weight, rank == 0, FITS if its.fits else MISFITS)
        for document, its in zip(loose, places, strict=True)
        for rank, (entity, weight) in enumerate(its.entities)
    ]
    memberships += [Membership(document, homes[document], 1.0, True, FITS) for document in sorted(held)]
    return store.tree() if store.place(memberships) <= config.drift else None


def _wakes(wishes: Sequence[Wish], living: Collection[str], fits: Mapping[str, bool], vectors: Vectors) -> bool:
    """Whether one of some new documents brings a node of a taxonomy into the tree.

    A category or domain gets whole entities: one that has its place in an entity says nothing of these, one that fits
    in none (`fits`) may be the first of another.

    Args:
        wishes: All of them.
        living: The nodes that are in the tree, by id.
        fits: Of each new document, whether it fits in the entity in which it is placed, [n].
        vectors: Theirs, in the same order, [n, d].
    """
    dormant = {wish.id: wish for wish in wishes if wish.vector is not None and wish.id not in living}
    if not dormant or not fits:
        return False
    found = fitting(wishes, list(fits), vectors.astype(np.float64), np.arange(len(fits)))
    return any(
        dormant[id].level == "entity" or not all(fits[document] for document in own)
        for id, own in found.items()
        if id in dormant
    )
