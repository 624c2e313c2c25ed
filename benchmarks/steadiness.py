"""Does the tree hold still, and do collections that are mixed stay apart?

    python benchmarks/steadiness.py [--cache FOLDER]

- resampling: trees of 80 % of the documents against the tree of all, by the adjusted Rand index of the documents that
  both have, mean of five, for entities, categories and domains
- mixtures: of two collections, how many documents lie in an entity, category or domain most of whose documents are of
  the other one; what either would have by chance is a half
- a few among many: the same for ten Chinese statutes among three hundred sections of English textbooks
- small: how many entities, categories and domains a few sections of textbooks have, four samples each

Collections are those of grouping.py, and `sample_corpus/`.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from grouping import CACHE, SOURCES, load
from names import from_sample
from report import EVAL, write_result
from sklearn.metrics import adjusted_rand_score

from shas_kb.config import TreeConfig
from shas_kb.organise import Material
from shas_kb.organise.material import Labels
from shas_kb.organise.nest import nest
from shas_kb.records import NODE_LEVELS

RESAMPLED, SHARE = 5, 0.8
PAIRS = (
    ("openstax", "cppdocs"),
    ("openstax", "podcasts"),
    ("openstax", "laws-zh"),
    ("oi-wiki-zh", "cppdocs"),
    ("oi-wiki-zh", "laws-zh"),
)
FEW, MANY = 10, 300
SMALL = (1, 2, 5, 20, 40, 80)


def ordered(materials: Sequence[Material]) -> list[Material]:
    return sorted(materials, key=lambda material: (material.sha256, material.id))


def some(materials: Sequence[Material], count: int, seed: int = 0) -> list[Material]:
    rows = np.random.default_rng(seed).choice(len(materials), min(count, len(materials)), replace=False)
    return [materials[row] for row in np.sort(rows)]


def grouped(materials: Sequence[Material]) -> dict[str, Labels]:
    """The node of each document, by level."""
    return dict(zip(NODE_LEVELS, nest(materials, TreeConfig()).of_documents, strict=True))


def resampled(materials: Sequence[Material]) -> dict[str, float]:
    whole, row = grouped(materials), {material.id: i for i, material in enumerate(materials)}
    scores: dict[str, list[float]] = {level: [] for level in NODE_LEVELS}
    for seed in range(RESAMPLED):
        part = some(materials, int(SHARE * len(materials)), seed)
        rows = [row[material.id] for material in part]
        for level, labels in grouped(part).items():
            scores[level].append(adjusted_rand_score(whole[level][rows], labels))
    return {level: round(float(np.mean(found)), 3) for level, found in scores.items()}


def strays(one: Sequence[Material], other: Sequence[Material]) -> dict[str, object]:
    mixed = ordered([*one, *other])
    foreign = np.isin([material.id for material in mixed], [material.id for material in other])
    found: dict[str, object] = {"documents": [len(one), len(other)]}
    for level, labels in grouped(mixed).items():
        outsiders = np.bincount(labels, foreign)
        found[level] = {
            "nodes": len(outsiders),
            "strays": int(np.minimum(outsiders, np.bincount(labels) - outsiders).sum()),
        }
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache", type=Path, default=CACHE)
    options = parser.parse_args()
    known = {"sample corpus": ordered(from_sample().materials)}
    for name, source in SOURCES.items():
        if (EVAL / source.file).exists():
            known[name] = ordered(load(name, source.most, source.passages, options.cache).materials)
    figures: dict[str, object] = {"resampling": {name: resampled(materials) for name, materials in known.items()}}
    if len(known) > len(SOURCES):
        figures["mixtures"] = {
            f"{one} and {other}": strays(some(known[one], MANY), some(known[other], MANY)) for one, other in PAIRS
        }
        figures["a few among many"] = strays(some(known["openstax"], MANY), some(known["laws-zh"], FEW))
        figures["small"] = {
            str(count): [
                [len(np.unique(labels)) for labels in grouped(some(known["openstax"], count, seed)).values()]
                for seed in range(4)
            ]
            for count in SMALL
        }
    print(json.dumps(figures, indent=1))
    write_result("steadiness", figures)


if __name__ == "__main__":
    main()
