"""Kill an ingest (SIGKILL) at random moments, and see that nothing is lost.

    python benchmarks/kills.py [FOLDER] [--kills 100] [--name kills]

Each time: a new collection, an ingest killed at a random moment of its run; then the database must open, `check` must
be clean, the next ingest must complete, `check` must be clean again, and the hash of the tree must be that of an
undisturbed run.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from report import ROOT, write_result


def command(db: Path, *words: str) -> list[str]:
    return [sys.executable, "-m", "shas_kb", "-d", str(db), *words, "--json"]


def run(db: Path, *words: str) -> dict[str, object]:
    """One command that must succeed (exit code 1: some files cannot be read, which the sample corpus has on
    purpose)."""
    done = subprocess.run(command(db, *words), capture_output=True, text=True)
    if done.returncode not in (0, 1):
        raise SystemExit(f"{words[0]} ended with {done.returncode}: {done.stderr}")
    answer: dict[str, object] = json.loads(done.stdout)
    return answer


def killed_ingest(db: Path, folder: Path, after: float) -> bool:
    """Start an ingest and kill it and its workers after some seconds; False if it had ended before."""
    process = subprocess.Popen(
        command(db, "ingest", str(folder)),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        process.wait(after)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return True
    return False


def tree_hash(report: dict[str, object]) -> str:
    tree = report["tree"]
    assert isinstance(tree, dict)
    return str(tree["hash"])


def state(db: Path) -> str:
    """How far the killed run had come."""
    if not db.exists():
        return "before the database"
    facts = run(db, "info")
    documents, bare = int(str(facts["documents"])), int(str(facts["without_vectors"]))
    if not documents:
        return "before the first document"
    if facts["runs"]:
        return "after the tree"
    return "reading or loading the model" if bare == documents else "encoding" if bare else "organising"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "sample_corpus")
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--name", default="kills", help="the result is kept as NAME.json")
    arguments = parser.parse_args()
    moments = random.Random(arguments.seed)
    states: Counter[str] = Counter()
    problems: list[str] = []
    kills = 0
    with tempfile.TemporaryDirectory() as scratch:
        began = time.perf_counter()
        undisturbed = tree_hash(run(Path(scratch) / "whole.sqlite", "ingest", str(arguments.folder)))
        whole = time.perf_counter() - began
        print(f"undisturbed: {whole:.1f} s, tree {undisturbed[:12]}")
        while kills < arguments.kills:
            db = Path(scratch) / f"{kills}.sqlite"
            if not killed_ingest(db, arguments.folder, moments.uniform(0.05 * whole, whole)):
                db.unlink()
                continue
            kills += 1
            states[state(db)] += 1
            if db.exists() and not run(db, "check")["clean"]:
                problems.append(f"kill {kills}: check is not clean")
            if tree_hash(run(db, "ingest", str(arguments.folder))) != undisturbed:
                problems.append(f"kill {kills}: another tree")
            if not run(db, "check")["clean"]:
                problems.append(f"kill {kills}: check is not clean after the next run")
            for file in Path(scratch).glob(f"{db.name}*"):
                file.unlink()
            print(f"{kills}/{arguments.kills} {dict(states)} {problems}", flush=True)
    figures = {
        "kills": kills,
        "problems": problems,
        "killed_while": dict(states),
        "seconds_undisturbed": round(whole, 1),
    }
    write_result(arguments.name, figures)
    raise SystemExit(bool(problems))


if __name__ == "__main__":
    main()
