"""SciFact: claims to the abstracts that decide on them. Right is an abstract that was judged; nDCG@10 of abstracts.

Every way lists abstracts: of several passages of one the first counts.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from corpora import corpus, records
from report import EVAL

from quality.lists import OURS, of_documents
from quality.stores import ids, organised, stored
from shas_kb.ask.levels import Embed
from shas_kb.evaluation import Case, Part, evaluate
from shas_kb.evaluation.evaluate import found_figures
from shas_kb.progress import Progress


def scifact(cache: Path, embed: Embed, progress: Progress) -> dict[str, Any]:
    """The figures of this part."""
    cases = claims()
    with organised(stored("scifact", corpus("scifact", cache), cache)) as store:
        known = ids(store)
        put = [Case(text, parts=(Part(frozenset(known[id] for id in right)),)) for text, right in cases]
        asked = evaluate(store, embed, put, progress, OURS)
    return {"claims": len(cases), "abstracts": len(known), "ways": found_figures(of_documents(asked))}


def claims() -> list[tuple[str, list[str]]]:
    """The judged claims, each with the ids of its abstracts."""
    folder = EVAL / "scifact"
    texts = {row["_id"]: row["text"] for row in records(folder / "queries.jsonl.gz")}
    right: dict[str, list[str]] = {}
    for line in (folder / "qrels" / "test.tsv").read_text().splitlines()[1:]:
        claim, abstract, _ = line.split("\t")
        right.setdefault(claim, []).append(abstract)
    return [(texts[claim], abstracts) for claim, abstracts in right.items()]
