"""Python's search for cycles of objects, put off."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """A time in which no cycles are searched for; to be used around what makes very many objects and no cycles.

    The search goes through all objects that live, again whenever their number has grown by a quarter.
    """
    searching = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if searching:
            gc.enable()
