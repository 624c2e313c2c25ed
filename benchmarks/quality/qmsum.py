"""QMSum: questions to meetings. Neither the meetings nor the questions measured here were trained on.

**Finding.** Specific questions (of the splits `val` and `test`) to the turns that answer them: right are the passages
that hold any of these turns. Put to the meeting that each is about, and to all 232 meetings at once. Recall@5 says
whether one of them is among five, share@5 which part of them is.

**Heights.** General and specific questions of the split `test`, put to the meeting that each is about and to all
meetings of the split, as they are and without cue words. A meeting is a document here: right is a document or node for
a general question, a sentence or passage for a specific one. Nearly all general questions are "Summarize the whole
meeting": what is cut from all questions is `CUES`, so that "the meeting" is left of it, and "the discussion about
imports" of "Summarize the discussion about imports".
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from corpora import corpus, meeting_questions, records
from report import EVAL

from quality.stores import ids, organised, stored
from shas_kb.ask.levels import Embed
from shas_kb.evaluation import Case, Part, evaluate
from shas_kb.evaluation.evaluate import found_figures
from shas_kb.evaluation.measures import share
from shas_kb.evaluation.ways import BASELINES
from shas_kb.progress import Progress

CUES = re.compile(
    r"^(please )?(summari[sz]e|sum up|describe|outline|give (me )?an? (summary|overview) of)\s+"
    r"|\b(the (summary|overview) of|whole|entire|overall|general|main)\s+",
    re.IGNORECASE,
)
"""What tells how high a question is meant."""

BELOW = ("sentence", "passage")


def finding(cache: Path, embed: Embed, progress: Progress) -> dict[str, Any]:
    """Recall of the passages that answer, inside each meeting and in all."""
    meetings = corpus("qmsum", cache)
    held_out = {place for place, text in enumerate(meetings.texts) if text.book != "train"}
    figures: dict[str, Any] = {"meetings": len(meetings.texts), "passages": len(meetings.passages)}
    with organised(stored("qmsum", meetings, cache)) as store:
        known = ids(store)
        owner = meetings.documents
        put = []
        for question in meeting_questions(meetings):
            place = int(owner[min(question.passages)])
            if place in held_out:
                id, first = known[meetings.texts[place].id], int(meetings.bounds[place])
                part = Part(passages=frozenset((id, row - first) for row in question.passages))
                put.append(Case(question.text, parts=(part,), under=id))
        whole = [Case(case.question, parts=case.parts) for case in put]
        for where, cases in (("inside its meeting", put), ("in all meetings", whole)):
            asked = evaluate(store, embed, cases, progress, {"shas-kb": ("passage",)})
            ways = {way: found["passage"] for way, found in found_figures(asked).items()}
            best = {name: max(ways[way][name] for way in BASELINES) for name in ("recall@5", "share@5")}
            gaps = {name: round(100 * (ways["shas-kb"][name] - value), 1) for name, value in best.items()}
            figures[where] = {"ways": ways, "points over the best of the others": gaps}
    return figures


def heights(cache: Path, embed: Embed, progress: Progress) -> dict[str, Any]:
    """Whether a general question is answered higher than a specific one."""
    meetings = corpus("qmsum", cache)
    some = meetings.part([place for place, text in enumerate(meetings.texts) if text.book == "test"])
    figures: dict[str, Any] = {"meetings": len(some.texts)}
    with organised(stored("qmsum-test", some, cache)) as store:
        known = ids(store)
        rows = [row for row in records(EVAL / "qmsum" / "queries.jsonl.gz") if row["meeting"] in known]
        for where in ("inside its meeting", "in all meetings"):
            for wording in ("without cue words", "as they are"):
                cases = [
                    Case(
                        CUES.sub("", row["query"]) if wording == "without cue words" else row["query"],
                        under=known[row["meeting"]] if where == "inside its meeting" else None,
                    )
                    for row in rows
                ]
                asked = evaluate(store, embed, cases, progress, {"shas-kb": ()}, baselines=False)
                levels = [each.found["shas-kb"][0].level for each in asked]
                figures[f"{where}, {wording}"] = accuracy([row["granularity"] for row in rows], levels)
        left = {CUES.sub("", row["query"]) for row in rows if row["granularity"] == "general"}
        figures["general questions without cue words"] = sorted(left)
    return figures


def accuracy(kinds: Sequence[str], levels: Sequence[str]) -> dict[str, Any]:
    """The share answered at the right height, of each kind; their mean, as one kind is rare; and where they went."""
    told = list(zip(kinds, levels, strict=True))
    right = {
        "general": share([level not in BELOW for kind, level in told if kind == "general"]),
        "specific": share([level in BELOW for kind, level in told if kind == "specific"]),
    }
    went = {kind: dict(Counter(level for each, level in told if each == kind)) for kind in right}
    mean = round(float(np.mean([each["share"] for each in right.values()])), 4)
    return {"mean": mean, **right, "went to": went}
