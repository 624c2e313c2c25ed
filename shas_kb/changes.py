"""What has changed in a folder since it was last read: the plan of an ingest, made without reading any document.

A file is the same as before if its size and time are, or else if its bytes are (their sha256). Content decides, not
names: a renamed file is the document it was, and the second file with the same bytes is a duplicate.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from shas_kb.progress import Progress
from shas_kb.reading import fingerprint, location
from shas_kb.records import Problem, SourceFile
from shas_kb.storage import FileState

DUPLICATE = "duplicate of "
"""How the reason begins for which a file was skipped whose content another one has."""
COPIES = (DUPLICATE, "the same content as ")
"""The same, and as storage says it of what it finds only when the content is read."""


@dataclass(slots=True)
class Changes:
    """What an ingest has to do.

    `to_read` are new or changed files, `updated` those of them that hold a document already; `moved` are pairs (old,
    new), whose content went from one to the other, whatever the old one holds now; `touched` are unchanged files with
    a new time; `duplicates` come with their sha256 and the file that is read in their place; `gone` are no longer in
    the folder.
    """

    to_read: list[SourceFile] = field(default_factory=list)
    updated: set[SourceFile] = field(default_factory=set)
    unchanged: list[SourceFile] = field(default_factory=list)
    touched: list[SourceFile] = field(default_factory=list)
    moved: list[tuple[SourceFile, SourceFile]] = field(default_factory=list)
    duplicates: list[tuple[SourceFile, str, SourceFile]] = field(default_factory=list)
    known_problems: list[tuple[SourceFile, Problem]] = field(default_factory=list)
    gone: list[SourceFile] = field(default_factory=list)


def find_changes(
    found: Sequence[SourceFile],
    states: Sequence[FileState],
    paths: Sequence[Path],
    progress: Progress,
    *,
    retry: bool = False,
) -> Changes:
    """Compare the files found with what the collection knows of them.

    Args:
        found: the files of the folder, sorted.
        states: what the collection holds, of any folder.
        paths: what was asked for; known files below it that are no longer there are `gone`.
        progress: told how many files were compared; new ones are hashed.
        retry: read again what could not be read before (the way of reading has changed).
    """
    return _Comparison(found, states, progress, retry).changes(paths)


class _Comparison:
    def __init__(
        self, found: Sequence[SourceFile], states: Sequence[FileState], progress: Progress, retry: bool
    ) -> None:
        self.retry = retry
        self.states = {absolute(state.file): state for state in states}
        roots = {state.file.root for state in states}
        self.found = [self._as_known(file, roots) for file in found]
        self.sha256s: dict[SourceFile, str | None] = {}
        progress.start("Comparing", len(self.found), "file")
        for file in self.found:
            self.sha256s[file] = self._sha256(file)
            progress.advance()
        progress.finish()

    def _as_known(self, file: SourceFile, roots: set[str]) -> SourceFile:
        """Name a file by the root under which the collection knows it, so that reading a sub-folder alone adds
        nothing twice."""
        state = self.states.get(absolute(file))
        if state is not None:
            return replace(file, root=state.file.root, path=state.file.path)
        full = Path(absolute(file))
        above = [root for root in roots if full.is_relative_to(root)]
        if not above:
            return file
        root = max(above, key=len)
        return replace(file, root=root, path=full.relative_to(root).as_posix())

    def _sha256(self, file: SourceFile) -> str | None:
        """None if the file cannot be read; its reader will say why."""
        state = self.states.get(absolute(file))
        if state is not None and state.sha256 is not None and state.file == file:
            return state.sha256
        try:
            return fingerprint(file)
        except OSError:
            return None

    def changes(self, paths: Sequence[Path]) -> Changes:
        changes = Changes()
        owners, orphans = self._owners(changes, paths)
        for file in self.found:
            state, sha256 = self.states.get(absolute(file)), self.sha256s[file]
            owner = owners.get(sha256) if sha256 else None
            if owner == file and state is not None:
                changes.unchanged.append(file)
                if state.file != file:
                    changes.touched.append(file)
            elif owner is not None and sha256 is not None:
                changes.duplicates.append((file, sha256, owner))
            elif sha256 in orphans:
                changes.moved.append((orphans.pop(sha256), file))
                owners[sha256] = file
            elif state is not None and sha256 is not None and self._still_fails(state, sha256):
                kind: Literal["skipped", "failed"] = "skipped" if state.status == "skipped" else "failed"
                changes.known_problems.append((file, Problem(state.reason or "", kind)))
            else:
                changes.to_read.append(file)
                if sha256 is not None:
                    owners[sha256] = file
                if state is not None and state.document is not None:
                    changes.updated.add(file)
        moved = {absolute(old) for old, _ in changes.moved}
        changes.gone = [file for file in changes.gone if absolute(file) not in moved]
        changes.updated = {file for file in changes.updated if absolute(file) not in moved}
        return changes

    def _owners(self, changes: Changes, paths: Sequence[Path]) -> tuple[dict[str, SourceFile], dict[str, SourceFile]]:
        """For each content that the collection holds: the file that still has it, or the one that had it and is
        gone, or has another one while this came elsewhere."""
        found = {absolute(file): file for file in self.found}
        wanted = {sha256 for sha256 in self.sha256s.values() if sha256}
        asked = [path.resolve() for path in paths]
        owners: dict[str, SourceFile] = {}
        orphans: dict[str, SourceFile] = {}
        for where, state in self.states.items():
            file = found.get(where)
            here = file is not None or os.path.lexists(location(state.file))
            if not here and any(Path(where).is_relative_to(path) for path in asked):
                changes.gone.append(state.file)
            if state.document is None or state.sha256 is None:
                continue
            if file is None:
                (owners if here else orphans)[state.sha256] = state.file
            elif self.sha256s[file] == state.sha256:
                owners[state.sha256] = file
            elif state.sha256 in wanted:
                orphans[state.sha256] = state.file
        changes.gone.sort(key=absolute)
        return owners, orphans

    def _still_fails(self, state: FileState, sha256: str) -> bool:
        """Whether the file holds nothing that could be read, as when it was last read; of a copy that is not known."""
        copy = (state.reason or "").startswith(COPIES)
        return state.status != "read" and state.sha256 == sha256 and not (copy or state.passing or self.retry)


def absolute(file: SourceFile) -> str:
    """Root and path in one; for telling files apart, not for opening them."""
    return f"{file.root.rstrip('/')}/{file.path}"
