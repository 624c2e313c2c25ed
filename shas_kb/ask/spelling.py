"""Misspelt words of a question, read as the words of the collection that they nearly are.

Only a word that no passage and no node's name holds can be misspelt. Its place takes the word that is most alike by the
letters they share in order (Ratcliff and Obershelp, as in difflib), of those that begin as it does, are about as long,
and stand in several passages: a word that stands in one may be misspelt itself.
"""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from shas_kb.ask.snapshot import Snapshot
from shas_kb.ask.words import content_words, stem, subject_words

if TYPE_CHECKING:
    from shas_kb.storage import Store

SHORTEST = 5
"""Letters of a word that can be told to be misspelt: a shorter one is like too many others."""

ALIKE = 0.86
"""Of two words' letters, the share that they have in common from which one is read as the other: one letter too few or
too many in five, one wrong in eight."""


def as_meant(store: Store, snapshot: Snapshot, question: str) -> str:
    """The question with its misspelt words as they are spelt in the collection; the same text where none is."""
    words = [word for word in subject_words(content_words(question)) if len(word) >= SHORTEST and word.isalpha()]
    shares = zip(words, store.rarity(words), strict=True)
    unknown = [word for word, share in shares if not share and word.isascii() and stem(word) not in snapshot.naming]
    meant = {word: other for word in unknown if (other := _nearest(store, word))}
    if not meant:
        return question
    misspelt = re.compile(rf"\b(?:{'|'.join(map(re.escape, meant))})\b", re.IGNORECASE)
    return misspelt.sub(lambda found: meant[found[0].casefold()], question)


def _nearest(store: Store, word: str) -> str | None:
    """The word of the collection that is most alike, the more frequent of equals; None where none is alike enough."""
    alike = [(SequenceMatcher(None, word, other).ratio(), count, other) for other, count in store.like(word)]
    best = max(alike, default=(0.0, 0, ""))
    return best[2] if best[0] >= ALIKE else None
