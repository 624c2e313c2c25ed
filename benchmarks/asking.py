"""Is asking fast? How good the answers are is measured by asking_quality.py.

    python benchmarks/asking.py [--cache FOLDER]

One question in a process that is up, and a whole `shas-kb query`, on chapters of OpenStax. All but the whole processes
runs on one core.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from corpora import CACHE, corpus
from quality.stores import organised, stored
from quality.textbooks import chapters, true_tree, written
from report import EVAL, write_result
from threadpoolctl import threadpool_limits

from shas_kb.ask import Snapshot, ask
from shas_kb.ask.levels import Embed
from shas_kb.ask.retrieve import cosines
from shas_kb.encoder import describe, learned_for, load_question_encoder
from shas_kb.records import Asked, Vectors
from shas_kb.storage import Store


class Known:
    """Vectors of some questions, made before."""

    def __init__(self, embed: Embed, questions: Sequence[str]) -> None:
        self._asked = {text: embed.asked(text) for text in questions}
        self.vectors = {text: its.plain for text, its in self._asked.items()}

    def __call__(self, texts: Sequence[str]) -> Vectors:
        some = next(iter(self.vectors.values()))
        return np.stack([self.vectors.get(text, some) for text in texts])

    def asked(self, question: str) -> Asked:
        return self._asked[question]


def latency(store: Store, snapshot: Snapshot, embed: Embed, path: Path) -> dict[str, Any]:
    """Milliseconds, of this collection and of its rows repeated to 17,000 and 200,000 passages."""
    questions = [question for _, question, _ in written()][::2]
    known = Known(embed, questions)

    def timed(embed: Embed) -> dict[str, float]:
        spent = [ask(store, embed, question, snapshot=snapshot).milliseconds for question in questions]
        return {"p50": round(float(np.percentile(spent, 50)), 1), "p99": round(float(np.percentile(spent, 99)), 1)}

    scans = {}
    for rows in (17_000, 200_000):
        matrix = np.resize(snapshot.matrix, (rows, snapshot.matrix.shape[1]))
        started = time.perf_counter()
        for vector in list(known.vectors.values())[:5]:
            cosines(matrix, vector)
        scans[str(rows)] = round((time.perf_counter() - started) / 5 * 1000, 1)
    started = time.perf_counter()
    Snapshot.of(store)
    read = round((time.perf_counter() - started) * 1000, 1)
    return {
        "passages": len(snapshot.matrix),
        "warm": timed(embed),
        "warm, without the encoder": timed(known),
        "reading the snapshot": read,
        "dense scan of so many passages": scans,
        "cold, shas-kb query": cold(path, questions[0]),
    }


def cold(path: Path, question: str) -> dict[str, float]:
    """Whole processes, in milliseconds."""
    spent = []
    for _ in range(7):
        started = time.perf_counter()
        command = [str(Path(sys.executable).with_name("shas-kb")), "-d", str(path), "query", question, "--json"]
        subprocess.run(command, check=True, capture_output=True)
        spent.append((time.perf_counter() - started) * 1000)
    return {"least": round(min(spent), 1), "median": round(float(np.median(spent)), 1), "most": round(max(spent), 1)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache", type=Path, default=CACHE)
    options = parser.parse_args()
    if not (EVAL / "openstax").is_dir():
        print(f"skipped: no evaluation data openstax in {EVAL}", file=sys.stderr)
        return
    embed = load_question_encoder(None, learned_for(describe().facts))
    file = stored("openstax-chapters", chapters(corpus("openstax", options.cache)), options.cache)
    with threadpool_limits(1), organised(file, true_tree) as store:
        figures = {"latency": latency(store, Snapshot.of(store), embed, Path(str(store.info()["path"])))}
    write_result("asking", figures)
    print(json.dumps(figures, indent=2, ensure_ascii=False))


if __name__ == "__main__":
    main()
