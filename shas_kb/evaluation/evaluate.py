"""Questions asked in every way, and what comes of it in figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shas_kb.ask import Snapshot, ask
from shas_kb.ask.answer import NOTHING, SURE
from shas_kb.ask.levels import Embed
from shas_kb.ask.router import HEIGHT_OF
from shas_kb.evaluation.cases import Case, Part
from shas_kb.evaluation.measures import calibration, mean_scores, scores, share
from shas_kb.evaluation.remembered import Remembered
from shas_kb.evaluation.ways import COLLAPSED, Baselines, Found, of_hits
from shas_kb.progress import NoProgress, Progress
from shas_kb.records import Level, Reply

if TYPE_CHECKING:
    from shas_kb.storage import Store

OURS = "shas-kb"
PASSAGES = "shas-kb, passages only"
OURS_AT: Mapping[str, tuple[Level, ...]] = {OURS: (), PASSAGES: ("passage",)}
"""Levels that `ask` is given: none, so that it chooses; and passages, as the other ways find them."""

AMONG = 5
"""Both parts of a mixed question must be among so many."""

ASPECTS = ("document", "passage", "sentence", "node")


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that was asked: what each way found, best first, and the reply of `ask` where it chose the level."""

    case: Case
    found: Mapping[str, Sequence[Found]]
    reply: Reply | None


def evaluate(
    store: Store,
    embed: Embed,
    cases: Sequence[Case],
    progress: Progress | None = None,
    ours: Mapping[str, tuple[Level, ...]] = OURS_AT,
    *,
    baselines: bool = True,
) -> list[Asked]:
    """Ask all questions in all ways.

    Args:
        store: the collection; nothing in it is changed.
        embed: of its model.
        cases: the questions.
        progress: told where the work stands.
        ours: names of the ways that ask `ask`, with the levels that it is given.
        baselines: whether the other ways are asked.
    """
    progress = progress or NoProgress()
    remembered = Remembered(embed, {})
    snapshot = Snapshot.of(store)
    others = Baselines(store, remembered) if baselines else None
    asked = []
    progress.start("Asking", len(cases), "question")
    for case in cases:
        inside = None if case.under is None else {case.under}
        found: dict[str, Sequence[Found]] = dict(others(case.question, inside)) if others else {}
        replies = {
            way: ask(store, remembered, case.question, levels, case.under, snapshot=snapshot)
            for way, levels in ours.items()
        }
        found |= {way: of_hits(reply.hits) for way, reply in replies.items()}
        asked.append(Asked(case, found, next((reply for reply in replies.values() if not reply.levels), None)))
        progress.advance()
    progress.finish()
    return asked


def figures(asked: Sequence[Asked]) -> dict[str, object]:
    """Everything that can be said of questions that were asked: `ways` side by side; `heights`, `answered` and
    `calibration` of `ask`, where the questions tell what is right."""
    return {"ways": found_figures(asked)} | height_figures(asked) | answered_figures(asked)


def found_figures(asked: Sequence[Asked]) -> dict[str, dict[str, dict[str, float]]]:
    """Recall and nDCG of each way, by what is to be found: a document, passage or sentence, and by ways that list nodes
    a node."""
    return {way: _found(asked, way) for way in (asked[0].found if asked else ())}


def _found(asked: Sequence[Asked], way: str) -> dict[str, dict[str, float]]:
    has_nodes = any(found.node for each in asked for found in each.found[way])
    table = {}
    for aspect in ASPECTS if has_nodes else ASPECTS[:-1]:
        every = [
            scores(matches(each.found[way], part, aspect), count)
            for each in asked
            for part in each.case.parts
            if (count := _right(part, aspect))
        ]
        if every:
            table[aspect] = mean_scores(every)
    return table


def matches(found: Sequence[Found], part: Part, aspect: str) -> list[Hashable | None]:
    """What is right at each place of a list, None for what is not."""
    if aspect == "document":
        return [each.document if each.document in part.documents else None for each in found]
    if aspect == "passage":
        return [each.key if each.key in part.passages else None for each in found]
    if aspect == "node":
        return ["node" if each.node in part.nodes else None for each in found]
    return [
        "sentence" if each.document in part.documents and part.sentence in " ".join(each.text.split()) else None
        for each in found
    ]


