"""The Obsidian vault: a note for each node and document, the originals beside them, and everything linked.

A second export into the same folder destroys nothing: `vault.py` knows what is ours, `merge.py` what changes in a note.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from shas_kb.export.appearance import COLOURS
from shas_kb.export.content import Content
from shas_kb.export.merge import Note, merged, orphaned, pristine
from shas_kb.export.notes import Notebook, tags
from shas_kb.export.places import HOME, plan
from shas_kb.export.sources import Sources, stage_sources
from shas_kb.export.vault import Entry, Vault, manifest_bytes
from shas_kb.writing import Written

_GRAPH = ".obsidian/graph.json"


def write_vault(content: Content, out: Path) -> Written:
    """Write the vault into the folder `out`, or bring the one that is there up to date.

    Raises:
        UsageError: `out` is a file, a folder of it leads out of it, or its manifest is damaged.
    """
    vault = Vault(out)
    vault.adopt(_subjects(content))
    try:
        update = _Update(vault)
        places = plan(content, vault)
        sources = stage_sources(content, places.sources, vault, update.stage)
        update.staged += sources.staged
        for note in Notebook(content, places, sources).notes():
            update.note(note, places.notes[note.id])
        update.orphans(sources)
        if vault.fresh:
            update.put(_GRAPH, graph_settings(content))
        manifest = manifest_bytes(content.hash, update.entries, sources.present)
        copies = [entry.path for entry in sources.present.values()]
        written = {*places.notes.values(), *copies}
        vault.apply(update.staged, [path for path in update.gone if path not in written], manifest)
    finally:
        vault.discard()
    size = update.size + len(manifest) + sum((out / path).stat().st_size for path in copies)
    return Written(out, len(written) + 1, size)


def graph_settings(content: Content) -> bytes:
    """Obsidian's graph view with a colour for each topmost node."""
    tag = tags(content)
    groups = [
        {"query": f"tag:#{tag[id]}", "color": {"a": 1, "rgb": COLOURS[i % len(COLOURS)]}}
        for i, id in enumerate(content.children.get("", ()))
    ]
    return (json.dumps({"colorGroups": groups}, ensure_ascii=False, indent=1) + "\n").encode()


class _Update:
    """What is to change in a vault: files in the staging folder, paths that go, the notes' lines of the manifest."""

    def __init__(self, vault: Vault) -> None:
        self.vault = vault
        self.stage = vault.stage()
        self.staged: list[str] = []
        self.gone: list[str] = []
        self.entries: dict[str, Entry] = {}
        self.size = 0

    def put(self, path: str, data: bytes) -> None:
        """A file that is new or has changed."""
        target = self.stage / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        self.staged.append(path)

    def note(self, note: Note, path: str) -> None:
        """Write a note at `path`, or what is ours in it where the user has touched it."""
        found = self.vault.notes.get(note.id)
        new = pristine(note)
        text = merged(note, found.text) if found and found.touched else new
        # A touched note lies where the user has it: the manifest goes on saying where we had put it.
        ours = path if found is None or not found.touched else found.entry.path if found.entry else ""
        self.entries[note.id] = Entry(ours, hashlib.sha256(new.encode()).hexdigest(), note.level, note.title)
        self.size += len(text.encode())
        if found is None or (found.path, found.text) != (path, text):
            self.put(path, text.encode())
        if found and found.path != path:
            self.gone.append(found.path)

    def orphans(self, sources: Sources) -> None:
        """Where the subject is gone: what nobody touched goes too, notes that the user touched are marked."""
        for id, found in self.vault.notes.items():
            if id in self.entries or found.entry is None:
                continue
            if found.touched:
                self.put(found.path, merged(orphaned(id), found.text).encode())
            else:
                self.gone.append(found.path)
        for id, entry in self.vault.sources.items():
            current = sources.present.get(id)
            replaced = current is not None and current.path != entry.path
            if (replaced or id not in self.entries) and self.vault.untouched(entry):
                self.gone.append(entry.path)


def _subjects(content: Content) -> dict[str, tuple[str, str]]:
    """Level and title of all that has a note."""
    subjects = {HOME: ("collection", "Home")}
    subjects |= {node.id: (node.level, node.name) for node in content.nodes}
    return subjects | {document.id: ("document", document.title) for document in content.documents}
