"""Which files a folder holds: those to read, and those skipped with the reason.

A file name that is not UTF-8 cannot be stored as text. It is kept with its odd bytes written as `\\xNN`, which can be
read and stored; `location` finds the file again.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Sequence
from dataclasses import dataclass, field
from fnmatch import translate
from functools import lru_cache
from pathlib import Path

from shas_kb.errors import UsageError
from shas_kb.reading.exported import Exported
from shas_kb.reading.kinds import ENDINGS, advice, sniff
from shas_kb.records import Document, Problem, SourceFile

_OURS = (".shas-kb", "kb.sqlite")
_LITTER = re.compile(r"~\$.*|thumbs\.db|desktop\.ini|\._.*|.*~", re.IGNORECASE)
_ESCAPED = re.compile(rb"\\x([89a-f][0-9a-f])")
_BLOCK = 1 << 20
LARGEST_MEGABYTES = 1024


def discover(
    paths: Sequence[Path],
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
    largest_megabytes: int = LARGEST_MEGABYTES,
) -> tuple[list[SourceFile], list[tuple[SourceFile, Problem]]]:
    """Find the files to read under `paths`, and account for all others.

    Args:
        paths: folders, walked to their ends, and single files.
        include: globs on the path relative to the folder, or on the name; only files that match one are read.
        exclude: globs of files and folders to leave out. A star stands for anything, slashes too.
        largest_megabytes: larger files are skipped.

    Returns:
        The files to read, and the files and folders skipped or unreadable with the reason; both by root and path.
        A folder has a slash at the end of its path and stands for all that is in it. The database of a collection, its
        folder `.shas-kb` and what it exported into a vault are passed over silently.

    Raises:
        UsageError: if a path does not exist.
    """
    walk = _Walk(tuple(include), tuple(exclude), largest_megabytes)
    for path in paths:
        if not path.exists():
            raise UsageError(f"path must exist, got {_storable(str(path))}; check its spelling.")
    # the outermost folder first: a file that two of the paths hold belongs to that one, whatever their order
    for place in sorted({path.resolve() for path in paths}, key=lambda place: (len(place.parts), str(place))):
        if place.is_dir():
            walk.folder(place, str(place))
        else:
            walk.file(place.parent, str(place), named=True)
    return sorted(walk.found, key=_order), sorted(walk.skipped, key=lambda item: _order(item[0]))


def fingerprint(file: SourceFile) -> str:
    """The SHA-256 of the file's bytes. Raises OSError if it cannot be read."""
    digest = hashlib.sha256()
    with location(file).open("rb", buffering=0) as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def location(file: SourceFile | Document) -> Path:
    """Where the file is, with a name that is not UTF-8 turned back into what the system knows."""
    path = os.path.join(file.root, file.path)  # noqa: PTH118 - a Path would lose nothing, but str is escaped below
    if "\\x" not in path or os.path.lexists(path):
        return Path(path)
    raw = _ESCAPED.sub(lambda match: bytes([int(match[1], 16)]), path.encode("utf-8", "surrogateescape"))
    return Path(os.fsdecode(raw))


