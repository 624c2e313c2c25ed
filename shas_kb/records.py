"""What flows through the house: plain frozen records.

Offsets are characters into the text of one document (the whole of it as one string, half open, 0-based). Pages count
from 1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Level = Literal["sentence", "passage", "document", "entity", "category", "domain"]
LEVELS: tuple[Level, ...] = ("sentence", "passage", "document", "entity", "category", "domain")
NODE_LEVELS: tuple[Level, ...] = ("entity", "category", "domain")
Vectors: TypeAlias = "NDArray[np.float32]"
Codes: TypeAlias = "NDArray[np.uint8]"


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file of the folder: `root` is absolute, `path` is relative to it with forward slashes.

    `mtime_ns` is when its content or its place last changed, whichever is later.
    """

    root: str
    path: str
    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a file was not read, in words a person can act on. `passing`: worth another try at the next ingest."""

    reason: str
    kind: Literal["failed", "skipped"] = "failed"
    passing: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """A stretch of a document under one heading; it ends where the next begins. `depth` is 1 for a chapter."""

    title: str
    depth: int
    start: int


@dataclass(frozen=True, slots=True)
class Passage:
    """A run of whole sentences that fits the backbone's window. `sentences` are (start, end) in the document."""

    ordinal: int
    section: int | None
    start: int
    end: int
    tokens: int
    text: str
    sentences: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reader makes of one file. `page_starts[i]` is the offset at which page i + 1 begins (empty: no pages).

    `terms` counts the words of the text (for grouping), `phrases` its noun-like phrases as they are written (for
    names).
    """

    kind: str
    sha256: str
    title: str
    authors: tuple[str, ...]
    year: int | None
    language: str
    characters: int
    page_starts: tuple[int, ...]
    sections: tuple[Section, ...]
    passages: tuple[Passage, ...]
    terms: Mapping[str, int]
    phrases: Mapping[str, int]

    @property
    def pages(self) -> int:
        return len(self.page_starts)

    @property
    def tokens(self) -> int:
        return sum(passage.tokens for passage in self.passages)


@dataclass(frozen=True, slots=True)
class Document:
    """A document as it stands in the collection. `sha256` is of the file's bytes."""

    id: str
    root: str
    path: str
    sha256: str
    kind: str
    title: str
    authors: tuple[str, ...]
    year: int | None
    language: str
    pages: int
    passages: int
    tokens: int
    characters: int


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """The backbone a collection is built with: a collection keeps the model it was begun with.

    `name` is what `--model` takes; `fingerprint` changes whenever its vectors would; `window` counts word pieces
    without the special ones.
    """

    name: str
    fingerprint: str
    dimension: int
    window: int


class Text(NamedTuple):
    """What the encoder reads of a document: its title and its passages, at least one."""

    title: str
    passages: Sequence[str]


@dataclass(frozen=True, slots=True, eq=False)
class Sketch:
    """What a passage says, unit by unit, in signs: eight a byte, the first in its highest bit; see encoder/sketch.py.

    Attributes:
        pieces: About a clause each, [pieces, ceil(dimension / 8)]; at least one.
        words: Its telling tokens, [words, WORD_BITS / 8]; at least one.
        telling: Which of its tokens these are, a bit each, [ceil(tokens / 8)].
    """

    pieces: Codes
    words: Codes
    telling: Codes


@dataclass(frozen=True, slots=True, eq=False)
class Encoded:
    """What the encoder makes of a document: float32 rows of unit length.

    Attributes:
        document: The document itself, [dimension].
        title: Its title, [dimension].
        passages: Its passages, [passages, dimension].
        sketches: Of its passages.
    """

    document: Vectors
    title: Vectors
    passages: Vectors
    sketches: tuple[Sketch, ...]


