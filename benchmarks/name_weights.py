"""Learns how much each feature of a phrase counts for it as a name, and how well that carries over.

    python benchmarks/name_weights.py [--cache FOLDER]

Nodes are the true classes of the collections, nested as they are, and the nodes of our trees over them that a class
fits by F1 of `FITS` or more. A phrase is the better a name, the nearer it is in meaning to what the class is called.
The softmax of the scores of a node's phrases is brought near to the softmax of that (ListNet: Cao and others, "Learning
to rank", ICML 2007), by ridge regression of standardised features, each node also once as if meaning were not known.
What is learned goes half the way: the weights are the mean of it and of those of the plain product of the features, for
nearness in meaning tells a name only roughly and in English only, and knows little of its form.

What `weights.py` holds is learned on `LEARNED_ON`. The figures are of a collection that was left out in learning: for
these weights, for those of the plain product, and for what was learned alone.
"""

from __future__ import annotations

import argparse
import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from corpora import TRAINED_ON
from grouping import CACHE, encoded
from names import FILLER, Collection, from_sample, from_source, named, stems
from report import write_result
from scipy.optimize import minimize

from shas_kb.organise.material import Labels
from shas_kb.organise.meaning import Meaning
from shas_kb.organise.rank import described
from shas_kb.organise.represent import represent
from shas_kb.organise.vocabulary import vocabulary
from shas_kb.organise.weights import WEIGHTS

LEARNED_ON = ("openstax, three books", "cppdocs")
MEASURED_ON = ("sample corpus", "openstax", "cppdocs", "podcasts")
FITS, FITS_WELL = 0.35, 0.4
SHARPNESS = 0.1
"""How much nearer to the class's name a phrase must be for e times the share."""
RIDGE = 0.05
UNKNOWN_MEANING = 0.3
"""What a node counts once more whose phrases' meanings are not known."""
NAMES = tuple(WEIGHTS)
MEANING = NAMES.index("meaning")
PLAIN = np.array([float(name != "said") for name in NAMES])
"""The plain product of the features; how often a phrase is said is in its contrast already."""


@dataclass(frozen=True)
class Node:
    """A node's phrases: the logarithms of their features [phrases, features], how near each is to what the class is
    called and whether it shares a stem with that, [phrases]; how well the class fits, and whether it is a class."""

    height: int
    features: np.ndarray
    near: np.ndarray
    shares: np.ndarray
    fit: float
    true: bool


def nodes(collection: Collection) -> list[Node]:
    """All nodes of a collection whose class is called by a word."""
    found = _nodes(collection, collection.nested.units, collection.nested.levels, true=False)
    keep = [
        row for row in range(len(collection.materials)) if all(level[row] is not None for level in collection.classes)
    ]
    if len(collection.classes) > 1:
        classes = [[level[row] for row in keep] for level in collection.classes]
        part = replace(collection, materials=[collection.materials[row] for row in keep], classes=classes)
        found += _nodes(part, represent(part.materials), nested_classes(classes), true=True)
    return found


def nested_classes(classes: Sequence[Sequence[str | None]]) -> list[Labels]:
    """Classes as levels of a tree; a class that lies in two above it is two."""
    paths = [list(zip(*classes[height:], strict=True)) for height in range(len(classes))]
    numbers = [{path: i for i, path in enumerate(sorted(set(level), key=str))} for level in paths]
    return [
        np.array([numbers[0][path] for path in paths[0]]),
        *(np.array([above[path[1:]] for path in below]) for below, above in pairwise(numbers)),
    ]


def _nodes(collection: Collection, units: np.ndarray, levels: Sequence[Labels], *, true: bool) -> list[Node]:
    words = vocabulary(collection.materials)
    known = described(words, units, levels, Meaning.of(collection.materials, encoded))
    documents, kept = np.arange(len(units)), []
    for height, (labels, level) in enumerate(zip(levels, known, strict=True)):
        documents = labels[documents]
        for node, own in enumerate(level):
            fit, label = fitting(collection, np.flatnonzero(documents == node))
            titles = [title for one in collection.called.get(label or "", ()) if (title := plain(one))]
            if titles and fit >= FITS and len(own.phrases) > 2:
                texts = [words.written[phrase] for phrase in own.phrases]
                kept.append((height, own, fit, titles, texts))
    every = sorted({text for *_, titles, texts in kept for text in (*titles, *texts)})
    vector = dict(zip(every, encoded(every).astype(np.float64), strict=True))
    return [
        Node(
            height,
            np.stack([np.log(own.features[name]) for name in NAMES], axis=1),
            (np.array([vector[text] for text in texts]) @ np.array([vector[title] for title in titles]).T).max(axis=1),
            np.array([any(stems(text) & stems(title) for title in titles) for text in texts]),
            fit,
            true,
        )
        for height, own, fit, titles, texts in kept
    ]


