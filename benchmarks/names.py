"""Are the names of nodes right? What their true classes are called, and what a reader says who sees their documents.

    python benchmarks/names.py [--cache FOLDER] [--judge FOLDER]
    python benchmarks/names.py --judged FOLDER

Builds a tree, with counts of its own, of each collection of grouping.py and of `sample_corpus/`. Counted is the share
of nodes whose name, or one of whose first three key phrases, shares a word stem with what the class is called that most
of the node's documents have, at the level of classes that fits the node best. Names are given with the bundled model.
Nodes whose class is called by no word ("1789-1800") are left out, and so are the pages on algorithms: they are Chinese,
and their classes' names English.

`--judge` writes 60 nodes to be judged: some of their documents, and what they are called by us and by BERTopic
(arXiv 2203.05794: its class-based TF-IDF over the same groups, its four best words), in random order, where that is
installed; which is which stands in a file of its own. `--judged` reads the verdicts and counts them.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import re
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from grouping import CACHE, SOURCES, Loaded, encoded, enlarged, load
from report import EVAL, ROOT, write_result
from trees import shas_kb

from shas_kb.config import TreeConfig
from shas_kb.materials import load_materials
from shas_kb.organise.build import distinct
from shas_kb.organise.material import Labels, Material
from shas_kb.organise.meaning import Meaning
from shas_kb.organise.name import Named, name_levels
from shas_kb.organise.nest import Nested, nest
from shas_kb.organise.script import is_wide
from shas_kb.organise.vocabulary import stem, vocabulary
from shas_kb.records import NODE_LEVELS
from shas_kb.storage import Store

SAMPLE = ROOT / "sample_corpus"
NOT_COMPARED = "oi-wiki-zh"
DRAWN = {"entity": 4, "category": 3, "domain": 3}
SHOWN, LETTERS = 12, 200
SAME_STEM = 6
FILLER = re.compile(
    r"(?i)\b(ep|episode|behind|the|tech|kevin|scott|podcast|with|transcript|reference|and|of|in|to)\b|\d+"
)


@dataclass(frozen=True)
class Collection:
    """Materials in the order of the tree, their texts, their classes (finest first; None is not compared), what the
    classes are called, and the tree's nodes and names."""

    materials: Sequence[Material]
    texts: Sequence[str]
    classes: Sequence[Sequence[str | None]]
    called: Mapping[str, Sequence[str]]
    nested: Nested
    names: Sequence[Sequence[Named]]


def from_source(name: str, cache: Path) -> Collection:
    """A collection of grouping.py."""
    source = SOURCES[name]
    loaded = load(name, source.most, source.passages, cache)
    with gzip.open(EVAL / source.file, "rt", encoding="utf-8") as lines:
        documents = [json.loads(line) for line in lines]
    texts = {hashlib.sha256((one["id"] + one["text"]).encode()).hexdigest(): one["text"] for one in documents}
    loaded = loaded.part(sorted(range(len(loaded.materials)), key=lambda row: loaded.materials[row].sha256))
    loaded = loaded.part(distinct(loaded.materials)[0])
    labels = {label for level in loaded.truth for label in level if label is not None}
    return named(
        loaded.materials,
        [texts[one.sha256] for one in loaded.materials],
        loaded.truth,
        {label: [label] for label in labels},
    )


def from_sample() -> Collection:
    """The sample corpus, ingested by the real command."""
    truth = json.loads((SAMPLE / "truth.json").read_text(encoding="utf-8"))
    place = {document["path"]: document for document in truth["documents"]}
    with tempfile.TemporaryDirectory() as folder:
        db = Path(folder) / "kb.sqlite"
        shas_kb(db, "ingest", SAMPLE, "--no-tree")
        with Store.open(db) as store:
            materials = sorted(load_materials(store), key=lambda one: (one.sha256, one.id))
            paths = {document.id: document.path for document in store.documents()}
            texts = [" ".join(store.texts(one.id)) for one in materials]
    classes = [[place[paths[one.id]][level] for one in materials] for level in NODE_LEVELS]
    return named(materials, texts, classes, truth["names"])


