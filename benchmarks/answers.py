"""Do answers answer? For a reader who sees the questions and the answers, and nothing else.

    python benchmarks/answers.py sheet.json              # questions and answers, in an order that tells nothing
    python benchmarks/answers.py sheet.json --judged verdicts.json

The `test` half of the sample corpus's questions for a detail, a subject or an overview, in the collection that an
ingest with the defaults makes. A verdict is {"id": ..., "answers": true, "useful": true}: whether a person would stop
searching, since a sentence states what was asked for; and whether it is a useful next step, in the right area, with the
right documents. Beside that is counted in how many answers to a detail the very sentence is quoted that was written to
answer it.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from report import ROOT, write_result
from trees import shas_kb

CORPUS = ROOT / "sample_corpus"
HEIGHTS = ("detail", "subject", "overview")


def questions() -> dict[int, dict[str, Any]]:
    """Those that are judged, by their line."""
    rows = map(json.loads, (CORPUS / "questions.jsonl").read_text(encoding="utf-8").splitlines())
    return {i: row for i, row in enumerate(rows) if row["split"] == "test" and row["height"] in HEIGHTS}


def answered() -> Iterator[dict[str, Any]]:
    """Each question with its answer."""
    with tempfile.TemporaryDirectory() as name:
        db = Path(name) / "kb.sqlite"
        shas_kb(db, "ingest", CORPUS)
        for i, row in questions().items():
            reply = shas_kb(db, "query", row["question"])
            quoted = [" ".join(quote["text"].split()) for quote in reply["answer"]["citations"]]
            yield {"id": i, "question": row["question"], "answer": reply["answer"]["text"], "quoted": quoted}


def counted(sheet: list[dict[str, Any]], verdicts: list[dict[str, Any]]) -> dict[str, Any]:
    """The verdicts by height."""
    asked = questions()
    if {each["id"] for each in verdicts} != set(asked):
        raise SystemExit(f"There must be a verdict on each of {len(asked)} questions, got {len(verdicts)}.")
    rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for verdict in verdicts:
        rows[asked[verdict["id"]]["height"]].append(verdict)
    exact = [
        any(" ".join(asked[each["id"]]["answer"].split()) in text for text in each["quoted"])
        for each in sheet
        if asked[each["id"]]["height"] == "detail"
    ]
    found = {
        height: {kind: [sum(row[kind] for row in own), len(own)] for kind in ("answers", "useful")}
        for height, own in sorted(rows.items())
    }
    return {**found, "detail, the sentence itself is quoted": [sum(exact), len(exact)]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sheet", type=Path)
    parser.add_argument("--judged", type=Path, metavar="FILE")
    options = parser.parse_args()
    if options.judged is None:
        rows = list(answered())
        random.Random(0).shuffle(rows)
        options.sheet.write_text(json.dumps(rows, ensure_ascii=False, indent=1), encoding="utf-8")
        print(f"{len(rows)} questions with answers: {options.sheet}")
        return
    sheet, verdicts = (json.loads(file.read_text(encoding="utf-8")) for file in (options.sheet, options.judged))
    figures = counted(sheet, verdicts)
    print(json.dumps(figures, indent=1))
    write_result("answers-judged", figures)


if __name__ == "__main__":
    main()
