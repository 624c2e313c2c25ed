"""Everything that the tree is made from, as it is stored."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

import numpy as np

from shas_kb.organise import Batch, Lexicon, Material
from shas_kb.organise.together import together
from shas_kb.organise.uncollected import uncollected
from shas_kb.storage import Store
from shas_kb.storage.words import DocumentWords

AT_ONCE = 1024
"""Documents whose words are numbered at once."""


@uncollected()
def load_materials(store: Store) -> list[Material]:
    """The material of every encoded document, by id."""
    matrix = store.passage_matrix()
    passages = matrix.matrix.astype(np.float32)
    headings = store.heading_matrix()
    row = {document: i for i, document in enumerate(matrix.documents)}
    documents = {document.id: document for document in store.documents()}
    terms, phrases = Lexicon(), Lexicon()
    words = (its for its in store.all_words() if its.document in row)
    materials = []
    for block, its_terms, its_phrases in together(_batched, iter(lambda: list(islice(words, AT_ONCE)), [])):
        for own, own_terms, own_phrases in zip(block, terms.bags(its_terms), phrases.bags(its_phrases), strict=True):
            document, i = documents[own.document], row[own.document]
            materials.append(
                Material(
                    id=document.id,
                    sha256=document.sha256,
                    title=document.title,
                    language=document.language,
                    passages=passages[matrix.offsets[i] : matrix.offsets[i + 1]],
                    heading=headings[i],
                    terms=own_terms,
                    phrases=own_phrases,
                )
            )
    return materials


def _batched(block: Sequence[DocumentWords]) -> tuple[Sequence[DocumentWords], Batch, Batch]:
    """Documents with their terms and their phrases."""
    terms = Batch.of([own.terms.lines for own in block], [own.terms.counts for own in block])
    phrases = Batch.of([own.phrases.lines for own in block], [own.phrases.counts for own in block])
    return block, terms, phrases
