"""A folder as its specification has the Open Knowledge Format, version 0.2: sections 3.1, 4.1, 6.1, 8 and 11."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import yaml

LINK = re.compile(r"(?<!\\)\]\(([^)]+)\)")
RESERVED = ("index.md", "log.md")


class Bundle:
    """The concepts of a bundle by their ids, with their properties."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.files = {path.relative_to(root).as_posix(): path.read_text() for path in sorted(root.rglob("*.md"))}
        self.concepts: dict[str, dict[str, Any]] = {}
        self.bodies: dict[str, str] = {}
        for path, text in self.files.items():
            if path.rpartition("/")[2] not in RESERVED:
                _, front, body = text.split("---\n", 2)
                self.concepts[path.removesuffix(".md")] = yaml.safe_load(front)
                self.bodies[path] = body

    def problems(self) -> Iterator[str]:
        for id, front in self.concepts.items():
            if not isinstance(front.get("type"), str) or not front["type"]:
                yield f"{id}: has no type"
        for path, body in self.bodies.items():
            for target in LINK.findall(body):
                place = self.root / unquote(target[1:].partition("#")[0])
                if not target.startswith("/") or not place.is_file() or not place.resolve().is_relative_to(self.root):
                    yield f"{path}: {target} leads nowhere"
            if "[[" in body.replace("\\[", ""):
                yield f"{path}: has a wikilink"
        for path, text in self.files.items():
            if path.rpartition("/")[2] in RESERVED:
                yield from self._index(path, text)

    def _index(self, path: str, text: str) -> Iterator[str]:
        front = re.match(r'---\nokf_version: "0\.2"\n---\n', text)
        if bool(front) != (path == "index.md"):
            yield f"{path}: has front matter, or the version is not told"
        listed = set()
        for line in filter(None, text[front.end() if front else 0 :].split("\n")):
            entry = re.fullmatch(r"\* \[.*?(?<!\\)\]\(([^)]+)\)(?: - .+)?", line)
            if not entry and not re.fullmatch(r"# \w+", line):
                yield f"{path}: {line!r} is no line of an index"
            if entry:
                listed.add((self.root / path).parent / unquote(entry[1]))
        here = {self.root / other for other in self.bodies if (self.root / other).parent == (self.root / path).parent}
        if missing := here - listed:
            yield f"{path}: does not list {missing}"
        if dead := {other for other in listed if not other.exists()}:
            yield f"{path}: lists {dead}"
