"""The sentences that answer, chosen without embedding one: by what their passages' sketches say where they stand.

A passage is kept as signs of its pieces (16 word pieces each) and of its telling tokens, in order. So a stretch of it
can be compared with a question: by the mean of the pieces that it lies in, and by what its tokens say to each word.
Where a sentence begins among the tokens is told by its characters, which is right to two tokens or three.

A sentence's relevance is the logarithm of an unnormalised probability, linear in its traits: the weights were learned
so that the right sentence stands out among all that are looked at (benchmarks/asking_weights.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from shas_kb.ask.ranking import Ranking, best
from shas_kb.ask.retrieve import Evidence
from shas_kb.ask.snapshot import Rows, Snapshot
from shas_kb.ask.wanted import Wanted, is_whole
from shas_kb.ask.weights import SENTENCE
from shas_kb.ask.words import coverage, stems, words
from shas_kb.config import WORD_BITS
from shas_kb.encoder.sketch import unpack
from shas_kb.records import Asked, Quote, Sketch, StoredPassage

if TYPE_CHECKING:
    from shas_kb.storage import Store

FIRST = 5
"""Passages whose sentences are looked at; ..."""

DOCUMENTS = 3
"""... and all that the search brought of so many best documents, as an answer may share no word with a question; ..."""

MOST = 32
"""... so many in all."""

SHORTEST = 4
"""Words of a sentence that can say something: fewer are headings and captions, which are near to everything on their
subject and answer nothing."""

PIECE = 16
"""Tokens of a piece."""

SLACK = 1
"""Tokens by which a sentence may begin earlier or end later than its characters tell."""


class Traits(NamedTuple):
    """A sentence in figures: what its words `say` to the question's words, and what the pieces that it lies in mean to
    it; what its document's best passage is worth; the share of the question's weight in its words; whether it has a
    number or a name where one is asked for; whether it is a whole statement."""

    says: float
    means: float
    document: float
    covered: float
    number: float
    name: float
    whole: float


@dataclass(frozen=True)
class Sentences:
    """Sentences of the passages that may answer, in order of reading. `rows` are their passages, `places` their place
    in them."""

    quotes: tuple[Quote, ...]
    rows: tuple[int, ...]
    places: tuple[int, ...]
    traits: tuple[Traits, ...]

    @cached_property
    def ranking(self) -> Ranking:
        """All of them, the most relevant first."""
        traits = np.array(self.traits, np.float64).reshape(-1, len(SENTENCE))
        return best(traits @ np.array(SENTENCE), len(self.quotes))

    @property
    def covered(self) -> NDArray[np.float64]:
        """The share of the question's weight in the words of each [s]."""
        return np.array([traits.covered for traits in self.traits], np.float64)


def read_sentences(
    store: Store, snapshot: Snapshot, evidence: Evidence, weights: Mapping[str, float], question: str, asked: Asked
) -> Sentences:
    """The sentences that may answer.

    Args:
        store: for texts and sketches.
        snapshot: to know the passages by.
        evidence: what was found.
        weights: what each word of the question says here.
        question: its text.
        asked: the same in vectors.
    """
    rows, documents = _passages(snapshot, evidence)
    keys = snapshot.keys(rows)
    wanted = Wanted.of(question)
    found: list[tuple[Quote, int, int, Traits]] = []
    for row, passage, sketch in zip(rows.tolist(), store.passages(keys), store.sketches(keys), strict=True):
        worth = float(documents[snapshot.document_of(row)])
        told = said(passage, sketch, asked)
        for place, (quote, (says, means)) in enumerate(zip(passage.sentences, told, strict=True)):
            text = quote.text
            if len(words(text)) >= SHORTEST:
                covered = coverage(weights, stems(text))
                kinds = wanted.number_in(text), wanted.name_in(text), is_whole(text)
                found.append((quote, row, place, Traits(says, means, worth, covered, *map(float, kinds))))
    quotes, owners, places, traits = zip(*found, strict=True) if found else ((), (), (), ())
    return Sentences(quotes, owners, places, traits)


def said(passage: StoredPassage, sketch: Sketch | None, asked: Asked) -> list[tuple[float, float]]:
    """What the words of each sentence of a passage say to those of the question, and what its pieces mean to it, as
    cosines; zeros where an older version made no sketch, and beyond the window."""
    if sketch is None:
        return [(0.0, 0.0)] * len(passage.sentences)
    pieces = unpack(sketch.pieces, len(asked.vector)) @ asked.vector
    words = unpack(sketch.words, WORD_BITS) @ asked.words.T  # [its tokens, the question's]
    at = np.flatnonzero(np.unpackbits(sketch.telling))
    starts = np.arange(len(pieces)) * PIECE
    each = (passage.tokens or PIECE * len(pieces)) / max(len(passage.text), 1)
    found = []
    for quote in passage.sentences:
        # Before the first one there is a token that begins the text.
        begin, end = 1 + each * (quote.start - passage.start), 1 + each * (quote.end - passage.start)
        # Of some models a passage is its only unit, and so that of all its sentences.
        inside = words[(at >= begin - SLACK) & (at < end + SLACK)] if len(words) > 1 else words
        shared = np.clip(np.minimum(starts + PIECE, end) - np.maximum(starts, begin), 0, None)
        says = float(inside.max(axis=0) @ asked.counts) if len(inside) else 0.0
        means = float(shared @ pieces / shared.sum()) if shared.any() else 0.0
        found.append((says, means))
    return found


def _passages(snapshot: Snapshot, evidence: Evidence) -> tuple[Rows, NDArray[np.float64]]:
    """The passages that are looked at, best first, and what the best of each document's is worth [n]."""
    documents = np.full(len(snapshot.ids), -np.inf)
    np.maximum.at(documents, snapshot.owner[evidence.dense.rows], evidence.worth)
    chosen = best(documents, DOCUMENTS).rows
    rows = evidence.fused.rows
    among = np.isin(snapshot.owner[rows], chosen)
    among[:FIRST] = True
    return rows[among][:MOST], documents
