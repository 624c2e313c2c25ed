"""Does a question find its passage? Among all passages of a collection, by the vectors of passages in several ways.

    python benchmarks/finding.py [--cache FOLDER] [--weights FILE] [qmsum] [openstax] [scifact] [cmrc2018-zh]

QMSum's specific questions and the review questions of OpenStax's books, put to all passages at once of the meetings and
books that nothing is trained on. Right are the passages that hold any of the turns that answer, or those of the section
at whose end the question stands. Counted is whether any of them is among the first 1, 5 and 10, which part of
them is among the first 5, and nDCG@10.

On SciFact, where nothing may be lost, whole abstracts are found, each worth its best passage or piece; and whole
articles on CMRC 2018, in Chinese, of which the bundled model knows little, with statutes among them.

Titles come in by two ways, as text before each passage and as a vector mixed in; the weight of the mix is the best of
several on these very questions, so what has to be beaten is a little too good. Meetings have no title but their name.

"Pieces" are the units of the pyramid's level 2, 16 word pieces each: a passage is worth what the best of them is. SHAS
adds what its words say to each word of the question, some of the passage itself, of its document's nearest passage and
of its title, and weighs the words of the question by what was learned. How much each of these counts was picked among
a few on these questions too, so these figures are a little too good as well. Pieces and words are as they are stored.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import sqlite3
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from corpora import CACHE, QUESTIONS, Corpus, Question, corpus
from report import EVAL, write_result
from rich.progress import track

from shas_kb.ask.retrieve import Ranking, best, drawn, fuse, together
from shas_kb.config import DOCUMENT_COUNTS, PASSAGE_COUNTS, TITLE_COUNTS
from shas_kb.encoder import describe, learned_for, load, load_question_encoder
from shas_kb.encoder.sketch import Said
from shas_kb.organise.material import unit
from shas_kb.records import Asked, Text, Vectors
from shas_kb.storage.search import searchable

Figures = dict[str, float]
DEPTHS = (1, 5, 10)
MIXES = (0.1, 0.2, 0.3, 0.45, 0.6, 0.9)
WHOLE = ("scifact", "cmrc2018-zh")
"""Collections whose documents are found, not their passages."""
BLOCK, TOGETHER = 256, 64
"""Passages and questions that are reckoned at once."""
FOUND = 100
"""So many are found by each way, and fused."""


def scored(questions: Sequence[Question], found: Sequence[Ranking]) -> Figures:
    """Recall and nDCG of the first ten of what was found for each question."""
    hits = np.zeros((len(questions), max(DEPTHS)), bool)
    for its, question, ranking in zip(hits, questions, found, strict=True):
        rows = ranking.rows[: len(its)].tolist()
        its[: len(rows)] = [row in question.passages for row in rows]
    discount = 1 / np.log2(np.arange(hits.shape[1]) + 2)
    ideal = np.array([discount[: len(question.passages)].sum() for question in questions])
    figures = {f"recall@{depth}": hits[:, :depth].any(1).mean() for depth in DEPTHS}
    shares = [
        np.mean([row in ranking.rows[:5] for row in question.passages])
        for question, ranking in zip(questions, found, strict=True)
    ]
    figures["share@5"] = np.mean(shares)
    figures["ndcg@10"] = (hits @ discount / ideal).mean()
    return {name: round(float(value), 4) for name, value in figures.items()}


def nearest(asked: Vectors, vectors: Vectors, bounds: np.ndarray | None = None) -> list[Ranking]:
    """The hundred passages nearest to each question; with `bounds` a passage is worth what the best of its pieces is.

    Args:
        asked: Unit vectors of the questions.
        vectors: Unit vectors of the passages, or of their pieces.
        bounds: Passage i has the pieces `bounds[i]` to `bounds[i + 1]`.
    """
    rankings: list[Ranking] = []
    for part in np.array_split(asked, max(1, len(asked) // 64)):
        worth = part @ vectors.T
        if bounds is not None:
            worth = np.maximum.reduceat(worth, bounds[:-1], axis=1)
        rankings += [best(each, FOUND) for each in worth]
    return rankings


class Lexical:
    """BM25 by SQLite's full text search, with stems; of Chinese, by pairs of characters."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._database = sqlite3.connect(":memory:")
        texts = [searchable(text) or text for text in texts]
        self._database.execute("CREATE VIRTUAL TABLE passage USING fts5(text, tokenize='porter unicode61')")
        self._database.executemany("INSERT INTO passage(rowid, text) VALUES (?, ?)", enumerate(texts))

    def __call__(self, question: Question) -> Ranking:
        words = " OR ".join(f'"{word}"' for word in re.findall(r"\w+", searchable(question.text) or question.text))
        found = self._database.execute(
            "SELECT rowid, -rank FROM passage WHERE passage MATCH ? ORDER BY rank LIMIT ?", (words, FOUND)
        ).fetchall()
        return Ranking(np.array([row for row, _ in found], np.int64), np.array([score for _, score in found], float))


