"""The limits of one worker process, and the problems of the files that run into them."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable

from shas_kb.config import ReadConfig
from shas_kb.records import Problem

_GRACE = 5
_OCR_TIMES = 10  # pages are recognised at about one a second, and the models take their room
_OCR_MEGABYTES = 2048


def needs_memory(config: ReadConfig) -> Problem:
    """A file whose reading takes too much memory."""
    return Problem(f"needs more than {megabytes(config)} MB to read; split it into parts", passing=True)


def needs_time(config: ReadConfig) -> Problem:
    """A file whose reading takes too long."""
    reason = f"took longer than {seconds(config):g} s to read; split it into parts, or open and save it again"
    return Problem(reason, passing=True)


def ended(config: ReadConfig, status: int) -> Problem:
    """A file whose reading ended the process with this exit status (negative: the signal)."""
    # the allocators of Rust and C++ abort, the system kills
    if -status in (signal.SIGABRT, signal.SIGKILL):
        limit = megabytes(config)
        reason = f"ended while being read, most likely for want of memory (limit {limit} MB); split it into parts"
        return Problem(reason, passing=True)
    name = signal.Signals(-status).name if status < 0 else f"exit code {status}"
    return Problem(f"damaged: it crashes its reader ({name}); open and save it again")


def seconds(config: ReadConfig) -> float:
    """How long one file may take."""
    return config.seconds * _OCR_TIMES if config.ocr else config.seconds


def megabytes(config: ReadConfig) -> int:
    """How much memory one file may take."""
    return config.megabytes + _OCR_MEGABYTES if config.ocr else config.megabytes


def limit_memory(room: int) -> None:
    """Limit the address space to what is used now and so many megabytes more, where the system can (Linux)."""
    try:
        import resource

        with open("/proc/self/statm", encoding="ascii") as facts:  # noqa: PTH123
            used = int(facts.read().split()[0]) * resource.getpagesize()
    except (ImportError, OSError):
        return
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    limit = used + (room << 20)
    resource.setrlimit(resource.RLIMIT_AS, (limit if hard < 0 else min(limit, hard), hard))


def alarm(after: float) -> None:
    """Have the system end this process soon after so many seconds, even if a parser is stuck in C; 0 calls it off."""
    ring: Callable[[int], int] | None = getattr(signal, "alarm", None)
    if ring is not None:
        ring(int(after) + _GRACE if after else 0)


def end_with(descriptor: int) -> None:
    """End this process as soon as the other end of `descriptor` closes, even while a file is read."""

    def wait() -> None:
        os.read(descriptor, 1)
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()
