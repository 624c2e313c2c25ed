"""Where each note and each original lies in the vault: folders, unique names, nothing over a user's file."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import PurePosixPath

from shas_kb.export.content import Content
from shas_kb.export.vault.dialect import DIALECTS, SOURCES, folder_of, note_name
from shas_kb.export.vault.filenames import Names, legal_name
from shas_kb.export.vault.folder import Vault
from shas_kb.export.vault.options import Flavour

HOME = "home"
# Obsidian's file list is slow with more files in one folder.
FULL = 2000
_FOLDER_BYTES = 60
_NOTE_BYTES = 100
_KINDS = {"domain": "domains/", "category": "categories/", "entity": "entities/", "document": "documents/"}


@dataclass(frozen=True, slots=True)
class Places:
    """Relative paths.

    Attributes:
        notes: by id (`home`, nodes, documents).
        sources: of the originals, by document id.
        chosen: the notes that lie where the user put them, by id.
        shared: the names, in lower case, that more than one note in the vault has: the user may give any.
    """

    notes: Mapping[str, str]
    sources: Mapping[str, str]
    chosen: frozenset[str]
    shared: frozenset[str]


def plan(content: Content, vault: Vault) -> Places:
    """Choose all places; notes that the user touched stay where they are."""
    flavour = vault.options.flavour or "obsidian"
    sources = _sources(content, vault, flavour)
    kept = {id: found.path for id, found in vault.notes.items() if found.touched}
    names = Names(*DIALECTS[flavour].reserved)
    theirs = {note_name(path).casefold() for path in vault.foreign if path.endswith(".md")}
    for path in (*vault.foreign, *sources.values(), *kept.values()):
        if path.endswith(".md"):
            names.reserve(note_name(path))
    by_kind = vault.options.folders == "kind"
    folders = _by_kind(content) if by_kind else _by_tree(content, vault, kept)

    notes: dict[str, str] = {}
    chosen: set[str] = set()

    def put(id: str, folder: str, usual: str, title: str, marks: tuple[str, ...]) -> None:
        """`usual` is the folder where it would be if the user had moved nothing."""
        wanted = legal_name(title, id, _NOTE_BYTES)
        notes[id] = kept.get(id) or f"{folder}{names.take(wanted, marks)}.md"
        taken = note_name(notes[id]).casefold() in theirs
        if id in kept and vault.notes[id].moved and (taken or kept[id] != f"{usual}{wanted}.md"):
            chosen.add(id)

    put(HOME, "", "", "Home", ("shas-kb", "shas-kb home"))
    titles = {node.id: node.name for node in content.nodes}
    for node in content.nodes:
        parent = content.parents.get(node.id, "")
        folder = folders[node.id]
        usual = folder if by_kind else f"{folders.get(parent, '')}{legal_name(node.name, node.id, _FOLDER_BYTES)}/"
        put(node.id, folder, usual, node.name, (node.level, *filter(None, [titles.get(parent)]), node.id))
    for document in content.documents:
        entity = content.parents[document.id]
        folder = folders[document.id if by_kind else entity]
        put(document.id, folder, folder, document.title, (titles[entity], document.id[:6], document.id))
    every = (*notes.values(), *sources.values(), *vault.foreign)
    count = Counter(note_name(path).casefold() for path in every if path.endswith(".md"))
    return Places(notes, sources, frozenset(chosen), frozenset(name for name, times in count.items() if times > 1))


def _by_tree(content: Content, vault: Vault, kept: Mapping[str, str]) -> dict[str, str]:
    """The folder of each node, with a closing slash, below that of its parent.

    A node whose note the user touched keeps the folder that it is in, if that is where most of what belongs to it lies
    and nothing above it does: a branch whose folder was moved or renamed stays together.
    """
    inside: Counter[tuple[str, str]] = Counter()
    present: Counter[str] = Counter()
    for id in vault.notes.keys() & content.parents.keys():
        parent = content.parents[id]
        present[parent] += 1
        inside.update((parent, folder) for folder in _folders_of(vault.notes[id].path))
    folders: dict[str, str] = {}
    names = Names(SOURCES, *vault.foreign)
    for node in content.nodes:
        folder = folder_of(kept.get(node.id, ""))
        above = [vault.notes[id].path for id in content.path(node.id) if id in vault.notes]
        if 2 * inside[node.id, folder] > present[node.id] and not any(path.startswith(folder) for path in above):
            folders[node.id] = folder
            names.reserve(folder[:-1])
    for node in content.nodes:
        if node.id not in folders:
            parent = folders.get(content.parents.get(node.id, ""), "")
            folders[node.id] = names.take(legal_name(node.name, node.id, _FOLDER_BYTES), (node.id,), "", parent) + "/"
    return folders


def _by_kind(content: Content) -> dict[str, str]:
    """A folder for each level, with a closing slash, by the ids of what lies in it; in parts where it is full."""
    ids: dict[str, list[str]] = {}
    for node in content.nodes:
        ids.setdefault(node.level, []).append(node.id)
    ids["document"] = [document.id for document in content.documents]
    return {id: f"{_KINDS[level]}{_part(id, len(inside))}" for level, inside in ids.items() for id in inside}


def _part(id: str, count: int) -> str:
    """The part of a folder of `count` notes: by the id's hash, so that no note changes its part when others come."""
    digits = 0
    while count > FULL * 16**digits:
        digits += 1
    return f"{sha256(id.encode()).hexdigest()[:digits]}/" if digits else ""


def _sources(content: Content, vault: Vault, flavour: Flavour) -> dict[str, str]:
    """Where the originals come to lie: as in the collection, but for names that cannot be."""
    names = Names(*vault.foreign)
    sources: dict[str, str] = {}
    for document in content.documents:
        entry = vault.sources.get(document.id)
        hidden = flavour == "okf" and entry is not None and entry.path.endswith(".md")
        if entry is not None and not hidden and (entry.sha256 == document.sha256 or vault.untouched(entry)):
            sources[document.id] = entry.path
    for taken in (*sources.values(), *(entry.path for entry in vault.sources.values())):
        names.reserve(taken)
    for document in content.documents:
        if document.id in sources:
            continue
        path = PurePosixPath(document.path)
        folder = "".join(f"{legal_name(part, 'folder', _FOLDER_BYTES)}/" for part in path.parts[:-1])
        ending = re.sub(r"[^.0-9a-z]", "", path.suffix.lower())[:12]
        # To readers of the Open Knowledge Format every `.md` is a concept.
        ending += ".txt" if flavour == "okf" and ending == ".md" else ""
        name = legal_name(path.stem, document.id, _NOTE_BYTES)
        plain = f"{SOURCES}/{folder}{name}{ending}"
        if vault.claim(document.id, plain, document.sha256):
            sources[document.id] = plain
            continue
        sources[document.id] = names.take(name, (document.id[:6], document.id), ending, f"{SOURCES}/{folder}")
    return sources


def _folders_of(path: str) -> list[str]:
    """The folders that a file is in, each with a closing slash."""
    return [path[: i + 1] for i, c in enumerate(path) if c == "/"]
