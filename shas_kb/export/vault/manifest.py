"""What a vault remembers of its last export: which files are ours, where they lay, and how it was written."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path, PurePosixPath

from shas_kb.config import VAULT_MANIFESTS
from shas_kb.errors import UsageError
from shas_kb.export.vault.options import VaultOptions

MANIFEST, NEXT = VAULT_MANIFESTS
SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the manifest.

    Attributes:
        path: where it lay after the last export, relative to the vault; of a note whose new name or place the
            collection does not know yet, where it lay before.
        sha256: of what we wrote, or would have written if the user had not written in it.
        level: of a note's subject; empty for everything else.
        title: of a note's subject.
        parent: what a note's subject lay under, by id; empty for the topmost.
        moved: a note lies where the user put it.
        link: where an original's symbolic link leads; empty for a copy.

    Raises:
        ValueError: the path leads out of the vault.
    """

    path: str
    sha256: str
    level: str = ""
    title: str = ""
    parent: str = ""
    moved: bool = False
    link: str = ""

    def __post_init__(self) -> None:
        path = PurePosixPath(self.path)
        if path.is_absolute() or ".." in path.parts:
            raise ValueError(f"{self.path} leads out of the vault")


@dataclass(frozen=True, slots=True)
class Manifest:
    """The manifest of a vault.

    Attributes:
        tree: the hash of the tree that was exported.
        options: how the vault is written.
        notes: lines by the ids of the subjects.
        sources: lines of the originals by document id.
        files: lines of canvases, tables, indexes, by what they are.
    """

    tree: str = ""
    options: VaultOptions = field(default_factory=lambda: VaultOptions.recall({}))
    notes: Mapping[str, Entry] = field(default_factory=dict)
    sources: Mapping[str, Entry] = field(default_factory=dict)
    files: Mapping[str, Entry] = field(default_factory=dict)

    def to_bytes(self) -> bytes:
        """As JSON, sorted."""
        document = {
            "schema_version": SCHEMA_VERSION,
            "tree": self.tree,
            "options": self.options.remembered(),
            "notes": _lines(self.notes),
            "sources": _lines(self.sources),
            "files": _lines(self.files),
        }
        return (json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


def read_manifest(root: Path, name: str = MANIFEST) -> Manifest:
    """The manifest of the vault at `root`; an empty one where there is none.

    Raises:
        UsageError: it is damaged.
    """
    try:
        read = json.loads((root / name).read_bytes())
        lines = {
            part: {id: Entry(**line) for id, line in read.get(part, {}).items()}
            for part in ("notes", "sources", "files")
        }
        return Manifest(read["tree"], VaultOptions.recall(read.get("options", {})), **lines)
    except (FileNotFoundError, NotADirectoryError):
        return Manifest()
    except (ValueError, KeyError, TypeError, AttributeError, UsageError) as error:
        raise UsageError(
            f"{root / name} must be the manifest of an earlier export, got something unreadable; "
            "remove it (notes that are there then count as edited by you)."
        ) from error


def file_hash(path: Path) -> str:
    """The sha256 of a file's bytes; empty where there is none, or a link leads nowhere."""
    if not path.is_file():
        return ""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def holds(root: Path, entry: Entry) -> bool:
    """Whether the file of a line is still as we left it."""
    path = root / entry.path
    if entry.link or path.is_symlink():
        return path.is_symlink() and str(path.readlink()) == entry.link
    return file_hash(path) == entry.sha256


def _lines(entries: Mapping[str, Entry]) -> dict[str, dict[str, object]]:
    names = [field.name for field in fields(Entry)]
    return {id: {name: value for name in names if (value := getattr(entry, name))} for id, entry in entries.items()}
