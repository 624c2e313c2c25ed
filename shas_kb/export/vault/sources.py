"""The originals in the vault: copied next to the notes, or linked, so that a link can open a page of them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from shas_kb.export.content import Content
from shas_kb.export.vault.folder import Vault
from shas_kb.export.vault.manifest import Entry, file_hash
from shas_kb.progress import Progress, told
from shas_kb.reading import location
from shas_kb.records import Document

_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Sources:
    """What became of the originals: those in the vault (by document id), those just put there, why others are not."""

    present: Mapping[str, Entry]
    staged: tuple[str, ...]
    missing: Mapping[str, str]


def stage_sources(
    content: Content, places: Mapping[str, str], vault: Vault, stage: Path, progress: Progress
) -> Sources:
    """Put the originals that the vault does not have yet into the staging folder."""
    present: dict[str, Entry] = {}
    staged: list[str] = []
    missing: dict[str, str] = {}
    for document in told(progress, "Copying", content.documents, "original"):
        wanted = Entry(
            places[document.id], document.sha256, link=_target(document) if vault.options.link_sources else ""
        )
        entry = vault.sources.get(document.id)
        if entry is not None and _serves(entry, wanted, vault):
            present[document.id] = entry
            continue
        reason = _put(document, wanted, stage / wanted.path)
        if reason is None:
            present[document.id] = wanted
            staged.append(wanted.path)
        elif entry is not None and entry.sha256 == document.sha256 and file_hash(vault.root / entry.path):
            present[document.id] = entry
        else:
            missing[document.id] = reason
    return Sources(present, tuple(staged), missing)


def _serves(entry: Entry, wanted: Entry, vault: Vault) -> bool:
    """Whether what is there is what is wanted, or was written in by the user, who is to keep that."""
    if (entry.path, entry.sha256) != (wanted.path, wanted.sha256):
        return False
    if not entry.link and not wanted.link:
        return True
    whole = entry.link == wanted.link and file_hash(vault.root / entry.path) == wanted.sha256
    return whole or not vault.untouched(entry)


def _target(document: Document) -> str:
    return str(location(document).absolute())


def _put(document: Document, wanted: Entry, target: Path) -> str | None:
    """Copy or link one original, if it is still what was read; the reason where it cannot be had."""
    origin = location(document)
    if not origin.is_file():
        return "it is no longer where it was read"
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if wanted.link:
            digest = file_hash(origin)
            target.symlink_to(wanted.link)
        else:
            digest = _copy(origin, target)
    except OSError as error:
        target.unlink(missing_ok=True)
        if error.filename != str(origin) and not wanted.link:
            raise
        return f"it cannot be {'linked to' if wanted.link else 'opened'} ({error.strerror})"
    if digest != document.sha256:
        target.unlink()
        return "it has changed since it was read; ingest it again"
    return None


def _copy(origin: Path, target: Path) -> str:
    """Copy a file and return the sha256 of what was copied."""
    digest = hashlib.sha256()
    with origin.open("rb") as source, target.open("wb") as copy:
        while chunk := source.read(_CHUNK):
            digest.update(chunk)
            copy.write(chunk)
    return digest.hexdigest()
