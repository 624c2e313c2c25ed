"""Which of two ways to tell a node do readers like better? For a reader who sees both answers and not whose they are.

    python benchmarks/answer_pairs.py ask KB.sqlite old.json        # in the checkout of the one way
    python benchmarks/answer_pairs.py ask KB.sqlite new.json        # and of the other, of one collection
    python benchmarks/answer_pairs.py pair old.json new.json FOLDER
    python benchmarks/answer_pairs.py count FOLDER verdicts.json [verdicts.json ...]

All questions of the sample corpus for a subject or an overview, of both halves; shown are those that are answered
otherwise. FOLDER gets `sheet.md`, and `key.json`, which no reader sees. A reader's verdicts are {id: {"A": true, "B":
false, "better": "A"}}: whether each answer is a useful next step, and which serves better, "A", "B" or "same".
"""

from __future__ import annotations

import argparse
import json
import random
from collections import Counter
from pathlib import Path
from typing import Any

from report import ROOT, write_result
from trees import shas_kb

QUESTIONS = ROOT / "sample_corpus" / "questions.jsonl"
HEIGHTS = ("subject", "overview")


def ask(db: Path, out: Path) -> None:
    """Answer the questions."""
    rows = enumerate(map(json.loads, QUESTIONS.read_text(encoding="utf-8").splitlines()))
    found = {
        i: {**row, "answer": shas_kb(db, "query", row["question"])["answer"]["text"]}
        for i, row in rows
        if row["height"] in HEIGHTS
    }
    _write(out, found)


def pair(old: Path, new: Path, folder: Path) -> None:
    """Put the answers that differ side by side, in an order that tells nothing."""
    olds, news = _read(old), _read(new)
    sheet, key, order = [], {}, random.Random(0)
    for i in olds:
        if olds[i]["answer"] != news[i]["answer"]:
            ways = [("old", olds[i]["answer"]), ("new", news[i]["answer"])]
            order.shuffle(ways)
            key[i] = {"A": ways[0][0], "B": ways[1][0], "height": olds[i]["height"]}
            answers = "\n\n".join(f"### {letter}\n\n{way[1]}" for letter, way in zip("AB", ways, strict=True))
            sheet.append(f"## {i}\n\nQuestion: {olds[i]['question']}\n\n{answers}\n")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "sheet.md").write_text("\n".join(sheet), encoding="utf-8")
    _write(folder / "key.json", key)
    print(f"{len(key)} of {len(olds)} questions are answered otherwise: {folder / 'sheet.md'}")


def counted(key: dict[str, Any], verdicts: dict[str, Any]) -> dict[str, Any]:
    """A reader's verdicts, by height."""
    if verdicts.keys() != key.keys():
        raise SystemExit(f"There must be a verdict on each of {len(key)} questions, got {len(verdicts)}.")
    found = {height: {"questions": 0, "useful": Counter(), "better": Counter()} for height in HEIGHTS}
    for i, its in key.items():
        own: dict[str, Any] = found[its["height"]]
        own["questions"] += 1
        own["useful"].update(its[letter] for letter in "AB" if verdicts[i][letter])
        own["better"][its.get(verdicts[i]["better"], "same")] += 1
    return found


def _read(file: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found


def _write(file: Path, value: object) -> None:
    file.write_text(json.dumps(value, ensure_ascii=False, indent=1), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("step", choices=("ask", "pair", "count"))
    parser.add_argument("files", type=Path, nargs="+")
    options = parser.parse_args()
    if options.step == "ask":
        ask(*options.files)
    elif options.step == "pair":
        pair(*options.files)
    else:
        folder, *verdicts = options.files
        figures = {"readers": [counted(_read(folder / "key.json"), _read(file)) for file in verdicts]}
        print(json.dumps(figures, indent=1))
        write_result("answer-pairs", figures)


if __name__ == "__main__":
    main()