def named(
    materials: Sequence[Material],
    texts: Sequence[str],
    classes: Sequence[Sequence[str | None]],
    called: Mapping[str, Sequence[str]],
) -> Collection:
    nested = nest(materials, TreeConfig())
    titles, meaning = [one.title for one in materials], Meaning.of(materials, encoded)
    names = name_levels(vocabulary(materials), titles, nested.units, nested.levels, meaning)
    return Collection(materials, texts, classes, called, nested, names)


def best_class(collection: Collection, rows: Labels) -> str | None:
    """The class most of the documents `rows` have, at the level where it fits them best (by F1)."""
    best: tuple[float, str | None] = (0.0, None)
    for labels in collection.classes:
        inside = Counter(label for row in rows if (label := labels[row]) is not None)
        if inside:
            label, shared = min(inside.items(), key=lambda item: (-item[1], item[0]))
            best = max(best, (2 * shared / (len(rows) + labels.count(label)), label), key=lambda pair: pair[0])
    return best[1]


def stems(text: str) -> set[str]:
    """Word stems of a name; pairs of letters where it is written without spaces."""
    if is_wide(text):
        return {text[i : i + 2] for i in range(len(text) - 1)}
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text)
    return {word[:SAME_STEM] for word in stem(FILLER.sub(" ", apart.replace("_", " "))) if len(word) > 2}


def agreed(collection: Collection) -> dict[str, Any]:
    """The share of nodes, by height, called as their class is."""
    hits: dict[str, list[bool]] = {level: [] for level in NODE_LEVELS}
    for height, level in enumerate(NODE_LEVELS):
        for node, own in enumerate(collection.names[height]):
            rows = np.flatnonzero(collection.nested.of_documents[height] == node)
            if (label := best_class(collection, rows)) is not None and any(map(stems, collection.called[label])):
                said = {word for text in (own.name, *own.keyphrases[:3]) for word in stems(text)}
                hits[level].append(any(said & stems(title) for title in collection.called[label]))
    every = [hit for level in hits.values() for hit in level]
    return {"nodes": len(every), "share": _share(every), **{level: _share(found) for level, found in hits.items()}}


def _share(hits: Sequence[bool]) -> float:
    return round(sum(hits) / max(len(hits), 1), 3)


def bertopic_names(collection: Collection) -> list[list[str]] | None:
    """What BERTopic calls the same groups by default: their four best words; None where it is not installed."""
    if find_spec("bertopic") is None:
        return None
    from bertopic.vectorizers import ClassTfidfTransformer
    from sklearn.feature_extraction.text import CountVectorizer

    levels = []
    for documents in collection.nested.of_documents:
        joined = ["" for _ in range(int(documents.max()) + 1)]
        for node, text in zip(documents, collection.texts, strict=True):
            joined[node] += " " + text
        vectorizer = CountVectorizer()
        weights = ClassTfidfTransformer().fit_transform(vectorizer.fit_transform(joined)).toarray()
        words = vectorizer.get_feature_names_out()
        levels.append(["_".join(words[np.argsort(-row, kind="stable")[:4]]) for row in weights])
    return levels


def drawn(collection: Collection, random: np.random.Generator) -> Iterator[tuple[int, int]]:
    """Nodes to be judged, (height, node), of each level as many as `DRAWN` says, or as there are."""
    for height, level in enumerate(NODE_LEVELS):
        there = len(collection.names[height])
        for node in random.choice(there, min(DRAWN[level], there), replace=False):
            yield height, int(node)


