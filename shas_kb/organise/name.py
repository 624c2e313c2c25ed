"""What a node is called.

From the top down, a node takes the best phrase that most of its documents and most of its children say, and that no
other node has. What no such phrase tells is called after its largest children; an entity, after two phrases that
together speak for it; where no phrase is free, by a title.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, combinations

import numpy as np

from shas_kb.organise.group import averaging
from shas_kb.organise.material import Array, Labels, unit
from shas_kb.organise.rank import Candidate, ranked, within
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
NEARLY_AS_GOOD = 0.7
COVERS_MORE = 0.15
"""The share of documents that a second part of a name must add."""
LARGE_CHILD = 0.2
"""The share of documents from which on a child is named in its parent's name."""


@dataclass(frozen=True, slots=True)
class Named:
    """A node's name and its key phrases, best first."""

    name: str
    keyphrases: tuple[str, ...]


def name_levels(words: Vocabulary, titles: Sequence[str], units: Array, levels: Sequence[Labels]) -> list[list[Named]]:
    """Names and key phrases of all nodes, lowest level first; no name is given twice.

    `units` [n, d] are the documents' vectors, `titles` [n] their titles; `levels[0]` [n] tells each document's entity,
    `levels[1]` each entity's category, and so on.
    """
    naming = _Naming(levels, ranked(words, units, levels))
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
                naming.give(height, node, chain(_joined(naming.heads(height, node)), alone))
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
        self._used: set[frozenset[Key]] = set()

    def give(self, height: int, node: int, names: Iterator[Parts]) -> None:
        """Give a node the first of some names that no other node has, if there is one; number and order of the parts do
        not make another name."""
        for name in names:
            stems = frozenset(stem(part) or (part.lower(),) for part in name)
            if stems not in self._used:
                self._used.add(stems)
                self.names[height][node] = name
                return

    def heads(self, height: int, node: int) -> list[str]:
        """What the large children of a node are called, the largest first.

        An only child holds the same documents and is called after its own children already: then the next best phrases
        of these are left to say.
        """
        top = height
        height, children = self._branching(height, node)
        said_already = top - height
        sizes = self._sizes[height - 1]
        large = [child for child in children if sizes[child] >= LARGE_CHILD * sizes[children].sum()]
        heads = []
        for child in sorted(large, key=lambda child: (-sizes[child], child)):
            own = self.names[height - 1][child][0]
            calls = [own, *(one.text for one in self.candidates[height - 1][child] if one.text != own)]
            heads.append(calls[min(said_already, len(calls) - 1)])
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


def _for_all(candidates: Sequence[Candidate], *, above: bool) -> Iterator[Parts]:
    """The phrases that speak for the whole of a node, of those nearly as good as the best; above entities one must
    spread over the children, and tell them from the rest."""
    for one in candidates:
        if one.score < NEARLY_AS_GOOD * candidates[0].score:
            break
        covers = one.said.mean() >= (COVERS_ABOVE if above else COVERS_ENTITY)
        if covers and not (above and (one.spread < SPREADS_ENOUGH or one.lift < TELLS_ENOUGH)):
            yield (one.text,)


def _joined(heads: Sequence[str]) -> Iterator[Parts]:
    """Names made of those of the children, of as many as can be: none of them is part of another."""
    different: list[str] = []
    for head in heads:
        if not any(_alike(head, other) for other in different):
            different.append(head)
    for size in range(min(MOST_PARTS, len(different)), 1, -1):
        yield from combinations(different, size)


def _alike(one: str, other: str) -> bool:
    return within(stem(one), stem(other)) or within(stem(other), stem(one))


def _own(candidates: Sequence[Candidate]) -> Iterator[Parts]:
    """Names made of a node's own phrases: the best with one that speaks for other documents; the best alone, then
    narrowed by the next, for a node whose best phrase one above it has; then each alone."""
    for second in candidates[1:]:
        first = candidates[0]
        adds = float((second.said & ~first.said).mean())
        near = second.score >= NEARLY_AS_GOOD * first.score
        if first.said.mean() < COVERS_ENTITY and adds >= COVERS_MORE and near and not set(second.key) & set(first.key):
            yield first.text, second.text
            break
    for size in range(1, min(MOST_PARTS, len(candidates)) + 1):
        yield tuple(one.text for one in candidates[:size])
    for one in candidates:
        yield (one.text,)
