"""A tree takes in what comes to its collection, and lets go what leaves it, without being built again.

Read for it are a few vectors of each document, not its passages and words: it takes a second where a build takes many.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from shas_kb.config import GrowthConfig
from shas_kb.organise import gist, place
from shas_kb.records import Membership, Tree
from shas_kb.storage import Store

FITS, MISFITS = 1.0, 3.0
"""What a placed document counts in the drift, if it fits and if it does not."""


def grow(store: Store, tree: Tree, encoded: Collection[str], config: GrowthConfig) -> Tree | None:
    """The current tree with all documents in their places; None where it must be built again: where too much is new, or
    a new document is one that a person has put somewhere.

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
    held = {document for wish in store.wishes() for document in wish.held}
    if not built or len(new) > config.drift * len(documents) or not held.isdisjoint(new):
        return None
    about = gist(vectors, store.opening_matrix().astype(np.float32), store.heading_matrix())
    nodes, entities = np.unique([each.node for each in built], return_inverse=True)
    places = place(about[[row[each.document] for each in built]], entities, about[[row[document] for document in new]])
    memberships = [
        Membership(document, str(nodes[entity]), weight, rank == 0, FITS if its.fits else MISFITS)
        for document, its in zip(new, places, strict=True)
        for rank, (entity, weight) in enumerate(its.entities)
    ]
    return store.tree() if store.place(memberships) <= config.drift else None
