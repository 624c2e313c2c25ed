"""Carries out what a person says of the tree, and shows what was said."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from shas_kb.cli.session import GOOD, Session
from shas_kb.errors import UsageError

if TYPE_CHECKING:
    from shas_kb.progress import Progress
    from shas_kb.records import Tree, Wish
    from shas_kb.storage import Store


def carry_out(
    session: Session,
    change: Callable[[Store, Tree], tuple[Wish, ...]],
    *,
    moves: bool = True,
    needs_tree: bool = True,
) -> int:
    """Store what `change` makes of the wishes, and the tree in which they hold.

    Args:
        session: the options of the command.
        change: gives all wishes as they are to be; told of the collection, and of its tree as it is.
        moves: False where documents stay where they are: the tree is the present one, but for names.
        needs_tree: False where something can be said without a tree, which is an empty one then.
    """
    from shas_kb.cli.report import tree_line
    from shas_kb.cli.terminal import output, print_json
    from shas_kb.records import Tree

    with session.open() as store, store.exclusive(), session.progress() as progress:
        tree = store.tree()
        if tree is None and needs_tree:
            raise UsageError("the collection must have a tree, got none; run `shas-kb ingest FOLDER` first.")
        before = store.wishes()
        wishes = change(store, tree or Tree(run="", hash="", config={}, nodes=(), memberships=()))
        put_said(store, progress, wishes, moves=moves)
        tree, wishes = store.tree(), store.wishes()
    changed = said_of(wish for wish in wishes if wish not in before)
    if session.json:
        facts = {"run": tree.run, "hash": tree.hash} if tree else None
        print_json({"edits": said_json(changed, tree), "tree": facts})
    else:
        print_said(changed, wishes, tree)
        output.print(tree_line(tree) if tree else "There is no tree, as there are no documents.")
    return GOOD


def put_said(store: Store, progress: Progress, wishes: tuple[Wish, ...], *, moves: bool) -> None:
    """Store wishes, and the tree in which they hold, in one transaction; `moves` as in `carry_out`."""
    from shas_kb.pipeline import organise_collection

    if moves or store.tree_is_stale():
        organise_collection(store, None, progress, wishes=wishes)
    else:
        store.put_wishes(wishes, {wish.id: wish.name for wish in wishes if wish.name})


def said_of(wishes: Iterable[Wish]) -> tuple[Wish, ...]:
    """Those that say something of their own nodes, and not only of others that lie under them."""
    return tuple(wish for wish in wishes if wish.says)


def said_json(wishes: Iterable[Wish], tree: Tree | None) -> list[dict[str, object]]:
    living = _living(tree)
    return [
        {
            "id": wish.id,
            "level": wish.level,
            "name": living.get(wish.id, wish.name),
            "said": list(wish.says),
            "parent": wish.parent,
            "held": sorted(wish.held),
            "dormant": wish.id not in living,
        }
        for wish in wishes
    ]


def print_said(wishes: Iterable[Wish], every: Iterable[Wish], tree: Tree | None) -> None:
    """A line for each of `wishes`; `every` wish may be one that they lie under."""
    from rich.text import Text

    from shas_kb.cli.terminal import output, plural, printable

    living = _living(tree)
    names = {wish.id: wish.name for wish in every if wish.name} | living
    for wish in wishes:
        facts = [word for word in wish.says if word not in ("holds", "placed")]
        facts += [f"holds {plural(len(wish.held), 'document')}"] if wish.held else []
        facts += [f"under {printable(names.get(wish.parent, wish.parent))}"] if wish.parent else []
        facts += [] if wish.id in living else ["dormant"]
        name = printable(names.get(wish.id, wish.id))
        output.print(
            Text.assemble((f"{wish.level:>8}  ", "dim"), (name, "bold"), f"  {' · '.join(facts)}"), soft_wrap=True
        )


def _living(tree: Tree | None) -> dict[str, str]:
    """The names of the nodes that are in the tree, by id."""
    return {node.id: node.name for node in tree.nodes} if tree else {}
