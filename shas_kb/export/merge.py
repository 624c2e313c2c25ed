"""One note, written anew or merged into what the user made of it.

Ours are the text between our two markers, the properties that begin with `kb_`, and the tags under `kb/`.
All else is the user's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import yaml

from shas_kb.export.markdown import Property, front_matter, listed

BEGIN, END = "%% begin shas-kb %%", "%% end shas-kb %%"
NOTES = "## Notes\n\n%% begin notes %%\n\n%% end notes %%\n"

_FRONT = re.compile(r"\A\ufeff?---[ \t]*\r?\n(.*?)^---[ \t]*(?:\r?\n|\Z)", re.DOTALL | re.MULTILINE)
_KEY = re.compile(r"^([^\s#:\-\"'][^:\r\n]*|\"[^\"\r\n]*\"|'[^'\r\n]*')[ \t]*:(?:\s|$)")
_ID = re.compile(r"^kb_id:[ \t]*[\"']?([\w-]+)", re.MULTILINE)
_OURS = re.compile(re.escape(BEGIN) + r".*?" + re.escape(END), re.DOTALL)


@dataclass(frozen=True, slots=True)
class Note:
    """What we say about one thing: its properties (`tags` and `aliases` too), and the Markdown between our markers."""

    id: str
    level: str
    title: str
    properties: Mapping[str, Property]
    body: str


def note_id(text: str) -> str | None:
    """The `kb_id` in the front matter of a note, if it has one."""
    front = _FRONT.match(text)
    found = _ID.search(front[1]) if front else None
    return found[1] if found else None


def pristine(note: Note) -> str:
    """The note as we write it when nobody has written in it."""
    return f"{front_matter(note.properties)}{_ours(note.body)}\n\n{NOTES}"


def merged(note: Note, current: str) -> str:
    """`current` with our part brought up to date; where the user took our markers away, only the properties are."""
    front = _FRONT.match(current)
    rest = current[front.end() :] if front else current.removeprefix("\ufeff")
    text = _OURS.sub(lambda _: _ours(note.body), rest, count=1)
    newline = "\r\n" if "\r\n" in current else "\n"
    ours_and_theirs = _merged_front(note.properties, front[1] if front else "")
    return re.sub(r"\r?\n", newline, ours_and_theirs + text)


def orphaned(id: str) -> Note:
    """What we have to say in a note that the user wrote in and whose subject is gone."""
    body = "*This is no longer in the collection. What you wrote here is kept, and the note is now yours alone.*"
    return Note(id, "", "", {"kb_id": id, "kb_state": "orphaned"}, body)


def _ours(body: str) -> str:
    return f"{BEGIN}\n{body.strip()}\n{END}"


def _merged_front(properties: Mapping[str, Property], front: str) -> str:
    """Our properties, with the user's tags and aliases among ours, then the user's other properties as they stand."""
    lists: dict[str, list[str]] = {}
    for key in ("tags", "aliases"):
        value = properties.get(key, ())
        lists[key] = list(value) if isinstance(value, Sequence) and not isinstance(value, str) else []
    kept: list[str] = []
    for key, lines in _blocks(front):
        name = {"tag": "tags", "alias": "aliases"}.get(key, key)
        values = _values(lines) if name in lists else None
        if values is not None:
            lists[name] += [value for value in values if not value.startswith("kb/") and value not in lists[name]]
        elif not key.startswith("kb_"):
            kept += lines
    rows = front_matter({key: value for key, value in properties.items() if key not in lists}).splitlines()[:-1]
    rows += [row for key, values in lists.items() for row in listed(key, values)]
    return "\n".join([*rows, *kept, "---", ""])


def _blocks(front: str) -> list[tuple[str, list[str]]]:
    """The front matter cut at its top-level keys; comments and anything odd stay with the key before them."""
    blocks: list[tuple[str, list[str]]] = []
    for line in front.splitlines():
        key = _KEY.match(line)
        if key or not blocks:
            blocks.append((key[1].strip("\"' ") if key else "", []))
        blocks[-1][1].append(line)
    return blocks


def _values(lines: Sequence[str]) -> list[str] | None:
    """The texts of a list property however the user wrote it; None where it is no YAML."""
    try:
        loaded = yaml.safe_load("\n".join(lines))
    except yaml.YAMLError:
        return None
    value = next(iter(loaded.values())) if isinstance(loaded, dict) and loaded else None
    if isinstance(value, str):
        value = re.split(r"[,\s]+", value)
    return [str(item) for item in value if item is not None] if isinstance(value, list) else []
