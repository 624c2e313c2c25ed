"""Are documents of one subject near one another? Adjusted mutual information with true classes, true counts given.

    python benchmarks/subjects.py [--cache FOLDER]

Documents are grouped by Ward's method and by k-means, by vectors of several kinds: the first passage, the title, the
mean of the passages; all three side by side, each by how far the others and the words bear it out ("by trust"); this
beside the words, as the tree has it; and after the tree's step of attention. "Whitened" means that each direction is
divided by how much passages vary along it inside their documents. That is learned without labels: from the passages of
the other collections here ("carried over"), so that nothing of what is measured was trained on, or from the
collection's own, as the tree does whenever it is built. Collections and classes are those of grouping.py; podcasts have
no titles.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from grouping import CACHE, SOURCES, Loaded, agreement, load
from report import EVAL, write_result
from sklearn.cluster import AgglomerativeClustering, KMeans

from shas_kb.organise.attend import attend
from shas_kb.organise.material import Array, unit
from shas_kb.organise.nest import neighbours
from shas_kb.organise.represent import (
    WORD_WIDTH,
    document_vectors,
    mean_passages,
    meaning,
    meanings,
    represent,
    scatter_inside,
    shares,
    trust,
)
from shas_kb.organise.whiten import whitening
from shas_kb.organise.words import reduced, tfidf

SEEDS = 3
"""Of k-means; figures are their mean."""


def kinds(loaded: Loaded, others: Array) -> Mapping[str, Array]:
    """Unit vectors of documents, by kind, [n, d] each; `others` is how passages vary in other collections."""
    means = document_vectors(loaded.materials)
    titles = np.stack([material.heading for material in loaded.materials]).astype(np.float64)
    words = unit(reduced(tfidf(loaded.materials), WORD_WIDTH))
    views = meanings(loaded.materials)
    joined = represent(loaded.materials)
    found = {
        "first passage": np.stack([material.passages[0] for material in loaded.materials]).astype(np.float64),
        "mean of passages": means,
        "mean of passages, whitened, carried over": unit((means - means.mean(axis=0)) @ whitening(others)),
        "mean of passages, whitened": views[0],
        "mean, first and title, whitened": unit(np.hstack(views)),
        "mean, first and title, whitened, by trust": meaning(views, shares(trust([*views, words])[:-1])),
        "words": words,
        "the same by trust, and words": joined,
        "and a step of attention": attend(joined, neighbours(len(joined))),
    }
    return {"title": titles, **found} if titles.any() else found


def measured(loaded: Loaded, vectors: Array) -> dict[str, list[float]]:
    """Agreement at each level of classes, finest first."""
    given = [len({label for label in labels if label is not None}) for labels in loaded.truth]
    ward = agreement(loaded, [AgglomerativeClustering(count).fit_predict(vectors) for count in given])
    means = [
        agreement(loaded, [KMeans(count, n_init=3, random_state=seed).fit_predict(vectors) for count in given])
        for seed in range(SEEDS)
    ]
    return {"Ward": ward, "k-means": np.mean(means, axis=0).round(4).tolist()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache", type=Path, default=CACHE)
    options = parser.parse_args()
    there = {name: source for name, source in SOURCES.items() if (EVAL / source.file).exists()}
    if len(there) < 2:
        print(f"skipped: {EVAL} is not there")
        return
    loaded = {name: load(name, source.most, source.passages, options.cache) for name, source in there.items()}
    inside = {name: scatter_inside(its.materials, mean_passages(its.materials)) for name, its in loaded.items()}
    figures: dict[str, dict[str, object]] = {}
    for name, its in loaded.items():
        scatters = [each / np.trace(each) for other, each in inside.items() if other != name and each is not None]
        ways = {kind: measured(its, vectors) for kind, vectors in kinds(its, np.mean(scatters, axis=0)).items()}
        figures[name] = {"documents": len(its.materials), **ways}
        print(name, *(f"{kind} {found}" for kind, found in ways.items()), sep="\n  ", flush=True)
    figures["mean over collections"] = {
        kind: {how: round(float(np.mean([np.mean(its[kind][how]) for its in figures.values()])), 4) for how in scores}  # type: ignore[index]
        for kind, scores in ways.items()
        if all(kind in its for its in figures.values())
    }
    print(figures["mean over collections"])
    write_result("subjects", figures)


if __name__ == "__main__":
    main()