def fitting(collection: Collection, rows: Labels) -> tuple[float, str | None]:
    """The class that fits the documents `rows` best, and its F1."""
    found: list[tuple[float, str]] = []
    for labels in collection.classes:
        inside = Counter(label for row in rows if (label := labels[row]) is not None)
        found += [(2 * shared / (len(rows) + labels.count(label)), label) for label, shared in inside.items()]
    return max(found, default=(0.0, None))


def plain(title: str) -> str:
    """What a class is called, without the marks of names of files and without numbers; nothing if no word is left."""
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])|[_/-]", " ", title)
    words = " ".join(re.sub(r"[^\w\s]", " ", FILLER.sub(" ", apart)).split())
    return words if re.search(r"[A-Za-z]{3}", words) else ""


def learned(collections: Sequence[Sequence[Node]]) -> np.ndarray:
    """The weights [features] that a ridge regression gives, each collection counting the same."""
    rows, targets, weights = [], [], []
    for own in collections:
        total = sum(node.fit for node in own) * len(collections)
        for node in own:
            target = np.exp((node.near - node.near.max()) / SHARPNESS)
            for known, share in ((1.0, 1.0), (0.0, UNKNOWN_MEANING)):
                features = node.features.copy()
                features[:, MEANING] *= known
                rows.append(features)
                targets.append(target / target.sum())
                weights.append(node.fit / total * share)
    every = np.vstack(rows)
    scale = every.std(axis=0) + 1e-9
    design, sizes = (every - every.mean(axis=0)) / scale, [len(features) for features in rows]
    starts, target, weight = np.cumsum([0, *sizes[:-1]]), np.concatenate(targets), np.repeat(weights, sizes)

    def loss(w: np.ndarray) -> tuple[float, np.ndarray]:
        scores = design @ w
        scores -= np.repeat(np.maximum.reduceat(scores, starts), sizes)
        logs = scores - np.repeat(np.log(np.add.reduceat(np.exp(scores), starts)), sizes)
        value = -(weight * target * logs).sum() + RIDGE * (w @ w)
        return value, design.T @ (weight * (np.exp(logs) - target)) + 2 * RIDGE * w

    return np.asarray(minimize(loss, np.zeros(len(NAMES)), jac=True, method="L-BFGS-B").x / scale)


def measured(own: Sequence[Node], weights: np.ndarray) -> dict[str, Any]:
    """Of the nodes of our tree whose class fits well: nearness of the first phrase to what the class is called, of the
    nearest of the first three, of the nearest there is; how often one of the three shares a stem with it."""
    found: dict[int, list[tuple[float, float, float, float]]] = {}
    for node in own:
        if not node.true and node.fit >= FITS_WELL:
            scores = node.features @ weights
            order = np.argsort(-np.round(scores, 9), kind="stable")[:3]
            near = node.near[order]
            figures = (near[0], near.max(), node.near.max(), float(node.shares[order].any()))
            found.setdefault(node.height, []).append(figures)
    return {
        f"height {height}": [round(float(x), 3) for x in np.mean(figures, axis=0)]
        for height, figures in sorted(found.items())
    }


def three_books(collection: Collection) -> Collection:
    """The textbooks that may be learned from."""
    rows = [row for row, book in enumerate(collection.classes[1]) if book in TRAINED_ON]
    return named(
        [collection.materials[row] for row in rows],
        [collection.texts[row] for row in rows],
        [[level[row] for row in rows] for level in collection.classes],
        collection.called,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache", type=Path, default=CACHE)
    cache = parser.parse_args().cache
    collections = {"sample corpus": from_sample()}
    collections |= {name: from_source(name, cache) for name in MEASURED_ON[1:]}
    collections["openstax, three books"] = three_books(collections["openstax"])
    every = {name: nodes(one) for name, one in collections.items()}
    figures: Mapping[str, Any] = {name: held_out(name, every) for name in MEASURED_ON}
    weights = (learned([every[name] for name in LEARNED_ON]) + PLAIN) / 2
    table = {name: round(float(weight), 2) for name, weight in zip(NAMES, weights, strict=True)}
    print(json.dumps({"held out": figures, "weights": table}, indent=1))
    write_result("name_weights", {"held out": figures, "weights": table})


def held_out(name: str, every: Mapping[str, Sequence[Node]]) -> dict[str, Any]:
    """The figures of a collection with weights learned on the others, by what makes the weights."""
    family = name.split(",")[0]
    learn = [own for other, own in every.items() if other in LEARNED_ON and not other.startswith(family)]
    alone = learned(learn)
    return {
        "half learned": measured(every[name], (alone + PLAIN) / 2),
        "plain product": measured(every[name], PLAIN),
        "learned alone": measured(every[name], alone),
    }


if __name__ == "__main__":
    main()
