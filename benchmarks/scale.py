"""How long a tree takes at 153, 10,000 and 100,000 documents, in how much memory; what ten more documents take; and how
good the places are that they get.

    python benchmarks/scale.py [--sizes N ...] [--rounds N] [--cache FOLDER] [--bertopic PYTHON] [organise] [ingest]
        [bertopic] [placing]

(a) organise: what `shas-kb organise` does, in a process of its own, on collections as `crowds.py` makes them: anew, and
    again, with the vectors of phrases that the build before has kept;
(b) ingest: `shas-kb ingest` of ten files more;
(c) bertopic: the same vectors and texts, defaults; with the Python that `--bertopic` names, in which it is installed;
(d) placing: real documents placed in a tree of the others, against the tree built of all.

Seconds of the clock say little while others use the machine; those of the processor are beside them.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from crowds import Real, as_reading, collection, crowd, real
from report import write_result
from scipy.optimize import linear_sum_assignment
from sklearn.metrics import adjusted_mutual_info_score
from trees import agreement, places

from shas_kb.config import TreeConfig
from shas_kb.organise import Material, gist, place
from shas_kb.organise.nest import nest
from shas_kb.pipeline import organise_collection
from shas_kb.storage import Store

CACHE = Path(tempfile.gettempdir()) / "shas-kb-scale"
SIZES = (153, 10_000, 100_000)
MORE = 10
SHARES = (0.02, 0.05, 0.1, 0.2, 0.4)
PARTS = ("organise", "ingest", "bertopic", "placing")
ORGANISE = """
import json, sys, time
from pathlib import Path
from shas_kb.config import TreeConfig
from shas_kb.pipeline import organise_collection
from shas_kb.records import NODE_LEVELS
from shas_kb.storage import Store

class Clock:
    def __init__(self): self.times = [(time.perf_counter(), time.process_time())]
    def start(self, *_): self.advance()
    def advance(self, *_): self.times.append((time.perf_counter(), time.process_time()))
    def finish(self): pass

clock = Clock()
with Store.open(Path(sys.argv[1])) as store:
    if sys.argv[2] == "anew":
        store._db.execute("DELETE FROM phrases")
    kept = len(store.phrase_vectors())
    tree = organise_collection(store, TreeConfig(), clock)
    clock.advance()
    phrases = len(store.phrase_vectors())
names = ("load", "group", "name", "summarise", "assemble and store")
stages = {name: [round(b - a, 2) for a, b in zip(*pair)] for name, *pair in zip(names, clock.times, clock.times[1:])}
print(json.dumps({"seconds, processor seconds": stages, "phrases": phrases, "of them kept": kept,
    "tree": [tree.count(level) for level in NODE_LEVELS]}))
"""
"""`shas-kb organise` with a clock: what the command does, after the same imports."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)} (all)")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--cache", type=Path, default=CACHE)
    parser.add_argument("--bertopic", type=Path, metavar="PYTHON")
    parser.add_argument("--name", default="scale", help="of the result")
    options = parser.parse_args()
    parts = options.parts or PARTS
    options.cache.mkdir(parents=True, exist_ok=True)
    documents = real(options.cache)
    figures: dict[str, Any] = {"real documents": len(documents), "load average before": os.getloadavg()[0]}
    for size in options.sizes:
        db = options.cache / f"{size}.sqlite"
        collection(db, documents, size)
        found: dict[str, Any] = {}
        if "organise" in parts:
            found["organise"] = organised(db, documents, size, options.rounds)
        if "ingest" in parts:
            found["ingest"] = [ten_more(db, documents) for _ in range(options.rounds)]
        if "bertopic" in parts and options.bertopic:
            found["BERTopic"] = bertopic(options.bertopic, documents, size)
        figures[f"{size:,} documents"] = found
        print(json.dumps(found, indent=1), flush=True)
    if "placing" in parts:
        figures["placing"] = placing(documents)
    write_result(options.name, figures)


def child(command: Sequence[object]) -> tuple[dict[str, Any], dict[str, float]]:
    """The JSON that a process prints, and what it took."""
    began = time.perf_counter()
    with tempfile.TemporaryFile() as out:
        process = subprocess.Popen([str(word) for word in command], stdout=out)
        _, status, usage = os.wait4(process.pid, 0)
        if os.waitstatus_to_exitcode(status):
            raise SystemExit(f"{command}: exit status {os.waitstatus_to_exitcode(status)}")
        out.seek(0)
        answer = json.loads(out.read())
    return answer, {
        "seconds": round(time.perf_counter() - began, 2),
        "processor seconds": round(usage.ru_utime + usage.ru_stime, 2),
        "peak GB": round(usage.ru_maxrss * 1024 / 1e9, 2),
    }


