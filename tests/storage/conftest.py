"""Small documents, vectors and trees to fill a collection with."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from shas_kb.config import WORD_BITS
from shas_kb.records import Encoded, Membership, Node, Passage, Quote, Reading, Section, Sketch, SourceFile, Tree
from shas_kb.storage import Store

DIMENSION = 12


def make_file(path: str, root: str = "/library", size: int = 100) -> SourceFile:
    return SourceFile(root, path, size, 1_700_000_000_123_456_789)


def make_reading(*texts: str, content: str | None = None, pages: bool = True) -> Reading:
    """A document with a passage for each of `texts`, on a page and in a section of its own; "|" ends a sentence."""
    passages: list[Passage] = []
    start = 0
    for ordinal, text in enumerate(texts):
        cuts = [start, *(start + i + 1 for i, letter in enumerate(text) if letter == "|"), start + len(text)]
        sentences = tuple((a, b) for a, b in pairwise(cuts) if a < b)
        passages.append(Passage(ordinal, ordinal, start, start + len(text), len(text.split()), text, sentences))
        start += len(text) + 1
    return Reading(
        kind="txt",
        sha256=sha256((content or "\n".join(texts)).encode("utf-8", "surrogatepass")).hexdigest(),
        title=f"About {texts[0][:20]}",
        authors=("Ada Lovelace", "李白"),
        year=1843,
        language="en",
        characters=start,
        page_starts=tuple(passage.start for passage in passages) if pages else (),
        sections=tuple(Section(f"Part {i + 1}", 1, passage.start) for i, passage in enumerate(passages)),
        passages=tuple(passages),
        terms={word.lower(): len(word) for text in texts for word in text.split()},
        phrases=dict.fromkeys(texts, 2),
    )


def make_vectors(count: int, seed: int = 0) -> Encoded:
    """Of a document of `count` passages, of unit length; the first has one piece, the next two, and so on."""
    random = np.random.default_rng(seed)
    found = random.standard_normal((2 + count, DIMENSION)).astype(np.float32)
    found /= np.linalg.norm(found, axis=1, keepdims=True)
    sketches = tuple(make_sketch(random, pieces) for pieces in range(1, count + 1))
    return Encoded(found[0], found[1], found[2:], sketches)


def make_sketch(random: np.random.Generator, pieces: int) -> Sketch:
    """Any signs: sixteen tokens a piece, of which every other is telling."""
    return Sketch(
        np.packbits(random.integers(0, 2, (pieces, DIMENSION)), axis=1),
        np.packbits(random.integers(0, 2, (8 * pieces, WORD_BITS)), axis=1),
        np.packbits(np.arange(16 * pieces) % 2 == 0),
    )


def make_tree(store: Store, run: str = "run-1") -> Tree:
    """A tree over all documents: two of them an entity, two entities a category, one domain."""
    documents = sorted(document.id for document in store.documents())
    entities = [f"e{i:010x}" for i in range((len(documents) + 1) // 2)]
    categories = [f"c{i:010x}" for i in range((len(entities) + 1) // 2)]
    home = {document: entities[i // 2] for i, document in enumerate(documents)}

    def node(id: str, parent: str | None, members: Sequence[str]) -> Node:
        level = {"e": "entity", "c": "category", "d": "domain"}[id[0]]
        quote = Quote("Something was said.", members[0], 1, 0, 19)
        vector = np.full(DIMENSION, 1 / 3, np.float32)
        return Node(
            id, level, f"名 {id}", parent, len(members), ("a b", "c"), (quote,), tuple(members[:3]), 0.5, vector
        )  # type: ignore[arg-type]

    nodes = [node("d0000000000", None, documents)] if documents else []
    for i, category in enumerate(categories):
        nodes.append(node(category, "d0000000000", documents[4 * i : 4 * i + 4]))
    for i, entity in enumerate(entities):
        nodes.append(node(entity, categories[i // 2], documents[2 * i : 2 * i + 2]))
    memberships = [Membership(document, home[document], 0.75, True) for document in documents]
    if len(entities) > 1:
        memberships.append(Membership(documents[0], entities[-1], 0.25, False))
    return Tree(run, f"hash of {run}", {"entities": None, "ratios": [10.0, 3.0, 2.0]}, tuple(nodes), tuple(memberships))


def fill(store: Store, count: int = 5) -> list[str]:
    """A whole collection: documents, vectors, a tree. Returns the ids."""
    ids = []
    for i in range(count):
        ids.append(store.put_reading(make_file(f"{i}.txt"), make_reading(f"first words {i}|and more.", f"second {i}")))
        store.put_vectors(ids[-1], make_vectors(2, i))
    store.put_tree(make_tree(store))
    return ids


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "kb.sqlite"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    with Store.open(path, create=True) as store:
        yield store


@pytest.fixture(scope="session")
def file() -> Callable[..., SourceFile]:
    return make_file


@pytest.fixture(scope="session")
def reading() -> Callable[..., Reading]:
    return make_reading


@pytest.fixture(scope="session")
def vectors() -> Callable[..., Encoded]:
    return make_vectors


@pytest.fixture(scope="session")
def tree_of() -> Callable[..., Tree]:
    return make_tree


@pytest.fixture(scope="session")
def filled() -> Callable[..., list[str]]:
    return fill
