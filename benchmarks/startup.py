"""How long a person waits for `shas-kb --help` and for an answer, from a cold process.

    python benchmarks/startup.py DATABASE

`python -c pass` is timed between the others: it is what any Python program costs on this machine at that moment.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

from report import write_result

ROUNDS = 15
QUESTIONS = ("Why do stars twinkle?", "What caused the Great Depression?", "the structure of the atom", "psychology")


def seconds(*command: str) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("database")
    database = parser.parse_args().database
    program = str(Path(sys.executable).with_name("shas-kb"))
    taken: dict[str, list[float]] = {"python -c pass": [], "shas-kb --help": [], "shas-kb query": []}
    for turn in range(ROUNDS):
        taken["python -c pass"].append(seconds(sys.executable, "-c", "pass"))
        taken["shas-kb --help"].append(seconds(program, "--help"))
        question = QUESTIONS[turn % len(QUESTIONS)]
        taken["shas-kb query"].append(seconds(program, "-d", database, "query", question, "--json"))
    info = subprocess.run(
        [program, "-d", database, "info", "--json"], check=True, capture_output=True, text=True
    ).stdout
    facts = json.loads(info)
    figures: dict[str, object] = {
        "collection": {name: facts[name] for name in ("documents", "passages")},
        "seconds": {
            name: {"median": round(statistics.median(times), 3), "most": round(max(times), 3)}
            for name, times in taken.items()
        },
    }
    write_result("startup", figures)


if __name__ == "__main__":
    main()
