"""What a node is called.

From the top down, a node takes the phrase that speaks for nearly all of its documents and its children, if there is
one, or is called after its three largest children, if these hold half of it. An entity takes the phrase that speaks
for most of its documents, of those nearly as good as the best, with a second one where many do not say the first. No
sibling has a node's name, and no node above it; where no phrase is free, it is a title.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from shas_kb.organise.candidate import Candidate
from shas_kb.organise.compose import MOST_PARTS, alone, completed, for_all, joined, next_best, own, paired
from shas_kb.organise.group import averaging
from shas_kb.organise.material import Array, Labels, unit
from shas_kb.organise.meaning import Meaning
from shas_kb.organise.rank import ranked
from shas_kb.organise.titled import Parts, titled, written
from shas_kb.organise.vocabulary import Vocabulary, stem

KEYPHRASES = 8
HEADS_COVER = 0.5
"""The share of a node's documents in the children that its name names; they are no more than `MOST_PARTS`."""


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
    """Names and key phrases of all nodes, lowest level first; none is given twice to siblings or along a path.

    `units` [n, d] are the documents' vectors, `titles` [n] their titles; `levels[0]` [n] tells each document's entity,
    `levels[1]` each entity's category, and so on. With `meaning`, phrases count by how near to a node they are in
    meaning.
    """
    naming = _Naming(levels, ranked(words, units, levels, meaning))
    middles = _middles(units, naming.documents)
    for height in reversed(range(len(levels))):
        for node, candidates in enumerate(naming.candidates[height]):
            good = completed(for_all(candidates, above=height > 0), candidates)
            mixed = naming.branches(height, node)
            if mixed:
                good = chain(good, joined(naming.heads(height, node)), paired(candidates))
            rest = completed(own(candidates), candidates, mixed=mixed)
            naming.give(height, node, chain(good, rest, alone(candidates), titled(titles[middles[height][node]])))
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
        self._stems: list[list[tuple[str, ...]]] = [[()] * len(level) for level in candidates]

    def give(self, height: int, node: int, names: Iterator[Parts]) -> None:
        """Give a node the first of some names that none of its siblings, and none above or below it has, if there is
        one; number and order of the parts do not make another name."""
        taken = set(self._around(height, node))
        for name in names:
            stems = tuple(sorted(word for part in name for word in stem(part) or (part.lower(),)))
            if stems not in taken:
                self._stems[height][node] = stems
                self.names[height][node] = name
                return

    def _around(self, height: int, node: int) -> Iterator[tuple[str, ...]]:
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

    def heads(self, height: int, node: int) -> list[str]:
        """The best phrases of the largest children of a node, the largest first, if these are enough to speak for it.

        An only child holds the same documents and is called after its own children already: then one of these is
        called by another phrase, nearly as good.
        """
        top = height
        height, children = self._branching(height, node)
        sizes = self._sizes[height - 1]
        whole = int(sizes[children].sum())
        named = [child for child in children.tolist() if self.candidates[height - 1][child]]
        large = sorted(named, key=lambda child: (-sizes[child], child))[:MOST_PARTS]
        if sizes[large].sum() < HEADS_COVER * whole:
            return []
        every = [self.candidates[height - 1][child] for child in large]
        heads = [candidates[0].text for candidates in every]
        if height == top:
            return heads
        second = [next_best(candidates, head) for candidates, head in zip(every, heads, strict=True)]
        best = max(range(len(heads)), key=lambda i: (second[i][0], -i))
        if second[best][0] > 0:
            heads[best] = second[best][1]
        return heads

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
