"""Exports in processes of their own, killed after a while.

Run as a program: it loads what an export needs once; for each line of its input, a JSON list of the collection, the
folder and the seconds to live, it forks, and the child writes the vault. It answers with the seconds the child lived.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from importlib import import_module
from pathlib import Path
from types import TracebackType


class Killer:
    """The program above, from a test."""

    def __enter__(self) -> Killer:
        self._process = subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._process.communicate()

    def export(self, db: Path, vault: Path, seconds: float) -> float:
        """Begin an export and kill it after so many seconds, if it is not done; how many it took."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps([str(db), str(vault), seconds]) + "\n")
        self._process.stdin.flush()
        return float(self._process.stdout.readline())


def serve() -> None:
    from shas_kb.export import export
    from shas_kb.storage import Store

    import_module("shas_kb.export.vault.write")  # what it needs is loaded before the clock runs

    for line in sys.stdin:
        db, vault, seconds = json.loads(line)
        begin = time.monotonic()
        child = os.fork()
        if child == 0:
            try:
                with Store.open(Path(db)) as store:
                    export(store, "obsidian", Path(vault))
            finally:
                os._exit(0)
        while time.monotonic() - begin < seconds and os.waitpid(child, os.WNOHANG)[0] == 0:
            time.sleep(0.0005)
        lived = time.monotonic() - begin
        try:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
        except (ProcessLookupError, ChildProcessError):
            pass
        print(lived, flush=True)  # noqa: T201


if __name__ == "__main__":
    serve()
