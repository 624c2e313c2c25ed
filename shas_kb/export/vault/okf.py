"""Indexes of a vault in the Open Knowledge Format (version 0.2): what lies in each folder, with a line on each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import quote

from shas_kb.export.text import shorten
from shas_kb.export.vault.dialect import folder_of, note_name
from shas_kb.export.vault.markdown import plain

VERSION = "0.2"
INDEX = "index.md"
_LONGEST = 200


def indexes(notes: Mapping[str, str], titles: Mapping[str, str], about: Callable[[str], str]) -> dict[str, bytes]:
    """An index for each folder that holds notes, or folders of them; by folder (with a closing slash).

    Args:
        notes: the paths of the notes, by id.
        titles: what they are called, by id.
        about: says in a line what a note is about.
    """
    concepts: dict[str, list[str]] = {"": []}
    for id, path in sorted(notes.items(), key=lambda pair: pair[1]):
        name = note_name(path)
        folder = folder_of(path)
        line = f"* [{plain(titles[id])}]({quote(f'{name}.md')})"
        saying = shorten(about(id), _LONGEST)
        concepts.setdefault(folder, []).append(f"{line} - {plain(saying)}" if saying else line)
        while folder:
            folder = folder[: folder.rfind("/", 0, -1) + 1]
            concepts.setdefault(folder, [])
    return {folder: _index(folder, concepts).encode() for folder in sorted(concepts)}


def _index(folder: str, concepts: Mapping[str, list[str]]) -> str:
    inside = [other for other in sorted(concepts) if other != folder and other[: other.rfind("/", 0, -1) + 1] == folder]
    parts = []
    if concepts[folder]:
        parts.append("# Concepts\n\n" + "\n".join(concepts[folder]))
    if inside:
        rows = [f"* [{plain(other[len(folder) : -1])}]({quote(other[len(folder) :])})" for other in inside]
        parts.append("# Folders\n\n" + "\n".join(rows))
    front = f'---\nokf_version: "{VERSION}"\n---\n\n' if not folder else ""
    return front + "\n\n".join(parts) + "\n"
