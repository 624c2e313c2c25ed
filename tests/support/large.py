"""A collection that is too much for one reply in every way: wide at each level, with long names and a long document."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

import numpy as np

from shas_kb.config import WORD_BITS
from shas_kb.encoder import describe
from shas_kb.records import (
    NODE_LEVELS,
    Encoded,
    Level,
    Membership,
    Node,
    Passage,
    Quote,
    Reading,
    Section,
    Sketch,
    SourceFile,
    Tree,
)
from shas_kb.storage import Store

WIDE = 150
CROWD = 1200
LONG = "a name that goes on, \x01 and on, “and on”, "
STRANGE = 'It said "潮汐 😀" \x01\\ and went on. ' * 12
UNBROKEN = "x\x02" * 30_000


def long_document() -> Reading:
    """Three hundred passages, one of them a single word of sixty thousand characters, and as many sections."""
    return read("long", [*(f"Passage {i}. {STRANGE}" for i in range(200)), UNBROKEN, *(f"End {i}." for i in range(99))])


def read(title: str, texts: Sequence[str]) -> Reading:
    """A document with a passage, of one sentence and in a section of its own, for each of `texts`."""
    passages: list[Passage] = []
    start = 0
    for ordinal, text in enumerate(texts):
        end = start + len(text)
        passages.append(Passage(ordinal, ordinal, start, end, 10, text, ((start, end),)))
        start = end + 1
    return Reading(
        kind="text",
        sha256=hashlib.sha256(title.encode()).hexdigest(),
        title=title,
        authors=(),
        year=None,
        language="en",
        characters=start - 1,
        page_starts=(),
        sections=tuple(Section(LONG * (1 if passage.ordinal else 900), 1, passage.start) for passage in passages),
        passages=tuple(passages),
        terms={"words": 1},
        phrases={},
    )


def fill(store: Store) -> None:
    """Put it into `store`. The first domain, its first category and that one's first entity are the widest; that entity
    holds a crowd of documents, the long one among them, every other a single one."""
    model = describe(None).facts
    store.set_model(model)
    documents = {chain: [_put(store, reading, model.dimension) for reading in _readings(chain)] for chain in _chains()}
    nodes: dict[tuple[int, ...], Node] = {}
    for depth, level in enumerate(reversed(NODE_LEVELS), start=1):
        for place in dict.fromkeys(chain[:depth] for chain in documents):
            members = [id for chain, ids in documents.items() if chain[:depth] == place for id in ids]
            nodes[place] = _node(level, place, nodes.get(place[:-1]), members)
    memberships = [Membership(id, nodes[chain].id, 1.0, True) for chain, ids in documents.items() for id in ids]
    store.put_tree(Tree("run", "hash", {}, tuple(nodes.values()), tuple(memberships)))


def _chains() -> list[tuple[int, ...]]:
    """Of every entity: its domain, category and own number."""
    return [
        *((0, 0, entity) for entity in range(WIDE)),
        *((0, category, 0) for category in range(1, WIDE)),
        *((domain, 0, 0) for domain in range(1, WIDE)),
    ]


def _readings(chain: tuple[int, ...]) -> Iterator[Reading]:
    if any(chain):
        yield read(f"{LONG * 5}{chain}", [f"Words of {chain}."])
        return
    yield long_document()
    for number in range(1, CROWD):
        yield read(f"{LONG * 5}{number}", [f"Words of document {number}."])


def _put(store: Store, reading: Reading, dimension: int) -> str:
    id = store.put_reading(SourceFile("/library", f"{reading.title[:200]}{reading.sha256}.txt", 1, 1), reading)
    random = np.random.default_rng(int(reading.sha256[:8], 16))
    vector = random.standard_normal(dimension).astype(np.float32)
    vector /= np.linalg.norm(vector)
    count = len(reading.passages)
    words = np.packbits(np.ones((1, WORD_BITS), bool), axis=1)
    sketch = Sketch(np.packbits(vector >= 0)[None], words, np.packbits([True]))
    store.put_vectors(id, Encoded(vector, vector, np.tile(vector, (count, 1)), (sketch,) * count))
    return id


def _node(level: Level, place: tuple[int, ...], parent: Node | None, members: Sequence[str]) -> Node:
    digest = hashlib.sha256(str(place).encode()).hexdigest()[:10]
    return Node(
        id=level[0] + digest,
        level=level,
        name=f"{level} {place} {LONG * 5}",
        parent=parent.id if parent else None,
        documents=len(members),
        keyphrases=(LONG * 2,) * 8,
        summary=(Quote(STRANGE, members[0], None, 0, len(STRANGE)),) * 5,
        central=tuple(members[:3]),
        confidence=0.5,
        vector=np.ones(4, dtype=np.float32),
    )
