"""Files appear whole or not at all: written beside their place, flushed to the disk, then renamed into it."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from shas_kb.errors import UsageError


@dataclass(frozen=True, slots=True)
class Written:
    """What an export left at `path`: how many files, and how many bytes they have together."""

    path: Path
    files: int
    bytes: int


def write_durably(path: Path, data: bytes) -> None:
    """Write `data` to `path`, and return when it is on the disk."""
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def write_whole(path: Path, data: bytes) -> Written:
    """Replace the file at `path` by `data`; a reader sees the old bytes or the new, never a part.

    Raises:
        UsageError: `path` is a folder.
    """
    if path.is_dir():
        raise UsageError(f"{path} must be a file, got a folder; give the file's name too.")
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name[:40]}.{os.getpid()}.partial")
    try:
        write_durably(partial, data)
        partial.replace(path)
    finally:
        with suppress(FileNotFoundError):
            partial.unlink()
    return Written(path, 1, len(data))
