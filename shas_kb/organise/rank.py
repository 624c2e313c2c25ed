"""Which phrases tell a node from its siblings and from the rest of the collection, best first.

Class-based TF-IDF (Grootendorst, arXiv 2203.05794) over noun-like phrases, in roots: a node says a phrase as much as
its children do on average, each child counting the same. So a category is told by what all its entities share, not by
the loudest of them. What siblings and the rest of the collection say as well counts against a phrase; that the
documents that say it are near to the node counts for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from shas_kb.organise.group import averaging
from shas_kb.organise.material import Array, Labels, unit
from shas_kb.organise.users import EVERYWHERE, Users
from shas_kb.organise.vocabulary import Key, Vocabulary, is_wide

SHORTLIST, CANDIDATES = 50, 16
GENERAL = 0.3
"""How much more it counts at each height that a phrase is said everywhere in a node."""
PROPER = (0.85, 0.75, 0.65)
"""What names of persons, places and events are worth by height: they are examples more often than subjects."""
FLOOR = 0.35
"""The rate elsewhere below which a phrase gets no more telling: else the rarest phrase would win over the subject."""
LIFT_FLOOR = 0.1
FRAGMENT = 0.7
A_CHILD_SAYS = 0.3
"""The share of a child's documents from which on it says a phrase."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A phrase that could name a node: its stems, how it is written, its score, how many times as much the node says it
    as the rest does, the share of the node's documents that lie in children which say it, and which of them say it."""

    key: Key
    text: str
    score: float
    lift: float
    spread: float
    said: NDArray[np.bool_] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Shortlist:
    """Some phrases (columns of the vocabulary), and for each its score and its lift over the rest."""

    phrases: Labels
    scores: Array
    lift: Array


def ranked(words: Vocabulary, units: Array, levels: Sequence[Labels]) -> list[list[list[Candidate]]]:
    """The candidates of every node, best first; nodes by level, lowest first.

    `units` [n, d] are the documents' vectors; `levels[0]` [n] tells each document's entity, `levels[1]` each entity's
    category, and so on.
    """
    users = Users(words, units, levels[0])
    rates, children, documents = words.rates, np.arange(len(units)), levels[0]
    found = []
    for height, labels in enumerate(levels):
        rates = sparse.csr_matrix(averaging(labels) @ rates)
        if height:
            children, documents = documents, labels[documents]
        parents = levels[height + 1] if height + 1 < len(levels) else np.zeros(rates.shape[0], dtype=np.int64)
        centres = unit(averaging(documents) @ units)
        sizes = np.bincount(documents)
        members = np.split(np.argsort(documents, kind="stable"), np.cumsum(sizes)[:-1])
        level = []
        for node, short in enumerate(_contrasted(words, rates, parents, sizes, height)):
            inside = users.inside(members[node], short.phrases)
            scores = short.scores * users.nearness(short.phrases, centres[node])
            scores *= users.absence(short.phrases, inside)
            homes = np.unique(children[members[node]], return_inverse=True)[1]
            level.append(_whole(words, short, scores, inside, homes))
        found.append(level)
    return found


def contrast(rate: Array, elsewhere: Array) -> Array:
    """How much a phrase said at `rate` here and at rate `elsewhere` tells of here; the rates are roots, none below
    zero."""
    return np.asarray(rate * np.log1p(rate / (elsewhere + FLOOR)))


def _contrasted(
    words: Vocabulary, nodes: sparse.csr_matrix, parents: Labels, sizes: Labels, height: int
) -> list[Shortlist]:
    """The shortlist of each of `nodes` [k, phrases], scored against siblings and all the rest."""
    everything = np.asarray(words.rates.sum(axis=0)).ravel()
    proper = np.array([written != written.lower() for written in words.written], dtype=bool)
    documents = int(sizes.sum())
    common = (
        np.bincount(words.rates.indices, minlength=len(words.keys))
        > EVERYWHERE * documents + (1 - EVERYWHERE) * sizes.max()
    )
    worth = words.worth * np.where(proper, PROPER[height], 1.0) * ~common
    together = sparse.csr_matrix(averaging(parents) @ nodes)
    siblings = np.bincount(parents)
    found: dict[int, Shortlist] = {}
    for parent in range(len(siblings)):
        family = together[parent].toarray().ravel() * siblings[parent]
        for node in np.flatnonzero(parents == parent).tolist():
            row = slice(nodes.indptr[node], nodes.indptr[node + 1])
            phrases, rate = nodes.indices[row].astype(np.int64), nodes.data[row]
            others = (family[phrases] - rate) / max(siblings[parent] - 1, 1)
            rest = (everything[phrases] - rate * sizes[node]) / max(documents - int(sizes[node]), 1)
            elsewhere = np.maximum(others, np.maximum(rest, 0))
            scores = contrast(rate, elsewhere) * worth[phrases] * rate ** (GENERAL * height)
            best = np.argsort(-np.round(scores, 9), kind="stable")[:SHORTLIST]
            lift = rate[best] / (elsewhere[best] + LIFT_FLOOR)
            found[node] = Shortlist(phrases[best], scores[best], lift)
    return [found[node] for node in range(len(parents))]


def _whole(words: Vocabulary, short: Shortlist, scores: Array, inside: Array, homes: Labels) -> list[Candidate]:
    """Candidates, best first: without fragments, phrases most of whose uses are inside one longer phrase, and without
    those that say again what a better one says. `inside` [documents, phrases] are the node's own rates, `homes`
    [documents] the children in which its documents lie."""
    rate = inside.mean(axis=0)
    longer: dict[Key, float] = {}
    for phrase, value in zip(short.phrases, rate, strict=True):
        for part in parts(words.keys[phrase]):
            longer[part] = max(longer.get(part, 0.0), float(value))
    sizes = np.bincount(homes)
    found: list[Candidate] = []
    taken: set[str] = set()
    for i in np.argsort(-np.round(scores, 9), kind="stable"):
        key = words.keys[short.phrases[i]]
        if scores[i] <= 0 or len(found) == CANDIDATES:
            break
        if longer.get(key, 0.0) >= FRAGMENT * rate[i]:
            continue
        maybe_again = is_wide(key[0]) or not taken.isdisjoint(key)
        if maybe_again and any(within(key, other.key) or within(other.key, key) for other in found):
            continue
        taken.update(key)
        said = inside[:, i] > 0
        saying = np.bincount(homes, said) >= A_CHILD_SAYS * sizes
        written = words.written[short.phrases[i]]
        found.append(
            Candidate(
                key, written, float(scores[i]), float(short.lift[i]), float(sizes[saying].sum() / len(homes)), said
            )
        )
    return found


@lru_cache(maxsize=1 << 16)
def parts(key: Key) -> frozenset[Key]:
    """The shorter phrases within a phrase (for scripts without spaces, of its letters)."""
    if len(key) == 1 and is_wide(key[0]):
        word = key[0]
        letters = {(word[i:j],) for i in range(len(word)) for j in range(i + 2, len(word) + 1)}
        return frozenset(letters - {key})
    return frozenset({key[i:j] for i in range(len(key)) for j in range(i + 1, len(key) + 1)} - {key})


def within(short: Key, long: Key) -> bool:
    """Whether one phrase is a part of the other (for scripts without spaces, of its letters)."""
    if len(short) == len(long) == 1 and is_wide(short[0]):
        return short[0] in long[0]
    return any(long[i : i + len(short)] == short for i in range(len(long) - len(short) + 1))
