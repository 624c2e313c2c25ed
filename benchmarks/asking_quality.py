"""Is asking any good? Every row of the table of quality, beside BM25, the backbone, both, and a RAPTOR-like tree.

    python benchmarks/asking_quality.py [--cache FOLDER] [PART ...]

The parts stand in benchmarks/quality/, each saying what is right there. What is not asked for now keeps the figures
that it has in the file; each part has the commit at which it was measured. The cache keeps the collections, and the
vectors of questions and of sentences that were quoted; a first run without it encodes for half an hour.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from corpora import CACHE
from quality import qmsum, sample
from quality.cmrc import cmrc
from quality.kept import kept_encoder
from quality.scifact import scifact
from quality.titles import titles
from quality.unanswered import unanswered
from report import EVAL, RESULTS, commit, write_result
from threadpoolctl import threadpool_limits

from shas_kb.ask.levels import Embed
from shas_kb.cli.terminal import Bars
from shas_kb.progress import Progress

NAME = "asking_quality"
Measure = Callable[[Path, Embed, Progress], dict[str, Any]]

PARTS: dict[str, tuple[Measure, tuple[str, ...]]] = {
    "scifact": (scifact, ("scifact",)),
    "heights": (sample.heights, ()),
    "heights-qmsum": (qmsum.heights, ("qmsum",)),
    "qmsum": (qmsum.finding, ("qmsum",)),
    "titles": (titles, ("openstax",)),
    "cmrc2018-zh": (cmrc, ("cmrc2018-zh", "laws-zh")),
    "unanswered": (unanswered, ("openstax", "scifact", "qmsum")),
}
"""What measures each part, and the evaluation collections that it needs."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)} (all)")
    parser.add_argument("--cache", type=Path, default=CACHE)
    options = parser.parse_args()
    unknown = sorted(set(options.parts) - set(PARTS))
    if unknown:
        parser.error(f"PART must be of {', '.join(PARTS)}, got {', '.join(unknown)}")
    measured: dict[str, Any] = {}
    embed = kept_encoder(options.cache)
    for part in options.parts or PARTS:
        measure, needs = PARTS[part]
        absent = [name for name in needs if not (EVAL / name).is_dir()]
        if absent:
            print(f"skipped: {part} needs {', '.join(absent)}, which is not in {EVAL}")
            continue
        began = time.perf_counter()
        with threadpool_limits(1), Bars() as progress:
            found = measure(options.cache, embed, progress)
        measured[part] = {"commit": commit(), "seconds": round(time.perf_counter() - began), **found}
        print(part, json.dumps(measured[part], indent=1, ensure_ascii=False), flush=True)
        figures = known() | measured
        write_result(NAME, {name: figures[name] for name in PARTS if name in figures})


def known() -> dict[str, Any]:
    """The figures in the file."""
    file = RESULTS / f"{NAME}.json"
    figures: dict[str, Any] = json.loads(file.read_text())["figures"] if file.exists() else {}
    return figures


if __name__ == "__main__":
    main()
