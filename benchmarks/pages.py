"""How long a person waits for the page of `shas-kb export html`: until it is written, and until a browser has drawn it.

    PYTHONPATH=tests/support python benchmarks/pages.py [--rounds N] [--cache FOLDER] [--plotly PYTHON] [SIZE ...]

The sample corpus (153 documents), and collections as `crowds.py` makes them. Chromium has no network; a page counts as
drawn two frames after its first view stands. With `--plotly`, the same tree as plotly's treemap, its library inside,
written by the Python that the option names and drawn by the same browser, in turns.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from browser import Browser, chromium
from crowds import collection, real
from report import ROOT, write_result

SHAS_KB = Path(sys.executable).with_name("shas-kb")
PLOTLY = """
import json, sys
import plotly.graph_objects as go
nodes = json.load(open(sys.argv[1]))["nodes"]
go.Figure(go.Treemap(
    ids=[node["id"] for node in nodes], labels=[node["name"] for node in nodes],
    parents=[node["parent"] or "" for node in nodes], maxdepth=3,
)).write_html(sys.argv[2], include_plotlyjs=True)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sizes", metavar="SIZE", nargs="*", type=int, default=[153, 10_000])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "shas-kb-scale")
    parser.add_argument("--plotly", type=Path)
    arguments = parser.parse_args()
    program = chromium()
    if program is None:
        parser.error("there must be Chromium on this machine, got none; install it.")
    arguments.cache.mkdir(parents=True, exist_ok=True)
    figures = {}
    with tempfile.TemporaryDirectory() as folder:
        for size in arguments.sizes:
            db = made(size, arguments.cache)
            figures[f"{size} documents"] = measured(db, program, Path(folder), arguments.rounds, arguments.plotly)
            print(size, json.dumps(figures[f"{size} documents"], indent=1))
    write_result("pages", {"seconds": "median of the rounds (least, most)", **figures})


def made(size: int, cache: Path) -> Path:
    """A collection of `size` documents with its tree; 153 is the sample corpus."""
    db = cache / f"pages-{size}.sqlite"
    if not db.exists():
        if size == 153:
            run("-d", db, "ingest", ROOT / "sample_corpus", "--quiet")
        else:
            collection(db, real(cache), size)
            run("-d", db, "organise", "--quiet")
    return db


def measured(db: Path, program: str, folder: Path, rounds: int, plotly: Path | None) -> dict[str, Any]:
    """Seconds to write and to draw, bytes, and what the browser complained of."""
    page, rival, tree = folder / "page.html", folder / "rival.html", folder / "tree.json"
    write = [seconds(lambda: run("-d", db, "export", "html", page)) for _ in range(min(rounds, 3))]
    figures: dict[str, Any] = {"bytes": page.stat().st_size, "written": spread(write)}
    pages = {name: (f"{page.as_uri()}#view={name}", "#detail h2") for name in ("tree", "map", "graph")}
    if plotly:
        tree.write_bytes(run("-d", db, "tree", "--json"))
        subprocess.run([plotly, "-c", PLOTLY, tree, rival], check=True)
        pages["plotly's treemap"] = (rival.as_uri(), ".treemaplayer path")
        figures["bytes, plotly"] = rival.stat().st_size
    drawn: dict[str, list[float]] = {name: [] for name in pages}
    complaints: list[object] = []
    with tempfile.TemporaryDirectory() as profile:
        browser = Browser(program, Path(profile))
        for _ in range(rounds):
            for name, (address, sign) in pages.items():
                drawn[name].append(seconds(lambda at=address, sign=sign: browser.open(at, sign)))  # type: ignore[misc]
                complaints += browser.complaints if name != "plotly's treemap" else []
        browser.close()
    return figures | {"drawn": {name: spread(times) for name, times in drawn.items()}, "complaints": len(complaints)}


def run(*words: object) -> bytes:
    """The command line, to its end; 1 says that some files could not be read, which is true of the sample corpus."""
    done = subprocess.run([SHAS_KB, *map(str, words)], capture_output=True)
    if done.returncode not in (0, 1):
        raise SystemExit(done.stderr.decode())
    return done.stdout


def seconds(do: Callable[[], object]) -> float:
    began = time.perf_counter()
    do()
    return time.perf_counter() - began


def spread(times: list[float]) -> list[float]:
    return [round(value, 2) for value in (statistics.median(times), min(times), max(times))]


if __name__ == "__main__":
    main()
