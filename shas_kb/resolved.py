"""Wishes in the making: whatever is said, no two of them contradict one another."""

from __future__ import annotations

from collections.abc import Iterable, Set
from dataclasses import replace

from shas_kb.errors import UsageError
from shas_kb.organise.vocabulary import Key
from shas_kb.records import NODE_LEVELS, Level, Node, Tree, Wish
from shas_kb.taxonomy import as_name, name_key


class Resolved:
    """What is to be wished, begun with what is wished already in the `tree` in which that holds.

    Attributes:
        members: The documents of each node of the tree.
        said: The wishes, by the ids of their nodes.
    """

    def __init__(self, tree: Tree, wishes: Iterable[Wish]) -> None:
        self.members = tree.members()
        self.said = {wish.id: wish for wish in wishes}
        self._nodes = {node.id: node for node in tree.nodes}

    def speak_of(self, id: str) -> Wish:
        """The wish for a node, a new one if there is none; what is in the node now are its anchors."""
        wish = self.said.get(id) or Wish(id, self._nodes[id].level)
        self.said[id] = replace(wish, anchors=self.members.get(id, wish.anchors) | wish.held)
        return self.said[id]

    def name(self, id: str, name: str, gone: Set[str] = frozenset()) -> None:
        """Call a node so; it may have the name of one that will be `gone`.

        Raises:
            UsageError: the name is empty, or another node has it.
        """
        name = as_name(name)
        if not name:
            raise UsageError("a name must have a letter, got an empty one; `shas-kb edit release` gives a name back.")
        others: list[Node | Wish] = [*self._nodes.values(), *self.said.values()]
        for other in others:
            if other.id not in {id, *gone} and other.name and name_key(other.name) == name_key(name):
                raise UsageError(
                    f"no two nodes may have one name, got {name!r}, which is that of the {other.level} {other.name!r}; "
                    "rename that one first."
                )
        self.said[id] = replace(self.speak_of(id), name=name)

    def named(self) -> dict[tuple[Key, str], Wish]:
        """The wishes whose nodes have a name to keep: one that a person gave, or that of what is pinned."""
        found: dict[tuple[Key, str], Wish] = {}
        for wish in self.said.values():
            node = self._nodes.get(wish.id)
            name = wish.name or (node.name if node and wish.pinned else None)
            if name:
                found[name_key(name)] = wish
        return found

    def hold(self, id: str, documents: Set[str]) -> None:
        """Keep documents in a node, and in what lies above it; nothing else holds them there."""
        wish = self.speak_of(id)
        self.let_go(documents, wish.level, {id})
        self._follow(documents, wish.level, id)
        self.said[id] = replace(wish, held=wish.held | documents, anchors=wish.anchors | documents)

    def put_under(self, id: str, parent: str) -> None:
        """Keep a node under another one, with the documents that it holds."""
        above = self.speak_of(parent)
        wish = self.said[id] = replace(self.said[id], parent=parent)
        self.let_go(wish.held, above.level, {parent})
        self._follow(wish.held, above.level, parent)

    def let_go(self, documents: Set[str], level: Level, keep: Set[str] = frozenset()) -> None:
        """Let no wish of a level hold these documents, but for those whose ids are in `keep`."""
        for id, wish in self.said.items():
            if wish.level == level and id not in keep:
                self.said[id] = replace(wish, held=wish.held - documents, anchors=wish.anchors - documents)

    def replace(self, ids: Set[str], by: str) -> None:
        """Wish nothing for some nodes any more; what was to lie under them lies under another one."""
        for id in ids:
            self.said.pop(id, None)
        for id, wish in self.said.items():
            if wish.parent in ids:
                self.said[id] = replace(wish, parent=by)

    def wishes(self) -> tuple[Wish, ...]:
        """All that is wished, in the order of ids; without what says nothing any more."""
        kept: list[Wish] = []
        for level in NODE_LEVELS:
            parents = {wish.parent for wish in kept}
            for wish in self.said.values():
                speaks = wish.name or wish.pinned or wish.held or wish.vector is not None or wish.id in parents
                if wish.level == level and speaks:
                    kept.append(wish)
        return tuple(sorted(kept, key=lambda wish: wish.id))

    def _follow(self, documents: Set[str], level: Level, id: str) -> None:
        """Let no wish above `level` hold documents but those that a node lies under."""
        way = self._way(id)
        for upper in NODE_LEVELS[NODE_LEVELS.index(level) + 1 :]:
            self.let_go(documents, upper, way)

    def _way(self, id: str) -> set[str]:
        """The ids of the nodes above a node."""
        above: set[str] = set()
        while id:
            ways = (units[id].parent for units in (self.said, self._nodes) if id in units)
            id = next((parent for parent in ways if parent), "")
            above.add(id)
        return above
