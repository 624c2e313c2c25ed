"""What a node is called.

From the top down, a node takes the phrase that speaks for most of its documents and of its children, of those nearly as
good as the best, and that no sibling has and no node above it. What no such phrase tells is called after its largest
children, each by what speaks for most of it; an entity, after two phrases that together do; where no phrase is free, by
a title.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, combinations

import numpy as np

from shas_kb.organise.candidate import Candidate, within
from shas_kb.organise.group import averaging
from shas_kb.organise.material import Array, Labels, unit
from shas_kb.organise.meaning import Meaning
from shas_kb.organise.rank import ranked
from shas_kb.organise.titled import Parts, titled, written
from shas_kb.organise.vocabulary import Key, Vocabulary, stem

KEYPHRASES = 8
MOST_PARTS = 3
COVERS_ENTITY, COVERS_ABOVE = 0.5, 0.6
"""The share of a node's documents that say what names all of it."""
SPREADS_ENOUGH = 0.75
"""The share of a node's documents in children that say what names it."""
TELLS_ENOUGH = 2.0
"""How many times as much as the rest a node says what names it."""
NEARLY_AS_GOOD, GOOD_ENOUGH = 0.7, 0.5
"""The share of the best score that a phrase must have to name a node in its place, and beside another."""
FAMILY = 5
"""Words that begin with so many of the same letters are forms of one."""
COVERS_MORE = 0.15
"""The share of documents that a second part of a name must add."""
HEADS_COVER = 0.5
"""The share of a node's documents in the children that its name names; they are no more than `MOST_PARTS`."""
LARGE_CHILD = 0.2
"""The share of documents from which on a child is named in its parent's name; the largest are if such are too few."""


@dataclass(frozen=True, slots=True)
class Named:
    """A node's name and its key phrases, best first."""

    name: str
    keyphrases: tuple[str, ...]


def name_levels(
    words: Vocabulary,
    titles: Sequence[str],
    units: Array,
    levels: Sequence[Labels],
    meaning: Meaning | None = None,
) -> list[list[Named]]:
    """Names and key phrases of all nodes, lowest level first; no name is given twice to
    siblings or along a path.

    `units` [n, d] are the documents' vectors, `titles` [n] their titles; `levels[0]` [n] tells each document's entity,
    `levels[1]` each entity's category, and so on. With `meaning`, phrases count by how near to a node they are in
    meaning.
    """
    naming = _Naming(levels, ranked(words, units, levels, meaning))
    middles = _middles(units, naming.documents)
    for height in reversed(range(len(levels))):
        for node, candidates in enumerate(naming.candidates[height]):
            good = _for_all(candidates, above=height > 0)
            alone = chain(_own(candidates), titled(titles[middles[height][node]]))
            naming.give(height, node, good if naming.branches(height, node) else chain(good, alone))
    for height in range(1, len(levels)):
        for node, candidates in enumerate(naming.candidates[height]):
            if not naming.names[height][node]:
                alone = chain(_own(candidates), titled(titles[middles[height][node]]))
                large, most = (_joined(naming.heads(height, node, least)) for least in (LARGE_CHILD, 0))
                naming.give(height, node, chain(large, most, _paired(candidates), alone))
    return [
        [
            Named(written(name), tuple(one.text for one in candidates[:KEYPHRASES]))
            for name, candidates in zip(*level, strict=True)
        ]
        for level in zip(naming.names, naming.candidates, strict=True)
    ]


class _Naming:
    """The nodes, their candidates, and the names they have so far (empty where they have none)."""

    def __init__(self, levels: Sequence[Labels], candidates: list[list[list[Candidate]]]) -> None:
        self.levels = levels
        self.candidates = candidates
        self.names: list[list[Parts]] = [[() for _ in level] for level in candidates]
        self.documents = [levels[0]]
        for labels in levels[1:]:
            self.documents.append(labels[self.documents[-1]])
        self._sizes = [np.bincount(documents) for documents in self.documents]
        self._stems: list[list[frozenset[Key]]] = [[frozenset()] * len(level) for level in candidates]

    def give(self, height: int, node: int, names: Iterator[Parts]) -> None:
        """Give a node the first of some names that none of its siblings, and none above or below it has, if there is
        one; number and order of the parts do not make another name."""
        taken = set(self._around(height, node))
        for name in names:
            stems = frozenset(stem(part) or (part.lower(),) for part in name)
            if stems not in taken:
                self._stems[height][node] = stems
                self.names[height][node] = name
                return

    def _around(self, height: int, node: int) -> Iterator[frozenset[Key]]:
        """The names of a node's siblings and of all nodes above and below it."""
        below = np.array([node])
        for lower in reversed(range(height)):
            below = np.flatnonzero(np.isin(self.levels[lower + 1], below))
            yield from (self._stems[lower][one] for one in below)
        above = node
        for higher in range(height + 1, len(self.levels)):
            above = int(self.levels[higher][above])
            yield self._stems[higher][above]
        top = height + 1 == len(self.levels)
        siblings = (
            range(len(self.names[height]))
            if top
            else np.flatnonzero(self.levels[height + 1] == self.levels[height + 1][node])
        )
        yield from (self._stems[height][one] for one in siblings if one != node)

    def heads(self, height: int, node: int, least: float) -> list[str]:
        """What speaks for the children of a node that have at least the share `least` of its documents, the largest
        first, if they are enough to speak for it.

        An only child holds the same documents and is called after its own children already: then one of these is
        called by another phrase, nearly as good.
        """
        top = height
        height, children = self._branching(height, node)
        sizes = self._sizes[height - 1]
        whole = int(sizes[children].sum())
        large = sorted(children[sizes[children] >= least * whole].tolist(), key=lambda child: (-sizes[child], child))
        del large[MOST_PARTS:]
        if sizes[large].sum() < HEADS_COVER * whole:
            return []
        heads = [self._general(height - 1, child) for child in large]
        if height == top:
            return heads
        second = [
            _next_best(self.candidates[height - 1][child], (head,)) for child, head in zip(large, heads, strict=True)
        ]
        best = max(range(len(heads)), key=lambda i: (second[i][0], -i))
        if second[best][0] > 0:
            heads[best] = second[best][1]
        return heads

    def _general(self, height: int, node: int) -> str:
        """The phrase that says most of a node, by its score and by how many of the documents say it; its name's first
        part, if no phrase is known."""
        candidates = self.candidates[height][node]
        if not candidates:
            return self.names[height][node][0]
        return max(candidates, key=_generality).text

    def branches(self, height: int, node: int) -> bool:
        """Whether a node, or what it alone consists of, has several children."""
        return height > 0 and len(self._branching(height, node)[1]) > 1

    def _branching(self, height: int, node: int) -> tuple[int, Labels]:
        """The height at which a node first has several children, and these; or its only entity."""
        children = np.flatnonzero(self.levels[height] == node)
        while len(children) == 1 and height > 1:
            height -= 1
            children = np.flatnonzero(self.levels[height] == children[0])
        return height, children


