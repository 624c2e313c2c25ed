"""Pages of PDFs as pictures, drawn in a process of their own: a file that hangs or crashes it costs its picture."""

from __future__ import annotations

import signal
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from shas_kb.config import DrawConfig
from shas_kb.errors import ShasKBError
from shas_kb.reading.process import Process
from shas_kb.records import Problem

_SLOWEST_START = 120.0


CHANGED = Problem("it has changed since it was read; ingest it again")


class Picture(NamedTuple):
    """A page as a PNG, and how many lines of type are marked on it."""

    png: bytes
    marks: int


@dataclass(frozen=True, slots=True)
class PageOrder:
    """A page to draw: of the PDF at `path`, whose bytes have this `sha256`, with the `quotes` in it marked."""

    path: Path
    sha256: str
    number: int
    quotes: tuple[str, ...] = ()


class Artist:
    """Draws pages, one at a time, for any thread that asks. Its process starts with the first."""

    def __init__(self, config: DrawConfig) -> None:
        self._config = config
        self._lock = threading.Lock()
        self._process: Process | None = None

    def draw(self, order: PageOrder) -> Picture | Problem:
        """The page, or why it cannot be drawn.

        Raises:
            ShasKBError: its process does not start.
        """
        with self._lock:
            if self._process is None or not self._process.alive:
                self._end()
                self._process = self._start()
            try:
                self._process.connection.send(order)
                if not self._process.connection.poll(self._config.seconds):
                    self._end()
                    return Problem(f"it took longer than {self._config.seconds:g} s to draw", passing=True)
                answer: Picture | Problem = self._process.connection.recv()
            except (EOFError, OSError):
                answer = _crashed(self._process.status())
                self._end()
            return answer

    def close(self) -> None:
        """End its process."""
        with self._lock:
            self._end()

    def _start(self) -> Process:
        process = Process("shas_kb.reading.drawing_worker")
        try:
            process.connection.send(self._config)
            if process.connection.poll(_SLOWEST_START):
                process.connection.recv()
                return process
        except (EOFError, OSError):
            pass
        why = process.why_not_started()
        process.kill()
        raise ShasKBError(why)

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process = None


def _crashed(status: int) -> Problem:
    if -status in (signal.SIGABRT, signal.SIGKILL):
        return Problem("drawing it ended its process, most likely for want of memory", passing=True)
    name = signal.Signals(-status).name if status < 0 else f"exit code {status}"
    return Problem(f"drawing it crashed its process ({name})")
