"""One note, written anew or merged into what the user made of it.

Ours are the text between our two markers, the properties that begin with `kb_`, and the tags under `kb/`; in the Open
Knowledge Format a few more properties. All else is the user's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import yaml

from shas_kb.export.vault.dialect import OBSIDIAN, OKF, Dialect
from shas_kb.export.vault.markdown import Property, front_matter, listed, load_yaml

_FRONT = re.compile(r"\A\ufeff?---[ \t]*\r?\n(.*?)^---[ \t]*(?:\r?\n|\Z)", re.DOTALL | re.MULTILINE)
_KEY = re.compile(r"^(\"[^\"\r\n]*\"|'[^'\r\n]*'|(?![\s#\"']|-(?:\s|$))[^\r\n]*?)[ \t]*:(?:\s|$)")
# What goes on with the value of the key above it, or is a comment; what is neither belongs to no key of ours.
_INSIDE = re.compile(r"\s|#|-(?:\s|$)|$")
_ID = re.compile(r"^kb_id:[ \t]*[\"']?([\w-]+)", re.MULTILINE)
_HEADING = re.compile(r"^#[ \t]+(.*?)[ \t\r]*$", re.MULTILINE)
_OURS = {
    dialect: re.compile(
        re.escape(dialect.mark("begin shas-kb")) + r"(.*?)" + re.escape(dialect.mark("end shas-kb")), re.DOTALL
    )
    for dialect in (OBSIDIAN, OKF)
}
_LISTS = {"tag": "tags", "tags": "tags", "alias": "aliases", "aliases": "aliases"}


@dataclass(frozen=True, slots=True)
class Note:
    """What we say about one thing: its properties (`tags` and `aliases` too), and the Markdown between our markers."""

    id: str
    level: str
    title: str
    properties: Mapping[str, Property]
    body: str
    dialect: Dialect = OBSIDIAN


def note_id(text: str) -> str | None:
    """The `kb_id` in the front matter of a note, if it has one."""
    front = _FRONT.match(text)
    found = _ID.search(front[1]) if front else None
    return found[1] if found else None


def properties_of(text: str) -> dict[str, object]:
    """The properties of a note; none where they are no YAML."""
    front = _FRONT.match(text)
    try:
        loaded = load_yaml(front[1]) if front else None
    except yaml.YAMLError:
        return {}
    return loaded if isinstance(loaded, dict) else {}


def heading_of(text: str) -> str | None:
    """The first heading of what stands between our markers, as it is written."""
    ours = next((found for pattern in _OURS.values() if (found := pattern.search(text))), None)
    heading = _HEADING.search(ours[1]) if ours else None
    return heading[1] if heading else None


def has_markers(text: str) -> bool:
    """Whether there is a place for us in a note."""
    return any(pattern.search(text) for pattern in _OURS.values())


def pristine(note: Note) -> str:
    """The note as we write it when nobody has written in it."""
    return f"{front_matter(note.properties)}{_ours(note)}\n\n{_notes(note.dialect)}"


def bare(text: str, title: str) -> bool:
    """Whether a note titled `title` holds nothing of the user's, whatever became of what is ours."""
    front = _FRONT.match(text)
    rest = text[front.end() :].replace("\r\n", "\n") if front else ""
    for dialect, pattern in _OURS.items():
        ours = pattern.match(rest)
        if front and ours and rest[ours.end() :].strip() == _notes(dialect).strip():
            return not any(_of_the_user(key, lines, title, dialect) for key, lines in _blocks(front[1]))
    return False


def merged(note: Note, current: str, former: str = "") -> str:
    """`current` with our part brought up to date; where the user took our markers away, only the properties are.

    Args:
        note: what we have to say.
        current: the note as it stands.
        former: its title when we last wrote it, which was our alias.
    """
    front = _FRONT.match(current)
    text = current[front.end() :] if front else current.removeprefix("\ufeff")
    newline = "\r\n" if "\r\n" in current else "\n"
    ours = _ours(note).replace("\n", newline)
    was = note.dialect
    for dialect, pattern in _OURS.items():
        text, found = pattern.subn(lambda _: ours, text, count=1)
        if found:
            was = dialect
            break
    return _merged_front(note, front[1] if front else "", former, was).replace("\n", newline) + text


