"""The observation: 153 documents become 15 entities, 5 categories, 3 domains. Does it come out by itself?

    python benchmarks/observation.py

Ingests `sample_corpus/` with the defaults and compares the tree with `truth.json`: counts, adjusted mutual information
at each level, and the documents that lie in an entity most of which is another's. The same with the true counts given,
and with a tenth of the documents left out, several times, so that no single lucky tree counts. What becomes of
questions to it is measured by asking_quality.py.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import statistics
import tempfile
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

from report import ROOT, write_result
from trees import Places, agreement, places, shas_kb

from shas_kb.records import NODE_LEVELS

CORPUS = ROOT / "sample_corpus"
SUBSETS = 10


def counts(found: Places) -> list[int]:
    return [len({place[level] for place in found.values()}) for level in NODE_LEVELS]


def majority(found: Places, truth: Places, level: str) -> dict[str, str]:
    """The true node that most documents of a found node have."""
    inside: dict[str, Counter[str]] = defaultdict(Counter)
    for path, place in found.items():
        inside[place[level]][truth[path][level]] += 1
    return {node: names.most_common(1)[0][0] for node, names in inside.items()}


def tree(found: Places, truth: Places) -> dict[str, Any]:
    """Counts, agreement, and what lies among others."""
    meant = majority(found, truth, "entity")
    strays = [
        f"{path}: {truth[path]['entity']} among {meant[place['entity']]}"
        for path, place in sorted(found.items())
        if meant[place["entity"]] != truth[path]["entity"]
    ]
    return {"counts": counts(found), "adjusted mutual information": agreement(found, truth), "among others": strays}


def subsets(db: Path, folder: Path, truth: Places) -> dict[str, Any]:
    """The same over `SUBSETS` choices of nine documents in ten."""
    seen, made = [], []
    for seed in range(SUBSETS):
        left_out = random.Random(seed).sample(sorted(truth), len(truth) // 10)
        copy = db.with_name(f"subset-{seed}.sqlite")
        shutil.copyfile(db, copy)
        for path in left_out:
            (folder / path).unlink()
        shas_kb(copy, "ingest", folder, "--prune")
        for path in left_out:
            shutil.copy(CORPUS / path, folder / path)
        found = places(copy)
        seen.append(agreement(found, truth))
        made.append(counts(found))
    scores = {level: [score[level] for score in seen] for level in NODE_LEVELS}
    return {
        "counts": made,
        "adjusted mutual information": {
            level: {"least": min(values), "median": statistics.median(values)} for level, values in scores.items()
        },
    }


def main() -> None:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    documents = json.loads((CORPUS / "truth.json").read_text(encoding="utf-8"))["documents"]
    truth = {document["path"]: document for document in documents}
    with tempfile.TemporaryDirectory() as name:
        folder, db = Path(name) / "sample_corpus", Path(name) / "kb.sqlite"
        shutil.copytree(CORPUS, folder)
        report = shas_kb(db, "ingest", folder)
        found = places(db)
        figures: dict[str, Any] = {
            "ingest": {key: report[key] for key in ("added", "pages", "passages", "tokens", "seconds")},
            "defaults": tree(found, truth),
        }
        given = Path(name) / "given.sqlite"
        shutil.copyfile(db, given)
        shas_kb(given, "organise", "--entities", 15, "--categories", 5, "--domains", 3)
        figures["true counts given"] = tree(places(given), truth)
        figures["nine documents in ten"] = subsets(db, folder, truth)
    write_result("observation", figures)
    print(json.dumps(figures, indent=2, ensure_ascii=False))


if __name__ == "__main__":
    main()