def embedded(texts: Sequence[str], cache: Path) -> Vectors:
    """Unit vectors of texts, each by itself; made once and kept."""
    digest = hashlib.sha256(json.dumps([describe().facts.fingerprint, list(texts)]).encode()).hexdigest()[:16]
    file = cache / f"texts-{digest}.npy"
    if not file.exists():
        cache.mkdir(parents=True, exist_ok=True)
        np.save(file, np.concatenate([its.passages for its in load().encode(Text("", [text]) for text in texts)]))
    return np.asarray(np.load(file), np.float32)


def said(asked: Sequence[Asked], found: Corpus) -> Vectors:
    """What every passage says to each question, [questions, passages]."""
    worth = np.empty((len(asked), len(found.passages)), np.float32)
    for at in track(range(0, worth.shape[1], BLOCK), "Asking", transient=True):
        its = Said.of(found.sketches[at : at + BLOCK], found.vectors.shape[1])
        for first in range(0, len(asked), TOGETHER):
            some = asked[first : first + TOGETHER]
            worth[first : first + TOGETHER, at : at + BLOCK] = its.to(some)
    return worth


def worths(says: Vectors, asked: Sequence[Asked], found: Corpus, title: Vectors | None = None) -> Vectors:
    """What every passage is worth to each question, as the product reckons, [questions, passages].

    Args:
        says: What passages say to the questions.
        asked: The questions.
        found: The collection.
        title: Of each document; None does without.
    """
    vectors = np.stack([question.vector for question in asked])
    cosine = vectors @ found.vectors.T
    context = DOCUMENT_COUNTS * np.maximum.reduceat(cosine, found.bounds[:-1], axis=1)
    if title is not None:
        context += TITLE_COUNTS * drawn(vectors @ title.T)
    return says + PASSAGE_COUNTS * cosine + context[:, found.documents]


def ranked(worth: Vectors) -> list[Ranking]:
    """The hundred worth most to each question."""
    return [best(its, FOUND) for its in worth]


def both(worth: Vectors, lexical: Sequence[Ranking], asked: Sequence[Asked]) -> list[Ranking]:
    """Passages by worth and words together."""
    every = zip(worth, lexical, asked, strict=True)
    return [together(best(its, len(its)), words, question.known) for its, words, question in every]


