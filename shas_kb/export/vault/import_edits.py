"""The way back: what was renamed and moved in a vault, as edits of the tree that outlive rebuilds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from shas_kb import edits
from shas_kb.errors import UsageError
from shas_kb.export.text import one_line
from shas_kb.export.vault.filenames import legal_name
from shas_kb.export.vault.folder import adopted, read_notes
from shas_kb.export.vault.statements import Statement, statements
from shas_kb.lookup import name_of
from shas_kb.records import LEVELS, Document, Level, Node, Tree, Wish
from shas_kb.taxonomy import as_name


@dataclass(frozen=True, slots=True)
class Edit:
    """One thing that a person did in a vault.

    Attributes:
        kind: what was done.
        id: of the node or document.
        level: of it.
        path: of its note.
        name: what it is called.
        to: its new name, or the name of what it is moved to.
    """

    kind: Literal["rename", "move"]
    id: str
    level: Level
    path: str
    name: str
    to: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why what was done to a note is no edit."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Imported:
    """What was found in a vault: edits, what cannot be done, and all wishes as they are to be."""

    edits: tuple[Edit, ...]
    refused: tuple[Refusal, ...]
    wishes: tuple[Wish, ...]

    @property
    def moves(self) -> bool:
        """Whether documents change their places."""
        return any(edit.kind == "move" for edit in self.edits)


def import_edits(tree: Tree, documents: Sequence[Document], wishes: Sequence[Wish], root: Path) -> Imported:
    """Read a vault and add what was done in it to the wishes.

    Args:
        tree: the current one.
        documents: all of the collection.
        wishes: as they are.
        root: the vault.

    Raises:
        UsageError: there is no vault, or its manifest is damaged.
    """
    notes, options = read_notes(root)
    importing = _Importing(tree, documents)
    notes = adopted(notes, {id: (_level(unit), _title(unit)) for id, unit in importing.units.items()})
    for statement in statements(notes, by_tree=options.folders == "tree"):
        entry = notes[statement.id].entry
        if entry is not None:
            importing.take(statement, entry.title, entry.parent)
    return importing.outcome(wishes)


class _Importing:
    """Statements on their way to edits."""

    def __init__(self, tree: Tree, documents: Sequence[Document]) -> None:
        self._tree = tree
        nodes: dict[str, Node | Document] = {node.id: node for node in tree.nodes}
        homes = {member.document: member.node for member in tree.memberships if member.primary}
        self.units = nodes | {document.id: document for document in documents if document.id in homes}
        self._parents = homes | {node.id: node.parent for node in tree.nodes if node.parent}
        self._renames: dict[str, Edit] = {}
        self._moves: dict[str, tuple[Edit, Node]] = {}
        self._refused: list[Refusal] = []

    def take(self, said: Statement, title: str, parent: str) -> None:
        """Note a statement, unless it is so already.

        Args:
            said: the statement.
            title: what its subject was called at the last export.
            parent: what it lay under then, by id.
        """
        unit = self.units.get(said.id)
        if said.wrong is not None:
            self._refuse(said, said.wrong)
        elif unit is None:
            self._refuse(said, f"{title!r} is no longer in the collection")
        elif said.name is not None:
            self._rename(said, unit, said.name, title)
        elif said.parent is not None:
            self._move(said, unit, said.parent, parent)

    def outcome(self, wishes: Sequence[Wish]) -> Imported:
        """All wishes, with the edits among them that can be made together."""
        result = self._renamed(tuple(wishes))
        # A node that is moved holds all its documents: those that leave it are moved after it.
        for edit, target in sorted(self._moves.values(), key=lambda move: -LEVELS.index(move[0].level)):
            result = edits.move(self._tree, result, [self.units[edit.id]], target)
        made = [*self._renames.values(), *(edit for edit, _ in self._moves.values())]
        return Imported(
            tuple(sorted(made, key=lambda edit: (edit.path, edit.kind))),
            tuple(sorted(self._refused, key=lambda refusal: (refusal.path, refusal.reason))),
            result,
        )

    def _rename(self, said: Statement, unit: Node | Document, name: str, former: str) -> None:
        current, name = _title(unit), as_name(name)
        if name in (current, legal_name(current, unit.id)):
            return
        if current != former:
            self._refuse(said, f"it was called {former!r}, but is {current!r} in the collection now; export it again")
            return
        self._renames[unit.id] = Edit("rename", unit.id, _level(unit), said.path, current, name)

    def _move(self, said: Statement, unit: Node | Document, to: str, former: str) -> None:
        current = self._parents.get(unit.id)
        target = self.units.get(to)
        if to == current:
            return
        if not isinstance(target, Node):
            self._refuse(said, "what it was moved to is no longer in the collection; export it again")
        elif current != former:
            self._refuse(said, "it lies elsewhere in the collection since the vault was written; export it again")
        else:
            self._moves[unit.id] = Edit("move", unit.id, _level(unit), said.path, _title(unit), target.name), target

    def _renamed(self, wishes: tuple[Wish, ...]) -> tuple[Wish, ...]:
        """The wishes with the new names, as if all were given at once: two nodes may change their names."""
        names: Mapping[str, str] = {id: edit.to for id, edit in self._renames.items()}
        tree = replace(
            self._tree, nodes=tuple(replace(node, name=names.get(node.id, node.name)) for node in self._tree.nodes)
        )
        result = tuple(replace(wish, name=None) if wish.id in names else wish for wish in wishes)
        for id, name in names.items():
            node = self.units[id]
            assert isinstance(node, Node)
            try:
                result = edits.rename(tree, result, node, name)
            except UsageError as error:
                edit = self._renames.pop(id)
                self._refused.append(Refusal(edit.path, str(error)))
                return self._renamed(wishes)
        return result

    def _refuse(self, said: Statement, reason: str) -> None:
        self._refused.append(Refusal(said.path, f"{reason}."))


def _level(unit: Node | Document) -> Level:
    return unit.level if isinstance(unit, Node) else "document"


def _title(unit: Node | Document) -> str:
    return one_line(name_of(unit))
