"""`shas-kb show`: one node, document or passage with its surroundings."""

from __future__ import annotations

from typing import Annotated

import typer

from shas_kb.cli.session import GOOD, Session


def show(
    session: Session,
    id: Annotated[str, typer.Argument(metavar="ID", help="A node, document, passage or sentence.", show_default=False)],
) -> int:
    """Show one node, document or passage with its surroundings. Names and paths do as well as ids.

    [dim]$[/dim] shas-kb show "Coral reefs"
    [dim]$[/dim] shas-kb show 3fa94b1c02de:7
    """
    from shas_kb.cli.terminal import print_json
    from shas_kb.lookup import look_up
    from shas_kb.outline import NO_TREE
    from shas_kb.records import Document, Node
    from shas_kb.replies import PASSAGE, document_json, node_json, passage_json

    with session.open() as store:
        if place := PASSAGE.fullmatch(id.strip()):
            facts = passage_json(store, place)
        else:
            tree, documents = store.tree() or NO_TREE, {document.id: document for document in store.documents()}
            units: list[Node | Document] = [*tree.nodes, *documents.values()]
            unit = look_up(id, units, what="the id")
            if isinstance(unit, Node):
                facts = node_json(tree, unit, documents)
            else:
                facts = document_json(store, tree, unit) | {"beginning": store.texts(unit.id)[0]}
    if session.json:
        print_json(facts)
    else:
        _print(facts)
    return GOOD


def _print(facts: dict[str, object]) -> None:
    """Every fact in the order of the JSON: short ones on a line, lists below their name."""
    from rich.text import Text

    from shas_kb.cli.terminal import output, print_paragraphs, printable

    output.print(Text.assemble((printable(str(facts["name"])), "bold"), (f"  {facts['level']}  {facts['id']}", "dim")))
    for name, value in facts.items():
        if name in ("id", "level", "name") or value in (None, "", [], 0):
            continue
        if isinstance(value, list) and isinstance(value[0], dict):
            output.print(Text(f"\n{name}", style="cyan"))
            for entry in value:
                output.print(Text(printable(f"  {_line(entry)}")))
        elif name in ("text", "before", "after", "beginning"):
            output.print(Text(f"\n{name}", style="cyan"))
            print_paragraphs(str(value), indent=0, style="" if name == "text" else "dim")
        else:
            output.print(Text.assemble((f"{name:>11}  ", "cyan"), printable(_line(value))))


def _line(value: object) -> str:
    if isinstance(value, dict):
        first, *others = (str(part) for part in value.values() if part not in (None, ""))
        text = value.get("text") or value.get("title") or value.get("name")
        rest = [part for part in (first, *others) if part != text]
        return f"{text}  ({', '.join(rest)})" if rest else str(text)
    if isinstance(value, list):
        return " · ".join(str(part) for part in value)
    return str(value)
