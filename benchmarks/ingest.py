"""Ingest a large folder of papers, beside what a user would otherwise take: SentenceTransformer.encode at its defaults.

    python benchmarks/papers.py papers/ && python benchmarks/ingest.py papers/

The whole of `shas-kb ingest` (reading, database, encoding, tree) is timed as a process, with the peak of its memory
(all its processes together, proportional shares). After it, SentenceTransformer.encode with the same model encodes
every tenth of the same passages, twice; the rates, in tokens a second, are compared.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from report import write_result

from shas_kb.encoder import describe
from shas_kb.storage import Store


class PeakMemory(threading.Thread):
    """Samples the proportional set size of a process and all below it, in bytes."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid = pid
        self.peak = 0
        self.done = threading.Event()

    def run(self) -> None:
        while not self.done.wait(0.5):
            self.peak = max(self.peak, sum(proportional_set(pid) for pid in family(self.pid)))


def family(pid: int) -> list[int]:
    """The process and all its descendants."""
    found = [pid]
    for parent in found:
        for children in Path(f"/proc/{parent}/task").glob("*/children"):
            try:
                found += [int(child) for child in children.read_text().split()]
            except OSError:
                continue
    return found


def proportional_set(pid: int) -> int:
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in rollup.splitlines() if line.startswith("Pss:"))


def ingest(folder: Path, db: Path) -> tuple[dict[str, object], float, int]:
    """The report, seconds as a process, and peak memory in bytes."""
    began = time.perf_counter()
    words = [sys.executable, "-m", "shas_kb", "-d", str(db), "--json", "--quiet", "ingest", str(folder)]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    memory = PeakMemory(process.pid)
    memory.start()
    answer, _ = process.communicate()
    seconds = time.perf_counter() - began
    memory.done.set()
    if process.returncode not in (0, 1):
        raise SystemExit(f"ingest ended with {process.returncode}")
    return json.loads(answer), seconds, memory.peak


def baseline(passages: list[str], tokens: int) -> float:
    """Tokens a second of SentenceTransformer.encode at its defaults, loading not counted."""
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(describe().folder), device="cpu")
    model.encode(passages[:64])
    began = time.perf_counter()
    model.encode(passages)
    return tokens / (time.perf_counter() - began)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    with tempfile.TemporaryDirectory() as scratch:
        db = Path(scratch) / "kb.sqlite"
        report, seconds, memory = ingest(folder, db)
        with Store.open(db) as store:
            texts = [text for document in store.documents() for text in store.texts(document.id)]
            tokens = [count for document in store.documents() for count in store.tokens(document.id)]
        tenth = slice(None, None, 10)
        before, after = (baseline(texts[tenth], sum(tokens[tenth])) for _ in range(2))
    files = sum(path.is_file() for path in folder.rglob("*"))
    counted = [report["added"], report["updated"], report["unchanged"], len(report["failed"]), len(report["skipped"])]
    rate = sum(tokens) / seconds
    figures = {
        "files": files,
        "files_accounted_for": sum(counted),
        "failed": report["failed"],
        "skipped": report["skipped"],
        "pages": report["pages"],
        "passages": report["passages"],
        "tokens": sum(tokens),
        "tree": report["tree"],
        "seconds_of_the_process": round(seconds, 1),
        "seconds_by_stage": report["seconds"],
        "tokens_a_second_ingest": round(rate),
        "tokens_a_second_sentence_transformers": [round(before), round(after)],
        "ratio": round(2 * rate / (before + after), 2),
        "peak_memory_gb": round(memory / 1e9, 2),
    }
    write_result("ingest", figures)


if __name__ == "__main__":
    main()
