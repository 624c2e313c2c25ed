"""The collection as a question sees it: vectors in memory, the tree above them, and who lies under whom."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, overload

import numpy as np
from numpy.typing import NDArray

from shas_kb.ask.signs import Signs
from shas_kb.ask.words import stem, stems
from shas_kb.errors import NotFoundError, UsageError
from shas_kb.lookup import look_up
from shas_kb.records import NODE_LEVELS, Document, Level, Node, Tree, Vectors

if TYPE_CHECKING:
    from shas_kb.storage import Store

Rows = NDArray[np.int64]
Mask = NDArray[np.bool_]


EXHAUSTIVE = 20_000
"""Passages up to which all vectors are held, and each is compared with every question. Of a larger collection only
their signs are, and the vectors of the documents that these point to are read."""


@dataclass(frozen=True)
class Snapshot:
    """One reading of the database; take a new one after a change.

    `ids` and `documents` are those with vectors; document i has the passages offsets[i] to offsets[i + 1], which are
    called rows. `vectors` are the documents' own [n, d], `titles` those of their titles [n, d], zeros where an older
    version made none. Of the passages there are `signs`, and their vectors as `matrix` [rows, d]; None where these are
    more than `EXHAUSTIVE`.
    `home[level][i]` is the index in `nodes[level]` of the node that document i lies under, -1 where there is none (no
    tree yet, or the document came after it).
    """

    ids: tuple[str, ...]
    documents: Sequence[Document]
    index: Mapping[str, int]
    offsets: Rows
    matrix: NDArray[np.float16] | None
    signs: Signs
    vectors: Vectors
    titles: Vectors
    nodes: Mapping[Level, tuple[Node, ...]]
    home: Mapping[Level, Rows]

    @classmethod
    def of(cls, store: Store, exhaustive: int = EXHAUSTIVE) -> Snapshot:
        """Read `store`, and hold the vectors of at most so many passages.

        Raises:
            UsageError: there is nothing in it that could be asked.
        """
        with store.one_state():
            return cls._of(store, exhaustive)

    @classmethod
    def _of(cls, store: Store, exhaustive: int) -> Snapshot:
        outlines = store.outlines()
        ids = outlines.documents
        if not ids:
            documents = len(store.documents())
            if not documents:
                raise UsageError("The collection must hold a document, got none; add some: shas-kb ingest FOLDER.")
            raise UsageError(
                f"The collection must have vectors, got none for {documents} documents; finish: shas-kb ingest FOLDER."
            )
        nodes, home = _places(store.tree(primary=True), ids)
        few = len(outlines.signs) <= exhaustive
        return cls(
            ids=tuple(ids),
            documents=Records(store, ids),
            index={id: i for i, id in enumerate(ids)},
            offsets=outlines.offsets,
            matrix=store.passage_matrix().matrix if few else None,
            signs=Signs.of(outlines.signs, outlines.vectors.shape[1]),
            vectors=outlines.vectors.astype(np.float32),
            titles=outlines.titles.astype(np.float32),
            nodes=nodes,
            home=home,
        )

    @property
    def passages(self) -> int:
        """How many passages there are."""
        return int(self.offsets[-1])

    @cached_property
    def centres(self) -> Mapping[Level, Vectors]:
        """The mean direction of the documents of each node [nodes, d]. (A node's own vector lives in the space it was
        grouped in.)"""
        found: dict[Level, Vectors] = {}
        sums, own = self.vectors, np.arange(len(self.ids))
        for level in NODE_LEVELS:
            above = np.full(len(sums), -1)
            above[own[own >= 0]] = self.home[level][own >= 0]
            sums = _sums(sums, above, len(self.nodes[level]))
            found[level] = sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-12)
            own = self.home[level]
        return found

    @cached_property
    def owner(self) -> Rows:
        """The document of every row."""
        return np.repeat(np.arange(len(self.ids)), np.diff(self.offsets))

    @cached_property
    def saying(self) -> Mapping[Level, Mapping[str, list[int]]]:
        """For each stem in names and key phrases of nodes, the nodes of a level that have it."""
        found: dict[Level, dict[str, list[int]]] = {level: {} for level in NODE_LEVELS}
        for level, nodes in self.nodes.items():
            for place, node in enumerate(nodes):
                for word in stems(" ".join((node.name, *node.keyphrases))):
                    found[level].setdefault(word, []).append(place)
        return found

    def covered(self, level: Level, weights: Mapping[str, float]) -> NDArray[np.float64]:
        """The share of a question's weight whose words stand in the name or key phrases of each node [nodes]."""
        said = np.zeros(len(self.nodes[level]))
        for word, weight in weights.items():
            said[self.saying[level].get(stem(word), [])] += weight
        return np.asarray(said / max(sum(weights.values()), 1e-12))

    @cached_property
    def naming(self) -> Mapping[str, float]:
        """The stems in the names of nodes, each with the share of documents under the largest node so named."""
        found: dict[str, float] = {}
        for level in NODE_LEVELS:
            home = self.home[level]
            sizes = np.bincount(home[home >= 0], minlength=len(self.nodes[level]))
            for node, size in zip(self.nodes[level], sizes.tolist(), strict=True):
                share = size / len(self.ids)
                for word in stems(node.name):
                    found[word] = max(share, found.get(word, 0.0))
        return found

    def count(self, level: Level) -> int:
        """How many documents, or nodes of `level`, there are."""
        return len(self.ids) if level == "document" else len(self.nodes[level])

    def document_of(self, row: int) -> int:
        """The document of one row."""
        return int(np.searchsorted(self.offsets, row, side="right")) - 1

    @property
    def repeated(self) -> tuple[Level, ...]:
        """The levels that group the documents as the one below does, as the upper ones of a small collection may."""
        return tuple(
            above for below, above in pairwise(NODE_LEVELS) if len(self.nodes[below]) == len(self.nodes[above])
        )

    def key(self, row: int) -> tuple[str, int]:
        """The (document id, ordinal) of a row."""
        document = self.document_of(row)
        return self.ids[document], row - int(self.offsets[document])

    def keys(self, rows: Rows) -> list[tuple[str, int]]:
        """The keys of some rows."""
        documents = self.owner[rows]
        ordinals = rows - self.offsets[documents]
        return [(self.ids[i], ordinal) for i, ordinal in zip(documents.tolist(), ordinals.tolist(), strict=True)]

    def path(self, document: int) -> tuple[str, ...]:
        """The names of the nodes above a document, domain first."""
        places = ((level, int(self.home[level][document])) for level in reversed(NODE_LEVELS))
        return tuple(self.nodes[level][place].name for level, place in places if place >= 0)

    def members(self, level: Level, place: int) -> Rows:
        """The documents under node `place` of `level`."""
        return np.flatnonzero(self.home[level] == place)

    def under(self, given: str | None) -> Mask:
        """Which documents lie under `given`: a node or document by its id, the beginning of its id, or its name.

        Raises:
            NotFoundError: nothing is called so (the nearest names are in the message), or several are, or it is empty.
        """
        every: Mask = np.ones(len(self.ids), bool)
        if given is None:
            return every
        units: list[Node | Document] = [node for level in NODE_LEVELS for node in self.nodes[level]]
        unit = look_up(given, [*units, *self.documents])
        inside: Mask
        if isinstance(unit, Document):
            inside = np.arange(len(self.ids)) == self.index[unit.id]
        else:
            inside = self.home[unit.level] == self.nodes[unit.level].index(unit)
        if not inside.any():
            raise NotFoundError(f"--under must hold a document, got {given!r}, which has none; see shas-kb tree.")
        return inside


