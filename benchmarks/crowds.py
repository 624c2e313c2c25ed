"""Collections of any size, made of real documents: as they are as long as they last, then recombined.

A real document keeps a few of its passages, with vectors by the bundled model, all of its words and its phrases. When
real ones run out, a new document is drawn from two or three of one class: some passages, words and phrases of each.
Sketches are stand-ins, since no tree looks at them.
"""

from __future__ import annotations

import gzip
import json
import pickle
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
from grouping import encoded, passage_spans, sentence_spans, spread_out
from report import EVAL

from shas_kb.config import WORD_BITS
from shas_kb.encoder import describe
from shas_kb.reading.phrases import key_phrases, terms
from shas_kb.records import Encoded, Passage, Reading, Sketch, SourceFile, Vectors
from shas_kb.storage import Store

SOURCES = {
    "cppdocs": ("cppdocs/docs.jsonl.gz", "en", ("l2", "l1")),
    "scifact": ("scifact/corpus.jsonl.gz", "en", ()),
    "podcasts": ("transcripts/kevin_scott.jsonl.gz", "en", ("episode",)),
    "laws-zh": ("laws-zh/docs.jsonl.gz", "zh", ("l2", "l1")),
    "openstax": ("openstax/docs.jsonl.gz", "en", ("l3", "l1")),
    "oi-wiki-zh": ("oi-wiki-zh/docs.jsonl.gz", "zh", ("l2", "l1")),
}
PASSAGES = 2
LETTERS = 450.0
ENCODED = 160
"""Letters of a passage that make its vector (a quarter where a letter is a word)."""
SHORTEST = 200
PART = re.compile(r"-part\d+\.txt$")


@dataclass(frozen=True, slots=True)
class Real:
    """A document of the evaluation data: passages as texts with the spans of their sentences, and its vectors
    (`vectors` [passages, d], `heading` [d]). `classes` are the finest and the coarsest true class."""

    title: str
    language: str
    classes: tuple[str, str]
    passages: tuple[str, ...]
    terms: Mapping[str, int]
    phrases: Mapping[str, int]
    vectors: Vectors
    heading: Vectors


def real(cache: Path) -> list[Real]:
    """All documents of the evaluation data, sources mixed; encoded once, which takes minutes, and kept in `cache`."""
    file = cache / "real.pickle"
    if not file.exists():
        cache.mkdir(parents=True, exist_ok=True)
        found = list(_read())
        begun = [text[: letters(language)] for _, passages, language, *_ in found for text in passages]
        vectors = encoded(begun).astype(np.float32)
        headings = encoded([title for title, *_ in found]).astype(np.float32)
        ends = np.cumsum([len(passages) for _, passages, *_ in found])
        documents = [
            Real(title, language, classes, passages, words, phrases, vectors[end - len(passages) : end], heading)
            for (title, passages, language, classes, words, phrases), end, heading in zip(
                found, ends, headings, strict=True
            )
        ]
        file.write_bytes(pickle.dumps(documents))
    documents = pickle.loads(file.read_bytes())
    return [documents[i] for i in np.random.default_rng(0).permutation(len(documents))]


def letters(language: str) -> int:
    return ENCODED // 4 if language == "zh" else ENCODED


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


Found = tuple[str, tuple[str, ...], str, tuple[str, str], Mapping[str, int], Mapping[str, int]]


def _read() -> Iterator[Found]:
    for source, (file, language, levels) in SOURCES.items():
        with gzip.open(EVAL / file, "rt", encoding="utf-8") as lines:
            for row in map(json.loads, lines):
                text = row["text"]
                if len(text) < SHORTEST:
                    continue
                episode = PART.sub("", row["id"]) if levels == ("episode",) else ""
                title = row.get("title") or " ".join(text.split()[:8])
                classes = [episode or row[level] for level in levels] or [source]
                spans = spread_out(passage_spans(text, LETTERS), PASSAGES)
                yield (
                    title,
                    tuple(text[a:b] for a, b in spans),
                    language,
                    (f"{source}/{classes[0]}", f"{source}/{classes[-1]}" if len(classes) > 1 else source),
                    terms(text, language),
                    key_phrases(text, language, [title]),
                )


def _recombined(parents: list[Real], random: np.random.Generator) -> Real:
    """A document of about as many passages, words and phrases as its parents have on average."""
    share = 1 / len(parents)
    rows = [random.random(len(parent.passages)) < share for parent in parents]
    rows[0][random.integers(len(rows[0]))] = True

    def some(counts: Iterator[Mapping[str, int]]) -> dict[str, int]:
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
