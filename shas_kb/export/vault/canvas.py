"""Overviews of the tree as canvases (JSON Canvas 1.0): cards that show notes, in a coloured group for each domain."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

from shas_kb.export.appearance import colours
from shas_kb.export.content import Content
from shas_kb.export.text import counted
from shas_kb.export.vault.dialect import note_name
from shas_kb.export.vault.places import Places

OVERVIEW = "Overview"
MOST = 300
_WIDTH, _HEIGHT = 320, 160
# The label of an edge fits between two cards.
_GAP, _RISE = 140, 140
_MARGIN = 100
_WIDER = 1.6
_ROW = 5


@dataclass(frozen=True, slots=True)
class _Block:
    """A node's card with the blocks of its children below it; positions are relative to its upper left corner."""

    width: int
    height: int
    cards: tuple[tuple[str, int, int], ...]

    def moved(self, right: int, down: int) -> Iterable[tuple[str, int, int]]:
        return ((id, x + right, y + down) for id, x, y in self.cards)


def canvases(content: Content, places: Places) -> dict[str, bytes]:
    """The overview by the name of its file, and where that cannot hold all nodes, one of each topmost node's.

    Each canvas shows as many levels as fit into fewer than `MOST` cards and groups.
    """
    drawing = _Drawing(content, places)
    tops = content.children.get("", ())
    drawn = {OVERVIEW: drawing.draw(tops)}
    if len(content.nodes) + len(tops) >= MOST:
        drawn |= {note_name(places.notes[id]): drawing.draw([id]) for id in tops}
    return {name: (json.dumps(canvas, ensure_ascii=False, indent=1) + "\n").encode() for name, canvas in drawn.items()}


class _Drawing:
    def __init__(self, content: Content, places: Places) -> None:
        self._content = content
        self._places = places
        self._nodes = {node.id: node for node in content.nodes}
        self._colours = {id: f"#{colour:06x}" for id, colour in colours(content).items()}

    def draw(self, tops: Sequence[str]) -> dict[str, list[dict[str, object]]]:
        """A canvas of what is below these nodes."""
        shown = self._shown(tops)
        blocks = [self._block(id, shown) for id in tops if id in shown]
        padded = [_Block(block.width + 2 * _MARGIN, block.height + 2 * _MARGIN, block.cards) for block in blocks]
        groups: list[dict[str, object]] = []
        cards: list[dict[str, object]] = []
        placed: dict[str, tuple[int, int]] = {}
        for block, x, y in _flow(padded)[0]:
            top = block.cards[0][0]
            colour = self._colours.get(top, "")
            place = {"x": x, "y": y, "width": block.width, "height": block.height}
            groups.append(
                {"id": f"group-{top}", "type": "group", **place, "label": self._nodes[top].name} | _in(colour)
            )
            for id, left, above in block.moved(x + _MARGIN, y + _MARGIN):
                file = self._places.notes[id]
                place = {"x": left, "y": above, "width": _WIDTH, "height": _HEIGHT}
                cards.append({"id": id, "type": "file", **place, "file": file} | _in(colour))
                placed[id] = left, above
        return {"nodes": groups + cards, "edges": [*self._down(shown, tops), *self._across(placed)]}

    def _shown(self, tops: Sequence[str]) -> set[str]:
        """Whole levels from the top; of the first that does not fit, nothing; of the topmost, the largest."""
        shown = list(tops)[: MOST // 2 - 1]
        groups, last = len(shown), shown
        while last := [child for id in last for child in self._content.children.get(id, ()) if child in self._nodes]:
            if len(shown) + len(last) + groups >= MOST:
                break
            shown += last
        return set(shown)

    def _block(self, id: str, shown: set[str]) -> _Block:
        below = [self._block(child, shown) for child in self._content.children.get(id, ()) if child in shown]
        if not below:
            return _Block(_WIDTH, _HEIGHT, ((id, 0, 0),))
        placed, width, height = _flow(below, _ROW)
        cards = [(id, (width - _WIDTH) // 2, 0)]
        for block, x, y in placed:
            cards += block.moved(x, y + _HEIGHT + _RISE)
        return _Block(width, _HEIGHT + _RISE + height, tuple(cards))

    def _down(self, shown: set[str], tops: Sequence[str]) -> Iterable[dict[str, object]]:
        for node in self._content.nodes:
            parent = self._content.parents.get(node.id, "")
            if node.id in shown and node.id not in tops and parent in shown:
                colour = self._colours.get(self._content.path(node.id)[0], "")
                sides = {"fromNode": parent, "fromSide": "bottom", "toNode": node.id, "toSide": "top"}
                yield {"id": f"{parent}-{node.id}", **sides, "label": counted(node.documents, "document")} | _in(colour)

    def _across(self, placed: Mapping[str, tuple[int, int]]) -> Iterable[dict[str, object]]:
        """Each entity's nearest one, once for both."""
        seen: set[frozenset[str]] = set()
        for id, links in self._content.related.items():
            pair = frozenset([id, links[0][0]]) if links else frozenset()
            if pair and pair <= placed.keys() and pair not in seen:
                seen.add(pair)
                first, second = sorted(pair, key=lambda one: (placed[one][1], placed[one][0]))
                sides = _sides(placed[first], placed[second])
                ends = {"fromNode": first, "fromSide": sides[0], "fromEnd": "none"}
                ends |= {"toNode": second, "toSide": sides[1], "toEnd": "none"}
                yield {"id": f"{first}~{second}", **ends, "label": f"related {links[0][1]:.2f}"}


def _sides(first: tuple[int, int], second: tuple[int, int]) -> tuple[str, str]:
    """Where an edge leaves the upper or left card, and where it enters the other, so that it crosses no third."""
    if first[1] != second[1]:
        return "bottom", "top"
    return ("right", "left") if second[0] - first[0] <= _WIDTH + _GAP else ("bottom", "bottom")


def _flow(blocks: Sequence[_Block], row_of: int = 1) -> tuple[list[tuple[_Block, int, int]], int, int]:
    """Blocks side by side, in rows that together are about as wide as a screen; and the width and height of all.

    So many as `row_of` are in one row.
    """
    area = sum((block.width + _GAP) * (block.height + _GAP) for block in blocks)
    least = sum(block.width + _GAP for block in blocks[:row_of])
    widest = max(int(sqrt(area * _WIDER)), least, *(block.width for block in blocks))
    placed: list[tuple[_Block, int, int]] = []
    x = y = row = width = 0
    for block in blocks:
        if x and x + block.width > widest:
            x, y, row = 0, y + row + _GAP, 0
        placed.append((block, x, y))
        width = max(width, x + block.width)
        row = max(row, block.height)
        x += block.width + _GAP
    return placed, width, y + row


def _in(colour: str) -> dict[str, object]:
    return {"color": colour} if colour else {}
