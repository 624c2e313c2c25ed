"""`shas-kb edit ...`: say how the tree is to be. It is so at once, and after every rebuild."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Annotated

import typer

from shas_kb.cli.session import GOOD, Session, common
from shas_kb.errors import NotFoundError, UsageError

if TYPE_CHECKING:
    from shas_kb.records import Document, Node, Tree, Wish
    from shas_kb.storage import Store

app = typer.Typer(
    name="edit",
    no_args_is_help=True,
    help="Say how the tree is to be: names, places, what belongs together. It stays so, whatever comes.\n\n"
    '[dim]$[/dim] shas-kb edit rename "Curd" "Making cheese"\n'
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

    [dim]$[/dim] shas-kb edit rename "Curd" "Making cheese"
    """
    from shas_kb import edits

    return _edit(session, lambda store, tree: edits.rename(tree, store.wishes(), _node(tree, node), name), moves=False)


def pin(session: Session, node: NodeArgument) -> int:
    """Keep the documents of a node together under its present name; others may join them.

    [dim]$[/dim] shas-kb edit pin "Reef"
    """
    from shas_kb import edits

    return _edit(session, lambda store, tree: edits.pin(tree, store.wishes(), _node(tree, node)), moves=False)


def move(
    session: Session,
    units: Annotated[
        list[str],
        typer.Argument(metavar="UNIT...", help="Documents or nodes, by id, path, name or title.", show_default=False),
    ],
    to: Annotated[str, typer.Option("--to", metavar="NODE", help="Where to.", show_default=False)],
) -> int:
    """Move documents to an entity, entities to a category, categories to a domain.

    [dim]$[/dim] shas-kb edit move notes/brine.md "Salting" --to "Curd"
    """
    from shas_kb import edits
    from shas_kb.lookup import look_up

    def change(store: Store, tree: Tree) -> tuple[Wish, ...]:
        every: list[Node | Document] = [*tree.nodes, *store.documents()]
        chosen = [look_up(unit, every, what="UNIT") for unit in units]
        return edits.move(tree, store.wishes(), chosen, look_up(to, tree.nodes, what="--to"))

    return _edit(session, change)


def merge(
    session: Session,
    nodes: Annotated[list[str], typer.Argument(metavar="NODE NODE...", help="Of one level.", show_default=False)],
    name: Annotated[str | None, typer.Option("--name", metavar="NAME", help="What the whole is to be called.")] = None,
) -> int:
    """Make one node of several. It lies where the first of them does, as far as nothing else is said.

    [dim]$[/dim] shas-kb edit merge "Majority" "Transaction" --name "Consistency"
    """
    from shas_kb import edits

    return _edit(
        session,
        lambda store, tree: edits.merge(tree, store.wishes(), [_node(tree, node) for node in nodes], name),
    )


def split(
    session: Session,
    node: NodeArgument,
    into: Annotated[int, typer.Option("--into", metavar="K", min=2, help="How many parts.")] = 2,
) -> int:
    """Make several nodes of one: by its documents, or by the nodes in it.

    [dim]$[/dim] shas-kb edit split "Transaction" --into 3
    """
    from shas_kb import edits

    def change(store: Store, tree: Tree) -> tuple[Wish, ...]:
        chosen = _node(tree, node)
        parts = edits.parts(tree, chosen, into, *store.document_matrix())
        return edits.split(tree, store.wishes(), chosen, parts)

    return _edit(session, change)


