"""Ctrl-C that is not lost.

Python drops a KeyboardInterrupt that falls into a destructor or some libraries' imports. So it is remembered here, and
raised again at the next step of the work.
"""

from __future__ import annotations

import signal
from types import FrameType

_pressed = False


def remember() -> None:
    """From now on, Ctrl-C is remembered."""
    signal.signal(signal.SIGINT, _press)


def raise_if_pressed() -> None:
    """Raise KeyboardInterrupt if Ctrl-C was pressed."""
    if _pressed:
        raise KeyboardInterrupt


def answer() -> None:
    """Whoever pressed Ctrl-C was told that the work has stopped: once is enough."""
    global _pressed
    _pressed = False


def _press(number: int, frame: FrameType | None) -> None:
    global _pressed
    _pressed = True
    raise KeyboardInterrupt
