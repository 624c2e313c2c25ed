"""The observation: 153 documents become 15 entities, 5 categories, 3 domains. Does it come out by itself?

    python benchmarks/observation.py

Ingests `sample_corpus/` with the defaults and compares the tree with `truth.json`: counts, adjusted mutual information
at each level, and the documents that lie in an entity most of which is another's. The same with the true counts given,
and with a tenth of the documents left out, several times, so that no single lucky tree counts. Then the questions of
the `test` half are asked: is the first hit at the height asked for, is the right node among the first five, and are the
document and the sentence that answer a detail?
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from report import ROOT, write_result
from sklearn.metrics import adjusted_mutual_info_score
from threadpoolctl import threadpool_limits

from shas_kb.ask import Snapshot, ask
from shas_kb.ask.answer import NOTHING
from shas_kb.encoder import load_question_encoder
from shas_kb.records import NODE_LEVELS
from shas_kb.storage import Store

CORPUS = ROOT / "sample_corpus"
SUBSETS = 10
BELOW = ("sentence", "passage", "document")
Places = Mapping[str, Mapping[str, str]]  # document -> level -> node


def shas_kb(db: Path, *words: object) -> dict[str, Any]:
    """The JSON answer of one command; files that cannot be read do not count as its failure."""
    command = [sys.executable, "-m", "shas_kb", "-d", str(db), "--json", "--quiet", *map(str, words)]
    answer: dict[str, Any] = json.loads(subprocess.run(command, check=False, capture_output=True, text=True).stdout)
    return answer


def places(db: Path) -> dict[str, dict[str, str]]:
    """Where the current tree puts each document."""
    nodes = shas_kb(db, "tree")["nodes"]
    parent = {node["id"]: node["parent"] for node in nodes}
    found = {}
    for node in nodes:
        if node["level"] == "document":
            above = [node["parent"]]
            above += [parent[above[0]], parent[parent[above[0]]]]
            found[node["path"]] = dict(zip(NODE_LEVELS, above, strict=True))
    return found


def agreement(found: Places, truth: Places) -> dict[str, float]:
    """Adjusted mutual information of each level with the truth."""
    paths = sorted(found)

    def compared(level: str) -> float:
        return adjusted_mutual_info_score(
            [truth[path][level] for path in paths], [found[path][level] for path in paths]
        )

    return {level: round(compared(level), 3) for level in NODE_LEVELS}


def counts(found: Places) -> list[int]:
    return [len({place[level] for place in found.values()}) for level in NODE_LEVELS]


def majority(found: Places, truth: Places, level: str) -> dict[str, str]:
    """The true node that most documents of a found node have."""
    inside: dict[str, Counter[str]] = defaultdict(Counter)
    for path, place in found.items():
        inside[place[level]][truth[path][level]] += 1
    return {node: names.most_common(1)[0][0] for node, names in inside.items()}


def tree(db: Path, truth: Places) -> dict[str, Any]:
    """Counts, agreement, and what lies among others."""
    found = places(db)
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


def asked(db: Path, found: Places, truth: Places, split: str) -> dict[str, Any]:
    """What became of the questions of one half."""
    questions = [json.loads(line) for line in (CORPUS / "questions.jsonl").read_text(encoding="utf-8").splitlines()]
    meant = {level: majority(found, truth, level) for level in NODE_LEVELS}
    scores: dict[str, list[bool]] = defaultdict(list)
    went: dict[str, Counter[str]] = defaultdict(Counter)
    embed = load_question_encoder(None)
    with threadpool_limits(1), Store.open(db) as store:
        snapshot = Snapshot.of(store)
        for question in questions:
            if question["split"] != split:
                continue
            height = question["height"]
            reply = ask(store, embed, question["question"], snapshot=snapshot)
            if height == "none":
                scores["none: says so"].append(reply.answer == NOTHING)
                continue
            first = reply.hits[0]
            got = "detail" if first.level in BELOW else "subject" if first.level == "entity" else "overview"
            if height != "mixed":
                went[height][got] += 1
                scores[f"{height}: height"].append(got == height)
                scores["height"].append(got == height)
            scores[f"{height}: answered"].append(reply.answer != NOTHING)
            for part in question.get("parts", [question]):
                _part(part, height, reply.hits, meant, truth, scores)
    return {
        "shares": {name: {"share": round(statistics.mean(v), 3), "of": len(v)} for name, v in sorted(scores.items())},
        "went to": {height: dict(levels) for height, levels in went.items()},
    }


def _part(
    part: Mapping[str, Any],
    height: str,
    hits: Sequence[Any],
    meant: Mapping[str, Mapping[str, str]],
    truth: Places,
    scores: dict[str, list[bool]],
) -> None:
    """Note whether what a question, or a part of it, asks for is among the first five hits.

    A node is the right one if it stands for the same documents: the domain "craft" is also the category "food".
    """

    def documents(level: str, name: str) -> set[str]:
        return {path for path, place in truth.items() if place[level] == name}

    if path := part.get("document"):
        own = [hit for hit in hits[:5] if hit.document is not None and hit.document.path == path]
        words = " ".join(part["answer"].split())
        scores[f"{height}: document among five"].append(bool(own))
        scores[f"{height}: sentence among five"].append(any(words in " ".join(hit.text.split()) for hit in own))
        return
    level = next(name for name in NODE_LEVELS if name in part)
    wanted = documents(level, part[level])
    found = [documents(hit.level, meant[hit.level][hit.id]) for hit in hits[:5] if hit.level in NODE_LEVELS]
    scores[f"{height}: node among five"].append(wanted in found)


def main() -> None:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    documents = json.loads((CORPUS / "truth.json").read_text(encoding="utf-8"))["documents"]
    truth = {document["path"]: document for document in documents}
    with tempfile.TemporaryDirectory() as name:
        folder, db = Path(name) / "sample_corpus", Path(name) / "kb.sqlite"
        shutil.copytree(CORPUS, folder)
        report = shas_kb(db, "ingest", folder)
        figures: dict[str, Any] = {
            "ingest": {key: report[key] for key in ("added", "pages", "passages", "tokens", "seconds")},
            "defaults": tree(db, truth),
        }
        found = places(db)
        figures["questions, test half"] = asked(db, found, truth, "test")
        given = Path(name) / "given.sqlite"
        shutil.copyfile(db, given)
        shas_kb(given, "organise", "--entities", 15, "--categories", 5, "--domains", 3)
        figures["true counts given"] = tree(given, truth)
        figures["nine documents in ten"] = subsets(db, folder, truth)
    write_result("observation", figures)
    print(json.dumps(figures, indent=2, ensure_ascii=False))


if __name__ == "__main__":
    main()
