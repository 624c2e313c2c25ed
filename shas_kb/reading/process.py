"""A process that does one kind of work, and may fail at it.

It is a fresh interpreter with a socket to this process; nothing is shared or inherited, and `__main__` is not run
again. It ends when its socket closes, so it does not outlive this process, however that ends.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from multiprocessing import Pipe
from multiprocessing.connection import Connection

from shas_kb.reading.limits import end_with


class Process:
    """One process, as the one that started it sees it. `connection` leads to it."""

    def __init__(self, module: str) -> None:
        """Start a process that runs `module`, which hands itself over to `work`."""
        self.connection, theirs = Pipe()
        self._life, their_life = Pipe()
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the process
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", module, str(theirs.fileno()), str(their_life.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._errors,
                pass_fds=(theirs.fileno(), their_life.fileno()),
            )
        finally:
            theirs.close()
            their_life.close()

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def status(self) -> int:
        """How it ended, as it does now (negative: the signal)."""
        try:
            return self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()

    def why_not_started(self) -> str:
        """What to say of one that ended before it was ready; ends it."""
        self._process.kill()
        status = self._process.wait()
        self._errors.seek(0)
        lines = self._errors.read().decode("utf-8", "replace").strip().splitlines()
        why = lines[-1] if lines else f"exit code {status}"
        return f"A reading process must start, got: {why}; reinstall shas-kb or free some memory."

    def kill(self) -> None:
        """End it at once, and wait for its end."""
        self._process.kill()
        self._process.wait()
        self.connection.close()
        self._life.close()
        self._errors.close()


def work(serve: Callable[[Connection], None]) -> None:
    """In the process: answer what comes through the connection until its other end is closed."""
    # whoever started it decides when it ends; Ctrl-C reaches the whole group
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    connection = Connection(int(sys.argv[1]))
    end_with(int(sys.argv[2]))
    try:
        serve(connection)
    except (EOFError, ConnectionError):
        return
