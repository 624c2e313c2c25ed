"""The sample corpus: questions written for it, at four heights, and some that it does not answer.

Of the `test` half only, on the tree that an ingest with the defaults builds. The names of its nodes are others than
those that the questions have: right is a node most of whose documents belong where the question asks, or one of another
level for which the same is true (the domain "craft" has the same documents as the category "food"). A detail's height
is that of sentences, passages and documents, a subject's that of entities, an overview's that of categories and
domains; a mixed question is right if its parts are all among the first five hits.

The questions hold no cue words. Such words are put before them, which must not change the height: those that call for
an overview before details, those that call for a detail before subjects and overviews.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from report import ROOT
from trees import shas_kb

from shas_kb.ask.levels import Embed
from shas_kb.ask.router import HEIGHT_OF
from shas_kb.evaluation import Case, Part, evaluate, figures
from shas_kb.evaluation.measures import share
from shas_kb.progress import Progress
from shas_kb.records import NODE_LEVELS
from shas_kb.storage import Store

CORPUS = ROOT / "sample_corpus"
UP = ("Summarize: ", "Overall: ", "In general, across the whole collection: ")
DOWN = ("In one sentence: ", "Exactly and in detail: ")
NOWHERE = frozenset({"no node of the tree"})


def heights(cache: Path, embed: Embed, progress: Progress) -> dict[str, Any]:
    """The figures of this part."""
    with tempfile.TemporaryDirectory() as name:
        folder, db = Path(name) / "sample_corpus", Path(name) / "kb.sqlite"
        shutil.copytree(CORPUS, folder)
        report = shas_kb(db, "ingest", folder)
        with Store.open(db) as store:
            cases = questions(store)
            asked = evaluate(store, embed, cases, progress)
            return {
                "tree": {name: report["tree"][name] for name in ("documents", "entities", "categories", "domains")},
                "questions": dict(Counter(str(case.height) for case in cases)),
                **figures(asked),
                "with cue words before them": {
                    "details, of an overview": cued(store, embed, cases, ("detail",), UP, progress),
                    "subjects and overviews, of a detail": cued(
                        store, embed, cases, ("subject", "overview"), DOWN, progress
                    ),
                },
            }


def questions(store: Store, split: str = "test") -> list[Case]:
    """The questions of one half, with what is right in this collection's tree."""
    documents = json.loads((CORPUS / "truth.json").read_text(encoding="utf-8"))["documents"]
    truth = {document["path"]: document for document in documents}
    known = {document.path: document.id for document in store.documents()}
    path = {id: path for path, id in known.items()}
    meant: dict[frozenset[str], set[str]] = {}
    tree = store.tree()
    members = tree.members() if tree else {}
    for node in tree.nodes if tree else ():
        inside = Counter(truth[path[id]][node.level] for id in members[node.id])
        name = min(inside, key=lambda name: (-inside[name], name))
        meant.setdefault(under(truth, node.level, name), set()).add(node.id)

    def part(told: Mapping[str, Any]) -> Part:
        if told.get("document"):
            return Part(frozenset({known[told["document"]]}), sentence=" ".join(told["answer"].split()))
        level = next((level for level in NODE_LEVELS if level in told), None)
        if level is None:
            return Part()
        return Part(nodes=frozenset(meant.get(under(truth, level, told[level]), NOWHERE)))

    lines = (CORPUS / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [row for row in map(json.loads, lines) if row["split"] == split]
    return [Case(row["question"], row["height"], tuple(part(told) for told in row.get("parts", [row]))) for row in rows]


def under(truth: Mapping[str, Mapping[str, str]], level: str, name: str) -> frozenset[str]:
    """The documents that belong to what is called so."""
    return frozenset(path for path, place in truth.items() if place[level] == name)


def cued(
    store: Store, embed: Embed, cases: Sequence[Case], of: Sequence[str], cues: Sequence[str], progress: Progress
) -> dict[str, Any]:
    """How often the height stays what it was without the words, and how often it is right."""
    some = [case for case in cases if case.height in of]

    def heights(cue: str) -> list[str]:
        put = [Case(f"{cue}{case.question}", case.height) for case in some]
        asked = evaluate(store, embed, put, progress, {"shas-kb": ()}, baselines=False)
        return [HEIGHT_OF[each.found["shas-kb"][0].level] for each in asked]

    before = heights("")
    found: dict[str, Any] = {
        "without": {"right": share([got == case.height for got, case in zip(before, some, strict=True)])}
    }
    for cue in cues:
        after = heights(cue)
        found[cue.strip()] = {
            "right": share([got == case.height for got, case in zip(after, some, strict=True)]),
            "as without": share([one == other for one, other in zip(before, after, strict=True)]),
        }
    return found
