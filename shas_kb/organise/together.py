"""Work on two cores at once whose result does not depend on it: each piece is computed for itself, whoever does it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

Piece = TypeVar("Piece")
Result = TypeVar("Result")
Other = TypeVar("Other")

WORKERS = 2


def together(work: Callable[[Piece], Result], pieces: Iterable[Piece]) -> Iterator[Result]:
    """What `work` makes of each of `pieces`, in their order; a few are in the works ahead of what is asked for, so that
    not all results are in memory.

    Only work that NumPy or SciPy do outside Python's lock gains by it.
    """
    remaining = iter(pieces)
    with ThreadPoolExecutor(min(WORKERS, os.cpu_count() or 1)) as pool:
        try:
            running = [pool.submit(work, piece) for piece in islice(remaining, 2 * WORKERS)]
            while running:
                yield running.pop(0).result()
                running += [pool.submit(work, piece) for piece in islice(remaining, 1)]
        finally:
            pool.shutdown(cancel_futures=True)


def both(one: Callable[[], Result], other: Callable[[], Other]) -> tuple[Result, Other]:
    """What two pieces of work make that know nothing of each other, done at once; an error, or Ctrl-C, in one is
    answered when the other has ended."""
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(other)
        return one(), running.result()