def measured(
    found: Corpus, questions: Sequence[Question], plain: Sequence[Asked], weighed: Sequence[Asked], cache: Path
) -> dict[str, Figures]:
    """Every way, for one collection; the questions with nothing learned, and with their words weighed."""
    document = found.documents
    texts = [passage.text for passage in found.passages]
    titles = [found.texts[of].title for of in document]
    asked = np.stack([question.plain for question in plain])
    title = embedded([text.title for text in found.texts], cache)
    mean = unit(np.add.reduceat(found.vectors, found.bounds[:-1]))[document]
    before = [f"{name}. {text}" for name, text in zip(titles, texts, strict=True)]
    lexical, near = list(map(Lexical(texts), questions)), nearest(asked, found.vectors)
    rankings = {
        "BM25": lexical,
        "BM25, title before the passage": list(map(Lexical(before), questions)),
        "backbone": near,
        "backbone and BM25": both(asked @ found.vectors.T, lexical, plain),
        "backbone and BM25, by rank": [fuse(*its) for its in zip(near, lexical, strict=True)],
        "backbone, title before the passage": nearest(asked, embedded(before, cache)),
    }
    ways = {name: scored(questions, rows) for name, rows in rankings.items()}
    for name, context in (("title", title[document]), ("mean of its document", mean)):
        mixes = {mix: scored(questions, nearest(asked, unit(found.vectors + mix * context))) for mix in MIXES}
        chosen = max(mixes, key=lambda mix: mixes[mix]["recall@5"])
        ways[f"backbone, {name} mixed in"] = mixes[chosen] | {"mix": chosen}
    untrained, trained = said(plain, found), said(weighed, found)
    shas = worths(trained, weighed, found, title)
    rankings = {
        "pieces": nearest(asked, *found.pieces),
        "SHAS untrained, without titles": ranked(worths(untrained, plain, found)),
        "SHAS without titles": ranked(worths(trained, weighed, found)),
        "SHAS untrained": ranked(worths(untrained, plain, found, title)),
        "SHAS": ranked(shas),
        "SHAS and BM25": both(shas, lexical, weighed),
    }
    return ways | {name: scored(questions, rows) for name, rows in rankings.items()}


def measured_whole(
    found: Corpus, questions: Sequence[Question], plain: Sequence[Asked], weighed: Sequence[Asked]
) -> dict[str, Figures]:
    """The ways that use no title, for whole documents: each is worth its best passage, or piece."""
    document = found.documents
    right = [Question(each.text, frozenset(document[list(each.passages)].tolist())) for each in questions]
    asked = np.stack([question.plain for question in plain])

    def whole(questions: Sequence[Asked]) -> Vectors:
        return np.maximum.reduceat(worths(said(questions, found), questions, found), found.bounds[:-1], axis=1)

    trained, (pieces, bounds) = whole(weighed), found.pieces
    lexical = list(map(Lexical([text.text for text in found.texts]), questions))
    rankings = {
        "BM25": lexical,
        "backbone": nearest(asked, found.vectors, found.bounds),
        "pieces": nearest(asked, pieces, bounds[found.bounds]),
        "SHAS untrained": ranked(whole(plain)),
        "SHAS": ranked(trained),
        "SHAS and BM25": both(trained, lexical, weighed),
    }
    return {name: scored(right, rows) for name, rows in rankings.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(QUESTIONS)} (all)")
    parser.add_argument("--cache", type=Path, default=CACHE)
    parser.add_argument("--weights", type=Path, help="what was learned (that which ships)")
    options = parser.parse_args()
    encoders = load_question_encoder(), load_question_encoder(weights=learned_for(describe().facts, options.weights))
    figures: dict[str, object] = {}
    for name in options.names or QUESTIONS:
        if not (EVAL / name).is_dir():
            print(f"skipped: no evaluation data {name}")
            continue
        found = corpus(name, options.cache).held_out()
        questions = QUESTIONS[name](found)
        plain, weighed = ([its.asked(question.text) for question in questions] for its in encoders)
        if name in WHOLE:
            ways = measured_whole(found, questions, plain, weighed)
        else:
            ways = measured(found, questions, plain, weighed, options.cache)
        figures[name] = {
            "documents": len(found.texts),
            "passages": len(found.passages),
            "questions": len(questions),
            "ways": ways,
        }
        for way, its in ways.items():
            print(f"{name:10s} {way:40s} " + "  ".join(f"{key} {value:.3f}" for key, value in its.items()), flush=True)
    write_result("finding", figures)


if __name__ == "__main__":
    main()
