"""A collection of some 200 thousand passages of real text, as `shas-kb ingest` would leave it, and questions for it.

    python benchmarks/library.py [--cache FOLDER]

Textbooks, meetings and abstracts are cut as the product cuts them, so that what answers a question is as long as
anywhere; for these there are questions. Documentation, statutes, an encyclopedia of algorithms and transcripts lie
around them in passages of a quarter of that length, of which more can be encoded in a time. Takes half an hour, and is
kept.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import numpy as np
from corpora import QUESTIONS, corpus, records
from report import EVAL

from shas_kb.config import TreeConfig
from shas_kb.encoder import describe, learned_for, load
from shas_kb.pipeline import organise_collection
from shas_kb.progress import NoProgress
from shas_kb.reading.markdown import read_markdown
from shas_kb.reading.passages import PassageMaker
from shas_kb.reading.phrases import key_phrases, terms
from shas_kb.records import Encoded, Passage, Reading, Section, Sketch, SourceFile, Text, Vectors
from shas_kb.storage import Store

CACHE = Path(tempfile.gettempdir()) / "shas-kb-200k"
AROUND = {
    "cppdocs/docs": ("en", 20),
    "laws-zh/docs": ("zh", 30),
    "oi-wiki-zh/docs": ("zh", 30),
    "transcripts/kevin_scott": ("en", 100),
    "transcripts/msft": ("en", 1000),
}
"""What lies around: language, and the most passages of a document."""
WINDOW = 64
"""Word pieces of a passage of these."""
ASKED = ("openstax", "qmsum", "scifact")
"""What there are questions for."""


def collection(path: Path) -> Path:
    """The collection at `path`, made now if it is not there."""
    if not path.exists():
        growing = path.with_suffix(".growing")
        growing.unlink(missing_ok=True)
        with Store.open(growing, create=True) as store, store.exclusive():
            facts = describe().facts
            store.set_model(facts, learned_for(facts))
            _asked(store)
            _around(store)
            organise_collection(store, TreeConfig(), NoProgress())
        growing.rename(path)
    return path


def questions(each: int) -> dict[str, list[str]]:
    """Real questions of each kind, at most so many, spread over all of them."""
    found = {}
    for name in ASKED:
        texts = [question.text for question in QUESTIONS[name](corpus(name))]
        found[name] = texts[:: max(1, len(texts) // each)][:each]
    return found


def _asked(store: Store) -> None:
    """Put in what there are questions for, with the vectors that `corpora.py` keeps."""
    rest: dict[str, tuple[Text, Vectors, Vectors, tuple[Sketch, ...]]] = {}
    for name in ASKED:
        whole = corpus(name)
        for i, text in enumerate(whole.texts):
            rows = slice(int(whole.bounds[i]), int(whole.bounds[i + 1]))
            reading = as_reading(text.title, text.text, text.text, "en", (), whole.passages[rows])
            tokens = np.array([passage.tokens for passage in reading.passages], np.float32)
            document = store.put_reading(SourceFile(f"/{name}", text.id, len(text.text), 1), reading)
            rest[document] = Text(text.title, [text.title]), whole.vectors[rows], tokens, tuple(whole.sketches[rows])
    titles = load().encode(text for text, *_ in rest.values())
    for (document, (_, vectors, tokens, sketches)), its in zip(rest.items(), titles, strict=True):
        mean = tokens @ vectors
        store.put_vectors(document, Encoded(mean / np.linalg.norm(mean), its.title, vectors, sketches))


def _around(store: Store) -> None:
    for document in _documents():
        store.put_reading(*document)
    pending = store.pending()
    titles = {document.id: document.title for document in store.documents()}
    encoded = load().encode(Text(titles[id], store.texts(id)) for id in pending)
    for id, its in zip(pending, encoded, strict=True):
        store.put_vectors(id, its)


def _documents() -> Iterator[tuple[SourceFile, Reading]]:
    maker = PassageMaker(describe().located.tokenizer, WINDOW)
    for name, (language, most) in AROUND.items():
        for row in records(EVAL / f"{name}.jsonl.gz"):
            draft = read_markdown(row["text"].encode(), row["id"])
            passages = maker.passages(draft.text, draft.sections)[:most]
            if passages:
                end = passages[-1].end
                sections = tuple(section for section in draft.sections if section.start < end)
                reading = as_reading(
                    row.get("title") or draft.title or row["id"],
                    draft.text[:end],
                    draft.prose if end == len(draft.text) else draft.text[:end],
                    language,
                    sections,
                    list(passages),
                )
                yield SourceFile(f"/{name}", row["id"], end, 1), reading


def as_reading(
    title: str, text: str, prose: str, language: str, sections: tuple[Section, ...], passages: list[Passage]
) -> Reading:
    """A text as its reader would give it."""
    return Reading(
        kind="md",
        sha256=sha256(f"{title}\n{text}".encode()).hexdigest(),
        title=title,
        authors=(),
        year=None,
        language=language,
        characters=len(text),
        page_starts=(),
        sections=sections,
        passages=tuple(passages),
        terms=terms(text, language),
        phrases=key_phrases(prose, language, [title, *(section.title for section in sections)]),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache", type=Path, default=CACHE)
    with Store.open(collection(parser.parse_args().cache / "library.sqlite")) as store:
        facts = store.info()
    print(f"{facts['documents']} documents, {facts['passages']} passages")


if __name__ == "__main__":
    main()
