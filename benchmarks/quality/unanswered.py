"""Is a question answered that the collection answers, and refused that it does not? On chapters of OpenStax.

Its own are questions written for these chapters; others are claims of SciFact and questions of QMSum. Beside that
stands the height of the answers to its own questions, and whether the right node comes first at the height asked for.
Astronomy is the only book of its field, so that for it either is right.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from corpora import corpus, records
from report import EVAL

from quality.stores import organised, stored
from quality.textbooks import chapters, true_tree, written
from shas_kb.ask import Snapshot, ask
from shas_kb.ask.levels import Embed
from shas_kb.evaluation import Case, evaluate, figures
from shas_kb.evaluation.evaluate import Asked
from shas_kb.evaluation.measures import share
from shas_kb.progress import Progress
from shas_kb.records import NODE_LEVELS, Level

BELOW: tuple[Level, ...] = ("sentence", "passage", "document")


def unanswered(cache: Path, embed: Embed, progress: Progress) -> dict[str, Any]:
    """The figures of this part."""
    own = written()
    claims = [row["text"] for row in records(EVAL / "scifact" / "queries.jsonl.gz")][::5]
    meetings = [
        row["query"] for row in records(EVAL / "qmsum" / "queries.jsonl.gz") if row["granularity"] == "specific"
    ][::25]
    cases = [Case(question) for _, question, _ in own]
    cases += [Case(question, "none") for question in (*claims, *meetings)]
    with organised(stored("openstax-chapters", chapters(corpus("openstax", cache)), cache), true_tree) as store:
        asked = evaluate(store, embed, cases, progress, {"shas-kb": ()}, baselines=False)
        snapshot = Snapshot.of(store)
        first: dict[Level, list[bool]] = {level: [] for level in NODE_LEVELS}
        for level, nodes in first.items():
            for height, question, name in own:
                if height == level:
                    reply = ask(store, embed, question, [level], snapshot=snapshot)
                    nodes.append(reply.hits[0].name == name)
    told = figures(asked)
    return {
        "own questions, claims, questions to meetings": [len(own), len(claims), len(meetings)],
        "answered": told["answered"],
        "calibration of being answered": told["calibration of being answered"],
        "height": heights(own, asked[: len(own)]),
        "right node first": {level: share(values) for level, values in first.items()},
    }


def heights(own: list[tuple[str, str, str]], asked: list[Asked]) -> dict[str, Any]:
    """The share answered at the very level."""
    right: dict[str, list[bool]] = {}
    for (height, _, name), each in zip(own, asked, strict=True):
        got = each.found["shas-kb"][0].level
        wanted = {*BELOW} if height == "detail" else {height, "domain"} if name == "Astronomy" else {height}
        right.setdefault(height, []).append(got in wanted)
    every = [value for values in right.values() for value in values]
    return {"all": share(every), **{height: share(right[height]) for height in ("detail", *NODE_LEVELS)}}
