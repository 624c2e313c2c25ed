"""Zip archives that documents come in (docx, epub), opened with care."""

from __future__ import annotations

import io
import zipfile
import zlib

from shas_kb.reading.draft import UnreadableError
from shas_kb.records import Problem

_LARGEST = 512 << 20
_BOMB = 200  # times a part may grow when unpacked, beyond the first megabytes


class Archive:
    """The parts of an archive. Sizes are checked before anything is unpacked."""

    def __init__(self, data: bytes) -> None:
        """Open `data`. Raises UnreadableError if it is damaged, encrypted, or would unpack to too much."""
        try:
            self._archive = zipfile.ZipFile(io.BytesIO(data))
        except (zipfile.BadZipFile, ValueError, NotImplementedError, EOFError, OSError) as error:
            raise _damaged(error) from error
        parts = self._archive.infolist()
        if any(part.flag_bits & 1 for part in parts):
            raise UnreadableError(Problem("encrypted: needs a password; save an unlocked copy"))
        total = sum(part.file_size for part in parts)
        if total > _LARGEST or any(part.file_size > (8 << 20) + _BOMB * part.compress_size for part in parts):
            raise UnreadableError(Problem(f"too large: unpacks to {total >> 20} MB; split it into parts"))
        self.names = frozenset(self._archive.namelist())

    def read(self, name: str) -> bytes:
        """One part. Raises UnreadableError if it is missing or damaged."""
        try:
            return self._archive.read(name)
        except (
            KeyError,
            zipfile.BadZipFile,
            zlib.error,
            NotImplementedError,
            EOFError,
            OSError,
            RuntimeError,
        ) as error:
            raise _damaged(error) from error


def _damaged(error: Exception) -> UnreadableError:
    what = str(error).strip("\"'") or type(error).__name__
    return UnreadableError(Problem(f"damaged: {what}; open and save it again"))
