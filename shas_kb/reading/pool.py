"""Worker processes that read files. One that hangs, crashes or eats memory costs its file and nothing else.

What a process is, and that none outlives this one, is in process.py.
"""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Iterable, Iterator
from multiprocessing.connection import wait
from pathlib import Path
from types import TracebackType
from typing import Self

from shas_kb.config import ReadConfig
from shas_kb.errors import ModelError, ShasKBError
from shas_kb.reading.limits import ended, needs_memory, needs_time, seconds
from shas_kb.reading.process import Process
from shas_kb.records import Problem, Reading, SourceFile

_SLOWEST_START = 120.0


class ReaderPool:
    """Reads files in worker processes; a context manager. Workers start with the first files and stay until `close`."""

    def __init__(self, config: ReadConfig) -> None:
        """Check the configuration; starts nothing yet. Raises ModelError if the tokenizer is not there."""
        if not Path(config.tokenizer).is_file():
            raise ModelError(f"tokenizer must be a file, got {config.tokenizer}; install the model again.")
        self._config = config
        self._size = config.workers or os.cpu_count() or 1
        self._workers: list[_Worker] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End all workers now. What they were reading is lost."""
        for worker in self._workers:
            worker.kill()
        self._workers.clear()

    def read(self, files: Iterable[SourceFile]) -> Iterator[tuple[SourceFile, str | None, Reading | Problem]]:
        """Read `files`, and give each back as soon as it is done, with the SHA-256 of its bytes where known.

        While the caller works on one result the workers go on, each at most one result ahead.

        Raises:
            ShasKBError: if worker processes do not start.
        """
        waiting = deque(files)
        try:
            while waiting or any(worker.file for worker in self._workers):
                self._bury(
                    [worker for worker in self._workers if worker.file is None and worker.ready and not worker.alive]
                )
                while waiting and len(self._workers) < self._size and not any(worker.idle for worker in self._workers):
                    # one more only if there is something for it to do
                    if len(waiting) <= sum(not worker.ready for worker in self._workers):
                        break
                    self._workers.append(_Worker(self._config))
                self._hand_out(waiting)
                for worker in self._due():
                    file, answer = worker.file, worker.collect()
                    if worker.dead:
                        self._bury([worker])
                    if file is not None and answer is not None:
                        self._hand_out(waiting)
                        yield file, *answer
        finally:
            self._bury([worker for worker in self._workers if worker.file])

    def _bury(self, workers: Iterable[_Worker]) -> None:
        for worker in workers:
            self._workers.remove(worker)
            worker.kill()

    def _hand_out(self, waiting: deque[SourceFile]) -> None:
        for worker in self._workers:
            if waiting and worker.idle:
                worker.begin(waiting.popleft())

    def _due(self) -> list[_Worker]:
        """Workers that have something to say, or whose time is over."""
        busy = [worker for worker in self._workers if worker.file or not worker.ready]
        ends = min((worker.deadline for worker in busy), default=time.monotonic())
        said = set(wait([worker.connection for worker in busy], max(0.0, ends - time.monotonic())))
        now = time.monotonic()
        return [worker for worker in busy if worker.connection in said or worker.deadline <= now]


class _Worker:
    """One process, as the pool sees it. `file` is what it reads; `dead` once it must be replaced."""

    def __init__(self, config: ReadConfig) -> None:
        self._config = config
        self.file: SourceFile | None = None
        self.ready = False
        self.dead = False
        self.deadline = time.monotonic() + _SLOWEST_START
        self._process = Process("shas_kb.reading.worker")
        self.connection = self._process.connection
        self.connection.send(config)

    @property
    def idle(self) -> bool:
        return self.ready and self.alive and self.file is None

    @property
    def alive(self) -> bool:
        return not self.dead and self._process.alive

    def begin(self, file: SourceFile) -> None:
        """Send a file to read."""
        self.file = file
        self.deadline = time.monotonic() + seconds(self._config)
        try:
            self.connection.send(file)
        except OSError:
            # it died while idle: `collect` finds that out
            self.deadline = time.monotonic()

    def collect(self) -> tuple[str | None, Reading | Problem] | None:
        """What the process has to say: an answer, or None after its start.

        Raises:
            ShasKBError: if it did not start.
        """
        answer: tuple[str | None, Reading | Problem] | None = None
        try:
            if not self.connection.poll():
                raise TimeoutError
            said = self.connection.recv()
            if self.ready:
                answer, self.file = said, None
                # what is left of its memory may be too little for the next file
                self.dead = said[1] == needs_memory(self._config)
            self.ready = True
            return answer
        except (EOFError, OSError) as error:
            self.dead = True
            if not self.ready:
                raise ShasKBError(self._process.why_not_started()) from error
            problem = needs_time(self._config) if isinstance(error, TimeoutError) else self._ended()
            self.file = None
            return None, problem

    def kill(self) -> None:
        """End the process at once, and wait for its end."""
        self._process.kill()

    def _ended(self) -> Problem:
        return ended(self._config, self._process.status())
