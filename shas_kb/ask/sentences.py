"""The sentences that answer, chosen without embedding one: by what their passages' sketches say where they stand.

A passage is kept as signs of its pieces (16 word pieces each) and of its telling tokens, in order. So a stretch of it
can be compared with a question: by the mean of the pieces that it lies in, and by what its tokens say to each word.
Where a sentence begins among the tokens is told by its characters, which is right to two tokens or three.

A sentence's relevance is the logarithm of an unnormalised probability, linear in its traits: the weights were learned
so that the right sentence stands out among all that are looked at (benchmarks/asking_weights.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from shas_kb.ask.ranking import Ranking, best
from shas_kb.ask.retrieve import Evidence
from shas_kb.ask.snapshot import Mask, Rows, Snapshot
from shas_kb.ask.wanted import Kinds, asked_for, is_whole, there
from shas_kb.ask.weights import SENTENCE
from shas_kb.ask.words import Covering, stems, words
from shas_kb.config import WORD_BITS
from shas_kb.encoder.sketch import unpack
from shas_kb.records import Asked, Quote, Sketch, StoredPassage, Vectors

if TYPE_CHECKING:
    from shas_kb.storage import Store

FIRST = 8
"""Passages whose sentences are looked at; ..."""

DOCUMENTS = 3
"""... and all that the search brought of so many best documents, as an answer may share no word with a question; ..."""

MOST = 12
"""... so many in all."""

SHORTEST = 4
"""Words of a sentence that can say something: fewer are headings and captions, which are near to everything on their
subject and answer nothing."""

PIECE = 16
"""Tokens of a piece."""

SLACK = 1
"""Tokens by which a sentence may begin earlier or end later than its characters tell."""


REMEMBERED = 1 << 13
"""Sentences whose looks are remembered: who asks again meets many of them again."""


class Looks(NamedTuple):
    """A sentence as it looks whatever is asked: how many words it has, their stems, what kinds of thing stand in it,
    and whether it is a whole statement."""

    words: int
    stems: frozenset[str]
    has: Kinds
    whole: bool


@lru_cache(REMEMBERED)
def looks(text: str) -> Looks:
    """How a sentence looks."""
    return Looks(len(words(text)), stems(text), there(text), is_whole(text))


class Traits(NamedTuple):
    """A sentence in figures: what its words `say` to the question's words, and what the pieces that it lies in mean to
    it; what its document's best passage is worth; the share of the question's weight in its words; whether it has a
    number, a name, a date or a length of time where one is asked for; whether it is a whole statement."""

    says: float
    means: float
    document: float
    covered: float
    number: float
    name: float
    span: float
    whole: float


@dataclass(frozen=True)
class Sentences:
    """Sentences of the passages that may answer, in order of reading. `rows` are their passages, `places` their place
    in them; `best_covered` is the share of the question's weight in one of the best passages and its document's title
    and authors, `best_titled` that in one of these titles alone."""

    quotes: tuple[Quote, ...]
    rows: tuple[int, ...]
    places: tuple[int, ...]
    traits: tuple[Traits, ...]
    best_covered: float
    best_titled: float

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
    store: Store,
    snapshot: Snapshot,
    evidence: Evidence,
    weights: Mapping[str, float],
    question: str,
    asked: Asked,
    inside: Mask | None = None,
    each: int = 1,
) -> Sentences:
    """The sentences that may answer.

    Args:
        store: for texts and sketches.
        snapshot: to know the passages by.
        evidence: what was found.
        weights: what each word of the question says here.
        question: its text.
        asked: the same in vectors.
        inside: documents of which the best passages are to be looked at [n]; None looks at the best of all, see above.
        each: so many of each of these documents.
    """
    rows = _passages(snapshot, evidence) if inside is None else _first(snapshot, evidence, inside, each)
    keys = snapshot.keys(rows)
    wanted, covering = asked_for(question), Covering(weights)
    found: list[tuple[Quote, int, int, Traits]] = []
    covered_by: list[float] = []
    titled = 0.0
    sketches = store.sketches(keys)
    if None in sketches:  # What is known of some is not to be compared with nothing.
        sketches = [None] * len(keys)
    for row, passage, sketch in zip(rows.tolist(), store.passages(keys), sketches, strict=True):
        worth = float(evidence.of_documents[snapshot.document_of(row)])
        document = snapshot.documents[snapshot.document_of(row)]
        whole = {*covering.among(stems(" ".join((document.title, *document.authors))))}
        titled = max(titled, covering.share(whole))
        told = said(passage, sketch, asked).tolist()
        for place, (quote, (says, means)) in enumerate(zip(passage.sentences, told, strict=True)):
            its = looks(quote.text)
            held = covering.among(its.stems)
            whole |= held
            if its.words >= SHORTEST or len(passage.sentences) == 1:
                fits = map(float, (*wanted.met_by(its.has), its.whole))
                found.append((quote, row, place, Traits(says, means, worth, covering.share(held), *fits)))
        covered_by.append(covering.share(whole))
    quotes, owners, places, told_by = zip(*found, strict=True) if found else ((), (), (), ())
    return Sentences(quotes, owners, places, told_by, max(covered_by[:FIRST], default=0.0), titled)


def said(passage: StoredPassage, sketch: Sketch | None, asked: Asked) -> Vectors:
    """What the words of each sentence of a passage say to those of the question, and what its pieces mean to it, as
    cosines [sentences, 2]; zeros where an older version made no sketch, and beyond the window."""
    found = np.zeros((len(passage.sentences), 2), np.float32)
    if sketch is None or not passage.sentences:
        return found
    pieces = unpack(sketch.pieces, len(asked.vector)) @ asked.vector
    words = unpack(sketch.words, WORD_BITS) @ asked.words.T  # [its tokens, the question's]
    if len(words) == 1 == len(pieces):  # Of some models a passage is its only unit, and so that of all its sentences.
        found[:] = words[0] @ asked.counts, pieces[0]
        return found
    each = (passage.tokens or PIECE * len(pieces)) / max(len(passage.text), 1)
    spans = np.array([(quote.start, quote.end) for quote in passage.sentences]) - passage.start
    begin, end = (1 + each * spans).T  # before the first sentence there is a token that begins the text
    at = np.searchsorted(np.flatnonzero(np.unpackbits(sketch.telling)), np.stack([begin - SLACK, end + SLACK]))
    for its, first, last in zip(found, *at.tolist(), strict=True):
        if first < last:
            its[0] = words[first:last].max(axis=0) @ asked.counts
    starts = np.arange(len(pieces)) * PIECE
    shared = np.minimum(starts + PIECE, end[:, None]) - np.maximum(starts, begin[:, None])
    shared = np.maximum(shared, 0).astype(np.float32)
    found[:, 1] = shared @ pieces / np.maximum(shared.sum(axis=1), 1e-6)
    return found


def _passages(snapshot: Snapshot, evidence: Evidence) -> Rows:
    """The passages that are looked at, best first."""
    chosen = best(evidence.of_documents, DOCUMENTS).rows
    rows = evidence.fused.rows
    among = np.isin(snapshot.owner[rows], chosen)
    among[:FIRST] = True
    return rows[among][:MOST]


def _first(snapshot: Snapshot, evidence: Evidence, inside: Mask, each: int) -> Rows:
    """The best few passages of each of these documents, best first."""
    rows = evidence.fused.rows[inside[snapshot.owner[evidence.fused.rows]]]
    taken: Counter[int] = Counter()
    chosen: list[int] = []
    for row, owner in zip(rows.tolist(), snapshot.owner[rows].tolist(), strict=True):
        if taken[owner] < each:
            taken[owner] += 1
            chosen.append(row)
    return np.array(chosen[: MOST * each], dtype=rows.dtype)
