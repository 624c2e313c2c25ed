"""A node's candidates for a name, out of its weighed phrases: no fragments, nothing said twice, names in full."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from shas_kb.organise.material import Array, Labels
from shas_kb.organise.script import is_wide
from shas_kb.organise.vocabulary import Key, Vocabulary
from shas_kb.organise.weights import weighed

CANDIDATES = 16
FRAGMENT = 0.7
IN_PASSING = 0.6
"""The share of how much those that say a phrase say it, up to which a document says it in passing only."""
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
class Described:
    """Some phrases (columns of the vocabulary) of a node, for each its features and its lift over the rest, [phrases];
    how much each of the node's documents says it (`inside` [documents, phrases]), and the children in which these lie
    (`homes` [documents])."""

    phrases: Labels
    features: Mapping[str, Array]
    lift: Array
    inside: Array = field(repr=False)
    homes: Labels = field(repr=False)


def candidates(words: Vocabulary, full: Mapping[int, int], node: Described) -> list[Candidate]:
    """Candidates, those with the best features first.

    Without fragments, phrases most of whose uses are inside one longer phrase, and without those that say again what a
    better one says; `full` gives the full names of parts of names.
    """
    scores, rate = weighed(node.features), node.inside.mean(axis=0)
    longer: dict[Key, float] = {}
    for column, value in zip(node.phrases, rate, strict=True):
        for part in parts(words.keys[column]):
            longer[part] = max(longer.get(part, 0.0), float(value))
    sizes = np.bincount(node.homes)
    found: list[Candidate] = []
    taken: set[str] = set()
    for i in np.argsort(-np.round(scores, 9), kind="stable"):
        phrase = int(node.phrases[i])
        if scores[i] <= 0 or len(found) == CANDIDATES:
            break
        if longer.get(words.keys[phrase], 0.0) >= FRAGMENT * rate[i]:
            continue
        phrase = full.get(phrase, phrase)
        key = words.keys[phrase]
        maybe_again = is_wide(key[0]) or not taken.isdisjoint(key)
        if maybe_again and any(within(key, other.key) or within(other.key, key) for other in found):
            continue
        taken.update(key)
        said = node.inside[:, i] > IN_PASSING * rate[i] * len(node.inside) / np.count_nonzero(node.inside[:, i])
        saying = np.bincount(node.homes, said) >= A_CHILD_SAYS * sizes
        spread = float(sizes[saying].sum() / len(said))
        found.append(Candidate(key, words.written[phrase], float(scores[i]), float(node.lift[i]), spread, said))
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
