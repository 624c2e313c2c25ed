"""A vault on disk: what of it is ours, what is the user's, and how a new state of ours is put in place.

The manifest says what we wrote, and where. A note is the user's as soon as it holds anything of his own, or lies where
he put it. Notes are found by their `kb_id`, so they may be moved and renamed.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from shas_kb.errors import UsageError
from shas_kb.export.vault.dialect import is_note, note_name
from shas_kb.export.vault.manifest import MANIFEST, NEXT, Entry, Manifest, file_hash, holds, read_manifest
from shas_kb.export.vault.markdown import unescaped
from shas_kb.export.vault.merge import bare, heading_of, note_id, properties_of
from shas_kb.export.vault.options import VaultOptions
from shas_kb.export.vault.recover import recover
from shas_kb.writing import alone, write_durably

_STAGING = ".shas-kb-staging"


@dataclass(frozen=True, slots=True)
class Found:
    """A note of ours as it stands in the vault.

    Attributes:
        path: where it is.
        text: all of it.
        entry: its line in the manifest; None where that was lost.
        moved: it lies where the user put it.
        touched: it was moved, or holds something of the user's.
    """

    path: str
    text: str
    entry: Entry | None
    moved: bool
    touched: bool


class Vault:
    """The folder of a vault, read once, after what a killed export left in it is settled.

    Attributes:
        root: the folder.
        fresh: it does not exist yet, or is empty.
        options: how it is written: as asked for, else as before.
        notes: our notes, by id.
        sources: the manifest's lines of the originals that are still in their place, by document id.
        files: the manifest's lines of what else we wrote, by what it is.
        foreign: the paths of everything else.
    """

    def __init__(self, root: Path, asked: VaultOptions) -> None:
        if root.exists() and not root.is_dir():
            raise UsageError(f"{root} must be a folder, got a file; name a folder for the vault.")
        self.root = root
        inside, beside = root / _STAGING, root.parent / f".{root.name}{_STAGING}"
        self._staging = inside if root.exists() else beside
        self.discard()
        recover(root)
        self.fresh = not root.exists() or not any(root.iterdir())
        manifest = read_manifest(root)
        self.options = asked.over(manifest.options)
        self._read = {path: _state(root / path) for path in _walk(root)}
        paths = set(self._read)
        self.sources = {id: entry for id, entry in manifest.sources.items() if entry.path in paths}
        self.files = manifest.files
        self.notes = find_notes(root, manifest.notes, paths)
        ours = {found.path for found in self.notes.values()}
        ours |= {entry.path for lines in (self.sources, self.files) for entry in lines.values()}
        self.foreign = paths - ours

    def adopt(self, subjects: Mapping[str, tuple[str, str]]) -> None:
        """Give the note of a node that is gone to the one that now has its level and its name.

        A node's id changes with its documents: without this, what the user wrote would lose its subject at a rebuild.

        Args:
            subjects: level and title by id, of all that is exported.
        """
        self.notes = adopted(self.notes, subjects)

    def stage(self) -> Path:
        """An empty folder on the vault's own file system, to write the new files to."""
        self._staging.mkdir(parents=True)
        return self._staging

    def claim(self, id: str, path: str, sha256: str) -> bool:
        """Take a file that nobody is known to have put there for our copy of an original, if it is exactly that.

        So it is after a kill between the copy and the manifest, or where the manifest was lost.
        """
        if path not in self.foreign or file_hash(self.root / path) != sha256:
            return False
        self.foreign.remove(path)
        link = str((self.root / path).readlink()) if (self.root / path).is_symlink() else ""
        self.sources[id] = Entry(path, sha256, link=link)
        return True

    def untouched(self, entry: Entry) -> bool:
        """Whether the file of a manifest's line is still as we left it."""
        return holds(self.root, entry)

    def apply(self, staged: Iterable[str], gone: Iterable[str], manifest: Manifest) -> int:
        """Move the staged files in, remove those that are `gone` and the folders this empties; the manifest comes last.

        A new vault appears at once. In one that exists, a kill in between leaves each file old or new, and the next
        export mends the rest; so it does with a file that the user wrote while this export was at work, which stays.

        Returns:
            How many bytes the manifest has.

        Raises:
            UsageError: a folder of the vault leads out of it.
        """
        stage = self._staging
        data = manifest.to_bytes()
        write_durably(stage / MANIFEST, data)
        if sys.platform != "win32":
            os.sync()
        if not self.root.exists():
            stage.rename(self.root)
            return len(data)
        inside = self.root.resolve()
        staged = list(staged)
        for path in staged:
            if not (self.root / path).parent.resolve().is_relative_to(inside):
                raise UsageError(f"{self.root / path} must be inside the vault, got a link out of it; remove the link.")
        (stage / MANIFEST).replace(self.root / NEXT)
        late = False
        for path in staged:
            if self._written_since(path):
                late = True
                continue
            (self.root / path).parent.mkdir(parents=True, exist_ok=True)
            with suppress(FileNotFoundError):
                shutil.copymode(self.root / path, stage / path)
            (stage / path).replace(self.root / path)
        for path in gone:
            if self._written_since(path):
                late = True
                continue
            (self.root / path).unlink(missing_ok=True)
            self._prune((self.root / path).parent)
        if late:
            recover(self.root)
        else:
            (self.root / NEXT).replace(self.root / MANIFEST)
        self.discard()
        return len(data)

    def discard(self) -> None:
        """Take the staging folder away."""
        shutil.rmtree(self._staging, ignore_errors=True)

    def _written_since(self, path: str) -> bool:
        """Whether a file has come or changed since the vault was read; what Obsidian keeps for itself was not."""
        state = _state(self.root / path)
        return path[0] != "." and state is not None and state != self._read.get(path)

    def _prune(self, folder: Path) -> None:
        while folder != self.root and not (folder.exists() and any(folder.iterdir())):
            with suppress(FileNotFoundError):
                folder.rmdir()
            folder = folder.parent


