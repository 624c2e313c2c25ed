"""A vault on disk: what of it is ours, what is the user's, and how a new state of ours is put in place.

The manifest says which notes and copies we wrote, and the hash of each as we would write it if nobody had touched it. A
note is the user's as soon as it differs from that. Notes are found by their `kb_id`, so they may be moved and renamed.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from shas_kb.errors import UsageError
from shas_kb.export.merge import note_id
from shas_kb.writing import write_durably

MANIFEST = ".shas-kb-manifest.json"
SOURCES = "sources"
SCHEMA_VERSION = 1
_STAGING = ".shas-kb-staging"


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the manifest.

    Attributes:
        path: where we put it, relative to the vault (a note found elsewhere was moved by the user); empty if unknown.
        sha256: of what we wrote, or would have written if the user had not written in it.
        level: of a note's subject; empty for a copied original.
        title: of a note's subject; empty for a copied original.
    """

    path: str
    sha256: str
    level: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """A note of ours as it stands in the vault. `touched`: by the user, in its text or its place."""

    path: str
    text: str
    entry: Entry | None
    touched: bool


class Vault:
    """The folder of a vault, read once.

    Attributes:
        root: the folder.
        fresh: it does not exist yet, or is empty.
        notes: our notes, by id.
        sources: the manifest's lines of the copied originals that are still in their place, by document id.
        foreign: the paths of everything else.
    """

    def __init__(self, root: Path) -> None:
        if root.exists() and not root.is_dir():
            raise UsageError(f"{root} must be a folder, got a file; name a folder for the vault.")
        self.root = root
        inside, beside = root / _STAGING, root.parent / f".{root.name}{_STAGING}"
        self._staging = inside if root.exists() else beside
        self.discard()
        self.fresh = not root.exists() or not any(root.iterdir())
        known, sources = self._read_manifest()
        paths = set(self._walk())
        self.sources = {id: entry for id, entry in sources.items() if entry.path in paths}
        self.notes = self._find_notes(known, sorted(paths))
        ours = {found.path for found in self.notes.values()} | {entry.path for entry in self.sources.values()}
        self.foreign = paths - ours

    def adopt(self, subjects: Mapping[str, tuple[str, str]]) -> None:
        """Give the note of a node that is gone to the one that now has its level and its name.

        A node's id changes with its documents: without this, what the user wrote would lose its subject at a rebuild.

        Args:
            subjects: level and title by id, of all that is exported.
        """
        orphans: dict[tuple[str, str], str] = {}
        for id, found in self.notes.items():
            if id not in subjects and found.entry is not None:
                orphans[found.entry.level, found.entry.title.casefold()] = id
        for id, (level, title) in subjects.items():
            orphan = orphans.pop((level, title.casefold()), None) if id not in self.notes else None
            if orphan is not None:
                self.notes[id] = self.notes.pop(orphan)

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
        self.sources[id] = Entry(path, sha256)
        return True

    def untouched(self, entry: Entry) -> bool:
        """Whether the file of a manifest's line is still as we left it."""
        return file_hash(self.root / entry.path) == entry.sha256

    def apply(self, staged: Iterable[str], gone: Iterable[str], manifest: bytes) -> None:
        """Move the staged files in, remove those that are `gone` and the folders this empties; the manifest comes last.

        A new vault appears at once. In one that exists, a kill in between leaves each file old or new, and the next
        export mends the rest.

        Raises:
            UsageError: a folder of the vault leads out of it.
        """
        stage = self._staging
        write_durably(stage / MANIFEST, manifest)
        if sys.platform != "win32":
            os.sync()
        if not self.root.exists():
            stage.rename(self.root)
            return
        inside = self.root.resolve()
        staged = list(staged)
        for path in staged:
            if not (self.root / path).parent.resolve().is_relative_to(inside):
                raise UsageError(f"{self.root / path} must be inside the vault, got a link out of it; remove the link.")
        for path in staged:
            (self.root / path).parent.mkdir(parents=True, exist_ok=True)
            (stage / path).replace(self.root / path)
        for path in gone:
            (self.root / path).unlink(missing_ok=True)
            self._prune((self.root / path).parent)
        (stage / MANIFEST).replace(self.root / MANIFEST)
        self.discard()

    def discard(self) -> None:
        """Take the staging folder away."""
        shutil.rmtree(self._staging, ignore_errors=True)

    def _prune(self, folder: Path) -> None:
        while folder != self.root and not any(folder.iterdir()):
            folder.rmdir()
            folder = folder.parent

    def _read_manifest(self) -> tuple[dict[str, Entry], dict[str, Entry]]:
        try:
            read = json.loads((self.root / MANIFEST).read_bytes())
            notes, sources = ({id: Entry(**line) for id, line in read[part].items()} for part in ("notes", "sources"))
        except FileNotFoundError:
            return {}, {}
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise UsageError(
                f"{self.root / MANIFEST} must be the manifest of an earlier export, got something unreadable; "
                "remove it (notes that are there then count as edited by you)."
            ) from error
        return notes, sources

    def _walk(self) -> Iterable[str]:
        for folder, folders, files in os.walk(self.root):
            here = Path(folder)
            folders[:] = sorted(name for name in folders if name[0] != "." and not (here / name / MANIFEST).exists())
            for name in files:
                if name[0] != ".":
                    yield (here / name).relative_to(self.root).as_posix()

    def _find_notes(self, known: Mapping[str, Entry], paths: Iterable[str]) -> dict[str, Found]:
        found: dict[str, Found] = {}
        for path in paths:
            if not path.endswith(".md") or path.startswith(f"{SOURCES}/"):
                continue
            data = (self.root / path).read_bytes()
            try:
                text = data.decode()
            except UnicodeDecodeError:
                continue
            id = note_id(text)
            if id is None:
                continue
            entry = known.get(id)
            # Of copies, the one in its old place is the note; the others are the user's.
            if id in found and (entry is None or entry.path != path):
                continue
            same = entry is not None and entry.path == path and entry.sha256 == hashlib.sha256(data).hexdigest()
            found[id] = Found(path, text, entry, not same)
        return found


def manifest_bytes(tree: str, notes: Mapping[str, Entry], sources: Mapping[str, Entry]) -> bytes:
    """The manifest as JSON, sorted."""

    def lines(entries: Mapping[str, Entry]) -> dict[str, dict[str, str]]:
        fields = ("path", "sha256", "level", "title")
        return {id: {f: value for f in fields if (value := getattr(entry, f))} for id, entry in entries.items()}

    document = {"schema_version": SCHEMA_VERSION, "tree": tree, "notes": lines(notes), "sources": lines(sources)}
    return (json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


def file_hash(path: Path) -> str:
    """The sha256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
