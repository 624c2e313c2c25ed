"""How long a person waits for an export: each format, a vault brought up to date; and for its page in a browser.

    PYTHONPATH=tests/support python benchmarks/exports.py [--rounds N] [--cache FOLDER] [--plotly PYTHON] [SIZE ...]

The sample corpus (153 documents), and collections as `crowds.py` makes them, which have no originals. Each figure is of
the whole command. Chromium has no network; a page counts as drawn two frames after its first view stands. `serve` is
timed from its start until its first page is there, then for questions. With `--plotly`, the same tree as plotly's
treemap, its library inside, written by the Python that the option names and drawn by the same browser, in turns.
"""

from __future__ import annotations

import argparse
import json
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

from browser import Browser, chromium
from crowds import collection, real
from report import ROOT, write_result

from shas_kb.export import FORMATS

QUESTIONS = ("Why do stars twinkle?", "What is there about the sea?", "the structure of the atom", "How do bees dance?")
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
    write_result("exports", {"seconds": "median of the rounds, least, most", **figures})


def made(size: int, cache: Path) -> Path:
    """A collection of `size` documents with its tree; 153 is the sample corpus."""
    db = cache / f"exports-{size}.sqlite"
    if not db.exists():
        if size == 153:
            run("-d", db, "ingest", ROOT / "sample_corpus", "--quiet")
        else:
            collection(db, real(cache), size)
            run("-d", db, "organise", "--quiet")
    return db


def measured(db: Path, program: str, folder: Path, rounds: int, plotly: Path | None) -> dict[str, Any]:
    """Seconds of each format, of the page in a browser and of the server; bytes of the page."""
    page, vault = folder / "page.html", folder / f"vault of {db.stem}"
    written = {
        name: spread(seconds(lambda: run("-d", db, "export", name, folder / name)) for _ in range(min(rounds, 3)))  # noqa: B023
        for name in FORMATS
        if name not in ("obsidian", "html")
    }
    written["html"] = spread(seconds(lambda: run("-d", db, "export", "html", page)) for _ in range(min(rounds, 3)))
    written["obsidian"] = spread([seconds(lambda: run("-d", db, "export", "obsidian", vault))])
    again = [seconds(lambda: run("-d", db, "export", "obsidian", vault)) for _ in range(min(rounds, 3))]
    written["obsidian, brought up to date"] = spread(again)
    figures = {"written": written, "bytes of the page": page.stat().st_size, "serve": served(db, rounds)}
    return figures | drawn(db, page, program, folder, rounds, plotly)


def drawn(db: Path, page: Path, program: str, folder: Path, rounds: int, plotly: Path | None) -> dict[str, Any]:
    """Seconds until a browser has drawn the page, view by view, and how often it complained."""
    rival, tree = folder / "rival.html", folder / "tree.json"
    pages = {name: (f"{page.as_uri()}#view={name}", "#detail h2") for name in ("tree", "map", "graph")}
    figures: dict[str, Any] = {}
    if plotly:
        tree.write_bytes(run("-d", db, "tree", "--json"))
        subprocess.run([plotly, "-c", PLOTLY, tree, rival], check=True)
        pages["plotly's treemap"] = (rival.as_uri(), ".treemaplayer path")
        figures["bytes of plotly's page"] = rival.stat().st_size
    times: dict[str, list[float]] = {name: [] for name in pages}
    complaints = 0
    with tempfile.TemporaryDirectory() as profile:
        browser = Browser(program, Path(profile))
        for _ in range(rounds):
            for name, (address, sign) in pages.items():
                times[name].append(seconds(lambda at=address, sign=sign: browser.open(at, sign)))  # type: ignore[misc]
                complaints += len(browser.complaints) if name in ("tree", "map", "graph") else 0
        browser.close()
    return figures | {"drawn": {name: spread(each) for name, each in times.items()}, "complaints": complaints}


def served(db: Path, rounds: int) -> dict[str, Any]:
    """Seconds from the start of `serve` until its page is there; of its first question, and of later ones."""
    cold, first, later = [], [], []
    for _ in range(min(rounds, 3)):
        began = time.perf_counter()
        with subprocess.Popen([SHAS_KB, "-d", db, "serve", "--port", "0"], stdout=subprocess.PIPE, text=True) as server:
            assert server.stdout
            address = server.stdout.readline().strip()
            get(address)
            cold.append(time.perf_counter() - began)
            for turn, question in enumerate(QUESTIONS):
                took = seconds(lambda: get(f"{address}ask?{urlencode({'q': question})}"))  # noqa: B023
                (later if turn else first).append(took)
            server.send_signal(signal.SIGINT)
    return {"the first page": spread(cold), "the first question": spread(first), "later questions": spread(later)}


def get(address: str) -> bytes:
    with urlopen(address) as reply:
        data: bytes = reply.read()
    return data


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


def spread(times: Iterable[float]) -> list[float]:
    every = list(times)
    return [round(value, 3) for value in (statistics.median(every), min(every), max(every))]


if __name__ == "__main__":
    main()
