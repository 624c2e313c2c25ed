"""The tree as a Mermaid flowchart, within what Mermaid draws by default: 500 edges, 50,000 characters."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from shas_kb.errors import UsageError
from shas_kb.export.appearance import COLOURS, colours
from shas_kb.export.content import Content
from shas_kb.export.graphs.graph import Link, Value, attributes, links
from shas_kb.export.text import shorten
from shas_kb.records import LEVELS
from shas_kb.writing import Written, write_whole

EDGES, CHARACTERS = 500, 50_000
_LABEL = 60
_ROOM = 200  # characters for the remarks on what was left out
_SHAPES = {"domain": "[[{}]]", "category": "({})", "entity": "([{}])", "document": "[{}]"}
# Punctuation is written as character codes, but for commas, and hyphens and apostrophes in words: in a label, Mermaid
# reads HTML, Markdown (also lists and links) and syntax of its own.
_CODED = re.compile(r"(?!,|(?<=\w)[-'](?=\w))[!-/:-@\[-`{-~]")


def write_mermaid(content: Content, out: Path) -> Written:
    """Write the tree as a Mermaid flowchart.

    Raises:
        UsageError: not even the topmost nodes fit.
    """
    return write_whole(out, build_mermaid(content).encode())


def build_mermaid(content: Content) -> str:
    """The chart: down to the lowest level that fits, with the strongest of the cross links between what is shown.

    Raises:
        UsageError: not even the topmost nodes fit.
    """
    everything, every = attributes(content), links(content)
    present = [level for level in LEVELS if any(facts["level"] == level for facts in everything.values())]
    for lowest, level in enumerate(present):
        kept = {id: facts for id, facts in everything.items() if facts["level"] in present[lowest:]}
        edges = [link for link in every if link.source in kept and link.target in kept]
        tree = [link for link in edges if link.kind == "contains"]
        lines = [*_header(), *_nodes(content, kept), *map(_edge, tree)]
        if len(tree) <= EDGES and (room := CHARACTERS - _ROOM - _length(lines)) >= 0:
            across = [link for link in edges if link.kind != "contains"]
            # More of them than this, and nobody sees the tree.
            shown = _strongest(across, min(EDGES - len(tree), len(kept) // 2), room)
            remarks = _remarks(level, len(everything) - len(kept), len(shown), len(across))
            return "\n".join([lines[0], *remarks, *lines[1:], *shown]) + "\n"
    raise UsageError(
        f"mermaid must have at most {EDGES} edges and {CHARACTERS:,} characters, got {len(kept):,} nodes of the "
        "topmost level; export a branch of it, or another format."
    )


def label(text: str) -> str:
    """A quoted label that shows the text as it stands."""
    # With the ligature Mermaid marks codes for itself, and would take it for one.
    coded = _CODED.sub(lambda found: f"#{ord(found[0])};", shorten(text.replace("ﬂ", "fl"), _LABEL))
    return f'"{coded}"'


def _header() -> list[str]:
    classes = [f"  classDef c{i} stroke:#{colour:06x},stroke-width:2px" for i, colour in enumerate(COLOURS)]
    return ["flowchart LR", *classes]


def _nodes(content: Content, kept: dict[str, dict[str, Value]]) -> list[str]:
    colour = colours(content)
    return [
        f"  {_name(id)}{_SHAPES[str(facts['level'])].format(label(str(facts['name'])))}:::c{COLOURS.index(colour[id])}"
        for id, facts in kept.items()
    ]


def _name(id: str) -> str:
    # Some words at the beginning of a name, or as one, mean something to Mermaid.
    return f"kb_{id}"


def _edge(link: Link) -> str:
    if link.kind == "contains":
        return f"  {_name(link.source)} --> {_name(link.target)}"
    arrow = "-.->" if link.kind == "also" else "-.-"
    return f'  {_name(link.source)} {arrow}|"{link.weight:g}"| {_name(link.target)}'


def _strongest(across: Sequence[Link], count: int, room: int) -> list[str]:
    """The lines of the strongest links, as many as there is room for."""
    shown: list[str] = []
    for link in sorted(across, key=lambda link: (-link.weight, link))[:count]:
        line = _edge(link)
        room -= _length([line])
        if room < 0:
            break
        shown.append(line)
    return shown


def _remarks(level: str, below: int, shown: int, across: int) -> list[str]:
    said = []
    if below:
        limits = f"Mermaid draws at most {EDGES} edges and {CHARACTERS} characters"
        said.append(f"%% Cut at the level of {level}, {below} below it left out: {limits}.")
    if shown < across:
        said.append(f"%% Of {across} cross links the {shown} strongest.")
    return said


def _length(lines: Sequence[str]) -> int:
    """Characters as a browser counts them (UTF-16), with the ends of the lines."""
    return sum(len(line.encode("utf-16-le")) // 2 + 1 for line in lines)