def organised(db: Path, documents: list[Real], size: int, rounds: int) -> dict[str, Any]:
    """The median round without kept vectors of phrases and with them, and how well the tree agrees with the true
    classes."""
    found: dict[str, Any] = {}
    for how in ("anew", "again"):
        runs = [child([sys.executable, "-c", ORGANISE, db, how]) for _ in range(rounds)]
        its: dict[str, Any] = {name: round(statistics.median(took[name] for _, took in runs), 2) for name in runs[0][1]}
        found[how] = its | {"rounds": [took["seconds"] for _, took in runs]} | runs[-1][0]
    if size < SIZES[-1]:
        truth = {
            f"{number:06}.md": {"entity": one.classes[0], "category": one.classes[0], "domain": one.classes[1]}
            for number, one in enumerate(crowd(documents, size))
        }
        found["adjusted mutual information"] = agreement(places(db), truth)
    return found


def ten_more(db: Path, documents: list[Real]) -> dict[str, Any]:
    """What an ingest of ten files takes, all but reading and encoding apart."""
    with tempfile.TemporaryDirectory() as scratch:
        copy, folder = Path(scratch) / "kb.sqlite", Path(scratch) / "more"
        shutil.copy(db, copy)
        folder.mkdir()
        for number, document in enumerate(documents[-MORE:]):
            text = "\n\n".join(passage.text for passage in as_reading(number, document).passages)
            (folder / f"{number}.md").write_text(f"# {document.title}\n\n{text} ({number})", encoding="utf-8")
        answer, took = child([sys.executable, "-m", "shas_kb", "-d", copy, "--json", "--quiet", "ingest", folder])
        with Store.open(copy) as store:
            clean = not store.check()
            again = [document.id for document in store.documents()][:MORE]
            began = time.process_time()
            organise_collection(store, only_if_stale=True, encoded=again)
            placing_alone = time.process_time() - began
    seconds = answer["seconds"]
    rest = took["seconds"] - seconds["read"] - seconds["encode"]
    return took | {
        "read": seconds["read"],
        "encode": seconds["encode"],
        "organise": seconds["organise"],
        "all but reading and encoding": round(rest, 2),
        "processor seconds of placing as many again": round(placing_alone, 2),
        "placed": answer["tree"]["placed"],
        "drift": answer["tree"]["drift"],
        "clean": clean,
    }


def bertopic(python: Path, documents: list[Real], size: int) -> dict[str, Any]:
    """What BERTopic takes with its defaults, given the mean passage of each document and its passages as text."""
    with tempfile.TemporaryDirectory() as scratch:
        some = list(crowd(documents, size))
        np.save(Path(scratch) / "vectors.npy", np.stack([one.vectors.mean(axis=0) for one in some]))
        (Path(scratch) / "texts.json").write_text(json.dumps(["\n".join(one.passages) for one in some]))
        answer, took = child([python, Path(__file__).with_name("bertopic_time.py"), scratch])
    truth = [one.classes[0] for one in some]
    score = adjusted_mutual_info_score(truth, answer.pop("topics"))
    return took | answer | {"adjusted mutual information": round(float(score), 3)}


def placing(documents: list[Real]) -> dict[str, Any]:
    """A share of the real documents placed in the tree of the others, and the tree of all of them."""
    materials = [
        Material(str(i), f"{i:06}", one.title, one.language, one.vectors, one.heading, one.terms, one.phrases)
        for i, one in enumerate(documents)
    ]
    own = np.stack([one.vectors.mean(axis=0) for one in documents])
    own /= np.linalg.norm(own, axis=1, keepdims=True)
    about = gist(own, np.stack([one.vectors[0] for one in documents]), np.stack([one.heading for one in documents]))
    truth = np.array([one.classes[0] for one in documents])
    rebuilt = nest(materials, TreeConfig()).of_documents[0]
    random = np.random.default_rng(0)
    found: dict[str, Any] = {"documents": len(documents)}
    for share in SHARES:
        new = np.sort(random.choice(len(documents), int(share * len(documents)), replace=False))
        kept = np.setdiff1d(np.arange(len(documents)), new)
        entities = nest([materials[i] for i in kept], TreeConfig()).of_documents[0]
        placed = place(about[kept], entities, about[new])
        grown = np.empty_like(rebuilt)
        grown[kept], grown[new] = entities, [its.entities[0][0] for its in placed]
        overlap = np.zeros((entities.max() + 1, rebuilt.max() + 1))
        np.add.at(overlap, (entities, rebuilt[kept]), 1)
        match = np.full(len(overlap), -1)
        match[linear_sum_assignment(-overlap)[0]] = linear_sum_assignment(-overlap)[1]
        same = match[grown] == rebuilt
        found[f"{share:.0%} placed"] = {
            "fit": round(float(np.mean([its.fits for its in placed])), 3),
            "in the entity that a rebuild gives": round(float(same[new].mean()), 3),
            "the others in theirs": round(float(same[kept].mean()), 3),
            "agreement of all with the true classes, placed": round(adjusted_mutual_info_score(truth, grown), 4),
            "rebuilt": round(adjusted_mutual_info_score(truth, rebuilt), 4),
            "of the new ones, placed": round(adjusted_mutual_info_score(truth[new], grown[new]), 4),
            "of the new ones, rebuilt": round(adjusted_mutual_info_score(truth[new], rebuilt[new]), 4),
        }
        print(share, found[f"{share:.0%} placed"], flush=True)
    return found


if __name__ == "__main__":
    main()
