"""A vault as Obsidian reads it: links resolved, properties typed, names and tags checked.

Written from Obsidian's documentation, and sharing nothing with the code that writes vaults.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import yaml
from markdown_it import MarkdownIt

FRONT = re.compile(r"\A---\s*\n(.*?)\n---\s*(?:\n|\Z)", re.DOTALL)
COMMENT = re.compile(r"%%.*?%%", re.DOTALL)
WIKILINK = re.compile(r"(?<!\\)(!?)\[\[([^\[\]]*)\]\]")
BLOCK_ID = re.compile(r"(?:^|\s)\^([A-Za-z0-9-]+)[ \t]*$", re.MULTILINE)
HEADING = re.compile(r"^ {0,3}#{1,6}[ \t]+(.*?)[ \t#]*$", re.MULTILINE)
DEVICES = {"con", "prn", "aux", "nul", *(f"{port}{i}" for port in ("com", "lpt") for i in "0123456789¹²³")}
LISTS = ("tags", "aliases")
PLAIN = {
    "heading",
    "paragraph",
    "blockquote",
    "bullet_list",
    "list_item",
    "inline",
    "text",
    "strong",
    "em",
    "softbreak",
}
RENDERER = MarkdownIt("commonmark").enable(["table", "strikethrough"])


@dataclass(frozen=True)
class Link:
    """A link to `target` (a name or a path), perhaps to a part of it."""

    target: str
    part: str


@dataclass(frozen=True)
class VaultNote:
    """A note: where it is, its properties, and its text without them."""

    path: str
    properties: dict[str, Any]
    body: str

    @cached_property
    def links(self) -> list[Link]:
        values = [value for key, value in self.properties.items() if key not in LISTS]
        named = [value for value in values if isinstance(value, str) and re.fullmatch(r"\[\[.*\]\]", value)]
        found = WIKILINK.findall(COMMENT.sub("", self.body)) + [("", value[2:-2]) for value in named]
        inside = [text.partition("|")[0].partition("#") for _, text in found]
        return [Link(target.strip(), part) for target, _, part in inside]


class ObsidianVault:
    """All files of a vault, and what is wrong with them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.paths = [
            path.relative_to(root).as_posix()
            for path in sorted(root.rglob("*"))
            if not any(part.startswith(".") for part in path.relative_to(root).parts)
        ]
        self.files = [path for path in self.paths if (root / path).is_file()]
        self.notes = {path: self._read(path) for path in self.files if path.endswith(".md")}
        self._by_key: dict[str, list[str]] = {}
        for path in self.files:
            if "." not in path.rpartition("/")[2]:
                continue  # Obsidian does not know files without an ending.
            for key in {path, path.rpartition("/")[2]}:
                for written in {key, key.removesuffix(".md")}:
                    self._by_key.setdefault(written.casefold(), []).append(path)

    def ours(self) -> Iterator[VaultNote]:
        """The notes that say they are shas-kb's, and are not orphaned."""
        for note in self.notes.values():
            if "kb_id" in note.properties and "kb_state" not in note.properties:
                yield note

    def resolve(self, target: str) -> str | None:
        """The file that a link leads to; None where there is none, or more than one could be meant."""
        found = self._by_key.get(target.removeprefix("./").casefold(), [])
        exact = [path for path in found if path.casefold() in (target.casefold(), f"{target}.md".casefold())]
        candidates = exact or found
        return candidates[0] if len(candidates) == 1 else None

    def problems(self, pages: Callable[[Path], int]) -> list[str]:
        """What Obsidian, or one of the systems it runs on, would stumble over in our notes."""
        return [
            *self._names(),
            *(
                problem
                for note in self.ours()
                for problem in (*self._links(note, pages), *(f"{note.path}: {what}" for what in _markup(note.body)))
            ),
            *self._properties(),
        ]

    def rename(self, path: str, new: str) -> None:
        """Rename or move a note as Obsidian does: links to it follow, in texts, properties and canvases."""
        old_name, new_name = (Path(one).stem for one in (path, new))
        (self.root / new).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).rename(self.root / new)
        link = re.compile(rf"\[\[{re.escape(old_name)}(?=[\]|#])", re.IGNORECASE)
        for other in self.files:
            file = self.root / (new if other == path else other)
            if file.suffix == ".md" and not other.startswith("sources/"):
                file.write_text(link.sub(lambda _: f"[[{new_name}", file.read_text()))
            elif file.suffix == ".canvas":
                file.write_text(file.read_text().replace(f'"{path}"', f'"{new}"'))

    def _read(self, path: str) -> VaultNote:
        text = (self.root / path).read_bytes().decode("utf-8", "replace").replace("\r\n", "\n")
        front = FRONT.match(text)
        return VaultNote(path, _properties(front[1]) if front else {}, text[front.end() :] if front else text)

    def _names(self) -> Iterator[str]:
        seen: dict[str, str] = {}
        for path in self.paths:
            name = path.rpartition("/")[2]
            folded = unicodedata.normalize("NFC", path).casefold()
            if folded in seen:
                yield f"{path}: is {seen[folded]} in another case"
            seen[folded] = path
            if re.search(r'[\\/:*?"<>|#^\[\]\x00-\x1f\x7f]|%%', name):
                yield f"{path}: has a character that is refused"
            if name.split(".")[0].rstrip().casefold() in DEVICES or name != name.strip() or name.endswith("."):
                yield f"{path}: is no name on Windows"
            if len(name.encode()) > 200 or unicodedata.normalize("NFC", name) != name:
                yield f"{path}: is too long or not in form NFC"

    def _links(self, note: VaultNote, pages: Callable[[Path], int]) -> Iterator[str]:
        for link in note.links:
            found = self.resolve(link.target)
            if found is None:
                yield f"{note.path}: [[{link.target}]] leads nowhere, or to several"
            elif link.part.startswith("^"):
                body = self.notes[found].body if found in self.notes else ""
                if link.part[1:] not in BLOCK_ID.findall(body):
                    yield f"{note.path}: [[{link.target}#{link.part}]] is no block"
            elif link.part.startswith("page="):
                number = link.part.removeprefix("page=")
                if not number.isdigit() or not 1 <= int(number) <= pages(self.root / found):
                    yield f"{note.path}: [[{link.target}#{link.part}]] is no page"
            elif link.part and link.part not in HEADING.findall(self.notes[found].body):
                yield f"{note.path}: [[{link.target}#{link.part}]] is no heading"

    def _properties(self) -> Iterator[str]:
        kinds: dict[str, str] = {}
        tags: dict[str, str] = {}
        for note in self.ours():
            own = {key: value for key, value in note.properties.items() if key.startswith("kb_") or key in LISTS}
            for key, value in own.items():
                kind = _kind(value)
                if kind is None:
                    yield f"{note.path}: {key} is not flat"
                elif kinds.setdefault(key, kind) != kind:
                    yield f"{note.path}: {key} is of type {kind}, elsewhere {kinds[key]}"
                if key in LISTS and kind != "list":
                    yield f"{note.path}: {key} must be a list"
            for tag in note.properties.get("tags", ()):
                if not _is_tag(tag):
                    yield f"{note.path}: {tag!r} is no tag"
                elif tags.setdefault(tag.casefold(), tag) != tag:
                    yield f"{note.path}: {tag} is {tags[tag.casefold()]} in another case"