@dataclass
class _Walk:
    include: tuple[str, ...]
    exclude: tuple[str, ...]
    largest_megabytes: int
    found: list[SourceFile] = field(default_factory=list)
    skipped: list[tuple[SourceFile, Problem]] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    exported: Exported = field(default_factory=Exported)

    def folder(self, root: Path, start: str) -> None:
        """Walk without recursion: folders may be nested deeper than Python's stack."""
        for above in root.parents:
            self.exported.enter(str(above))
        pending = [start]
        while pending:
            place = pending.pop()
            self.exported.enter(place)
            try:
                with os.scandir(place) as entries:
                    inside = sorted(entries, key=lambda entry: entry.name)
            except OSError as error:
                self._skip(root, place, f"the folder cannot be listed: {error.strerror}; check its permissions", True)
                continue
            for entry in inside:
                if entry.name.startswith(_OURS) or self.exported.wrote(entry.path):
                    continue
                if not _is_folder(entry):
                    self.file(root, entry.path)
                elif reason := self._unwanted_folder(root, entry):
                    self._skip(root, entry.path, reason)
                else:
                    pending.append(entry.path)

    def file(self, root: Path, path: str, named: bool = False) -> None:
        if path in self.seen:
            return
        self.seen.add(path)
        relative = _relative(root, path)
        try:
            facts = os.stat(path)  # noqa: PTH116
        except OSError as error:
            broken = os.path.islink(path)  # noqa: PTH114
            why = (
                "a link to nothing: remove it"
                if broken
                else f"cannot be looked at: {error.strerror}; check permissions"
            )
            self._skip(root, path, why)
            return
        if reason := self._unwanted_file(relative, path, facts, named):
            self._skip(root, path, reason)
        else:
            self.found.append(SourceFile(_storable(str(root)), relative, facts.st_size, _changed(facts)))

    def _unwanted_folder(self, root: Path, entry: os.DirEntry[str]) -> str | None:
        if entry.name.startswith("."):
            return "hidden folder: rename it without the dot to have it read"
        relative = _relative(root, entry.path)
        if pattern := _matching(relative, self.exclude):
            return f"excluded by {pattern}"
        if entry.is_symlink():
            return "a link to a folder is not followed: name the folder itself to have it read"
        return None

    def _unwanted_file(self, relative: str, path: str, facts: os.stat_result, named: bool) -> str | None:
        name = relative.rpartition("/")[2]
        if pattern := _matching(relative, self.exclude):
            return f"excluded by {pattern}"
        if self.include and not _matching(relative, self.include):
            return f"not included: matches none of {', '.join(self.include)}"
        if name.startswith(".") and not named:
            return "hidden file: rename it without the dot to have it read"
        if _LITTER.fullmatch(name):
            return "not a document: a system's or an editor's own file"
        if not stat.S_ISREG(facts.st_mode):
            return "not a regular file"
        ending = Path(name).suffix.lower()
        if ending not in ENDINGS and not _is_pdf(path):
            return advice(ending)
        if facts.st_size > self.largest_megabytes << 20:
            size = facts.st_size >> 20
            return f"too large: {size} MB, the limit is {self.largest_megabytes} MB; split it into parts"
        return None

    def _skip(self, root: Path, path: str, reason: str, failed: bool = False) -> None:
        try:
            facts = os.lstat(path)
            size, changed = (0 if stat.S_ISDIR(facts.st_mode) else facts.st_size), _changed(facts)
            slash = "/" if stat.S_ISDIR(facts.st_mode) else ""
        except OSError:
            size, changed, slash = 0, 0, ""
        if slash and (path in self.seen or self.seen.add(path)):  # type: ignore[func-returns-value]
            return
        file = SourceFile(_storable(str(root)), _relative(root, path) + slash, size, changed)
        self.skipped.append((file, Problem(reason, "failed" if failed else "skipped", passing=failed)))


def _changed(facts: os.stat_result) -> int:
    """When the file last changed: renamed, unpacked or copied, it may keep its `mtime`, but not its `ctime`."""
    return max(facts.st_mtime_ns, facts.st_ctime_ns)


def _is_pdf(path: str) -> bool:
    try:
        with open(path, "rb") as stream:  # noqa: PTH123 - names that are not UTF-8 are str here
            return sniff(stream.read(1024)) == "pdf"
    except OSError:
        return False


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        # links in a circle
        return False


def _order(file: SourceFile) -> tuple[str, str]:
    return file.root, file.path


def _relative(root: Path, path: str) -> str:
    return _storable(os.path.relpath(path, root).replace(os.sep, "/"))


def _storable(name: str) -> str:
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _matching(relative: str, patterns: Sequence[str]) -> str | None:
    name = relative.rpartition("/")[2]
    for pattern in patterns:
        expression = _expression(pattern)
        if expression.fullmatch(relative) or expression.fullmatch(relative + "/") or expression.fullmatch(name):
            return pattern
    return None


@lru_cache(maxsize=256)
def _expression(pattern: str) -> re.Pattern[str]:
    whole = pattern.removeprefix("./")
    options = {whole, whole.removeprefix("**/"), whole.rstrip("/")}
    return re.compile("|".join(translate(option) for option in sorted(options) if option))
