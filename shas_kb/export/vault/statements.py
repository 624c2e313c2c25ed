"""What a person said of the tree by what was done in a vault: notes renamed, moved, or given another link above.

A statement is a difference from the last export, which the manifest remembers. What Obsidian itself changes when a note
is renamed (links to it, in texts and properties) still leads to the same note, and so says nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import unquote

from shas_kb.export.vault.dialect import folder_of, note_name
from shas_kb.export.vault.filenames import legal_name
from shas_kb.export.vault.folder import Found, Vault
from shas_kb.export.vault.markdown import plain, unescaped
from shas_kb.export.vault.merge import heading_of, properties_of
from shas_kb.records import LEVELS, NODE_LEVELS, Level

_LINK = re.compile(r"\s*\[\[([^\]|#]+)(?:#[^\]|]*)?(?:\|[^\]]*)?\]\]\s*")


@dataclass(frozen=True, slots=True)
class Statement:
    """What is said of one node or document: a new name, or (by id) a new parent; `wrong` says why it cannot be."""

    id: str
    path: str
    name: str | None = None
    parent: str | None = None
    wrong: str | None = None


def pending(vault: Vault, titles: Mapping[str, str], parents: Mapping[str, str]) -> set[str]:
    """The notes whose file says a name or a parent that the collection does not know yet."""
    places = _Places(vault.notes)
    waiting: set[str] = set()
    for id, found in vault.notes.items():
        name = _renamed(found)
        parent = places.parent(id) if vault.options.folders == "tree" else None
        if (name is not None and legal_name(name, id) != legal_name(titles.get(id, ""), id)) or parent not in (
            None,
            parents.get(id),
        ):
            waiting.add(id)
    return waiting


def statements(notes: Mapping[str, Found], *, by_tree: bool) -> Iterable[Statement]:
    """All that is said in a vault, in the order of paths.

    Args:
        notes: our notes in it, by id.
        by_tree: the vault's folders are those of the tree, so that a note's folder says where its subject belongs.
    """
    places = _Places(notes)
    links = _Links(notes)
    for id, found in sorted(notes.items(), key=lambda pair: pair[1].path):
        if found.entry is None or found.entry.level not in LEVELS or "kb_state" in (have := properties_of(found.text)):
            continue
        if found.entry.level != "document":
            names = [name for name in (_renamed(found), _retitled(found)) if name is not None]
            if len(names) == 2 and legal_name(names[1], id) == names[0]:
                del names[0]  # the file says as much of the heading as a file can
            if len(set(names)) > 1:
                wrong = f"the file is called {names[0]!r}, but its heading says {names[1]!r}"
                yield Statement(id, found.path, wrong=wrong)
            elif names:
                yield Statement(id, found.path, name=names[0])
        yield from _parents(id, found, places.parent(id) if by_tree else None, links, have)


def _parents(
    id: str, found: Found, place: str | None, links: _Links, properties: Mapping[str, object]
) -> Iterable[Statement]:
    """What a note's folder and its properties say of what it lies under."""
    above = links.above(id)
    said: dict[Level, str] = {}
    for level, former in above.items():
        value = _single(properties.get(f"kb_{level}"))
        if not isinstance(value, str) or not value.strip():
            continue
        if links.was(value, former):
            continue
        target = links.resolve(value)
        if target is None:
            yield Statement(id, found.path, wrong=f"kb_{level} is {value!r}, which is no note of level {level}")
            return
        if target != former:
            if links.level(target) != level:
                yield Statement(
                    id, found.path, wrong=f"kb_{level} is {value!r}, which is of level {links.level(target)}"
                )
                return
            said[level] = target
    direct = next(iter(above), None)
    link = said.get(direct) if direct else None
    if link and place and link != place:
        yield Statement(
            id,
            found.path,
            wrong=f"it lies in the folder of {links.name(place)!r}, but kb_{direct} says {links.name(link)!r}",
        )
    elif parent := link or place:
        yield Statement(id, found.path, parent=parent)
    elif said:
        level = next(iter(said))
        yield Statement(id, found.path, wrong=f"kb_{level} was changed, but only kb_{direct} says where it belongs")


def _single(value: object) -> object:
    """What a property says: a link without quotes is a list in a list to YAML, and a list may have one item."""
    while isinstance(value, list) and len(value) == 1:
        value = value[0]
    return value