@lru_cache(10_000)
def _properties(front: str) -> dict[str, Any]:
    loaded = yaml.load(front, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return loaded if isinstance(loaded, dict) else {}


@lru_cache(10_000)
def _markup(body: str) -> tuple[str, ...]:
    """What of a document's text became markup between our markers."""
    ours = re.search(r"%% begin shas-kb %%\n(.*?)\n%% end shas-kb %%", body, re.DOTALL)
    if not ours:
        return ()
    found = []
    if len(re.findall(r"%%", ours[0])) != 4:
        found.append("a comment opens in our text")
    text = WIKILINK.sub("link", ours[1])
    if re.search(r"(?<!\\)\[\[|(?<!\\)==|(?<!\\)\$|(?<!\\)`|(?<![\\#])#(?![# ])", text):
        found.append("something of the text is a mark of Obsidian's")
    for block in RENDERER.parse(text):
        for token in (block, *(block.children or ())):
            kind = token.type.removesuffix("_open").removesuffix("_close")
            if kind not in PLAIN:
                found.append(f"{kind} in the text")
    return tuple(found)


def _kind(value: object) -> str | None:
    if isinstance(value, bool):
        return "checkbox"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, list):
        return "list" if all(isinstance(item, str | int | float) for item in value) else None
    return None if isinstance(value, dict) else type(value).__name__


def _is_tag(tag: object) -> bool:
    if not isinstance(tag, str) or not tag.strip("0123456789/") or "//" in tag or tag[0] == "/" or tag[-1] == "/":
        return False
    return all(c in "_-/" or c.isalnum() or unicodedata.category(c)[0] in "MS" for c in tag)
