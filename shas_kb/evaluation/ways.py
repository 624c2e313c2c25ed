"""Ways to find what answers a question: without the tree and what was learned, for comparison, and `ask` itself.

- **BM25**: the full text index alone.
- **backbone**: passages by the cosine of their vectors with the question's.
- **both, by rank**: the two fused (Cormack, Clarke and Büttcher, "Reciprocal rank fusion outperforms Condorcet and
  individual rank learning methods", SIGIR 2009).
- **collapsed tree**: as RAPTOR does (arXiv 2401.18059, "collapsed tree"), the passages and the units of all levels
  above them in one flat list on the same vectors, searched by cosine. A document's vector is its own, a node's the
  centre of its passages: RAPTOR embeds what a language model writes of them, and the centre finds more here than the
  quoted summary does, or name and key phrases. RAPTOR hands the texts to a language model; here documents and passages
  are counted, and a document or node stands in the list for its passage that is nearest to the question and not in the
  list yet. So every way shows one passage a place, and none gets more places than another.

What `ask` finds stands at its own places, one hit each; a node stands likewise for the first of its documents that is
not in the list yet.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from shas_kb.ask.levels import Embed
from shas_kb.evaluation.cases import Key
from shas_kb.records import NODE_LEVELS, Hit, Level, Vectors

if TYPE_CHECKING:
    from shas_kb.storage import Store

BM25, BACKBONE, FUSED, COLLAPSED = BASELINES = ("BM25", "backbone", "both, by rank", "collapsed tree")

DEPTH = 100
"""Passages that each way lists, so that ten documents can be among them."""

SHOWN = 10
"""Those of which the text is read: no figure looks further."""

INSIDE = 20_000
"""Passages asked of the full text index where only one document's are wanted: it knows nothing of documents."""

FUSION = 10.0
"""c of the fusion by rank. Its authors have 60; 10 finds more on SciFact (nDCG@10 .702 against .686): a baseline
is to be as good as it can."""

BLOCK = 8192
"""Rows turned to float32 at a time."""


@dataclass(frozen=True, slots=True)
class Found:
    """What stands at one place of a list.

    Attributes:
        level: of what was found.
        document: its id; of a node, that of the document it stands for.
        ordinal: of the passage in it, -1 where a whole document was found.
        text: what is shown of it; empty beyond the first `SHOWN` places.
        node: the node's id, if it is one.
    """

    level: Level
    document: str
    ordinal: int
    text: str = ""
    node: str | None = None

    @property
    def key(self) -> Key:
        return self.document, self.ordinal


@dataclass(frozen=True, slots=True)
class _Unit:
    """A document or node of the flat list, and the rows of its passages."""

    level: Level
    id: str
    rows: NDArray[np.int64]


