"""`shas-kb tree`: the hierarchy, to look at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from shas_kb.cli.session import Session, note_if_stale
from shas_kb.config import WEAK_PLACE
from shas_kb.errors import UsageError
from shas_kb.outline import DEPTHS, Outline, is_weak, shown_at

if TYPE_CHECKING:
    from rich.text import Text
    from rich.tree import Tree as Branch

    from shas_kb.records import Document, Membership, Node

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
    with session.open() as store:
        view = _Drawing.of(store)
        root = view.root(under)
        note_if_stale(session, store)
    if session.json:
        from shas_kb.cli.terminal import print_json

        print_json(view.json(root, depth or "document"))
    else:
        view.print(root, depth or ("document" if view.size(root) <= ALL_DOCUMENTS_UP_TO else "entity"))


class _Drawing(Outline):
    """An outline as it is drawn in the terminal, a colour for each domain."""

    def print(self, root: Node | None, depth: str) -> None:
        from rich.tree import Tree as Branch

        from shas_kb.cli.report import tree_line
        from shas_kb.cli.terminal import output

        if root is None:
            output.print(tree_line(self.tree))
            output.print()
        for position, node in enumerate(self.tops(root)):
            colour = COLOURS[position % len(COLOURS)]
            branch = Branch(self._label(node, colour), guide_style=colour)
            self._grow(branch, node, shown_at(depth), colour)
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
            (UNSURE if is_weak(node) else "", "yellow"),
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