@dataclass(frozen=True, slots=True)
class Quote:
    """A sentence with its source."""

    text: str
    document: str
    page: int | None
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Node:
    """An entity, category or domain. `central` are its most central documents, `documents` how many it has."""

    id: str
    level: Level
    name: str
    parent: str | None
    documents: int
    keyphrases: tuple[str, ...]
    summary: tuple[Quote, ...]
    central: tuple[str, ...]
    confidence: float
    vector: Vectors = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Membership:
    """A document's weight in an entity (0 to 1); exactly one of a document's memberships is `primary`.

    `strain` is what the document counts in the tree's drift: 0 if the tree was built from it, 1 or more if it was
    placed there since.
    """

    document: str
    node: str
    weight: float
    primary: bool
    strain: float = 0.0


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person has said of a node. It outlives rebuilds: the tree is built so that it holds.

    Attributes:
        id: Of the node.
        level: Of the node.
        name: What it is called; None leaves that to its documents.
        parent: The node it lies under, by id, of which there is a wish too; None leaves that to the documents.
        pinned: Its documents stay in it, and it keeps the name that the tree gave it as long as they say that.
        held: Documents that are in it, by id; on each level a document is held by one wish at most.
        anchors: Documents that were in it when it was spoken of, by id: where they are, there it is.
        vector: What it shall be about, unit length in the passages' space; None but for what stands in a taxonomy.
    """

    id: str
    level: Level
    name: str | None = None
    parent: str | None = None
    pinned: bool = False
    held: frozenset[str] = frozenset()
    anchors: frozenset[str] = frozenset()
    vector: Vectors | None = field(default=None, repr=False, compare=False)

    @property
    def says(self) -> tuple[str, ...]:
        """What is said of the node, in words; nothing where it only tells others where they lie."""
        said = {
            "named": self.name is not None,
            "pinned": self.pinned,
            "holds": bool(self.held),
            "placed": self.parent is not None,
            "seed": self.vector is not None,
        }
        return tuple(word for word, holds in said.items() if holds)


@dataclass(frozen=True, slots=True)
class Tree:
    """One build of the tree (a run). Nodes stand parents before children.

    `hash` covers its structure and the names that the documents give by themselves. Ids of nodes, and the names that
    they keep from former trees, are not in it: the same documents have the same hash, whatever was before.
    `drift` says how far the tree has moved from what it was built from, from 0 (not at all) to 1: the share of
    documents that came, changed or went since, those that fit badly counting more.
    """

    run: str
    hash: str
    config: Mapping[str, object]
    nodes: tuple[Node, ...]
    memberships: tuple[Membership, ...]
    drift: float = 0.0

    @property
    def documents(self) -> int:
        return sum(membership.primary for membership in self.memberships)

    @property
    def placed(self) -> int:
        """How many documents came or changed since the build, and were placed without another."""
        return sum(membership.primary and membership.strain > 0 for membership in self.memberships)

    def count(self, level: Level) -> int:
        return sum(node.level == level for node in self.nodes)

    def members(self) -> dict[str, frozenset[str]]:
        """The documents under each node (its own, not those that it shares), by the ids of both."""
        inside: dict[str, set[str]] = {node.id: set() for node in self.nodes}
        for membership in self.memberships:
            if membership.primary:
                inside[membership.node].add(membership.document)
        for node in reversed(self.nodes):
            if node.parent is not None:
                inside[node.parent] |= inside[node.id]
        return {node: frozenset(documents) for node, documents in inside.items()}


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """A question by which passages are found; unit vectors.

    Attributes:
        plain: As a passage is encoded, [dimension].
        vector: With its words weighed, [dimension].
        words: Its tokens along the directions of words, [tokens, WORD_BITS].
        counts: What each token counts, [tokens]; they sum to 1.
        known: How well the model knows its words, 0 to 1.
    """

    plain: Vectors
    vector: Vectors
    words: Vectors
    counts: Vectors
    known: float = 1.0


@dataclass(frozen=True, slots=True)
class StoredPassage:
    """A passage as it stands in the collection, with its sentences, their pages and its heading (`section`)."""

    document: str
    ordinal: int
    section: str | None
    page: int | None
    start: int
    end: int
    tokens: int
    text: str
    sentences: tuple[Quote, ...]

    @property
    def id(self) -> str:
        return f"{self.document}:{self.ordinal}"


@dataclass(frozen=True, slots=True)
class Hit:
    """One thing found. `path` are the names above it, domain first; `why` its rank in each search that found it.

    A sentence, passage or document has `document`; a node has `documents` (ids, best first) and neither page nor
    offsets. The text of a document is one passage of its, or those that it stands for, in order, with a line "…" where
    others lie between; `start` to `end` span them, and `page` is that of the first.
    """

    rank: int
    level: Level
    id: str
    score: float
    name: str
    text: str
    path: tuple[str, ...]
    why: Mapping[str, int]
    document: Document | None = None
    page: int | None = None
    start: int | None = None
    end: int | None = None
    documents: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reply:
    """What a question gets: where it was routed (weights sum to 1, largest first), what was found, and an answer made
    of quotations. `confidence` is how likely the collection answers it, 0 to 1; `reasons` say in words why it was
    routed so; `read_as` is the question as it was understood, where words of it are misspelt."""

    query: str
    levels: tuple[Level, ...]
    routing: tuple[tuple[Level, float], ...]
    hits: tuple[Hit, ...]
    answer: str
    citations: tuple[Quote, ...]
    milliseconds: float
    confidence: float = 1.0
    reasons: tuple[str, ...] = ()
    read_as: str | None = None
