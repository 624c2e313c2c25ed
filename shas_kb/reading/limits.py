"""The limits of one worker process, and the problems of the files that run into them."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable

from shas_kb.config import ReadConfig
from shas_kb.records import Problem

_GRACE = 5


def needs_memory(config: ReadConfig) -> Problem:
    """A file whose reading takes too much memory."""
    return Problem(f"needs more than {config.megabytes} MB to read; split it into parts", passing=True)


def needs_time(config: ReadConfig) -> Problem:
    """A file whose reading takes too long."""
    reason = f"took longer than {config.seconds:g} s to read; split it into parts, or open and save it again"
    return Problem(reason, passing=True)


def limit_memory(megabytes: int) -> None:
    """Limit the address space to what is used now plus `megabytes`, where the system can (Linux)."""
    try:
        import resource

        with open("/proc/self/statm", encoding="ascii") as facts:  # noqa: PTH123
            used = int(facts.read().split()[0]) * resource.getpagesize()
    except (ImportError, OSError):
        return
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    limit = used + (megabytes << 20)
    resource.setrlimit(resource.RLIMIT_AS, (limit if hard < 0 else min(limit, hard), hard))


def alarm(seconds: float) -> None:
    """Have the system end this process some time after `seconds`, even if a parser is stuck in C; 0 calls it off."""
    ring: Callable[[int], int] | None = getattr(signal, "alarm", None)
    if ring is not None:
        ring(int(seconds) + _GRACE if seconds else 0)


def end_with(descriptor: int) -> None:
    """End this process as soon as the other end of `descriptor` closes, even while a file is read."""

    def wait() -> None:
        os.read(descriptor, 1)
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()