def seed(
    session: Session,
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="The taxonomy; - reads it from standard input.", show_default=False)
    ],
    top: Annotated[
        str, typer.Option("--top", metavar="LEVEL", help="What is not indented: domain, category or entity.")
    ] = "domain",
) -> int:
    """Give a taxonomy: documents are put where they fit, the others form nodes of their own. It replaces a former one.

    A line for each node, indented under the one it belongs to, or a Markdown list; with "name: words that describe it"
    more documents find their place.

    [dim]$[/dim] shas-kb edit seed taxonomy.md
    [dim]$[/dim] printf "Oceans: sea, reefs, tides\\nFood" | shas-kb edit seed - --top category
    """
    import os
    import sys
    from pathlib import Path

    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy is imported, see `query`

    from shas_kb import edits
    from shas_kb.encoder import load_question_encoder
    from shas_kb.records import NODE_LEVELS
    from shas_kb.taxonomy import parse

    level = next((level for level in NODE_LEVELS if level == top), None)
    if level is None:
        raise UsageError(f"--top must be domain, category or entity, got {top}; leave it out for domains.")
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "something else"
        raise UsageError(f"FILE must be a text in UTF-8, got {file!r}: {reason}; name another one.") from error
    seeds = parse(text, level)

    def change(store: Store, tree: Tree) -> tuple[Wish, ...]:
        bound = store.model()
        embed = load_question_encoder(bound.name if bound else None, store.weights())
        return edits.sow(tree, store.wishes(), seeds, embed([one.text for one in seeds]))

    return _edit(session, change)


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
    from shas_kb.lookup import look_up

    def change(store: Store, tree: Tree) -> tuple[Wish, ...]:
        wishes = store.wishes()
        said = _said(wishes)
        dormant = next((wish for wish in said if unit in (wish.id, wish.name)), None)
        if dormant:
            return edits.release(tree, wishes, dormant.id)
        every: list[Node | Document] = [*tree.nodes, *store.documents()]
        found = look_up(unit, every, what="UNIT")
        if not any(found.id == wish.id or found.id in wish.held for wish in said):
            raise NotFoundError(f"{unit!r} must have been edited, got nothing said of it; see `shas-kb edit list`.")
        return edits.release(tree, wishes, found.id)

    return _edit(session, change)


def show_edits(session: Session) -> int:
    """Show what was said. What cannot be done now, as its documents are gone, is dormant.

    [dim]$[/dim] shas-kb edit list
    """
    from shas_kb.cli.terminal import output, print_json

    with session.open() as store:
        tree, wishes = store.tree(), _said(store.wishes())
    names = {node.id: node.name for node in tree.nodes} if tree else {}
    if session.json:
        print_json([_json(wish, names) for wish in wishes])
    elif not wishes:
        output.print("Nothing was said: the documents alone make the tree.")
    else:
        _print(wishes, names)
    return GOOD


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


def _edit(session: Session, change: Callable[[Store, Tree], tuple[Wish, ...]], *, moves: bool = True) -> int:
    """Store what `change` makes of the wishes, and the tree in which they hold. Where nothing `moves`, that is the
    present one but for names."""
    from shas_kb.cli.ingest import tree_line
    from shas_kb.cli.terminal import output, print_json
    from shas_kb.pipeline import organise_collection

    with session.open() as store, store.exclusive(), session.progress() as progress:
        tree = store.tree()
        if tree is None:
            raise UsageError("the collection must have a tree, got none; run `shas-kb ingest FOLDER` first.")
        before = store.wishes()
        wishes = change(store, tree)
        if moves or store.tree_is_stale():
            organise_collection(store, None, progress, wishes=wishes)
        else:
            store.put_wishes(wishes, {wish.id: wish.name for wish in wishes if wish.name})
        tree, wishes = store.tree() or tree, store.wishes()
    names = {node.id: node.name for node in tree.nodes}
    changed = _said(wish for wish in wishes if wish not in before)
    if session.json:
        print_json({"edits": [_json(wish, names) for wish in changed], "tree": {"run": tree.run, "hash": tree.hash}})
    else:
        _print(changed, names)
        output.print(tree_line(tree))
    return GOOD


def _said(wishes: Iterable[Wish]) -> tuple[Wish, ...]:
    """Those that say something of their own nodes, and not only of others that lie under them."""
    return tuple(wish for wish in wishes if wish.says)


def _node(tree: Tree, wanted: str) -> Node:
    from shas_kb.lookup import look_up

    return look_up(wanted, tree.nodes, what="NODE")


def _json(wish: Wish, names: dict[str, str]) -> dict[str, object]:
    return {
        "id": wish.id,
        "level": wish.level,
        "name": names.get(wish.id, wish.name),
        "said": list(wish.says),
        "parent": wish.parent,
        "held": sorted(wish.held),
        "dormant": wish.id not in names,
    }


def _print(wishes: tuple[Wish, ...], names: dict[str, str]) -> None:
    from rich.text import Text

    from shas_kb.cli.terminal import output, plural, printable

    for wish in wishes:
        facts = [*(word for word in wish.says if word not in ("holds", "placed"))]
        facts += [f"holds {plural(len(wish.held), 'document')}"] if wish.held else []
        facts += [f"under {names.get(wish.parent, wish.parent)}"] if wish.parent else []
        facts += [] if wish.id in names else ["dormant"]
        name = printable(names.get(wish.id) or wish.name or wish.id)
        output.print(
            Text.assemble((f"{wish.level:>8}  ", "dim"), (name, "bold"), f"  {' · '.join(facts)}"), soft_wrap=True
        )
