"""Other ways to group documents, beside the tree's own: agreement with true classes, counts given, mean over levels.

    python benchmarks/ways.py [--cache FOLDER]

Each way changes one thing of the tree's: the vectors in which documents are grouped, or how they settle in their
groups. All build one nested tree. Collections are those of grouping.py, whole, and four samples of 150 documents of
each.

- "no attention", "attention twice": of the step in which documents move towards their mutual neighbours
- "learned head": a linear map of 128 dimensions from the principal axes, learned on the collection itself; InfoNCE with
  mutual neighbours as positives, 30 % dropout, 400 steps
- "learned head above": the same, for categories and domains only
- "soft prototypes": documents settle by entropic transport to the groups, whose sizes are drawn towards equal ones
  without being held to them (unbalanced optimal transport)
- "diffusion": coordinates of a random walk of three steps on the graph of mutual neighbours
- "consensus": which groups sixteen groupings of varied vectors put a document in, beside its vector
- "passage by passage": documents are compared by the best match of each of their passages, not by their mean
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path

import numpy as np
from grouping import CACHE, SOURCES, Loaded, agreement, load
from report import EVAL, write_result
from scipy import linalg
from sklearn.cluster import KMeans

from shas_kb.organise.attend import attend, mutual
from shas_kb.organise.group import refine
from shas_kb.organise.material import Array, Labels, means, tally, unit
from shas_kb.organise.nest import neighbours
from shas_kb.organise.represent import (
    WORD_WIDTH,
    mean_passages,
    meaning,
    meanings,
    represent,
    shares,
    trust,
    whitening_inside,
)
from shas_kb.organise.ward import merging
from shas_kb.organise.words import reduced, tfidf

SAMPLES, SAMPLE = 4, 150
Settle = Callable[[Array, Array, Labels], Labels]


@dataclass(frozen=True)
class Case:
    """Documents to be grouped."""

    loaded: Loaded

    @cached_property
    def plain(self) -> Array:
        return represent(self.loaded.materials)

    @cached_property
    def attended(self) -> Array:
        return self.attend(self.plain)

    def attend(self, units: Array) -> Array:
        return attend(units, neighbours(len(units)))

    @cached_property
    def counts(self) -> list[int]:
        return [len({label for label in labels if label is not None}) for labels in self.loaded.truth]


def score(case: Case, units: Sequence[Array], settle: Settle = refine) -> float:
    """Mean agreement of a nested tree; level h is grouped in `units[h]`, or the last of them."""
    groups: list[Labels] = []
    weights = np.ones(len(units[0]))
    for height, count in enumerate(case.counts):
        own = units[min(height, len(units) - 1)]
        below = means(own, weights, groups[-1]) if groups else own
        mass = tally(weights, groups[-1]) if groups else weights
        labels = settle(below, mass, merging(below, mass).cut(min(count, len(below))))
        groups.append(labels[groups[-1]] if groups else labels)
    return float(np.mean(agreement(case.loaded, groups)))


def learned(case: Case, width: int = 128, steps: int = 400, batch: int = 512) -> Array:
    import torch

    x = case.plain
    spread, directions = np.linalg.eigh(x.T @ x)
    weight = torch.tensor(directions[:, np.argsort(-spread)[:width]], dtype=torch.float32, requires_grad=True)
    data, near = torch.tensor(x, dtype=torch.float32), mutual(x, min(15, len(x) // 10 + 1)).tocsr()
    random, generator = np.random.default_rng(0), torch.Generator().manual_seed(0)
    optimiser = torch.optim.Adam([weight], lr=3e-3)
    linked = np.flatnonzero(np.diff(near.indptr))

    def seen(rows: np.ndarray) -> torch.Tensor:
        kept = (torch.rand(len(rows), data.shape[1], generator=generator) > 0.3) / 0.7
        return torch.nn.functional.normalize((data[rows] * kept) @ weight, dim=1)

    for _ in range(steps):
        rows = random.choice(linked, min(batch, len(linked)), replace=False)
        degree = near.indptr[rows + 1] - near.indptr[rows]
        partners = near.indices[near.indptr[rows] + (random.random(len(rows)) * degree).astype(int)]
        also = torch.tensor(near[rows][:, partners].toarray() > 0).fill_diagonal_(False)
        logits = (seen(rows) @ seen(partners).T / 0.1).masked_fill(also, -torch.inf)
        loss = torch.nn.functional.cross_entropy(logits, torch.arange(len(rows)))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return case.attend(unit((data @ weight).detach().numpy().astype(np.float64)))


def transported(units: Array, weights: Array, labels: Labels) -> Labels:
    """Unbalanced entropic transport (Chizat et al., arXiv 1607.05816), until nothing moves or a group would empty."""
    groups = int(labels.max()) + 1
    for _ in range(20):
        centres = means(units, weights, labels)
        far = (units**2).sum(1)[:, None] + (centres**2).sum(1) - 2 * units @ centres.T
        kernel = np.exp(-(far - far.min(1, keepdims=True)) / 0.1)
        scale = np.ones(groups)
        for _ in range(30):
            scale = (weights.sum() / groups / (kernel.T @ (weights / (kernel @ scale)))) ** 0.2
        found = (kernel * scale).argmax(1)
        if len(np.unique(found)) < groups or np.array_equal(found, labels):
            break
        labels = found
    return labels


def diffused(case: Case, width: int = 100, steps: int = 3) -> Array:
    n = len(case.plain)
    graph = mutual(case.plain, min(20, n // 8)).toarray() + 1e-3 / n
    degree = graph.sum(1)
    width = min(width, n - 1)
    spread, vectors = linalg.eigh(graph / np.sqrt(degree[:, None] * degree), subset_by_index=[n - width - 1, n - 1])
    spread, vectors = np.maximum(spread[::-1], 0), vectors[:, ::-1]
    return unit(vectors[:, 1:] / vectors[:, :1] * spread[1:] ** steps)


def agreed(case: Case, runs: int = 16) -> Array:
    random, n = np.random.default_rng(0), len(case.plain)
    words = unit(reduced(tfidf(case.loaded.materials), WORD_WIDTH))
    blocks = [*meanings(case.loaded.materials), words]
    seen = []
    for run in range(runs):
        share = np.sqrt(random.gamma(2, 0.5, len(blocks)) * [*[1.0] * (len(blocks) - 1), len(blocks) - 1])
        varied = case.attend(unit(np.hstack([block * each for block, each in zip(blocks, share, strict=True)])))
        count = max(2, int(n / 10 * (0.5, 1, 2)[run % 3]))
        seen.append(np.eye(count)[KMeans(count, n_init=1, max_iter=20, random_state=run).fit_predict(varied)])
    return unit(np.hstack([case.attended, _principal(np.hstack(seen) / np.sqrt(runs))]))


def by_passages(case: Case) -> Array:
    materials = case.loaded.materials
    passages = np.concatenate([each.passages for each in materials]).astype(np.float64)
    passages = unit((passages - passages.mean(0)) @ whitening_inside(materials, mean_passages(materials)))
    starts = np.cumsum([0, *(len(each.passages) for each in materials)])
    best = [np.maximum.reduceat(passages[a:b] @ passages.T, starts[:-1], axis=1).mean(0) for a, b in pairwise(starts)]
    alike = (np.array(best) + np.array(best).T) / 2
    centred = alike - alike.mean(0) - alike.mean(1)[:, None] + alike.mean()
    spread, directions = np.linalg.eigh(centred)
    strongest = np.argsort(-spread)[:160]
    late = unit(directions[:, strongest] * np.sqrt(np.maximum(spread[strongest], 0)))
    words = unit(reduced(tfidf(materials), WORD_WIDTH))
    views = [late, *meanings(materials)[1:]]
    joined = unit(np.hstack([meaning(views, shares(trust([*views, words])[:-1])), words]))
    return case.attend(joined)


def _principal(rows: Array, width: int = 160) -> Array:
    left, values, _ = np.linalg.svd(rows - rows.mean(0), full_matrices=False)
    return unit(left[:, :width] * values[:width])


WAYS: dict[str, Callable[[Case], float]] = {
    "the tree's": lambda case: score(case, [case.attended]),
    "no attention": lambda case: score(case, [case.plain]),
    "attention twice": lambda case: score(case, [case.attend(case.attended)]),
    "learned head": lambda case: score(case, [learned(case)]),
    "learned head above": lambda case: score(case, [case.attended, learned(case)]),
    "soft prototypes": lambda case: score(case, [case.attended], transported),
    "diffusion": lambda case: score(case, [diffused(case)]),
    "consensus": lambda case: score(case, [agreed(case)]),
    "passage by passage": lambda case: score(case, [by_passages(case)]),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache", type=Path, default=CACHE)
    options = parser.parse_args()
    figures: dict[str, dict[str, dict[str, float]]] = {way: {"whole": {}, "samples of 150": {}} for way in WAYS}
    for name, source in SOURCES.items():
        if not (EVAL / source.file).exists():
            print(f"skipped: {name} is not there")
            continue
        loaded = load(name, source.most, source.passages, options.cache)
        whole = Case(loaded)
        rows = [
            np.random.default_rng(seed).choice(len(loaded.materials), SAMPLE, replace=False) for seed in range(SAMPLES)
        ]
        samples = [Case(loaded.part(np.sort(some).tolist())) for some in rows]
        for way, scored in WAYS.items():
            figures[way]["whole"][name] = round(scored(whole), 4)
            figures[way]["samples of 150"][name] = round(float(np.mean([scored(each) for each in samples])), 4)
            print(name, way, {size: found[name] for size, found in figures[way].items()}, flush=True)
    if figures["the tree's"]["whole"]:
        for sizes in figures.values():
            for found in sizes.values():
                found["mean"] = round(float(np.mean(list(found.values()))), 4)
        write_result("ways", figures)


if __name__ == "__main__":
    main()
