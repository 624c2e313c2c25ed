"""`shas-kb import-edits`: what was renamed and moved in a vault, as edits of the tree."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from shas_kb.cli.said import put_said
from shas_kb.cli.session import GOOD, SOME_FAILED, Session
from shas_kb.errors import UsageError

if TYPE_CHECKING:
    from shas_kb.export.vault.import_edits import Imported
    from shas_kb.records import Tree


def import_edits(
    session: Session,
    vault: Annotated[
        Path, typer.Argument(metavar="VAULT", help="A folder that `export obsidian` wrote.", show_default=False)
    ],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be done.")] = False,
) -> int:
    """Take over what was renamed and moved in a vault. It stays so after every rebuild.

    Rename a node's note or its heading; move a note into another node's folder, or change the link to what it lies in.

    [dim]$[/dim] shas-kb import-edits vault/ --dry-run
    """
    from shas_kb.export.vault.import_edits import import_edits as read

    with session.open() as store, store.exclusive(), session.progress() as progress:
        tree = store.tree()
        if tree is None:
            raise UsageError("the collection must have a tree, got none; run `shas-kb ingest FOLDER` first.")
        found = read(tree, store.documents(), store.wishes(), vault)
        if found.edits and not dry_run:
            put_said(store, progress, found.wishes, moves=found.moves)
            tree = store.tree() or tree
    _report(session, found, tree, dry_run=dry_run)
    return SOME_FAILED if found.refused else GOOD


def _report(session: Session, found: Imported, tree: Tree, *, dry_run: bool) -> None:
    from rich.text import Text

    from shas_kb.cli.report import tree_line
    from shas_kb.cli.terminal import messages, output, print_json, printable

    if session.json:
        print_json(
            {
                "edits": [
                    {"edit": edit.kind, "id": edit.id, "level": edit.level, "path": edit.path}
                    | {"name": edit.name, "to": edit.to}
                    for edit in found.edits
                ],
                "refused": [{"path": refusal.path, "reason": refusal.reason} for refusal in found.refused],
                "dry_run": dry_run,
                "tree": {"run": tree.run, "hash": tree.hash},
            }
        )
        return
    for edit in found.edits:
        words = "is called" if edit.kind == "rename" else "is moved to"
        output.print(
            Text.assemble(
                (f"{edit.level:>8}  ", "dim"),
                (printable(edit.name), "bold"),
                f"  {words} ",
                (printable(edit.to), "bold"),
            ),
            soft_wrap=True,
        )
    for refusal in found.refused:
        messages.print(Text(f"not done: {printable(refusal.path)}: {printable(refusal.reason)}"), soft_wrap=True)
    if not found.edits:
        output.print("Nothing in the vault was renamed or moved that the collection does not know.")
    elif dry_run:
        output.print("Nothing was done: this was a dry run.")
    else:
        output.print(tree_line(tree))
