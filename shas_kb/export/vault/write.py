"""The Obsidian vault: a note for each node and document, the originals beside them, and everything linked.

A second export into the same folder destroys nothing: `folder.py` knows what is ours, `merge.py` what changes in a
note.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

from shas_kb.errors import UsageError
from shas_kb.export.content import Content
from shas_kb.export.vault.base import tables
from shas_kb.export.vault.canvas import OVERVIEW, canvases
from shas_kb.export.vault.dialect import DIALECTS
from shas_kb.export.vault.filenames import Names
from shas_kb.export.vault.folder import Vault
from shas_kb.export.vault.graph_view import SETTINGS, graph_settings
from shas_kb.export.vault.manifest import Entry, Manifest
from shas_kb.export.vault.merge import Note, has_markers, merged, orphaned, pristine
from shas_kb.export.vault.notes import Notebook, tags
from shas_kb.export.vault.okf import INDEX, indexes
from shas_kb.export.vault.options import VaultOptions
from shas_kb.export.vault.places import HOME, Places, plan
from shas_kb.export.vault.sources import Sources, stage_sources
from shas_kb.export.vault.statements import pending
from shas_kb.progress import Progress
from shas_kb.writing import Written, alone

_TABLES = "Tables"


def write_vault(content: Content, out: Path, options: VaultOptions, progress: Progress) -> Written:
    """Write the vault into the folder `out`, or bring the one that is there up to date.

    Raises:
        UsageError: `out` is a file, a folder of it leads out of it, its manifest or settings are damaged, or there are
            no settings to write.
    """
    with alone(out):
        return _write(content, out, options, progress)


def _write(content: Content, out: Path, options: VaultOptions, progress: Progress) -> Written:
    vault = Vault(out, options)
    if options.write_config and vault.options.flavour == "okf":
        raise UsageError(
            "--write-config must go with the flavour obsidian, got okf, which has no settings; leave it out."
        )
    subjects = _subjects(content)
    vault.adopt(subjects)
    flavour = vault.options.flavour or "obsidian"
    dialect = DIALECTS[flavour]
    try:
        update = _Update(vault)
        places = plan(content, vault)
        dialect = replace(dialect, shared=places.shared)
        sources = stage_sources(content, places.sources, vault, update.stage, progress)
        update.staged += sources.staged
        if flavour == "obsidian":
            for what, (path, data) in _overviews(content, places).items():
                update.file(what, path, data)
        overviews = [update.other[what].path for what in (f"canvas:{OVERVIEW}", "tables") if what in update.other]
        closed = {id for id, found in vault.notes.items() if found.touched and not has_markers(found.text)}
        notebook = Notebook(content, places, sources, dialect, overviews, closed)
        waiting = pending(vault, {id: title for id, (_, title) in subjects.items()}, content.parents)
        for note in notebook.notes(progress):
            update.note(note, places, content.parents.get(note.id, ""), waiting=note.id in waiting)
        if flavour == "okf":
            titles = {id: title for id, (_, title) in subjects.items()}
            about = lambda id: notebook.description(id) if id != HOME else ""  # noqa: E731
            for folder, data in indexes(places.notes, titles, about).items():
                update.file(f"index:{folder}", folder + INDEX, data, rename=False)
        update.orphans(sources)
        if flavour == "obsidian" and (vault.fresh or options.write_config):
            update.put(SETTINGS, graph_settings(content, tags(content), out / SETTINGS))
        manifest = Manifest(content.hash, vault.options, update.entries, sources.present, update.other)
        copies = [entry.path for entry in sources.present.values()]
        written = {*places.notes.values(), *copies, *(entry.path for entry in update.other.values())}
        size = vault.apply(update.staged, [path for path in update.gone if path not in written], manifest)
    finally:
        vault.discard()
    return Written(out, len(written) + 1, size + sum((out / path).stat().st_size for path in written))


def _overviews(content: Content, places: Places) -> dict[str, tuple[str, bytes]]:
    """Canvases and tables: path and content, by what they are."""
    drawn = {f"canvas:{name}": (f"{name}.canvas", data) for name, data in canvases(content, places).items()}
    return drawn | {"tables": (f"{_TABLES}.base", tables(content, places))}


class _Update:
    """What is to change in a vault: files in the staging folder, paths that go, the lines of the manifest."""

    def __init__(self, vault: Vault) -> None:
        self.vault = vault
        self.stage = vault.stage()
        self.staged: list[str] = []
        self.gone: list[str] = []
        self.entries: dict[str, Entry] = {}
        self.other: dict[str, Entry] = {}
        self._theirs = {what: entry for what, entry in vault.files.items() if self._changed(entry)}
        self._taken = Names(*vault.foreign, *(entry.path for entry in self._theirs.values()))

    def put(self, path: str, data: bytes) -> None:
        """A file that is new or has changed."""
        target = self.stage / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        self.staged.append(path)

    def note(self, note: Note, places: Places, parent: str, *, waiting: bool) -> None:
        """Write a note in its place, or what is ours in it where the user has touched it.

        Args:
            note: what we have to say.
            places: where it lies.
            parent: what its subject lies under.
            waiting: the user gave it a place or a name that the collection does not know yet.
        """
        path = places.notes[note.id]
        found = self.vault.notes.get(note.id)
        before = found.entry if found else None
        new = pristine(note)
        text = merged(note, found.text, before.title if before else "") if found and found.touched else new
        self.entries[note.id] = Entry(
            before.path if before and waiting else path,
            hashlib.sha256(new.encode()).hexdigest(),
            note.level,
            note.title,
            parent,
            moved=note.id in places.chosen,
        )
        if found is None or (found.path, found.text) != (path, text):
            self.put(path, text.encode())
        if found and found.path != path:
            self.gone.append(found.path)

    def file(self, what: str, path: str, data: bytes, *, rename: bool = True) -> None:
        """Write a file that is no note, unless the user has changed it.

        Args:
            what: what it is: its line in the manifest.
            path: where it is to be.
            data: what is to be in it.
            rename: give it another name where the user has a file of that name; else leave it out.
        """
        if what in self._theirs:
            self.other[what] = self._theirs[what]
            return
        entry = Entry(path, hashlib.sha256(data).hexdigest())
        if path in self.vault.foreign and self.vault.untouched(entry):
            self.other[what] = entry
            return
        if path in self.vault.foreign and not rename:
            return
        stem, dot, ending = path.rpartition(".")
        entry = Entry(self._taken.take(stem, ("shas-kb",), dot + ending), entry.sha256)
        self.other[what] = entry
        if self.vault.files.get(what) != entry or not (self.vault.root / entry.path).exists():
            self.put(entry.path, data)

    def orphans(self, sources: Sources) -> None:
        """Where the subject is gone: what nobody touched goes too, notes that the user touched are marked."""
        dialect = DIALECTS[self.vault.options.flavour or "obsidian"]
        for id, found in self.vault.notes.items():
            if id in self.entries or found.entry is None:
                continue
            if found.touched:
                self.put(found.path, merged(orphaned(id, dialect), found.text, found.entry.title).encode())
            else:
                self.gone.append(found.path)
        for id, entry in self.vault.sources.items():
            current = sources.present.get(id)
            if (current is None or current.path != entry.path) and self.vault.untouched(entry):
                self.gone.append(entry.path)
        for what, entry in self.vault.files.items():
            new = self.other.get(what)
            if what not in self._theirs and (new is None or new.path != entry.path):
                self.gone.append(entry.path)

    def _changed(self, entry: Entry) -> bool:
        return (self.vault.root / entry.path).is_file() and not self.vault.untouched(entry)


def _subjects(content: Content) -> dict[str, tuple[str, str]]:
    """Level and title of all that has a note."""
    subjects = {HOME: ("collection", "Home")}
    subjects |= {node.id: (node.level, node.name) for node in content.nodes}
    return subjects | {document.id: ("document", document.title) for document in content.documents}