def _renamed(found: Found) -> str | None:
    """The name that a person gave to the file of a node's note."""
    if found.entry is None or found.entry.level == "document":
        return None
    # Some file systems and ways to copy change the Unicode form of names.
    name, before = (unicodedata.normalize("NFC", note_name(path)) for path in (found.path, found.entry.path))
    return name if name != before else None


def _retitled(found: Found) -> str | None:
    """The name that a person wrote into the heading of a node's note."""
    heading = heading_of(found.text)
    if found.entry is None or heading is None or heading == plain(found.entry.title):
        return None
    return unescaped(heading)


class _Places:
    """Which folders are those of nodes: where their notes lie, unless these were moved there alone."""

    def __init__(self, notes: Mapping[str, Found]) -> None:
        self._notes = notes
        self._inside: dict[PurePosixPath, list[tuple[str, str]]] = {}
        self._before: dict[PurePosixPath, list[tuple[str, str]]] = {}
        below: dict[str, list[Found]] = {}
        for found in notes.values():
            if found.entry is not None:
                below.setdefault(found.entry.parent, []).append(found)
        for id, found in notes.items():
            if found.entry is None or found.entry.level not in NODE_LEVELS:
                continue
            old, new = folder_of(found.entry.path), folder_of(found.path)
            self._before.setdefault(PurePosixPath(old), []).append((found.entry.level, id))
            if old == new or any(_followed(child, old, new) for child in below.get(id, ())):
                self._inside.setdefault(PurePosixPath(new), []).append((found.entry.level, id))

    def parent(self, id: str) -> str | None:
        """The node whose folder a person moved a note into, where that is another one than before.

        A note that the user wrote in stays in a folder though its subject has left: that it lies there says nothing.
        """
        found = self._notes[id]
        level = _above(found.entry.level) if found.entry else None
        if found.entry is None or level is None:
            return None
        now, before = _holder(id, level, found.path, self._inside), _holder(id, level, found.entry.path, self._before)
        return now if now not in (before, found.entry.parent) else None


def _holder(id: str, level: Level, path: str, folders: Mapping[PurePosixPath, list[tuple[str, str]]]) -> str | None:
    """The node of a level whose folder a note at `path` lies in, if that is one alone."""
    for folder in PurePosixPath(path).parents:
        nodes = [(other, node) for other, node in folders.get(folder, ()) if node != id]
        fitting = [node for other, node in nodes if other == level]
        if fitting:
            return fitting[0] if len(fitting) == 1 else None
        if any(LEVELS.index(other) > LEVELS.index(level) for other, _ in nodes if other in LEVELS):
            return None
    return None


def _followed(child: Found, old: str, new: str) -> bool:
    """Whether a note lies below the folder `new` as it did below `old`."""
    before = child.entry.path if child.entry else ""
    return before.startswith(old) and child.path == new + before[len(old) :]


class _Links:
    """From what stands in a property to the note meant."""

    def __init__(self, notes: Mapping[str, Found]) -> None:
        self._notes = notes
        self._ids: dict[str, set[str]] = {}
        for id, found in notes.items():
            for key in (note_name(found.path), found.path.removesuffix(".md")):
                self._ids.setdefault(key.casefold(), set()).add(id)

    def resolve(self, value: str) -> str | None:
        """The id of the one note that a property names."""
        found = self._ids.get(_target(value).casefold(), set())
        return next(iter(found)) if len(found) == 1 else None

    def was(self, value: str, former: str) -> bool:
        """Whether a property says what it said at the last export, wherever that leads now."""
        entry = self._notes[former].entry if former in self._notes else None
        if entry is None:
            return self.resolve(value) is None
        path = entry.path.removesuffix(".md")
        return _target(value).casefold() in (path.casefold(), note_name(path).casefold())

    def level(self, id: str) -> str:
        entry = self._notes[id].entry
        return entry.level if entry else ""

    def name(self, id: str) -> str:
        return note_name(self._notes[id].path)

    def above(self, id: str) -> dict[Level, str]:
        """What lay above a note at the last export, by level, the lowest first."""
        found: dict[Level, str] = {}
        entry = self._notes[id].entry
        level = _above(entry.level) if entry else None
        while entry is not None and level is not None:
            found[level] = entry.parent
            entry = self._notes[entry.parent].entry if entry.parent in self._notes else None
            level = _above(level)
        return found


def _target(value: str) -> str:
    link = _LINK.fullmatch(value)
    return link[1].removesuffix(".md") if link else unquote(value.strip().lstrip("/"))


def _above(level: str) -> Level | None:
    return LEVELS[LEVELS.index(level) + 1] if level in LEVELS[2:-1] else None