def find_notes(root: Path, known: Mapping[str, Entry], paths: Iterable[str]) -> dict[str, Found]:
    """Our notes among the files at `paths`, by id."""
    found: dict[str, Found] = {}
    # Where several are one note's, those of programs that keep copies ("Note (conflicted copy)") have the longer names.
    for path in sorted(filter(is_note, paths), key=lambda path: (len(note_name(path)), path)):
        if not (root / path).is_file():
            continue
        data = (root / path).read_bytes()
        try:
            path.encode()
            text = data.decode()
        except UnicodeError:
            continue
        id = note_id(text)
        if id is None:
            continue
        entry = known.get(id)
        # Of copies, the one in its old place is the note; the others are the user's.
        if id in found and (entry is None or entry.path != path):
            continue
        if entry is None:
            found[id] = Found(path, text, None, moved=True, touched=True)
            continue
        same = entry.sha256 == hashlib.sha256(data).hexdigest()
        moved = entry.moved or entry.path != path
        found[id] = Found(path, text, entry, moved, touched=moved or not (same or bare(text, entry.title)))
    return found


def read_notes(root: Path) -> tuple[dict[str, Found], VaultOptions]:
    """The notes of a vault that is there, and how it was written.

    Raises:
        UsageError: there is no vault of ours, its last export was stopped, or its manifest is damaged.
    """
    if not (root / MANIFEST).is_file():
        raise UsageError(f"{root} must be a vault that `shas-kb export obsidian` wrote, got none; name its folder.")
    with alone(root):
        if (root / NEXT).exists():
            raise UsageError(
                f"{root} must be a whole vault, got one whose last export was stopped; export into it again."
            )
        manifest = read_manifest(root)
        return find_notes(root, manifest.notes, _walk(root)), manifest.options


def adopted(notes: Mapping[str, Found], subjects: Mapping[str, tuple[str, str]]) -> dict[str, Found]:
    """The notes, with those whose subject is gone given to the subject of that level and title that has none."""
    orphans: dict[tuple[str, str], str] = {}
    for id, found in notes.items():
        if id not in subjects:
            orphans[_subject(found)] = id
    new: dict[str, str] = {}
    for id, (level, title) in subjects.items():
        if id not in notes and (orphan := orphans.pop((level, title.casefold()), None)) is not None:
            new[orphan] = id
    return {new.get(id, id): _with_parent(found, new) for id, found in notes.items()}


def _subject(found: Found) -> tuple[str, str]:
    """Level and folded title of what a note is about; where the manifest was lost, as the note itself says."""
    if found.entry is not None:
        return found.entry.level, found.entry.title.casefold()
    level = properties_of(found.text).get("kb_level", "")
    return str(level), unescaped(heading_of(found.text) or "").casefold()


def _with_parent(found: Found, new: Mapping[str, str]) -> Found:
    entry = found.entry
    if entry is None or entry.parent not in new:
        return found
    return replace(found, entry=replace(entry, parent=new[entry.parent]))


def _state(path: Path) -> tuple[int, int, int] | None:
    """What of a file is another after it was written; None where there is none."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _walk(root: Path) -> Iterable[str]:
    for folder, folders, files in os.walk(root):
        here = Path(folder)
        folders[:] = sorted(name for name in folders if name[0] != "." and not (here / name / MANIFEST).exists())
        for name in files:
            if name[0] != ".":
                yield (here / name).relative_to(root).as_posix()
