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
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from report import ROOT, write_result
from threadpoolctl import threadpool_limits
from trees import Places, agreement, places, shas_kb

from shas_kb.ask import Snapshot, ask
from shas_kb.ask.answer import NOTHING
from shas_kb.encoder import load_question_encoder
from shas_kb.records import NODE_LEVELS, Hit
from shas_kb.storage import Store

CORPUS = ROOT / "sample_corpus"
SUBSETS = 10
BELOW = ("sentence", "passage", "document")


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


def asked(db: Path, found: Places, truth: Places, split: str) -> dict[str, Any]:
    """What became of the questions of one half."""
    questions = [json.loads(line) for line in (CORPUS / "questions.jsonl").read_text(encoding="utf-8").splitlines()]
    meant = {level: majority(found, truth, level) for level in NODE_LEVELS}
    scores: dict[str, list[bool]] = defaultdict(list)
    went: dict[str, Counter[str]] = defaultdict(Counter)
    with threadpool_limits(1), Store.open(db) as store:
        embed = load_question_encoder(None, store.weights())
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
                for what, right in judged(part, reply.hits[:5], meant, truth):
                    scores[f"{height}: {what} among five"].append(right)
    return {
        "shares": {name: {"share": round(statistics.mean(v), 3), "of": len(v)} for name, v in sorted(scores.items())},
        "went to": {height: dict(levels) for height, levels in went.items()},
    }


def judged(
    part: Mapping[str, Any], hits: Sequence[Hit], meant: Mapping[str, Mapping[str, str]], truth: Places
) -> Iterator[tuple[str, bool]]:
    """Whether what a question, or a part of it, asks for is among the hits.

    A node is the right one if it stands for the same documents: the domain "craft" is also the category "food".
    """

    def documents(level: str, name: str) -> set[str]:
        return {path for path, place in truth.items() if place[level] == name}

    if path := part.get("document"):
        own = [hit for hit in hits if hit.document is not None and hit.document.path == path]
        words = " ".join(part["answer"].split())
        yield "document", bool(own)
        yield "sentence", any(words in " ".join(hit.text.split()) for hit in own)
    else:
        level = next(name for name in NODE_LEVELS if name in part)
        found = [documents(hit.level, meant[hit.level][hit.id]) for hit in hits if hit.level in NODE_LEVELS]
        yield "node", documents(level, part[level]) in found


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
        figures["questions, test half"] = asked(db, found, truth, "test")
        given = Path(name) / "given.sqlite"
        shutil.copyfile(db, given)
        shas_kb(given, "organise", "--entities", 15, "--categories", 5, "--domains", 3)
        figures["true counts given"] = tree(places(given), truth)
        figures["nine documents in ten"] = subsets(db, folder, truth)
    write_result("observation", figures)
    print(json.dumps(figures, indent=2, ensure_ascii=False))


if __name__ == "__main__":
    main()
