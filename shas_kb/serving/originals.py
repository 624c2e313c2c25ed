"""The files that documents were read from, as far as they still are what was read."""

from __future__ import annotations

import codecs
import hashlib
import os
import stat
from functools import partial
from pathlib import Path
from typing import BinaryIO

from shas_kb.reading import location
from shas_kb.reading.drawing import CHANGED
from shas_kb.records import Document, Problem

GONE = Problem("it is no longer where it was read; ingest its folder again")

_BLOCK = 1 << 18

Mark = tuple[int, int, int, int]
"""By which a file is known to be the same as a moment ago: place, size, and when its content and its place changed."""


class Originals:
    """Opens originals. A file is hashed once as long as it has the same mark."""

    def __init__(self) -> None:
        self._verified: dict[str, tuple[str, Mark]] = {}

    def open(self, document: Document) -> BinaryIO | Problem:
        """The original, open at its beginning, or why it cannot be had."""
        path = location(document)
        if mark(path) is None:
            return GONE
        try:
            file = path.open("rb")
        except OSError as error:
            return Problem(f"it cannot be opened ({error.strerror})", passing=True)
        known = document.sha256, _mark(os.fstat(file.fileno()))
        if self._verified.get(document.id) != known:
            if hashlib.file_digest(file, "sha256").hexdigest() != document.sha256:
                file.close()
                return CHANGED
            file.seek(0)
            self._verified[document.id] = known
        return file


def mark(path: Path) -> Mark | None:
    """The mark of a regular file; None where there is none."""
    try:
        facts = path.stat()
    except (OSError, ValueError):
        return None
    return _mark(facts) if stat.S_ISREG(facts.st_mode) else None


def is_utf_8(file: BinaryIO) -> bool:
    """Whether all of a file is UTF-8. It is read to its end."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for block in iter(partial(file.read, _BLOCK), b""):
            decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _mark(facts: os.stat_result) -> Mark:
    return facts.st_ino, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns
