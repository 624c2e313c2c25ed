"""The program `shas-kb`, which is `python -m shas_kb` too."""

from __future__ import annotations

import atexit
import contextlib
import os
import sys

from shas_kb.cli.app import main


def start() -> None:
    """Run a command and end the process. Where torch was needed, without taking it apart, which takes half a second.

    Threads are waited for, streams flushed, and what was registered with `atexit` meanwhile is done.
    """
    status: int | str | None = None

    def leave() -> None:
        if isinstance(status, int) and "torch" in sys.modules:
            for stream in (sys.stdout, sys.stderr):
                with contextlib.suppress(OSError, ValueError):
                    stream.flush()
            os._exit(status)

    # Called after all that is registered later. What was earlier, by the modules above, has nothing to save.
    atexit.register(leave)
    try:
        main()
    except SystemExit as end:
        status = end.code
        raise


if __name__ == "__main__":
    start()
