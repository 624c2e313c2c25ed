"""What a node is called: what its documents say that its siblings do not.

Class-based TF-IDF (Grootendorst, arXiv 2203.05794) over noun-like phrases. A node says a phrase as much as its
children do on average, each child counting the same and in roots; the higher it stands, the more that counts. So a
category is named by what all its entities share, not by the loudest of them. What siblings and the rest of the
collection say as well counts against a phrase; that the documents that say it are near to the node counts for it.

Where no phrase is free, a title names the node; where the name leaves out one of its two largest children, these do.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, count

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from shas_kb.organise.group import averaging
from shas_kb.organise.material import Array, Labels, unit
from shas_kb.organise.vocabulary import Key, Vocabulary, is_wide, stem, usable

KEYPHRASES = 8
SHORTLIST = 80
GENERAL = 0.3
PROPER = (1.0, 0.85, 0.7)
EVERYWHERE = 0.5
FLOOR = 0.02
FRAGMENT = 0.7
COVERS_ENOUGH = 0.6
COVERS_MORE = 0.15
NEARLY_AS_GOOD = 0.6
LONGEST_TITLE = 60
EDGES = " .,;:-–—_"
_BREAKS = re.compile(r"[:;.?!()|]+\s|\s[-–—|]\s")
_JOINTS = re.compile(" & |、")
_WORD = re.compile(r"[^\W\d_]{4,}")


@dataclass(frozen=True, slots=True)
class Named:
    """A node's name and its key phrases, best first."""

    name: str
    keyphrases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A phrase that could name a node: its stems, how it is written, its score, and which of the node's documents say
    it."""

    key: Key
    text: str
    score: float
    said: NDArray[np.bool_] = field(repr=False)


def name_levels(words: Vocabulary, titles: Sequence[str], units: Array, levels: Sequence[Labels]) -> list[list[Named]]:
    """Names and key phrases of all nodes, lowest level first.

    `units` [n, d] are the documents' vectors, `titles` [n] their titles; `levels[0]` [n] tells each document's entity,
    `levels[1]` each entity's category, and so on. Names are given from the top down, and none is given twice.
    """
    documents: list[Labels] = []
    rates = [words.rates]
    for labels in levels:
        documents.append(labels[documents[-1]] if documents else labels)
        rates.append(sparse.csr_matrix(averaging(labels) @ rates[-1]))
    parents = [*levels[1:], np.zeros(rates[-1].shape[0], dtype=np.int64)]
    by_phrase = words.rates.tocsc()
    used: set[Key] = set()
    named: list[list[Named]] = []
    for height in reversed(range(len(levels))):
        centres = unit(averaging(documents[height]) @ units)
        order = np.argsort(documents[height], kind="stable")
        members = np.split(order, np.cumsum(np.bincount(documents[height]))[:-1])
        level = []
        shortlists = _contrasted(words, rates[height + 1], parents[height], np.bincount(documents[height]), height)
        for node, (phrases, scores) in enumerate(shortlists):
            users = by_phrase[:, phrases]
            said = np.asarray(users.sum(axis=0)).ravel()
            # the only document differs from the mean of all in nothing: its vector is 0 and says nothing of nearness
            near = np.maximum(units @ centres[node], 0) if centres[node].any() else np.ones(len(units))
            nearness = (users.T @ near) / np.where(said > 0, said, 1.0)
            inside = words.rates[members[node]][:, phrases].toarray()
            outside = np.diff(users.indptr) - np.count_nonzero(inside, axis=0)
            scores = np.where(outside > EVERYWHERE * (len(units) - len(inside)), 0.0, scores)
            candidates = _whole(words, phrases, scores * nearness, inside)
            middle = members[node][np.argmax(np.round(units[members[node]] @ centres[node], 9))]
            level.append(_named(candidates, titles[middle], used))
        named.append(level)
    return _of_children(words, named[::-1], levels, documents)


def contrast(rate: Array, elsewhere: Array) -> Array:
    """How much a phrase said at `rate` here and at rate `elsewhere` tells of here; the rates are roots, none below
    zero."""
    return np.asarray(rate * np.log1p(rate / (elsewhere + FLOOR)))


def _contrasted(
    words: Vocabulary, nodes: sparse.csr_matrix, parents: Labels, sizes: Labels, height: int
) -> list[tuple[Labels, Array]]:
    """The shortlist of phrases of each of `nodes` [k, phrases], and their scores against siblings and all the rest."""
    everything = np.asarray(words.rates.sum(axis=0)).ravel()
    proper = np.array([written != written.lower() for written in words.written], dtype=bool)
    worth = words.worth * np.where(proper, PROPER[height], 1.0)
    shortlists: list[tuple[Labels, Array]] = []
    together = sparse.csr_matrix(averaging(parents) @ nodes)
    siblings = np.bincount(parents)
    for node, parent in enumerate(parents):
        row = nodes[node]
        phrases, rate = row.indices.astype(np.int64), row.data
        count = siblings[parent]
        family = together[parent].toarray().ravel()[phrases]
        others = (family * count - rate) / max(count - 1, 1)
        rest = (everything[phrases] - rate * sizes[node]) / max(int(sizes.sum()) - int(sizes[node]), 1)
        scores = contrast(rate, np.maximum(others, np.maximum(rest, 0)))
        scores *= worth[phrases] * rate ** (GENERAL * height)
        best = np.argsort(-np.round(scores, 9), kind="stable")[:SHORTLIST]
        shortlists.append((phrases[best], scores[best]))
    return shortlists


def _whole(words: Vocabulary, phrases: Labels, scores: Array, inside: Array) -> list[Candidate]:
    """Candidates, best first, without fragments: phrases most of whose uses are inside one longer phrase."""
    rate = inside.mean(axis=0)
    longer: dict[Key, float] = {}
    for phrase, value in zip(phrases, rate, strict=True):
        for part in _parts(words.keys[phrase]):
            longer[part] = max(longer.get(part, 0.0), float(value))
    return [
        Candidate(words.keys[phrases[i]], words.written[phrases[i]], float(scores[i]), inside[:, i] > 0)
        for i in np.argsort(-np.round(scores, 9), kind="stable")
        if scores[i] > 0 and longer.get(words.keys[phrases[i]], 0.0) < FRAGMENT * rate[i]
    ]


def _named(candidates: Sequence[Candidate], title: str, used: set[Key]) -> Named:
    """The best phrase that is free, joined by a second one where it alone speaks for too few of the documents; where
    none is free, what the `title` of the central document gives."""
    phrases = _diverse(candidates)
    free = [one for one in phrases if one.key not in used] or [one for one in candidates if one.key not in used]
    if not free:
        return Named(_titled(title, used), tuple(one.text for one in phrases))
    first = free[0]
    used.add(first.key)
    name = first.text
    if first.said.mean() < COVERS_ENOUGH:
        for second in free[1:]:
            adds = float((second.said & ~first.said).mean())
            if (
                adds >= COVERS_MORE
                and second.score >= NEARLY_AS_GOOD * first.score
                and not set(second.key) & set(first.key)
            ):
                used.add(second.key)
                name = _together(name, second.text)
                break
    return Named(_capitalised(name), tuple(one.text for one in phrases))


def _of_children(
    words: Vocabulary, named: Sequence[Sequence[Named]], levels: Sequence[Labels], documents: Sequence[Labels]
) -> list[list[Named]]:
    """The names again, but for nodes whose name too few documents say and none in one of their two largest children:
    these are called after the two."""
    column = {key: j for j, key in enumerate(words.keys)}
    by_phrase = words.rates.tocsc()

    def renamed(height: int, node: int, own: Named) -> Named:
        children = np.flatnonzero(levels[height] == node)
        phrase = column.get(stem(own.name))
        if phrase is None or len(children) < 2:
            return own
        sizes = np.bincount(documents[height - 1])
        saying = np.bincount(documents[height - 1][by_phrase[:, phrase].indices], minlength=len(sizes))
        largest = children[np.argsort(-sizes[children], kind="stable")[:2]]
        if saying[children].sum() >= COVERS_ENOUGH * sizes[children].sum() or saying[largest].all():
            return own
        parts = [_JOINTS.split(named[height - 1][child].name)[0] for child in largest]
        at = [column.get(stem(part)) for part in parts]
        first, second = (part if j is None else words.written[j] for part, j in zip(parts, at, strict=True))
        return replace(own, name=_capitalised(_together(first, second)))

    upper = [[renamed(height, node, own) for node, own in enumerate(named[height])] for height in range(1, len(named))]
    return [list(named[0]), *upper]


def _together(first: str, second: str) -> str:
    """Two names as one."""
    return f"{first}、{second}" if is_wide(first) and is_wide(second) else f"{first} & {second}"


def _diverse(candidates: Sequence[Candidate]) -> list[Candidate]:
    """The best candidates, none of which says again what a better one says."""
    chosen: list[Candidate] = []
    for one in candidates:
        if not any(_within(one.key, other.key) or _within(other.key, one.key) for other in chosen):
            chosen.append(one)
        if len(chosen) == KEYPHRASES:
            break
    return chosen


def _titled(title: str, used: set[Key]) -> str:
    """A name out of a title: all of it, else a part, else a word, whichever is free; else the title with a number."""
    whole = _cut(title) or "untitled"
    words = sorted((word for word in _WORD.findall(title) if usable(stem(word))), key=len, reverse=True)
    parts = (whole, *map(_cut, _BREAKS.split(title)), *words)
    for name in chain(filter(None, parts), (f"{whole} {number}" for number in count(2))):
        key = stem(name) or (name,)
        if key not in used:
            break
    used.add(key)
    return _capitalised(name)


def _cut(title: str) -> str:
    """A title on one line, without marks at its ends, cut after a word where it is too long for a name."""
    text = " ".join(title.split()).strip(EDGES)
    if len(text) <= LONGEST_TITLE:
        return text
    return text[: LONGEST_TITLE - 1].rsplit(" ", 1)[0].rstrip(EDGES) + "…"


def _capitalised(name: str) -> str:
    """The name with a capital to begin with, unless its first word has its own capitals ("mRNA")."""
    first = name.split(" ")[0]
    return name if any(letter.isupper() for letter in first) else name[:1].upper() + name[1:]


def _parts(key: Key) -> set[Key]:
    """The shorter phrases within a phrase (for scripts without spaces, of its letters)."""
    if len(key) == 1 and is_wide(key[0]):
        word = key[0]
        letters: set[Key] = {(word[i:j],) for i in range(len(word)) for j in range(i + 2, len(word) + 1)}
        return letters - {key}
    return {key[i:j] for i in range(len(key)) for j in range(i + 1, len(key) + 1)} - {key}


def _within(short: Key, long: Key) -> bool:
    """Whether one phrase is a part of the other (for scripts without spaces, of its letters)."""
    if len(short) == len(long) == 1 and is_wide(short[0]):
        return short[0] in long[0]
    return any(long[i : i + len(short)] == short for i in range(len(long) - len(short) + 1))
