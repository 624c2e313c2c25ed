"""`shas-kb diff`: what became of the tree between two runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from shas_kb.cli.session import GOOD, Session
from shas_kb.errors import NotFoundError, UsageError

if TYPE_CHECKING:
    from shas_kb.compare import Comparison
    from shas_kb.records import Node
    from shas_kb.storage import RunFacts

MOST = 20


def diff(
    session: Session,
    before: Annotated[
        str | None,
        typer.Argument(metavar="RUN", help="Default: the run before the current one.", show_default=False),
    ] = None,
    now: Annotated[
        str | None, typer.Argument(metavar="RUN", help="Default: the current one.", show_default=False)
    ] = None,
) -> int:
    """Say what became of the tree: what was added, removed, merged, split, moved, renamed between two runs.

    `shas-kb info` shows the runs; the beginning of one will do.

    [dim]$[/dim] shas-kb diff
    [dim]$[/dim] shas-kb diff 3fa94b --json
    """
    from shas_kb.cli.terminal import print_json
    from shas_kb.compare import compare

    with session.open() as store:
        old, new = _runs(store.runs(), before, now)
        tree, other = store.tree(old), store.tree(new)
        titles = {document.id: document.title for document in store.documents()}
    if tree is None or other is None:
        raise UsageError("both runs must hold a document, got none in one of them; see `shas-kb info`.")
    found = compare(tree, other)
    if session.json:
        print_json(_json(found, titles))
    else:
        _print(found, titles, most=None if session.verbose else MOST)
    return GOOD


def _runs(runs: Sequence[RunFacts], before: str | None, now: str | None) -> tuple[str, str]:
    """The two runs meant, of all `runs`, the current one first."""
    whole = [facts.run for facts in runs if facts.whole]
    if before is None and len(whole) < 2:
        raise UsageError(
            f"there must be two builds of the tree to compare, got {len(whole)}; "
            "the next change of the collection makes another."
        )
    return _run(whole, before) if before else whole[1], _run(whole, now) if now else whole[0]


def _run(runs: Sequence[str], wanted: str) -> str:
    found = [run for run in runs if run.startswith(wanted)]
    if len(found) != 1:
        raise NotFoundError(
            f"RUN must name one run, or begin one, got {wanted!r}, which fits {len(found)} of {', '.join(runs)}."
        )
    return found[0]


def _json(found: Comparison, titles: Mapping[str, str]) -> dict[str, object]:
    def document(id: str) -> dict[str, object]:
        return {"id": id, "title": titles.get(id)}

    return {
        "before": {"run": found.before.run, "hash": found.before.hash},
        "now": {"run": found.now.run, "hash": found.now.hash},
        "added": [_node(node) for node in found.added],
        "removed": [_node(node) for node in found.removed],
        "merged": [{"nodes": [_node(node) for node in one.nodes], "into": _node(one.into)} for one in found.merged],
        "split": [{"node": _node(one.node), "parts": [_node(part) for part in one.parts]} for one in found.split],
        "moved": [{"node": _node(one.node), "from": _node(one.source), "to": _node(one.target)} for one in found.moved],
        "renamed": [
            {"id": one.now.id, "level": one.now.level, "from": one.before.name, "to": one.now.name}
            for one in found.renamed
        ],
        "documents": {
            "added": [document(id) for id in found.documents_added],
            "removed": [document(id) for id in found.documents_removed],
            "moved": [
                document(one.document) | {"from": _node(one.source), "to": _node(one.target)}
                for one in found.documents_moved
            ],
        },
    }


def _node(node: Node) -> dict[str, object]:
    return {"id": node.id, "level": node.level, "name": node.name, "documents": node.documents}


def _print(found: Comparison, titles: Mapping[str, str], most: int | None) -> None:
    """A group for each kind of change, a line for each change; no more than `most` of a kind."""
    from rich.text import Text

    from shas_kb.cli.terminal import output, printable

    output.print(f"[dim]{found.before.run} → {found.now.run}[/dim]")
    if found.is_empty:
        output.print("Nothing has changed.")
    for kind, colour, lines in _groups(found, titles):
        if lines:
            output.print(Text.assemble((f"\n{kind}", f"bold {colour}"), (f"  {len(lines):,}", colour)))
        for line in lines[:most]:
            output.print(Text(f"  {printable(line)}"), soft_wrap=True)
        if most is not None and len(lines) > most:
            output.print(f"  [dim]and {len(lines) - most:,} more; --verbose shows all[/dim]")


def _groups(found: Comparison, titles: Mapping[str, str]) -> Iterator[tuple[str, str, list[str]]]:
    yield "added", "green", [_called(node) for node in found.added]
    yield "removed", "red", [_called(node) for node in found.removed]
    yield "merged", "magenta", [f"{_all(one.nodes)} → {_called(one.into)}" for one in found.merged]
    yield "split", "magenta", [f"{_called(one.node)} → {_all(one.parts)}" for one in found.split]
    moved = [f"{_called(one.node)}: {one.source.name} → {one.target.name}" for one in found.moved]
    yield "moved", "cyan", moved
    yield "renamed", "yellow", [f"{one.before.name} → {_called(one.now)}" for one in found.renamed]
    yield "documents added", "green", [titles.get(id, id) for id in found.documents_added]
    yield "documents removed", "red", [titles.get(id, id) for id in found.documents_removed]
    yield (
        "documents moved",
        "cyan",
        [
            f"{titles.get(one.document, one.document)}: {one.source.name} → {one.target.name}"
            for one in found.documents_moved
        ],
    )


def _all(nodes: Sequence[Node]) -> str:
    return " + ".join(_called(node) for node in nodes)


def _called(node: Node) -> str:
    return f"{node.name} ({node.level}, {node.documents:,})"