class Records(Sequence[Document]):
    """The records of some documents, read when they are wanted: an answer shows a few of them."""

    def __init__(self, store: Store, ids: Sequence[str]) -> None:
        self._store, self._ids = store, ids
        self._read: dict[str, Document] = {}

    def __len__(self) -> int:
        return len(self._ids)

    @overload
    def __getitem__(self, place: int) -> Document: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Document]: ...
    def __getitem__(self, place: int | slice) -> Document | Sequence[Document]:
        if isinstance(place, slice):
            return [self[i] for i in range(*place.indices(len(self)))]
        id = self._ids[place]
        if id not in self._read:
            self._read[id] = self._store.document(id)
        return self._read[id]

    def __iter__(self) -> Iterator[Document]:
        if len(self._read) < len(self):
            self._read = {document.id: document for document in self._store.documents()}
        if gone := next((id for id in self._ids if id not in self._read), None):
            raise NotFoundError(f"document {gone} must be in the collection, but it was removed meanwhile; ask again.")
        return (self._read[id] for id in self._ids)


def _places(
    tree: Tree | None, documents: Sequence[str]
) -> tuple[dict[Level, tuple[Node, ...]], dict[Level, NDArray[np.int64]]]:
    """The nodes of each level, and under which of them each document lies."""
    every = tree.nodes if tree else ()
    nodes: dict[Level, tuple[Node, ...]] = {
        level: tuple(node for node in every if node.level == level) for level in NODE_LEVELS
    }
    place = {node.id: i for level in NODE_LEVELS for i, node in enumerate(nodes[level])}
    primary = {each.document: place[each.node] for each in tree.memberships if each.primary} if tree else {}
    own = np.array([primary.get(document, -1) for document in documents], dtype=np.int64)
    home: dict[Level, Rows] = {}
    for level in NODE_LEVELS:
        home[level] = own
        # The last is for documents without a place.
        above = np.array([*(place[node.parent] if node.parent else -1 for node in nodes[level]), -1], dtype=np.int64)
        own = above[own]
    return nodes, home


def _sums(vectors: Vectors, home: Rows, nodes: int) -> Vectors:
    """The sum of the rows in each node [nodes, d]; -1 is in none."""
    order = np.argsort(home, kind="stable")[np.count_nonzero(home < 0) :]
    sums = np.zeros((nodes, vectors.shape[1]), dtype=np.float32)
    places, starts = np.unique(home[order], return_index=True)
    for place, rows in zip(places.tolist(), np.split(order, starts)[1:], strict=True):
        sums[place] = vectors[rows].sum(axis=0)
    return sums
