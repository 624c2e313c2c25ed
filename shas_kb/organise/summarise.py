"""What a node is about, in a few sentences of its own documents, each with its source.

The sentences come from the passages nearest to the node in its most central documents; those that say most of its key
phrases are taken, one document after the other, as long as they can stand alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from shas_kb.organise.material import Array, Labels, Material
from shas_kb.organise.readable import readable
from shas_kb.organise.script import is_wide
from shas_kb.organise.vocabulary import stem
from shas_kb.records import Quote, StoredPassage

Fetch = Callable[[Sequence[tuple[str, int]]], Sequence[StoredPassage]]
Sentences = Sequence[tuple[Quote, frozenset[str]]]
"""The sentences of a passage, each with its words by their stems."""

CENTRAL = 5
PASSAGES = 2
SENTENCES = 3
REPEATS = 0.5
FIRST = 1.15


@dataclass(frozen=True, slots=True)
class Place:
    """A node as its summary needs it: its members (rows of the materials), most central first, its vector and key
    phrases."""

    members: Sequence[int]
    vector: Array
    keyphrases: Sequence[str]


def central(vectors: Array, members: Labels, vector: Array) -> list[int]:
    """The `members` (rows of `vectors` [n, d]) in the order of nearness to `vector` [d]."""
    near = np.round(vectors[members] @ vector, 9)
    return [int(members[i]) for i in np.argsort(-near, kind="stable")]


def summarise(materials: Sequence[Material], places: Sequence[Place], fetch: Fetch) -> list[tuple[Quote, ...]]:
    """Two or three sentences for each place; fewer (or none) where nothing readable is found. Fetches once."""
    keys: list[list[tuple[str, int]]] = []
    for place in places:
        wanted: list[tuple[str, int]] = []
        for row in place.members[:CENTRAL]:
            near = np.round(materials[row].passages.astype(np.float64) @ place.vector, 9)
            wanted += [(materials[row].id, int(i)) for i in np.argsort(-near, kind="stable")[:PASSAGES]]
        keys.append(wanted)
    every = sorted({key for wanted in keys for key in wanted})
    stored = dict(zip(every, map(_sentences, fetch(every)), strict=True)) if every else {}
    return [
        _summary([stored[key] for key in wanted], place.keyphrases) for wanted, place in zip(keys, places, strict=True)
    ]


def _sentences(passage: StoredPassage) -> Sentences:
    return [(sentence, frozenset(_parts(sentence.text))) for sentence in passage.sentences]


def _summary(passages: Sequence[Sentences], keyphrases: Sequence[str]) -> tuple[Quote, ...]:
    """The sentences that say most, none much like another, spread over the documents as far as these have any."""
    wanted: dict[str, float] = {}
    for rank, phrase in enumerate(keyphrases):
        for word in _parts(phrase):
            wanted.setdefault(word, 1 / (1 + rank))
    found: list[tuple[float, Quote, frozenset[str]]] = []
    for rank, passage in enumerate(passages):
        for position, (sentence, words) in enumerate(passage):
            score = sum(wanted[word] for word in sorted(words & wanted.keys())) / (1 + 0.02 * len(words))
            score *= (FIRST if position == 0 else 1.0) / (1 + 0.05 * rank)
            if score > 0:
                found.append((-round(score, 9), sentence, words))
    found.sort(key=lambda entry: entry[0])
    chosen: list[tuple[Quote, frozenset[str]]] = []
    for most_from_one in (1, SENTENCES):
        for _, quote, words in found:
            if len(chosen) == SENTENCES:
                break
            from_one = sum(other.document == quote.document for other, _ in chosen)
            alike = any(len(words & other) > REPEATS * min(len(words), len(other)) for _, other in chosen)
            if from_one < most_from_one and not alike and readable(quote.text.strip()):
                text = " ".join(quote.text.split())
                chosen.append((replace(quote, text=text), words))
    return tuple(quote for quote, _ in chosen)


def _parts(text: str) -> tuple[str, ...]:
    """Words of a text by their stems; pairs of letters where it is written without spaces."""
    if is_wide(text):
        letters = "".join(text.split())
        return tuple(letters[i : i + 2] for i in range(len(letters) - 1))
    return tuple(word for word in stem(text) if len(word) > 2)
