"""How long work reports where it stands. The core only knows this protocol; `cli/` draws it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol, TypeVar

T = TypeVar("T")


class Progress(Protocol):
    """One stage at a time: `start` opens it, `advance` moves it on, `finish` closes it."""

    def start(self, stage: str, total: int, unit: str) -> None:
        """Begin `stage` ("Reading", "Encoding", ...) of `total` steps, each one `unit` ("file", "token", ...)."""

    def advance(self, steps: int = 1) -> None:
        """Some steps of the stage are done."""

    def finish(self) -> None:
        """The stage is over."""


class NoProgress:
    """Says nothing."""

    def start(self, stage: str, total: int, unit: str) -> None:
        pass

    def advance(self, steps: int = 1) -> None:
        pass

    def finish(self) -> None:
        pass


def told(progress: Progress, stage: str, units: Sequence[T], unit: str) -> Iterator[T]:
    """The units of a stage, one by one; `progress` is told of each that is done."""
    progress.start(stage, len(units), unit)
    for each in units:
        yield each
        progress.advance()
    progress.finish()