def orphaned(id: str, dialect: Dialect = OBSIDIAN) -> Note:
    """What we have to say in a note that the user wrote in and whose subject is gone."""
    body = "*This was not in the last export. What you wrote here is kept.*"
    kind: dict[str, Property] = {} if dialect.wiki else {"type": "Orphan"}
    return Note(id, "", "", {**kind, "kb_id": id, "kb_state": "orphaned"}, body, dialect)


def _ours(note: Note) -> str:
    return f"{note.dialect.mark('begin shas-kb')}\n{note.body.strip()}\n{note.dialect.mark('end shas-kb')}"


def _notes(dialect: Dialect) -> str:
    return f"## Notes\n\n{dialect.mark('begin notes')}\n\n{dialect.mark('end notes')}\n"


def _merged_front(note: Note, front: str, former: str, was: Dialect) -> str:
    """Our properties, with the user's tags and aliases among ours, then the user's other properties as they stand.

    Where the user made of tags or aliases what is no list, they stand so, without ours.
    """
    lists: dict[str, list[str]] = {}
    for key in ("tags", "aliases"):
        value = note.properties.get(key, ())
        lists[key] = list(value) if isinstance(value, Sequence) and not isinstance(value, str) else []
    kept: list[str] = []
    odd: set[str] = set()
    for key, lines in _blocks(front):
        name = _LISTS.get(key, "")
        values = _values(name, lines) if name else None
        if values is not None:
            ours = {former} if name == "aliases" else {value for value in values if _our_tag(value)}
            lists[name] += [value for value in values if value not in ours and value not in lists[name]]
        if name and values is None:
            odd.add(name)
            kept += lines
        elif name or key.startswith("kb_") or key in was.keys:
            kept += [line for line in lines[1:] if line.lstrip().startswith("#")]
        else:
            # Where one name would stand for two properties, the user's remains as a comment.
            kept += [f"# {line}" for line in lines] if key in note.properties else lines
    plain = {key: value for key, value in note.properties.items() if key not in lists}
    rows = front_matter(plain).splitlines()[:-1]
    rows += [row for key, values in lists.items() if key not in odd for row in listed(key, values)]
    return "\n".join([*rows, *kept, "---", ""])


def _of_the_user(key: str, lines: Sequence[str], title: str, dialect: Dialect) -> bool:
    """Whether a property, or a comment below it, is the user's."""
    if any(line.lstrip().startswith("#") for line in lines):
        return True
    if not key:
        return any(line.strip() for line in lines)
    if key not in _LISTS:
        return not key.startswith("kb_") and key not in dialect.keys
    values = _values(_LISTS[key], lines)
    return values is None or any(not _our_tag(value) and value != title for value in values)


def _our_tag(value: str) -> bool:
    return value == "kb" or value.startswith("kb/")


def _blocks(front: str) -> list[tuple[str, list[str]]]:
    """The front matter cut at its top-level keys; comments stay with the key before them, anything odd has none."""
    blocks: list[tuple[str, list[str]]] = []
    for line in re.split(r"\r?\n", front.rstrip("\r\n")):
        key = _KEY.match(line)
        if key or not blocks or not _INSIDE.match(line):
            blocks.append((key[1].strip("\"' ") if key else "", []))
        blocks[-1][1].append(line)
    return blocks


def _values(key: str, lines: Sequence[str]) -> list[str] | None:
    """The texts of a list property however the user wrote it; None where it is nothing that can be listed."""
    try:
        loaded = load_yaml("\n".join(lines))
    except yaml.YAMLError:
        return None
    value = next(iter(loaded.values())) if isinstance(loaded, dict) and loaded else None
    if isinstance(value, str):
        value = re.split(r"[,\s]+" if key == "tags" else r"\s*,\s*", value)
    items = [item for item in value if item is not None] if isinstance(value, list) else [value] if value else []
    return [item for item in items if item] if all(isinstance(item, str) for item in items) else None
