"""The originals in the vault: copied next to the notes, so that a link can open a page of them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from shas_kb.export.content import Content
from shas_kb.export.vault import Entry, Vault
from shas_kb.reading import location
from shas_kb.records import Document

_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Sources:
    """What became of the originals: those in the vault (by document id), those just copied, why others are not."""

    present: Mapping[str, Entry]
    staged: tuple[str, ...]
    missing: Mapping[str, str]


def stage_sources(content: Content, places: Mapping[str, str], vault: Vault, stage: Path) -> Sources:
    """Copy the originals that the vault does not have yet into the staging folder."""
    present: dict[str, Entry] = {}
    staged: list[str] = []
    missing: dict[str, str] = {}
    for document in content.documents:
        path = places[document.id]
        entry = vault.sources.get(document.id)
        if entry is not None and entry.path == path and entry.sha256 == document.sha256:
            present[document.id] = entry
            continue
        reason = _copy(document, stage / path)
        if reason:
            missing[document.id] = reason
        else:
            present[document.id] = Entry(path, document.sha256)
            staged.append(path)
    return Sources(present, tuple(staged), missing)


def _copy(document: Document, target: Path) -> str | None:
    """Copy and verify one original; the reason where it cannot be had."""
    origin = location(document)
    if not origin.is_file():
        return "it is no longer where it was read"
    target.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    try:
        source = origin.open("rb")
    except OSError as error:
        return f"it cannot be opened ({error.strerror})"
    with source, target.open("wb") as copy:
        while chunk := source.read(_CHUNK):
            digest.update(chunk)
            copy.write(chunk)
    if digest.hexdigest() != document.sha256:
        target.unlink()
        return "it has changed since it was read; ingest it again"
    return None
