"""Files and folders appear whole or not at all: written beside their place, flushed to the disk, then renamed."""

from __future__ import annotations

import ctypes
import glob
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from errno import ELOOP
from pathlib import Path

from shas_kb.errors import UsageError

_NAME = 40  # characters of a name that a temporary one keeps


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

    Of a symbolic link, the file that it leads to is replaced.

    Raises:
        UsageError: `path` is a folder, or a device or pipe, which cannot be replaced.
    """
    check_file_place(path)
    place = _resolved(path)
    place.parent.mkdir(parents=True, exist_ok=True)
    partial = _partial(place)
    try:
        write_durably(partial, data)
        partial.replace(place)
    finally:
        with suppress(FileNotFoundError):
            partial.unlink()
    return Written(path, 1, len(data))


def check_file_place(path: Path) -> None:
    """Raise UsageError if `path` is a folder, or a device or pipe: no file can take its place."""
    if path.is_dir():
        raise UsageError(f"{path} must be a file, got a folder; give the file's name too.")
    if path.exists() and not path.is_file():
        raise UsageError(f"{path} must be a file, got a device or a pipe; name a file.")


def write_folder(path: Path, files: Mapping[str, bytes]) -> Written:
    """Replace the folder at `path` by one that holds `files`; a reader sees the old files or the new, never a mixture.

    Args:
        path: a folder that is not there yet, is empty, or has nothing in it but such files.
        files: contents by paths in the folder.

    Raises:
        UsageError: `path` is a file, or a folder that holds something else.
    """
    if path.exists() and not path.is_dir():
        raise UsageError(f"{path} must be a folder, got a file; name a folder.")
    place = _resolved(path)
    place.parent.mkdir(parents=True, exist_ok=True)
    partial, replaced = _partial(place), place.with_name(f".{place.name[:_NAME]}.replaced")
    if replaced.exists() and not place.exists():
        replaced.rename(place)
    there = (file.relative_to(place).as_posix() for file in place.rglob("*") if not file.is_dir())
    if strangers := sorted(set(there) - set(files)):
        raise UsageError(f"{path} must be a folder for this export alone, got {strangers[0]} in it; name another.")
    try:
        for name, data in files.items():
            (partial / name).parent.mkdir(parents=True, exist_ok=True)
            write_durably(partial / name, data)
        if place.exists() and not _exchange(partial, place):
            place.rename(replaced)
        if partial.exists() and not place.exists():
            partial.rename(place)
    finally:
        _remove(partial)
        _remove(replaced)
    return Written(path, len(files), sum(map(len, files.values())))


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """While this lasts, no other process is in here with the same folder; whoever comes later waits.

    The lock is the system's own on the folder, and ends with the process. Windows has none.
    """
    with ExitStack() as locks:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            _lock(path.parent, locks)
        if path.is_dir():
            _lock(path, locks)
        yield


def _lock(folder: Path, locks: ExitStack) -> None:
    if sys.platform == "win32":
        return
    import fcntl

    with suppress(OSError):  # some network drives know no locks
        opened = os.open(folder, os.O_RDONLY)
        locks.callback(os.close, opened)
        fcntl.flock(opened, fcntl.LOCK_EX)


def _resolved(path: Path) -> Path:
    try:
        return path.resolve()
    except RuntimeError as error:  # so in Python before 3.13
        raise OSError(ELOOP, os.strerror(ELOOP), str(path)) from error


def _partial(path: Path) -> Path:
    """A name beside `path` to write under; what processes that were killed left under such names goes."""
    stem = f".{path.name[:_NAME]}."
    for left in path.parent.glob(f"{glob.escape(stem)}*.partial"):
        process = left.name.removeprefix(stem).removesuffix(".partial")
        if process.isdecimal() and not _alive(int(process)):
            _remove(left)
    return path.with_name(f"{stem}{os.getpid()}.partial")


def _alive(process: int) -> bool:
    if sys.platform == "win32":
        return True  # there, to ask would be to end it
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        pass
    return process != os.getpid()


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _exchange(one: Path, other: Path) -> bool:
    """Let two folders change their names in one step, where the system can (Linux); whether it did."""
    rename = getattr(ctypes.CDLL(None), "renameat2", None) if sys.platform == "linux" else None
    here, both = -100, 2  # AT_FDCWD, RENAME_EXCHANGE
    return rename is not None and rename(here, os.fsencode(one), here, os.fsencode(other), both) == 0
