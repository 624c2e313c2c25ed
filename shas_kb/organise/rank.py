"""Which phrases tell a node from its siblings and from the rest of the collection, best first.

Class-based TF-IDF (Grootendorst, arXiv 2203.05794) over noun-like phrases, in roots: a node says a phrase as much as
its children do on average, each child counting the same. So a category is told by what all its entities share, not by
the loudest of them. What siblings and the rest of the collection say as well counts against a phrase; that the
documents that say it are near to the node counts for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from shas_kb.organise.group import averaging
from shas_kb.organise.material import Array, Labels, unit
from shas_kb.organise.vocabulary import Key, Vocabulary, is_wide

SHORTLIST = 80
CANDIDATES = 16
GENERAL = 0.3
PROPER = (1.0, 0.85, 0.7)
EVERYWHERE = 0.5
FLOOR = 0.25
LIFT_FLOOR = 0.1
FRAGMENT = 0.7
A_CHILD_SAYS = 0.3


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
    by_phrase = words.rates.tocsc()
    entities = unit(averaging(levels[0]) @ units)
    rates, children, documents = words.rates, np.arange(len(units)), levels[0]
    found = []
    for height, labels in enumerate(levels):
        rates = sparse.csr_matrix(averaging(labels) @ rates)
        if height:
            children, documents = documents, labels[documents]
        parents = levels[height + 1] if height + 1 < len(levels) else np.zeros(rates.shape[0], dtype=np.int64)
        centres = unit(averaging(documents) @ units)
        order = np.argsort(documents, kind="stable")
        place = np.empty(len(order), dtype=np.int64)
        sizes = np.bincount(documents)
        place[order] = np.arange(len(order)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        child_sizes = np.bincount(children)
        level = []
        for node, short in enumerate(_contrasted(words, rates, parents, sizes, height)):
            users = by_phrase[:, short.phrases]
            column = np.repeat(np.arange(len(short.phrases)), np.diff(users.indptr))
            # the only document differs from the mean of all in nothing: its vector is 0 and says nothing of nearness
            near = np.maximum(entities @ centres[node], 0) if centres[node].any() else np.ones(len(entities))
            total = np.bincount(column, users.data, len(short.phrases))
            nearness = np.bincount(column, users.data * near[levels[0][users.indices]], len(short.phrases)) / total
            own = documents[users.indices] == node
            inside = np.zeros((sizes[node], len(short.phrases)))
            inside[place[users.indices[own]], column[own]] = users.data[own]
            outside = np.bincount(column[~own], minlength=len(short.phrases))
            elsewhere = outside / max(len(units) - int(sizes[node]), 1)
            scores = short.scores * nearness * np.maximum(1 - elsewhere / EVERYWHERE, 0)
            homes = children[order[np.cumsum(sizes)[node] - sizes[node] : np.cumsum(sizes)[node]]]
            level.append(_whole(words, short, scores, inside, homes, child_sizes))
        found.append(level)
    return found


def contrast(rate: Array, elsewhere: Array) -> Array:
    """How much a phrase said at `rate` here and at rate `elsewhere` tells of here; the rates are roots, none below
    zero."""
    return np.asarray(rate * np.log1p(rate / (elsewhere + FLOOR)))


def _contrasted(
    words: Vocabulary, nodes: sparse.csr_matrix, parents: Labels, sizes: Labels, height: int
) -> Iterator[Shortlist]:
    """The shortlist of each of `nodes` [k, phrases], scored against siblings and all the rest."""
    everything = np.asarray(words.rates.sum(axis=0)).ravel()
    proper = np.array([written != written.lower() for written in words.written], dtype=bool)
    worth = words.worth * np.where(proper, PROPER[height], 1.0)
    together = sparse.csr_matrix(averaging(parents) @ nodes)
    siblings = np.bincount(parents)
    family, of = np.zeros(0), -1
    for node, parent in enumerate(parents):
        if parent != of:
            family, of = together[parent].toarray().ravel() * siblings[parent], parent
        row = nodes[node]
        phrases, rate = row.indices.astype(np.int64), row.data
        others = (family[phrases] - rate) / max(siblings[parent] - 1, 1)
        rest = (everything[phrases] - rate * sizes[node]) / max(int(sizes.sum()) - int(sizes[node]), 1)
        elsewhere = np.maximum(others, np.maximum(rest, 0))
        scores = contrast(rate, elsewhere) * worth[phrases] * rate ** (GENERAL * height)
        best = np.argsort(-np.round(scores, 9), kind="stable")[:SHORTLIST]
        yield Shortlist(phrases[best], scores[best], rate[best] / (elsewhere[best] + LIFT_FLOOR))


def _whole(
    words: Vocabulary, short: Shortlist, scores: Array, inside: Array, homes: Labels, child_sizes: Labels
) -> list[Candidate]:
    """Candidates, best first: without fragments, phrases most of whose uses are inside one longer phrase, and without
    those that say again what a better one says."""
    rate = inside.mean(axis=0)
    longer: dict[Key, float] = {}
    for phrase, value in zip(short.phrases, rate, strict=True):
        for part in parts(words.keys[phrase]):
            longer[part] = max(longer.get(part, 0.0), float(value))
    found: list[Candidate] = []
    for i in np.argsort(-np.round(scores, 9), kind="stable"):
        key = words.keys[short.phrases[i]]
        if scores[i] <= 0 or len(found) == CANDIDATES:
            break
        again = any(within(key, other.key) or within(other.key, key) for other in found)
        if again or longer.get(key, 0.0) >= FRAGMENT * rate[i]:
            continue
        said = inside[:, i] > 0
        saying = np.bincount(homes, said, len(child_sizes))[homes] >= A_CHILD_SAYS * child_sizes[homes]
        written = words.written[short.phrases[i]]
        found.append(Candidate(key, written, float(scores[i]), float(short.lift[i]), float(saying.mean()), said))
    return found


def parts(key: Key) -> set[Key]:
    """The shorter phrases within a phrase (for scripts without spaces, of its letters)."""
    if len(key) == 1 and is_wide(key[0]):
        word = key[0]
        letters: set[Key] = {(word[i:j],) for i in range(len(word)) for j in range(i + 2, len(word) + 1)}
        return letters - {key}
    return {key[i:j] for i in range(len(key)) for j in range(i + 1, len(key) + 1)} - {key}


def within(short: Key, long: Key) -> bool:
    """Whether one phrase is a part of the other (for scripts without spaces, of its letters)."""
    if len(short) == len(long) == 1 and is_wide(short[0]):
        return short[0] in long[0]
    return any(long[i : i + len(short)] == short for i in range(len(long) - len(short) + 1))
