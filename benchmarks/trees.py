"""What the benchmarks of trees share: the real commands, where they put documents, and how far two orders agree."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sklearn.metrics import adjusted_mutual_info_score

from shas_kb.records import NODE_LEVELS

Places = Mapping[str, Mapping[str, str]]
"""The node of each level that a document lies under, by its path."""


def shas_kb(db: Path, *words: object) -> dict[str, Any]:
    """The JSON answer of one command. Files that cannot be read (status 1) are no failure here; any other is."""
    command = [sys.executable, "-m", "shas_kb", "-d", str(db), "--json", "--quiet", *map(str, words)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode not in (0, 1):
        raise SystemExit(f"{' '.join(command)}: exit status {done.returncode}\n{done.stderr}")
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def places(db: Path) -> dict[str, dict[str, str]]:
    """Where the current tree puts each document."""
    nodes = shas_kb(db, "tree")["nodes"]
    parent = {node["id"]: node["parent"] for node in nodes}
    found = {}
    for node in nodes:
        if node["level"] == "document":
            entity, category = node["parent"], parent[node["parent"]]
            found[node["path"]] = dict(zip(NODE_LEVELS, (entity, category, parent[category]), strict=True))
    return found


def agreement(found: Places, truth: Places, digits: int = 3) -> dict[str, float]:
    """Adjusted mutual information of each level with the truth, over the documents that have one."""
    paths = sorted(set(found) & set(truth))

    def compared(level: str) -> float:
        trees = ([where[path][level] for path in paths] for where in (truth, found))
        return float(adjusted_mutual_info_score(*trees))

    return {level: round(compared(level), digits) for level in NODE_LEVELS}
