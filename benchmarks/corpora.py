"""The evaluation collections as the product reads them: documents cut into passages, with vectors that are made once.

    python benchmarks/corpora.py [--cache FOLDER] [NAME ...]

A document here is a title and a text; of a meeting the text is its turns, a line each, and where turns begin is kept.
The vectors are the backbone's, and beside them stands what each passage says, as a collection keeps it.
"""

from __future__ import annotations

import argparse
import gzip
import json
import pickle
import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np
from report import EVAL

from shas_kb.encoder import describe, load
from shas_kb.encoder.sketch import unpack
from shas_kb.reading.passages import PassageMaker
from shas_kb.records import Passage, Sketch, Text, Vectors

CACHE = Path(tempfile.gettempdir()) / "shas-kb-corpora"
TRAINED_ON = {"train", "Astronomy", "Psychology", "Sociology"}
"""Of the meetings those of this split, and these textbooks. The others are only measured on."""
DISTRACTORS = 100
"""Chinese statutes among the articles."""
REVIEW = re.compile(r"\n\s*Review Questions\s*\n")


@dataclass(frozen=True)
class Document:
    """One document: `book` groups documents, as a meeting's kind or a textbook; `lines` are where its lines begin."""

    id: str
    title: str
    book: str
    text: str
    lines: tuple[int, ...] = ()


@dataclass(frozen=True)
class Question:
    """A question, and the passages that answer it: rows of the collection."""

    text: str
    passages: frozenset[int]


@dataclass(frozen=True)
class Corpus:
    """Documents, their passages one after another, and the backbone's vectors.

    Attributes:
        texts: The documents.
        passages: All passages.
        bounds: Document i has the passages `bounds[i]` to `bounds[i + 1]`, [documents + 1].
        vectors: Of the passages, unit length, [passages, dimension].
        sketches: What each passage says.
    """

    texts: list[Document]
    passages: list[Passage]
    bounds: np.ndarray
    vectors: Vectors
    sketches: list[Sketch]

    def part(self, documents: Sequence[int]) -> Corpus:
        """Some of its documents, as a collection of their own."""
        rows = np.concatenate([np.arange(self.bounds[i], self.bounds[i + 1]) for i in documents])
        return Corpus(
            texts=[self.texts[i] for i in documents],
            passages=[self.passages[row] for row in rows],
            bounds=np.cumsum([0, *np.diff(self.bounds)[list(documents)]]),
            vectors=self.vectors[rows],
            sketches=[self.sketches[row] for row in rows],
        )

    def held_out(self) -> Corpus:
        """What nothing is trained on."""
        return self.part([i for i, text in enumerate(self.texts) if text.book not in TRAINED_ON])

    @property
    def pieces(self) -> tuple[Vectors, np.ndarray]:
        """All pieces [pieces, dimension]; passage i has those from the i-th bound to the next [passages + 1]."""
        bounds = np.cumsum([0, *(len(its.pieces) for its in self.sketches)])
        return unpack(np.concatenate([its.pieces for its in self.sketches]), self.vectors.shape[1]), bounds

    @property
    def documents(self) -> np.ndarray:
        """The document of each passage."""
        return np.repeat(np.arange(len(self.texts)), np.diff(self.bounds))


