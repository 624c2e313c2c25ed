"""What every benchmark here shares: where results go, and on what they were measured."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
EVAL = ROOT.parent / "shared" / "eval"
PACKAGES = ("torch", "triton", "numpy", "scipy", "sentence-transformers", "tokenizers", "pymupdf", "sqlite-utils")


def write_result(name: str, figures: Mapping[str, object], folder: Path = RESULTS, *, quiet: bool = False) -> Path:
    """Write `<folder>/<name>.json`: the command, the commit, the machine and the figures; and say so, unless quiet."""
    out = folder / f"{name}.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    command = " ".join(["python", *(_named(argument) for argument in sys.argv)])
    result = {"command": command, "commit": commit(), "machine": machine(), "figures": figures}
    out.write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n")
    if not quiet:
        print(f"written: {_named(str(out))}")
    return out


def _named(argument: str) -> str:
    """An argument as it is kept: a path in the repository from its root, one elsewhere by its last part."""
    path = Path(argument)
    if not path.is_absolute():
        return argument
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else path.name


def commit() -> str:
    """The commit that was measured, with a + where the checkout held more than it.

    In a copy of the files without their history it is what the environment variable COMMIT says.
    """
    if told := os.environ.get("COMMIT"):
        return told
    if not (ROOT / ".git").exists():
        return "unknown"

    def git(*words: str) -> str:
        return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()

    changed = git("status", "--porcelain", "--", "*.py")
    return git("rev-parse", "--short", "HEAD") + ("+" if changed else "")


def machine() -> dict[str, object]:
    """Processor, cores, memory, and the versions of the packages that are there."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    flags = next((line for line in lines if line.startswith("flags")), "").split()
    return {
        "processor": names[0] if names else platform.processor(),
        "cores": os.cpu_count(),
        "bf16": "avx512_bf16" in flags,
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
        "python": platform.python_version(),
        **{package: found for package in PACKAGES if (found := _version(package))},
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
