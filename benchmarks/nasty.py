"""PDFs that break readers: every one must be read or reported, none may crash or hang.

python benchmarks/nasty.py
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from report import EVAL, write_result

FOLDER = EVAL / "nasty-pdfs"


def main() -> None:
    if not FOLDER.is_dir():
        raise SystemExit("skipped: nasty-pdfs is not beside the repository")
    with tempfile.TemporaryDirectory() as scratch:
        words = ["-d", str(Path(scratch) / "kb.sqlite"), "--json", "--quiet", "ingest", str(FOLDER), "--no-tree"]
        began = time.perf_counter()
        done = subprocess.run([sys.executable, "-m", "shas_kb", *words], capture_output=True, text=True)
        seconds = time.perf_counter() - began
    report = json.loads(done.stdout)
    reported = report["added"] + len(report["failed"]) + len(report["skipped"])
    reasons = Counter(entry["reason"] for entry in report["failed"])
    figures = {
        "exit_code": done.returncode,
        "files": sum(path.is_file() for path in FOLDER.rglob("*")),
        "reported": reported,
        "read": report["added"],
        "duplicates_and_other_kinds": len(report["skipped"]),
        "failed": dict(reasons.most_common()),
        "seconds": round(seconds, 1),
    }
    write_result("nasty", figures)
    raise SystemExit(figures["files"] != reported or done.returncode not in (0, 1))


if __name__ == "__main__":
    main()