def records(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def meetings() -> list[Document]:
    """QMSum's meetings. They have no titles but their names."""
    texts = []
    for row in records(EVAL / "qmsum" / "meetings.jsonl.gz"):
        lines = [f"{turn['speaker']}: {re.sub(r'{[a-z]+}', '', turn['text'])}" for turn in row["turns"]]
        starts = tuple(accumulate((len(line) + 1 for line in lines[:-1]), initial=0))
        texts.append(Document(row["id"], row["id"], row["split"], "\n".join(lines), starts))
    return texts


def textbooks() -> list[Document]:
    """OpenStax's sections, without the questions at their end; one book is mostly sources, and is left out."""
    return [
        Document(row["id"], row["title"], row["l2"], REVIEW.split(row["text"])[0])
        for row in records(EVAL / "openstax" / "docs.jsonl.gz")
        if not row["l2"].startswith("Civics") and row["l3"] != "(front/back matter)"
    ]


def abstracts() -> list[Document]:
    """SciFact's abstracts, with their titles before them as is usual there."""
    rows = records(EVAL / "scifact" / "corpus.jsonl.gz")
    return [Document(row["_id"], row["title"], "", f"{row['title']} {row['text']}") for row in rows]


def encyclopedia() -> list[Document]:
    """The Chinese articles of CMRC 2018, and statutes that answer none of its questions, drawn by their hash."""
    articles = [
        Document(row["_id"], row["title"], "", row["text"]) for row in records(EVAL / "cmrc2018-zh" / "corpus.jsonl.gz")
    ]
    laws = sorted(records(EVAL / "laws-zh" / "docs.jsonl.gz"), key=lambda row: sha256(row["id"].encode()).digest())
    return articles + [Document(row["id"], row["title"], "laws", row["text"]) for row in laws[:DISTRACTORS]]


CORPORA = {"qmsum": meetings, "openstax": textbooks, "scifact": abstracts, "cmrc2018-zh": encyclopedia}


def corpus(name: str, cache: Path = CACHE) -> Corpus:
    """A collection with its vectors, made now or taken from the cache."""
    texts = CORPORA[name]()
    described = describe()
    maker = PassageMaker(described.located.tokenizer, described.facts.window)
    cut = [maker.passages(text.text, ()) for text in texts]
    texts = [text for text, own in zip(texts, cut, strict=True) if own]
    cut = [own for own in cut if own]
    passages = [passage for own in cut for passage in own]
    bounds = np.cumsum([0, *map(len, cut)])
    made_of = json.dumps([described.facts.fingerprint, [passage.text for passage in passages]])
    file = cache / f"{name}-{sha256(made_of.encode()).hexdigest()[:16]}.pickle"
    if not file.exists():
        cache.mkdir(parents=True, exist_ok=True)
        file.write_bytes(pickle.dumps(encoded(cut)))
    return Corpus(texts, passages, bounds, *pickle.loads(file.read_bytes()))


def encoded(cut: Sequence[Sequence[Passage]]) -> tuple[Vectors, list[Sketch]]:
    """Vectors and sketches of all passages."""
    found = list(load().encode(Text("", [passage.text for passage in own]) for own in cut))
    return np.concatenate([its.passages for its in found]), [sketch for its in found for sketch in its.sketches]


def meeting_questions(corpus: Corpus) -> list[Question]:
    """QMSum's specific questions; a passage answers one if it holds any of its turns."""
    place = {text.id: document for document, text in enumerate(corpus.texts)}
    found = []
    for row in records(EVAL / "qmsum" / "queries.jsonl.gz"):
        if row["granularity"] != "specific" or row["meeting"] not in place:
            continue
        document = place[row["meeting"]]
        lines, first = corpus.texts[document].lines, int(corpus.bounds[document])
        own = corpus.passages[first : int(corpus.bounds[document + 1])]
        rows = set()
        for one, last in row["spans"]:
            start = lines[min(int(one), len(lines) - 1)]
            end = lines[int(last) + 1] if int(last) + 1 < len(lines) else len(corpus.texts[document].text)
            rows |= {first + passage.ordinal for passage in own if passage.start < end and passage.end > start}
        found.append(Question(row["query"], frozenset(rows)))
    return found


def is_question(line: str) -> bool:
    return line.endswith("?") and 30 <= len(line) <= 300 and len(line.split()) >= 5


def textbook_questions(corpus: Corpus) -> list[Question]:
    """The questions that stand at the end of a textbook's section; its passages answer them."""
    place = {text.id: document for document, text in enumerate(corpus.texts)}
    found = []
    for row in records(EVAL / "openstax" / "docs.jsonl.gz"):
        parts = REVIEW.split(row["text"], maxsplit=1)
        if row["id"] not in place or len(parts) < 2:
            continue
        document = place[row["id"]]
        rows = frozenset(range(int(corpus.bounds[document]), int(corpus.bounds[document + 1])))
        lines = map(str.strip, parts[1].split("\n"))
        found += [Question(line, rows) for line in lines if is_question(line)]
    return found


def judged(corpus: Corpus, name: str) -> list[Question]:
    """The questions of a collection in BEIR's layout that were judged; all passages of a right document are right."""
    place = {text.id: document for document, text in enumerate(corpus.texts)}
    right: dict[str, set[int]] = {}
    for line in (EVAL / name / "qrels" / "test.tsv").read_text().splitlines()[1:]:
        question, answer, _ = line.split("\t")
        document = place[answer]
        right.setdefault(question, set()).update(range(int(corpus.bounds[document]), int(corpus.bounds[document + 1])))
    texts = {row["_id"]: row["text"] for row in records(EVAL / name / "queries.jsonl.gz")}
    return [Question(texts[question], frozenset(rows)) for question, rows in right.items()]


QUESTIONS: dict[str, Callable[[Corpus], list[Question]]] = {
    "qmsum": meeting_questions,
    "openstax": textbook_questions,
    "scifact": partial(judged, name="scifact"),
    "cmrc2018-zh": partial(judged, name="cmrc2018-zh"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(CORPORA)} (all)")
    parser.add_argument("--cache", type=Path, default=CACHE)
    options = parser.parse_args()
    for name in options.names or CORPORA:
        found = corpus(name, options.cache)
        questions = len(QUESTIONS[name](found))
        print(
            f"{name}: {len(found.texts)} documents, {len(found.passages)} passages, {questions} questions", flush=True
        )


if __name__ == "__main__":
    main()
