"""How long a question takes, warm and cold, on 153 documents and on 200 thousand passages; in how much memory; and what
is missed by not looking at every passage.

    python benchmarks/asking_speed.py [--cache FOLDER] [--each N] [sample] [library]

(a) sample: the sample corpus, freshly ingested; (b) library: the collection that `library.py` makes.

On both, real questions are put to one process, of which the first few are not counted: all of `ask`, and in it the
question's vectors and the search for passages. The same questions are then searched for exhaustively, in another
process that holds all vectors: recall is the share of its best ten passages that are among the best ten. Where a
collection is so small that it is always searched exhaustively, there is nothing to compare. Cold is a whole
`shas-kb query`.

Each process works on one core, as `shas-kb query` does. Milliseconds of the clock say little while others use the
machine; those of the processor are beside them.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from report import ROOT, write_result

from shas_kb.ask import Snapshot, ask
from shas_kb.ask.retrieve import search
from shas_kb.ask.snapshot import EXHAUSTIVE
from shas_kb.ask.words import content_words
from shas_kb.encoder import load_question_encoder
from shas_kb.storage import Store

PARTS = ("sample", "library")
FIRST = 5
ROUNDS = 9
BEST = 10


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)} (both)")
    parser.add_argument("--cache", type=Path, help="where collections are kept (a folder beside other temporary files)")
    parser.add_argument("--each", type=int, default=40, help="questions of each kind")
    parser.add_argument("--process", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.process:
        print(json.dumps(process(options.process[0], Path(options.process[1]), json.load(sys.stdin))))
        return
    from library import CACHE

    cache = options.cache or CACHE
    cache.mkdir(parents=True, exist_ok=True)
    figures: dict[str, object] = {}
    for part in options.parts or PARTS:
        path, questions = COLLECTIONS[part](cache, options.each)
        figures[part] = measured(path, questions)
        print(part, json.dumps(figures[part], indent=1), flush=True)
    write_result("asking_speed", figures)


def sample(cache: Path, each: int) -> tuple[Path, list[str]]:
    """The sample corpus and its questions."""
    path = cache / "sample.sqlite"
    if not path.exists():
        growing = path.with_suffix(".growing")
        growing.unlink(missing_ok=True)
        # Some of its files are made to be unreadable, which is no success.
        subprocess.run([*PROGRAM, "-d", str(growing), "ingest", str(ROOT / "sample_corpus")], capture_output=True)
        growing.rename(path)
    lines = (ROOT / "sample_corpus" / "questions.jsonl").read_text().splitlines()
    return path, [json.loads(line)["question"] for line in lines][: 3 * each]


def library(cache: Path, each: int) -> tuple[Path, list[str]]:
    """200 thousand passages, with review questions of textbooks, questions on meetings, and claims."""
    from library import collection, questions

    return collection(cache / "library.sqlite"), [text for found in questions(each).values() for text in found]


COLLECTIONS: dict[str, Callable[[Path, int], tuple[Path, list[str]]]] = {"sample": sample, "library": library}
PROGRAM = (str(Path(sys.executable).with_name("shas-kb")),)


def measured(path: Path, questions: Sequence[str]) -> dict[str, Any]:
    found = apart("as it is", path, questions)
    best = found.pop("best")
    figures = {**found, "cold, ms": cold(path, questions[:ROUNDS])}
    if found["passages"] > EXHAUSTIVE:
        whole = apart("exhaustive", path, questions)
        right = whole.pop("best")
        figures[f"recall@{BEST}"] = recall(best, right)
        figures["the first is the same"] = share([one[:1] == other[:1] for one, other in zip(best, right, strict=True)])
        figures["exhaustive"] = whole
    return figures


def recall(found: Sequence[Sequence[Any]], right: Sequence[Sequence[Any]]) -> float:
    shares = [
        len({*map(tuple, one)} & {*map(tuple, other)}) / len(other)
        for one, other in zip(found, right, strict=True)
        if other
    ]
    return share(shares)


def share(values: Sequence[float]) -> float:
    return round(float(np.mean(values)), 4)


def apart(way: str, path: Path, questions: Sequence[str]) -> dict[str, Any]:
    """Measure in a process of its own."""
    done = subprocess.run(
        [sys.executable, __file__, "--process", way, str(path)],
        input=json.dumps(questions),
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    return dict(json.loads(done.stdout))


def process(way: str, path: Path, questions: Sequence[str]) -> dict[str, Any]:
    """What one process takes, and the best passages that it finds."""
    began = clocks()
    with Store.open(path) as store:
        bound = store.model()
        assert bound
        embed = load_question_encoder(bound.name, store.weights())
        loaded = clocks()
        snapshot = Snapshot.of(store, 10**9 if way == "exhaustive" else EXHAUSTIVE)
        read = clocks()
        taken: dict[str, list[tuple[float, float]]] = {"ask": [], "its vectors": [], "its search": []}
        best = []
        for question in questions:
            words = content_words(question) or [question]
            starts = [clocks()]
            ask(store, embed, question, snapshot=snapshot)
            starts.append(clocks())
            asked = embed.asked(question)
            starts.append(clocks())
            found = search(store, snapshot, words, asked, snapshot.under(None))
            starts.append(clocks())
            best.append([snapshot.key(int(row)) for row in found.fused.rows[:BEST]])
            for times, start, end in zip(taken.values(), starts, starts[1:], strict=False):
                times.append(between(start, end))
    return {
        "documents": len(snapshot.ids),
        "passages": snapshot.passages,
        "questions": len(questions) - FIRST,
        "loading the encoder, ms": between(began, loaded)[0],
        "reading the collection, ms": between(loaded, read)[0],
        "warm, ms": {name: spread(times[FIRST:]) for name, times in taken.items()},
        "peak memory, MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "best": best,
    }


def clocks() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def between(start: tuple[float, float], end: tuple[float, float]) -> tuple[float, float]:
    """Milliseconds of the clock and of the processor."""
    return round(1000 * (end[0] - start[0]), 2), round(1000 * (end[1] - start[1]), 2)


def spread(times: Sequence[tuple[float, float]]) -> dict[str, float]:
    clock, processor = np.array(times).T
    return {
        "p50": round(float(np.percentile(clock, 50)), 1),
        "p99": round(float(np.percentile(clock, 99)), 1),
        "p50 of the processor": round(float(np.percentile(processor, 50)), 1),
        "p99 of the processor": round(float(np.percentile(processor, 99)), 1),
    }


def cold(path: Path, questions: Sequence[str]) -> dict[str, float]:
    """Whole processes."""
    taken = []
    for question in questions:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        began = time.perf_counter()
        subprocess.run([*PROGRAM, "-d", str(path), "query", question, "--json"], check=True, capture_output=True)
        wall = time.perf_counter() - began
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        taken.append((wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime))
    clock, processor = 1000 * np.array(taken).T
    return {
        "least": round(float(clock.min())),
        "median": round(float(np.median(clock))),
        "most": round(float(clock.max())),
        "median of the processor": round(float(np.median(processor))),
    }


if __name__ == "__main__":
    main()