def _middles(units: Array, levels: Sequence[Labels]) -> list[list[int]]:
    """The document in the middle of each node, by level; `levels` tell the node of each document."""
    middles = []
    for documents in levels:
        centres = unit(averaging(documents) @ units)
        near = np.round(np.einsum("ij,ij->i", units, centres[documents]), 9)
        order = np.lexsort((-near, documents))
        middles.append(order[np.unique(documents[order], return_index=True)[1]].tolist())
    return middles


def _for_all(candidates: Sequence[Candidate], *, above: bool) -> Iterator[Parts]:
    """The phrases that speak for the whole of a node, of those nearly as good as the best, those that say most of it
    first; above entities one must spread over the children, and tell them from the rest."""
    for one in sorted(candidates, key=_generality, reverse=True):
        covers = one.said.mean() >= (COVERS_ABOVE if above else COVERS_ENTITY)
        tells = not above or (one.spread >= SPREADS_ENOUGH and one.lift >= TELLS_ENOUGH)
        if covers and tells and one.score >= NEARLY_AS_GOOD * candidates[0].score:
            yield (one.text,)


def _generality(one: Candidate) -> float:
    """How much of a node a phrase says, and how well."""
    return round(one.score * float(one.said.mean()), 9)


def _joined(heads: Sequence[str]) -> Iterator[Parts]:
    """Names made of those of the children, of as many as can be: none of them is part of another."""
    different = _apart(heads)
    for size in range(min(MOST_PARTS, len(different)), 1, -1):
        yield from combinations(different, size)


def _apart(phrases: Iterable[str]) -> list[str]:
    """The phrases without those that are like an earlier one."""
    found: list[str] = []
    for phrase in phrases:
        if not any(_alike(phrase, other) for other in found):
            found.append(phrase)
    return found


def _alike(one: str, other: str) -> bool:
    """Whether one phrase is part of the other, or has a word of the same family ("colonies", "colonists")."""
    first, second = stem(one), stem(other)
    if within(first, second) or within(second, first) or _initials(first) in second or _initials(second) in first:
        return True
    return any(word[:FAMILY] == second_word[:FAMILY] for word in first for second_word in second if len(word) >= FAMILY)


def _initials(key: Key) -> str:
    return "".join(word[0] for word in key) if len(key) > 1 else ""


def _next_best(candidates: Sequence[Candidate], name: Parts) -> tuple[float, str]:
    """The best of a node's phrases that is not in its name, and how good it is beside the best."""
    for one in candidates:
        if not any(_alike(one.text, part) for part in name):
            return round(one.score / candidates[0].score, 9), one.text
    return 0.0, ""


def _paired(candidates: Sequence[Candidate]) -> Iterator[Parts]:
    """Of two phrases that speak for different documents, and together for most, the best."""
    least = GOOD_ENOUGH * candidates[0].score if candidates else 0
    good = [one for one in candidates if one.score >= least and one.lift >= TELLS_ENOUGH]
    found = []
    for first, second in combinations(good, 2):
        both = float((first.said | second.said).mean())
        adds = both - max(float(first.said.mean()), float(second.said.mean()))
        if both >= COVERS_ABOVE and adds >= COVERS_MORE and not _alike(first.text, second.text):
            found.append((-round((first.score + second.score) * both, 9), first.text, second.text))
    for _, *parts in sorted(found)[:1]:
        yield tuple(parts)


def _own(candidates: Sequence[Candidate]) -> Iterator[Parts]:
    """Names made of a node's own phrases: two for different documents, if the best is not for most; the best alone,
    then narrowed by the next, for a node whose best phrase one above it has; then each alone."""
    if candidates and candidates[0].said.mean() < COVERS_ENTITY:
        yield from _paired(candidates)
    apart = _apart(one.text for one in candidates)
    for size in range(1, min(MOST_PARTS, len(apart)) + 1):
        yield tuple(apart[:size])
    for one in candidates:
        yield (one.text,)