def write_judging(collections: Mapping[str, Collection], folder: Path) -> None:
    """Write `nodes.md` to read, `verdicts.json` to fill in, and `key.json` to keep away from who judges."""
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(1)  # another draw than that by which rules were chosen
    pages, verdicts, key = [], {}, {}
    for name, collection in collections.items():
        theirs = bertopic_names(collection)
        for height, node in drawn(collection, random):
            offered = {"shas-kb": collection.names[height][node].name}
            if theirs is not None:
                offered["BERTopic"] = theirs[height][node]
            makers = [sorted(offered)[i] for i in random.permutation(len(offered))]
            rows = np.flatnonzero(collection.nested.of_documents[height] == node)
            shown = np.sort(random.choice(rows, min(SHOWN, len(rows)), replace=False))
            number = f"{len(key) + 1:02d}"
            letters = dict(zip("AB", makers, strict=False))
            key[number] = {"collection": name, "level": NODE_LEVELS[height], **letters}
            verdicts[number] = dict.fromkeys(letters)
            pages.append(
                f"## {number}\n\n"
                + "".join(f"- {letter}: **{offered[maker]}**\n" for letter, maker in letters.items())
                + f"\n{len(rows)} documents, of which {len(shown)}:\n\n"
                + "".join(f"- {_described(collection, row)}\n" for row in shown)
            )
    (folder / "nodes.md").write_text("\n".join(pages), encoding="utf-8")
    (folder / "verdicts.json").write_text(json.dumps(verdicts, indent=1), encoding="utf-8")
    (folder / "key.json").write_text(json.dumps(key, indent=1), encoding="utf-8")


def _described(collection: Collection, row: int) -> str:
    text = " ".join(collection.texts[row].replace("#", " ").split())  # no headings within the page
    return f"*{collection.materials[row].title}* — {text[:LETTERS]}"


def judged(folder: Path) -> dict[str, Any]:
    """The share of names found right, by who gave them, and by collection and level; nodes without a verdict are left
    out."""
    key = json.loads((folder / "key.json").read_text(encoding="utf-8"))
    verdicts = json.loads((folder / "verdicts.json").read_text(encoding="utf-8"))
    right: dict[str, dict[str, list[bool]]] = {}
    for number, own in verdicts.items():
        for letter, verdict in own.items():
            if verdict is not None:
                by = right.setdefault(key[number][letter], {})
                for group in ("all", key[number]["collection"], key[number]["level"]):
                    by.setdefault(group, []).append(bool(verdict))
    return {maker: {group: [sum(v), len(v)] for group, v in groups.items()} for maker, groups in sorted(right.items())}


def seconds(loaded: Loaded) -> dict[str, float]:
    """Time to find the vocabulary and the names, best of three; ten thousand documents are noisy copies."""
    taken = {}
    for size in (len(loaded.materials), 10_000):
        materials = enlarged(loaded, size).materials
        nested, titles = nest(materials, TreeConfig()), [one.title for one in materials]
        each = []
        for _ in range(3):
            start = time.perf_counter()
            name_levels(vocabulary(materials), titles, nested.units, nested.levels)
            each.append(time.perf_counter() - start)
        taken[f"{size} documents"] = round(min(each), 3)
    return taken


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache", type=Path, default=CACHE)
    parser.add_argument("--judge", type=Path, metavar="FOLDER", help="write nodes to be judged")
    parser.add_argument("--judged", type=Path, metavar="FOLDER", help="count the verdicts, and do nothing else")
    options = parser.parse_args()
    if options.judged:
        counted = judged(options.judged)
        print(json.dumps(counted, indent=1))
        write_result("names-judged", counted)
        return
    collections = {"sample corpus": from_sample()}
    for name, source in SOURCES.items():
        if (EVAL / source.file).exists():
            collections[name] = from_source(name, options.cache)
        else:
            print(f"skipped: {name} is not there")
    if options.judge:
        write_judging(collections, options.judge)
    shares = {name: agreed(one) for name, one in collections.items() if name != NOT_COMPARED}
    nodes = sum(share["nodes"] for share in shares.values())
    figures: dict[str, Any] = {
        "called as their class": shares,
        "share over all nodes": round(sum(share["share"] * share["nodes"] for share in shares.values()) / nodes, 3),
    }
    if "openstax" in collections:
        source = SOURCES["openstax"]
        figures["seconds"] = seconds(load("openstax", source.most, source.passages, options.cache))
    print(json.dumps(figures, indent=1))
    write_result("names", figures)


if __name__ == "__main__":
    main()
