"""Collections of any size, made of real documents: as they are as long as they last, then recombined.

A real document keeps its first few passages, all of its words and its phrases. When real ones run out, a new document
is drawn from two or three of one class: some passages, words and phrases of each. Sketches are stand-ins, since no tree
looks at them.
"""

from __future__ import annotations

import pickle
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
from grouping import CACHE, SOURCES, load, sentence_spans

from shas_kb.config import WORD_BITS
from shas_kb.encoder import describe
from shas_kb.records import Encoded, Passage, Reading, Sketch, SourceFile, Vectors
from shas_kb.storage import Store

PASSAGES = 5


@dataclass(frozen=True, slots=True)
class Real:
    """A document of the evaluation data: its passages, their vectors [passages, d] and that of its title [d].
    `classes` are the finest and the coarsest true class; the same for all of a source where it has no finer ones."""

    title: str
    language: str
    classes: tuple[str, str]
    passages: tuple[str, ...]
    terms: Mapping[str, int]
    phrases: Mapping[str, int]
    vectors: Vectors
    heading: Vectors


def real(cache: Path) -> list[Real]:
    """The documents that `grouping.py` has vectors of, sources mixed; made once, which takes minutes, and kept in
    `cache`."""
    file = cache / "real.pickle"
    if not file.exists():
        file.write_bytes(pickle.dumps([document for name in SOURCES for document in _of(name)]))
    documents = pickle.loads(file.read_bytes())
    return [documents[i] for i in np.random.default_rng(0).permutation(len(documents))]


def _of(name: str) -> Iterator[Real]:
    source = SOURCES[name]
    loaded = load(name, source.most, source.passages, CACHE)
    for row, material in enumerate(loaded.materials):
        texts = [loaded.passages[material.id, i].text for i in range(min(PASSAGES, len(material.passages)))]
        if texts:
            yield Real(
                title=material.title,
                language=material.language,
                classes=(f"{name}/{loaded.truth[0][row]}", f"{name}/{loaded.truth[-1][row]}"),
                passages=tuple(texts),
                terms=material.terms,
                phrases=material.phrases,
                vectors=material.passages[:PASSAGES],
                heading=material.heading if material.heading.any() else material.passages[0],
            )


def crowd(documents: list[Real], count: int) -> Iterator[Real]:
    """`count` documents: the real ones first, then new ones recombined of some of one class."""
    yield from documents[:count]
    random = np.random.default_rng(1)
    classes: dict[tuple[str, str], list[int]] = defaultdict(list)
    for row, document in enumerate(documents):
        classes[document.classes].append(row)
    for row in random.integers(0, len(documents), max(0, count - len(documents))):
        alike = classes[documents[row].classes]
        others = random.choice(alike, min(int(random.integers(1, 3)), len(alike)), replace=False)
        yield _recombined([documents[i] for i in dict.fromkeys([int(row), *map(int, others)])], random)


def put(store: Store, number: int, document: Real) -> str:
    """Write a document into a collection; returns its id."""
    reading = as_reading(number, document)
    identity = store.put_reading(SourceFile("/crowd", f"{number:06}.md", reading.characters, 1), reading)
    mean = document.vectors.mean(axis=0)
    bits = np.packbits(document.vectors > 0, axis=1)
    word, telling = np.zeros((1, WORD_BITS // 8), np.uint8), np.packbits([1])
    sketches = tuple(Sketch(bits[i : i + 1], word, telling) for i in range(len(bits)))
    store.put_vectors(identity, Encoded(mean / np.linalg.norm(mean), document.heading, document.vectors, sketches))
    return identity


def collection(path: Path, documents: list[Real], count: int) -> None:
    """Write a collection of `count` documents to `path`, if there is none."""
    if path.exists():
        return
    growing = path.with_suffix(".growing")
    growing.unlink(missing_ok=True)
    with Store.open(growing, create=True) as store, store.exclusive():
        store.set_model(describe().facts)
        for number, document in enumerate(crowd(documents, count)):
            put(store, number, document)
    growing.rename(path)


def as_reading(number: int, document: Real) -> Reading:
    """A document as a reader would give it: its passages are all of its text."""
    passages: list[Passage] = []
    start = 0
    for ordinal, text in enumerate(document.passages):
        spans = tuple((start + a, start + b) for a, b in sentence_spans(text, 0, len(text)))
        passages.append(Passage(ordinal, None, start, start + len(text), len(text) // 4, text, spans))
        start += len(text) + 1
    return Reading(
        kind="md",
        sha256=sha256(f"{number}\n{document.passages}".encode()).hexdigest(),
        title=document.title,
        authors=(),
        year=None,
        language=document.language,
        characters=start,
        page_starts=(),
        sections=(),
        passages=tuple(passages),
        terms=document.terms,
        phrases=document.phrases,
    )


def _recombined(parents: list[Real], random: np.random.Generator) -> Real:
    """A document of about as many passages, words and phrases as its parents have on average."""
    share = 1 / len(parents)
    rows = [random.random(len(parent.passages)) < share for parent in parents]
    rows[0][random.integers(len(rows[0]))] = True

    def some(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
        total: Counter[str] = Counter()
        for each in counts:
            kept = random.random(len(each)) < share
            total.update({word: number for (word, number), keep in zip(each.items(), kept, strict=True) if keep})
        return dict(total)

    return Real(
        title=parents[0].title,
        language=parents[0].language,
        classes=parents[0].classes,
        passages=tuple(
            parent.passages[row] for parent, kept in zip(parents, rows, strict=True) for row in np.flatnonzero(kept)
        ),
        terms=some(parent.terms for parent in parents),
        phrases=some(parent.phrases for parent in parents),
        vectors=np.concatenate([parent.vectors[kept] for parent, kept in zip(parents, rows, strict=True)]),
        heading=parents[0].heading,
    )