class Baselines:
    """The ways that do without the tree's routing and without what was learned, for one collection.

    Args:
        store: the collection, which must not change meanwhile.
        embed: of its model.
    """

    def __init__(self, store: Store, embed: Embed) -> None:
        passages = store.passage_matrix()
        self._store = store
        self._embed = embed
        self._matrix = passages.matrix
        counts = np.diff(passages.offsets).tolist()
        self._keys = [
            (id, ordinal) for id, count in zip(passages.documents, counts, strict=True) for ordinal in range(count)
        ]
        self._row = {key: row for row, key in enumerate(self._keys)}
        self._units, self._vectors = self._above()

    def _above(self) -> tuple[list[_Unit], Vectors]:
        """Documents and nodes, with their vectors [units, d]."""
        inside: dict[str, list[int]] = {}
        for row, (document, _) in enumerate(self._keys):
            inside.setdefault(document, []).append(row)
        ids, vectors = self._store.document_matrix()
        units = [_Unit("document", id, np.array(inside[id])) for id in ids]
        tree = self._store.tree()
        members = tree.members() if tree else {}
        centres = []
        for node in tree.nodes if tree else ():
            rows = [row for document in members[node.id] for row in inside.get(document, ())]
            if rows:
                units.append(_Unit(node.level, node.id, np.array(sorted(rows))))
                middle = self._matrix[units[-1].rows].mean(axis=0, dtype=np.float32)
                centres.append(middle / np.linalg.norm(middle))
        return units, np.stack([*vectors, *centres])

    def __call__(self, question: str, inside: Container[str] | None = None) -> dict[str, list[Found]]:
        """What each way finds, best first, at most `DEPTH` each.

        Args:
            question: any text.
            inside: ids of the documents that take part; None for all.
        """
        asked = self._embed.asked(question).plain
        near = self._cosines(asked)
        over = self._vectors @ asked
        limit = DEPTH if inside is None else INSIDE
        lexical = [
            self._row[document, ordinal]
            for document, ordinal, _ in self._store.match(question, limit)
            if (inside is None or document in inside) and (document, ordinal) in self._row
        ][:DEPTH]
        if inside is not None:
            near[[document not in inside for document, _ in self._keys]] = -np.inf
            over[[unit.level != "document" or unit.id not in inside for unit in self._units]] = -np.inf
        dense = [int(row) for row in _descending(near)[:DEPTH] if np.isfinite(near[row])]
        return {
            BM25: self._passages(lexical),
            BACKBONE: self._passages(dense),
            FUSED: self._passages(fused(lexical, dense)[:DEPTH]),
            COLLAPSED: self._shown(list(self._flat(near, over))),
        }

    def _cosines(self, vector: Vectors) -> NDArray[np.float32]:
        """Of every passage [p]."""
        blocks = range(0, len(self._matrix), BLOCK)
        return np.concatenate([self._matrix[at : at + BLOCK].astype(np.float32) @ vector for at in blocks])

    def _flat(self, near: NDArray[np.float32], over: Vectors) -> Iterator[Found]:
        """The flat list: passages, documents and nodes by cosine, each with a passage that is not there yet."""
        together = np.concatenate([near, over])
        free = np.isfinite(near)
        listed = 0
        for place in _descending(together):
            if listed == DEPTH or not np.isfinite(together[place]):
                return
            unit = self._units[place - len(near)] if place >= len(near) else None
            rows = np.array([place]) if unit is None else unit.rows
            rows = rows[free[rows]]
            if len(rows):
                row = int(rows[near[rows].argmax()])
                free[row] = False
                listed += 1
                node = unit.id if unit and unit.level in NODE_LEVELS else None
                yield Found(unit.level if unit else "passage", *self._keys[row], node=node)

    def _passages(self, rows: Sequence[int]) -> list[Found]:
        return self._shown([Found("passage", *self._keys[row]) for row in rows])

    def _shown(self, found: list[Found]) -> list[Found]:
        """With the texts of the first."""
        first = found[:SHOWN]
        texts = [passage.text for passage in self._store.passages([each.key for each in first])]
        read = [
            Found(each.level, each.document, each.ordinal, text, each.node)
            for each, text in zip(first, texts, strict=True)
        ]
        return read + found[SHOWN:]


def of_hits(hits: Sequence[Hit]) -> list[Found]:
    """What `ask` found."""
    found: list[Found] = []
    listed: set[str] = set()
    for hit in hits:
        if hit.document is not None:
            document, node = hit.document.id, None
        else:
            document = next((id for id in hit.documents if id not in listed), "")
            node = hit.id
        listed.add(document)
        passage = hit.id.removeprefix(f"{document}:").split(".")[0]
        ordinal = int(passage) if hit.level in ("sentence", "passage") else -1
        found.append(Found(hit.level, document, ordinal, hit.text, node))
    return found


def fused(*rankings: Sequence[int]) -> list[int]:
    """Rows by the sum of 1 / (c + rank) over the rankings that they are in."""
    worth: dict[int, float] = {}
    for ranking in rankings:
        for rank, row in enumerate(ranking, 1):
            worth[row] = worth.get(row, 0.0) + 1 / (FUSION + rank)
    return sorted(worth, key=lambda row: (-worth[row], row))


def _descending(values: NDArray[np.floating]) -> NDArray[np.int64]:
    """Places by value, highest first; equal ones in their order."""
    return np.argsort(-values, kind="stable")
