"""Vectors of phrases by the collection's own model, for the choice of names: kept with the tree, so that only phrases
that are new to it take time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from shas_kb.encoder import load_question_encoder
from shas_kb.organise.together import together
from shas_kb.records import Vectors
from shas_kb.storage import Store

AT_ONCE, LEAST = 256, 8
"""How many phrases are embedded at once: a multiple of the least."""


class PhraseVectors:
    """What gives phrases unit vectors in the space of the passages.

    In half precision, new ones as well, and never made of one phrase alone, for which the products would be taken in
    another order: a name should not hang on whether its phrase was kept.
    """

    def __init__(self, store: Store, model: str) -> None:
        self._store = store
        self._model = model
        self.given: dict[str, NDArray[np.float16]] = {}
        """All that were asked for, float16 [d], by phrase."""

    def __call__(self, phrases: Sequence[str]) -> Vectors:
        """Float32 [phrases, d]; the model is loaded when a phrase is new."""
        kept = self._store.phrase_vectors()
        new = sorted({phrase for phrase in phrases if phrase not in kept})
        if new:
            encoder = load_question_encoder(self._model, self._store.weights())
            filled = new + new[:1] * (-len(new) % LEAST)
            made = together(encoder, (filled[start : start + AT_ONCE] for start in range(0, len(filled), AT_ONCE)))
            kept |= zip(filled, np.concatenate(list(made)).astype(np.float16), strict=True)
        self.given |= {phrase: kept[phrase] for phrase in phrases}
        return np.stack([kept[phrase] for phrase in phrases]).astype(np.float32)