def _right(part: Part, aspect: str) -> int:
    """How many right things there are to be found; nodes over the same documents are one."""
    if aspect == "document":
        return len(part.documents)
    if aspect == "passage":
        return len(part.passages)
    return int(bool(part.nodes if aspect == "node" else part.sentence))


def height_figures(asked: Sequence[Asked]) -> dict[str, object]:
    """Whether a way answered at the height asked for, with the table of confusion; and how sure `ask` was of it.

    The height of an answer is that of its first hit. A mixed question is answered at its height if all its parts are
    among the first `AMONG` hits; it is not counted where one of them is not known.
    """
    told = [each for each in asked if each.case.height not in (None, "none")]
    if not told:
        return {}
    ways = [way for way in (COLLAPSED, OURS) if way in told[0].found]
    return {"heights": {way: _heights(told, way) for way in ways}, "calibration of the router": _router(told)}


def _heights(asked: Sequence[Asked], way: str) -> dict[str, object]:
    right: dict[str, list[bool]] = {}
    went: dict[str, Counter[str]] = {}
    for each in asked:
        height, found = str(each.case.height), each.found[way]
        got = HEIGHT_OF[found[0].level] if found else "none"
        went.setdefault(height, Counter())[got] += 1
        if height != "mixed":
            right.setdefault(height, []).append(got == height)
        elif each.case.parts and all(part.nodes or part.documents for part in each.case.parts):
            right.setdefault(height, []).append(all(_among(found, part) for part in each.case.parts))
    return {
        "accuracy": share([value for values in right.values() for value in values]),
        "by height": {height: share(values) for height, values in right.items()},
        "went to": {height: dict(counts) for height, counts in went.items()},
    }


def _router(asked: Sequence[Asked]) -> dict[str, object]:
    """Calibration of the weight of the level that comes first, and of those of all levels of its height together; of
    questions that are asked at one height."""
    first: list[tuple[float, bool]] = []
    together: list[tuple[float, bool]] = []
    for each in asked:
        if each.reply is not None and each.case.height != "mixed":
            level, weight = each.reply.routing[0]
            height = HEIGHT_OF[level]
            right = height == each.case.height
            first.append((weight, right))
            of_height = sum(weight for level, weight in each.reply.routing if HEIGHT_OF[level] == height)
            together.append((min(of_height, 1.0), right))
    return {"weight of the first level": _calibrated(first), "weight of its height": _calibrated(together)}


def _among(found: Sequence[Found], part: Part) -> bool:
    """Whether what a part asks for is among the first: its node, or a document by what is told of it alone."""
    first = found[:AMONG]
    if part.nodes:
        return any(match is not None for match in matches(first, part, "node"))
    return any(match is not None for match in matches([each for each in first if not each.node], part, "document"))


def answered_figures(asked: Sequence[Asked]) -> dict[str, object]:
    """Whether `ask` says where nothing answers, or that it is not certain, and how sure it was that something does."""
    told = [(each.reply, each.case.height != "none") for each in asked if each.reply is not None]
    if not told:
        return {}
    found: dict[str, object] = {"answered": {"questions with an answer": _answers(told, True)}}
    if not all(answerable for _, answerable in told):
        found["answered"] = {"questions with an answer": _answers(told, True), "others": _answers(told, False)}
        found["calibration of being answered"] = _calibrated([(reply.confidence, there) for reply, there in told])
    return found


def _answers(told: Sequence[tuple[Reply, bool]], answerable: bool) -> dict[str, object]:
    """How many of the questions that have an answer, or have none, get one."""
    replies = [reply for reply, there in told if there == answerable]
    return {
        "for certain": share([reply.confidence >= SURE for reply in replies]),
        "perhaps": share([reply.answer != NOTHING for reply in replies]),
    }


def _calibrated(told: Sequence[tuple[float, bool]]) -> dict[str, object]:
    return calibration([said for said, _ in told], [came for _, came in told])
