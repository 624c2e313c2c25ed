"""Evaluation collections as stored ones, with the vectors of corpora.py."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from corpora import Corpus, Document
from finding import embedded

from shas_kb.encoder import describe, learned_for
from shas_kb.pipeline import organise_collection
from shas_kb.reading.phrases import key_phrases, terms
from shas_kb.records import Encoded, Passage, Reading, SourceFile
from shas_kb.storage import Store
from shas_kb.storage.schema import VERSION


def stored(name: str, found: Corpus, cache: Path, language: str = "en") -> Path:
    """The file of a collection without a tree, made now or taken from the cache: `path` of a document is its id.

    A document's vector is the mean of its passages', each counting its word pieces, as long as nothing else is learned.
    """
    facts = describe().facts
    weights = learned_for(facts)
    made_of = [facts.fingerprint, hashlib.sha256(weights or b"").hexdigest(), language]
    made_of += [each for text in found.texts for each in (text.id, text.title, text.text)]
    digest = hashlib.sha256(json.dumps(made_of).encode()).hexdigest()[:16]
    file = cache / f"{name}-{digest}-{VERSION}.sqlite"
    if file.exists():
        return file
    titles = embedded([text.title for text in found.texts], cache)
    unfinished = file.with_suffix(".unfinished")
    unfinished.unlink(missing_ok=True)
    with Store.open(unfinished, create=True) as store:
        store.set_model(facts, weights)
        for place, (text, title) in enumerate(zip(found.texts, titles, strict=True)):
            rows = slice(int(found.bounds[place]), int(found.bounds[place + 1]))
            passages = found.passages[rows]
            source = SourceFile("/collection", text.id, len(text.text), 1)
            id = store.put_reading(source, reading(text, passages, language))
            vectors = np.asarray(found.vectors[rows], np.float32)
            middle = np.array([passage.tokens for passage in passages], np.float32) @ vectors
            sketches = tuple(found.sketches[rows])
            store.put_vectors(id, Encoded(middle / np.linalg.norm(middle), title, vectors, sketches))
    unfinished.rename(file)
    return file


def reading(text: Document, passages: list[Passage], language: str) -> Reading:
    """A document as a reader would give it."""
    return Reading(
        kind="text",
        sha256=hashlib.sha256(f"{text.id}\n{text.text}".encode()).hexdigest(),
        title=text.title,
        authors=(),
        year=None,
        language=language,
        characters=len(text.text),
        page_starts=(),
        sections=(),
        passages=tuple(passages),
        terms=terms(text.text, language),
        phrases=key_phrases(text.text, language, [text.title]),
    )


@contextmanager
def organised(file: Path, build: Callable[[Store], object] = organise_collection) -> Iterator[Store]:
    """A copy of a collection with the tree that `build` puts there; it is gone at the end."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "kb.sqlite"
        shutil.copyfile(file, copy)
        with Store.open(copy) as store:
            build(store)
            yield store


def ids(store: Store) -> dict[str, str]:
    """The stored document's id, by the collection's own."""
    return {document.path: document.id for document in store.documents()}
