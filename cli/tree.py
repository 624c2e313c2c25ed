"""`shas-kb tree`: the hierarchy, to look at."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from shas_kb.cli.session import Session, note_if_stale
from shas_kb.config import WEAK_NODE, WEAK_PLACE
from shas_kb.errors import UsageError

if TYPE_CHECKING:
    from rich.text import Text
    from rich.tree import Tree as Branch

    from shas_kb.records import Document, Membership, Node, Tree, Wish

DEPTHS = ("domain", "category", "entity", "document")
COLOURS = ("cyan", "magenta", "green", "yellow", "blue", "red")
ALL_DOCUMENTS_UP_TO = 40
EDITED = " ✎"
UNSURE = " ?"


def tree(
    session: Session,
    depth: Annotated[
        str | None,
        typer.Option(
            metavar="LEVEL", help="How far down: domain, category, entity or document. Default: what fits a screen."
        ),
    ] = None,
    under: Annotated[str | None, typer.Option(metavar="NODE", help="Only this branch: an id or a name.")] = None,
) -> None:
    """Show the tree: domain > category > entity > document. A ✎ stands at what was edited.

    [dim]$[/dim] shas-kb tree --depth document --under "Sparse attention"
    """
    if depth is not None and depth not in DEPTHS:
        raise UsageError(f"--depth must be one of {', '.join(DEPTHS)}, got {depth}.")
    from shas_kb.lookup import look_up

    with session.open() as store:
        current = store.tree()
        documents = {document.id: document for document in store.documents()}
        wishes = {wish.id: wish for wish in store.wishes()}
        if current is not None:
            note_if_stale(session, store)
    if current is None:
        advice = "shas-kb organise" if documents else "shas-kb ingest FOLDER"
        raise UsageError(f"the collection must have a tree, got none; run `{advice}` first.")
    root = look_up(under, current.nodes) if under else None
    view = _View(current, documents, wishes)
    if session.json:
        from shas_kb.cli.terminal import print_json

        shown = DEPTHS[: DEPTHS.index(depth) + 1] if depth else DEPTHS
        print_json(
            {
                "run": current.run,
                "hash": current.hash,
                "placed": current.placed,
                "drift": round(current.drift, 4),
                "nodes": [entry for entry in view.json(root) if entry["level"] in shown],
            }
        )
    else:
        view.print(root, depth or ("document" if view.size(root) <= ALL_DOCUMENTS_UP_TO else "entity"))


class _View:
    """A tree with its documents in their places, and what a person said of its nodes."""

    def __init__(self, tree: Tree, documents: Mapping[str, Document], wishes: Mapping[str, Wish]) -> None:
        self.tree = tree
        self.documents = documents
        self.said = {id: wish.says for id, wish in wishes.items()}
        self.children: dict[str | None, list[Node]] = defaultdict(list)
        self.primary: dict[str, list[Membership]] = defaultdict(list)
        self.also: dict[str, list[Membership]] = defaultdict(list)
        for node in tree.nodes:
            self.children[node.parent].append(node)
        for siblings in self.children.values():
            siblings.sort(key=lambda node: (-node.documents, node.name, node.id))
        for membership in tree.memberships:
            if membership.document in documents:
                self._place(membership)

    def _place(self, membership: Membership) -> None:
        if membership.primary:
            self.primary[membership.node].append(membership)
        else:
            self.also[membership.document].append(membership)

    def tops(self, root: Node | None) -> list[Node]:
        return [root] if root else self.children[None]

    def size(self, root: Node | None) -> int:
        return sum(node.documents for node in self.tops(root))

    def places_in(self, node: Node) -> list[tuple[Membership, Document]]:
        """The documents whose primary entity this is, the most typical first, each with its place."""
        ordered = sorted(self.primary[node.id], key=lambda membership: (-membership.weight, membership.document))
        return [(membership, self.documents[membership.document]) for membership in ordered]

    def json(self, root: Node | None) -> list[dict[str, object]]:
        """Nodes and documents as `tree --json` gives them: parents before children, in a stable order."""
        return [entry for node in self.tops(root) for entry in self._json_below(node)]

    def _json_below(self, node: Node) -> Iterator[dict[str, object]]:
        yield {
            "id": node.id,
            "level": node.level,
            "name": node.name,
            "parent": node.parent,
            "documents": node.documents,
            "keyphrases": list(node.keyphrases),
            "summary": " ".join(quote.text for quote in node.summary),
            "confidence": round(node.confidence, 4),
            "weak": _weak(node),
            "edits": list(self.said.get(node.id, ())),
        }
        for child in self.children[node.id]:
            yield from self._json_below(child)
        for membership, document in self.places_in(node):
            yield {
                "id": document.id,
                "level": "document",
                "name": document.title,
                "parent": node.id,
                "path": document.path,
                "sha256": document.sha256,
                "pages": document.pages,
                "language": document.language,
                "weight": round(membership.weight, 4),
                "also": [{"id": other.node, "weight": round(other.weight, 4)} for other in self.also[document.id]],
            }

    def print(self, root: Node | None, depth: str) -> None:
        """Draw the tree in the terminal, a colour for each domain."""
        from rich.tree import Tree as Branch

        from shas_kb.cli.report import tree_line
        from shas_kb.cli.terminal import output

        if root is None:
            output.print(tree_line(self.tree))
            output.print()
        for position, node in enumerate(self.tops(root)):
            colour = COLOURS[position % len(COLOURS)]
            branch = Branch(self._label(node, colour), guide_style=colour)
            self._grow(branch, node, DEPTHS[: DEPTHS.index(depth) + 1], colour)
            output.print(branch)
            output.print()
        output.print(
            "[dim]numbers: documents, and how sure the tree is of the node, from 0 to 1; ? where it is unsure[/dim]"
        )
        if depth != "document":
            output.print(
                "[dim]--depth document shows the documents, --under NAME one branch, `shas-kb show NAME` one node[/dim]"
            )

    def _grow(self, branch: Branch, node: Node, shown: tuple[str, ...], colour: str) -> None:
        for child in self.children[node.id]:
            if child.level in shown:
                self._grow(branch.add(self._label(child, colour)), child, shown, colour)
        if "document" in shown:
            for membership, document in self.places_in(node):
                branch.add(self._document_label(membership, document))

    def _label(self, node: Node, colour: str) -> Text:
        from rich.text import Text

        weight = {"domain": f"bold reverse {colour}", "category": f"bold {colour}"}.get(node.level, "bold")
        name = f" {node.name} " if node.level == "domain" else node.name
        phrases = [phrase for phrase in node.keyphrases if phrase.casefold() not in node.name.casefold()]
        sign = EDITED if self.said.get(node.id) else ""
        label = Text.assemble(
            (name, weight),
            (sign, colour),
            (UNSURE if _weak(node) else "", "yellow"),
            (f"  {node.documents}", colour),
            (f"  {node.confidence:.2f}  {' · '.join(phrases[:3])}", "dim"),
        )
        label.no_wrap, label.overflow = True, "ellipsis"
        return label

    @staticmethod
    def _document_label(membership: Membership, document: Document) -> Text:
        from rich.text import Text

        from shas_kb.cli.terminal import printable

        pages = f", {document.pages} p" if document.pages else ""
        label = Text.assemble(
            printable(document.title),
            (UNSURE if membership.weight < WEAK_PLACE else "", "yellow"),
            (printable(f"  {document.path}{pages}"), "dim"),
        )
        label.no_wrap, label.overflow = True, "ellipsis"
        return label


def _weak(node: Node) -> bool:
    """Whether the tree itself is unsure of a node."""
    return node.confidence < WEAK_NODE
