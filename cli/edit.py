"""`shas-kb edit ...`: say how the tree is to be. It is so at once, and after every rebuild."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from shas_kb.cli.said import carry_out, print_said, said_json, said_of
from shas_kb.cli.seed import seed
from shas_kb.cli.session import GOOD, Session, common
from shas_kb.errors import NotFoundError

if TYPE_CHECKING:
    from shas_kb.records import Document, Node, Tree, Wish
    from shas_kb.storage import Store

app = typer.Typer(
    name="edit",
    no_args_is_help=True,
    help="Say how the tree is to be: names, places, what belongs together. It stays so, whatever comes.\n\n"
    '[dim]$[/dim] shas-kb edit rename "Cheese" "Making cheese"\n'
    "[dim]$[/dim] shas-kb edit list",
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)

NodeArgument = Annotated[str, typer.Argument(metavar="NODE", help="By id or name.", show_default=False)]


def rename(
    session: Session,
    node: NodeArgument,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is to be called.", show_default=False)],
) -> int:
    """Call a node otherwise.

    [dim]$[/dim] shas-kb edit rename "Cheese" "Making cheese"
    """
    from shas_kb import edits

    return carry_out(
        session, lambda store, tree: edits.rename(tree, store.wishes(), _node(tree, node), name), moves=False
    )


def pin(session: Session, node: NodeArgument) -> int:
    """Keep the documents of a node together, under its present name as long as they say it; others may join them.

    [dim]$[/dim] shas-kb edit pin "Reef"
    """
    from shas_kb import edits

    return carry_out(session, lambda store, tree: edits.pin(tree, store.wishes(), _node(tree, node)), moves=False)


def move(
    session: Session,
    units: Annotated[
        list[str],
        typer.Argument(metavar="UNIT...", help="Documents or nodes, by id, path, name or title.", show_default=False),
    ],
    to: Annotated[str, typer.Option("--to", metavar="NODE", help="Where to.", show_default=False)],
) -> int:
    """Move documents to an entity, entities to a category, categories to a domain.

    [dim]$[/dim] shas-kb edit move notes/kaffeost.txt --to "Cheese"
    """
    from shas_kb import edits
    from shas_kb.lookup import look_up

    def change(store: Store, tree: Tree) -> tuple[Wish, ...]:
        every: list[Node | Document] = [*tree.nodes, *store.documents()]
        chosen = [look_up(unit, every, what="UNIT") for unit in units]
        return edits.move(tree, store.wishes(), chosen, look_up(to, tree.nodes, what="--to"))

    return carry_out(session, change)


def merge(
    session: Session,
    nodes: Annotated[list[str], typer.Argument(metavar="NODE NODE...", help="Of one level.", show_default=False)],
    name: Annotated[str | None, typer.Option("--name", metavar="NAME", help="What the whole is to be called.")] = None,
) -> int:
    """Make one node of several. It lies where the first of them does, as far as nothing else is said.

    [dim]$[/dim] shas-kb edit merge "Server" "Broker & queue" --name "Distributed systems"
    """
    from shas_kb import edits

    return carry_out(
        session,
        lambda store, tree: edits.merge(tree, store.wishes(), [_node(tree, node) for node in nodes], name),
    )


def split(
    session: Session,
    node: NodeArgument,
    into: Annotated[int, typer.Option("--into", metavar="K", min=2, help="How many parts.")] = 2,
) -> int:
    """Make several nodes of one: by its documents, or by the nodes in it.

    [dim]$[/dim] shas-kb edit split "Flour" --into 3
    """
    from shas_kb import edits

    def change(store: Store, tree: Tree) -> tuple[Wish, ...]:
        chosen = _node(tree, node)
        parts = edits.parts(tree, chosen, into, *store.document_matrix())
        return edits.split(tree, store.wishes(), chosen, parts)

    return carry_out(session, change)


def release(
    session: Session,
    unit: Annotated[
        str, typer.Argument(metavar="UNIT", help="A node or document by id, path, name or title.", show_default=False)
    ],
) -> int:
    """Take back what was said of a node, or where a document was moved to: the documents decide again.

    [dim]$[/dim] shas-kb edit release "Making cheese"
    """
    from shas_kb import edits
    from shas_kb.lookup import called, look_up

    def change(store: Store, tree: Tree) -> tuple[Wish, ...]:
        wishes = store.wishes()
        said = said_of(wishes)
        dormant = next((wish for wish in said if unit in (wish.id, wish.name)), None)
        if dormant:
            return edits.release(tree, wishes, dormant.id)
        every: list[Node | Document] = [*tree.nodes, *store.documents()]
        found = look_up(unit, every, what="UNIT")
        if not any(found.id == wish.id or found.id in wish.held for wish in said):
            raise NotFoundError(
                f"{called(found, every)} must have been edited, got nothing said of it; see `shas-kb edit list`."
            )
        return edits.release(tree, wishes, found.id)

    return carry_out(session, change, needs_tree=False)


def show_edits(session: Session) -> int:
    """Show what was said. What cannot be done now, as its documents are gone, is dormant.

    [dim]$[/dim] shas-kb edit list
    """
    from shas_kb.cli.terminal import output, print_json

    with session.open() as store:
        tree, wishes = store.tree(), store.wishes()
    said = said_of(wishes)
    if session.json:
        print_json(said_json(said, tree))
    elif not said:
        output.print("Nothing was said: the documents alone make the tree.")
    else:
        print_said(said, wishes, tree)
    return GOOD


def _node(tree: Tree, wanted: str) -> Node:
    from shas_kb.lookup import look_up

    return look_up(wanted, tree.nodes, what="NODE")


for name, command in (
    ("rename", rename),
    ("move", move),
    ("merge", merge),
    ("split", split),
    ("pin", pin),
    ("seed", seed),
    ("list", show_edits),
    ("release", release),
):
    app.command(name)(common(command))
