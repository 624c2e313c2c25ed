"""The two ways in which a note is written: for Obsidian, and for readers of the Open Knowledge Format."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from urllib.parse import quote

from shas_kb.export.vault.markdown import link, plain
from shas_kb.export.vault.options import Flavour

SOURCES = "sources"


@dataclass(frozen=True, slots=True)
class Dialect:
    """How links and marks are written.

    Attributes:
        comment: what opens and what closes a comment.
        wiki: links are wikilinks, and a passage can be pointed to by its block id.
        keys: properties that are ours without beginning with `kb_`.
        reserved: names that no note may have.
        shared: names in lower case that several notes in the vault have: wikilinks to these give the whole path.
    """

    comment: tuple[str, str]
    wiki: bool
    keys: frozenset[str] = frozenset()
    reserved: tuple[str, ...] = ()
    shared: frozenset[str] = frozenset()

    def mark(self, text: str) -> str:
        """A line that readers do not see."""
        return f"{self.comment[0]} {text} {self.comment[1]}"

    def link(self, path: str, text: str = "", part: str = "") -> str:
        """To a note or an original at `path` in the vault, or to a part of it (`page=3`; `^block` in Obsidian)."""
        if self.wiki:
            return link(self._target(path), text, part)
        place = f"/{quote(path)}" + (f"#{part}" if part and part[0] != "^" else "")
        return f"[{plain(text or note_name(path))}]({place})"

    def reference(self, path: str) -> str:
        """To a note or an original, in a property."""
        return self.link(path) if self.wiki else f"/{path.removesuffix('.md')}" if is_note(path) else f"/{quote(path)}"

    def _target(self, path: str) -> str:
        name = note_name(path)
        unique = is_note(path) and name.casefold() not in self.shared
        return name if unique else path.removesuffix(".md") if is_note(path) else path


# Wikilinks name a note alone, which seldom another has; concept ids of the Open Knowledge Format are paths.
OBSIDIAN = Dialect(("%%", "%%"), wiki=True)
OKF = Dialect(
    ("<!--", "-->"),
    wiki=False,
    keys=frozenset({"type", "title", "description", "resource"}),
    reserved=("index", "log"),
)
DIALECTS: Mapping[Flavour, Dialect] = MappingProxyType({"obsidian": OBSIDIAN, "okf": OKF})


def is_note(path: str) -> bool:
    """Whether a link means a note (originals in Markdown are none of ours)."""
    return path.endswith(".md") and not path.startswith(f"{SOURCES}/")


def folder_of(path: str) -> str:
    """The folder that a file is in, with a closing slash; empty at the top."""
    return path[: path.rfind("/") + 1]


def note_name(path: str) -> str:
    """The name of a file without its folder, of a note without its ending too."""
    name = path.rpartition("/")[2]
    return name.removesuffix(".md")
