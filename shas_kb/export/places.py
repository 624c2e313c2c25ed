"""Where each note and each copy lies in the vault: folders by tree, unique names, nothing over a user's file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from shas_kb.export.content import Content
from shas_kb.export.filenames import Names, legal_name
from shas_kb.export.vault import SOURCES, Vault

HOME = "home"
_FOLDER_BYTES = 60
_NOTE_BYTES = 100


@dataclass(frozen=True, slots=True)
class Places:
    """Relative paths: of the notes by id (`home`, nodes, documents), and of the copied originals by document id."""

    notes: Mapping[str, str]
    sources: Mapping[str, str]

    def target(self, id: str) -> str:
        """What a link to this note says: its name, which no other note in the vault has."""
        return _stem(self.notes[id])


def plan(content: Content, vault: Vault) -> Places:
    """Choose all places; notes that the user touched stay where they are."""
    sources = _sources(content, vault)
    kept = {id: found.path for id, found in vault.notes.items() if found.touched}
    names = Names()
    for path in (*vault.foreign, *sources.values(), *kept.values()):
        if path.endswith(".md"):
            names.reserve(_stem(path))
    folders = _folders(content, vault)

    notes: dict[str, str] = {}

    def put(id: str, folder: str, title: str, marks: tuple[str, ...]) -> None:
        notes[id] = kept.get(id) or f"{folder}{names.take(legal_name(title, id, _NOTE_BYTES), marks)}.md"

    put(HOME, "", "Home", ("shas-kb", "shas-kb home"))
    titles = {node.id: node.name for node in content.nodes}
    for node in content.nodes:
        above = titles.get(content.parents.get(node.id, ""), "")
        put(node.id, folders[node.id], node.name, (node.level, *filter(None, [above]), node.id))
    for document in content.documents:
        entity = content.parents[document.id]
        put(document.id, folders[entity], document.title, (titles[entity], document.id[:6], document.id))
    return Places(notes, sources)


def _folders(content: Content, vault: Vault) -> dict[str, str]:
    """The folder of each node, with a closing slash, unique among its siblings."""
    files = {path.split("/")[0] for path in vault.foreign if "/" not in path}
    names = {"": Names(SOURCES, *files)}
    folders: dict[str, str] = {}
    for node in content.nodes:
        parent = content.parents.get(node.id, "")
        siblings = names.setdefault(parent, Names())
        name = siblings.take(legal_name(node.name, node.id, _FOLDER_BYTES), (node.id,))
        folders[node.id] = f"{folders.get(parent, '')}{name}/"
    return folders


def _sources(content: Content, vault: Vault) -> dict[str, str]:
    """Where the originals are copied to: as they lie in the collection, but for names that cannot be."""
    names = Names(*vault.foreign)
    sources: dict[str, str] = {}
    for document in content.documents:
        entry = vault.sources.get(document.id)
        if entry is not None and (entry.sha256 == document.sha256 or vault.untouched(entry)):
            sources[document.id] = entry.path
    for taken in (*sources.values(), *(entry.path for entry in vault.sources.values())):
        names.reserve(taken)
    for document in content.documents:
        if document.id in sources:
            continue
        path = PurePosixPath(document.path)
        folder = "".join(f"{legal_name(part, 'folder', _FOLDER_BYTES)}/" for part in path.parts[:-1])
        ending = re.sub(r"[^.0-9a-z]", "", path.suffix.lower())[:12]
        name = legal_name(path.stem, document.id, _NOTE_BYTES)
        plain = f"{SOURCES}/{folder}{name}{ending}"
        if vault.claim(document.id, plain, document.sha256):
            sources[document.id] = plain
            continue
        sources[document.id] = names.take(name, (document.id[:6], document.id), ending, f"{SOURCES}/{folder}")
    return sources


def _stem(path: str) -> str:
    return path.rpartition("/")[2].removesuffix(".md")
