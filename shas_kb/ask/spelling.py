"""Misspelt words of a question, read as the words of the collection that they nearly are.

Only a word that no passage and no node's name holds can be misspelt, and no name is taken for another: a capital within
the question stays. In its place comes the most frequent word of several passages that is one slip away: a letter left
out, one too many, one for another, or two exchanged (Damerau, "A technique for computer detection and correction of
spelling errors", CACM 7, 1964). A word that stands in one passage may be misspelt itself.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from shas_kb.ask.snapshot import Snapshot
from shas_kb.ask.words import content_words, stem, subject_words

if TYPE_CHECKING:
    from shas_kb.storage import Store

SHORTEST = 5
"""Letters of a word that can be told to be misspelt: a shorter one is like too many others."""

SURE = 7
"""Letters of a word from which on one of them may stand for another: "moose" is no slip for "mouse"."""

_NAME = re.compile(r"(?<=\w )[A-Z]\w*[a-z]")


def as_meant(store: Store, snapshot: Snapshot, question: str) -> str:
    """The question with its misspelt words as they are spelt in the collection; the same text where none is."""
    words = [word for word in subject_words(content_words(question)) if len(word) >= SHORTEST and word.isalpha()]
    shares = zip(words, store.rarity(words), strict=True)
    names = {name.casefold() for name in _NAME.findall(question)}
    unknown = [word for word, share in shares if not share and word.isascii() and word not in names]
    unknown = [word for word in unknown if stem(word) not in snapshot.naming]
    meant = {word: other for word in unknown if (other := _nearest(store, word))}
    if not meant:
        return question
    misspelt = re.compile(rf"\b(?:{'|'.join(map(re.escape, meant))})\b", re.IGNORECASE)
    return misspelt.sub(lambda found: meant[found[0].casefold()], question)


def _nearest(store: Store, word: str) -> str | None:
    """The most frequent word of the collection that is one slip away; None where none is."""
    slips = [(count, other) for other, count in store.like(word) if _one_slip(word, other)]
    return max(slips)[1] if slips else None


def _one_slip(typed: str, meant: str) -> bool:
    """Whether one letter is missing, too many or another one, or two neighbours changed places."""
    pairs = enumerate(zip(typed, meant, strict=False))
    same = next((i for i, (one, other) in pairs if one != other), min(len(typed), len(meant)))
    one, other = typed[same:], meant[same:]
    exchanged = one[:2] == other[1::-1] and one[2:] == other[2:]
    another = one[1:] == other[1:] and len(typed) >= SURE
    return one[1:] == other or one == other[1:] or exchanged or another
