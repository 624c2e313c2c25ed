"""`shas-kb remove`, `info`, `check`: look after the collection."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Annotated

import typer

from shas_kb.cli.session import GOOD, SOME_FAILED, Session


def remove(
    session: Session,
    documents: Annotated[
        list[str], typer.Argument(metavar="DOC...", help="Documents by id, path or title.", show_default=False)
    ],
) -> int:
    """Forget documents. They stay on the disk, and come back when they are ingested again.

    [dim]$[/dim] shas-kb remove drafts/old.pdf
    """
    from shas_kb.cli.terminal import output, plural, print_json
    from shas_kb.lookup import look_up
    from shas_kb.pipeline import organise_collection

    with session.open() as store, store.exclusive(), session.progress() as progress:
        known, had_tree = store.documents(), store.tree() is not None
        chosen = {look_up(wanted, known, what="DOC").id for wanted in documents}
        removed = store.remove(sorted(chosen))
        tree = organise_collection(store, None, progress, only_if_stale=True) if had_tree else None
    if session.json:
        print_json({"removed": removed, "tree": {"run": tree.run, "hash": tree.hash} if tree else None})
    else:
        output.print(f"{plural(removed, 'document')} removed.")
    return GOOD


def info(session: Session) -> int:
    """Counts, model, runs, sizes.

    [dim]$[/dim] shas-kb info --json
    """
    from shas_kb.cli.terminal import print_json

    with session.open() as store:
        facts = store.info()
    if session.json:
        print_json(facts)
    else:
        _print_facts(facts)
    return GOOD


def check(
    session: Session,
    repair: Annotated[bool, typer.Option("--repair", help="Mend what can be mended, and compact the file.")] = False,
) -> int:
    """Check that the whole database is consistent.

    [dim]$[/dim] shas-kb check --repair
    """
    from shas_kb.cli.terminal import output, print_json

    with session.open() as store:
        findings = store.check(repair=repair)
    left = [finding for finding in findings if not finding.repaired]
    if session.json:
        print_json({"clean": not left, "findings": [asdict(finding) for finding in findings]})
    else:
        for finding in findings:
            colour, state = ("green", "mended") if finding.repaired else ("red", "found")
            output.print(
                f"[{colour}]{state}[/{colour}]  {finding.what} ({finding.where}): {finding.mend}", soft_wrap=True
            )
        if not left:
            output.print("[green]The collection is consistent.[/green]")
    return SOME_FAILED if left else GOOD


def _print_facts(facts: Mapping[str, object]) -> None:
    from rich.table import Table
    from rich.text import Text

    from shas_kb.cli.terminal import output, printable

    table = Table.grid(padding=(0, 3))
    for name, value in _rows(facts):
        table.add_row(Text(name.replace("_", " "), style="bold"), Text(printable(value)))
    output.print(table)


def _rows(facts: Mapping[str, object], above: str = "") -> Iterator[tuple[str, str]]:
    """Every fact as a line; what lies deeper has the names above it before its own."""
    for name, value in facts.items():
        if isinstance(value, Mapping):
            yield from _rows(value, f"{above}{name} ")
        elif name == "built" and isinstance(value, int):
            yield f"{above}{name}", datetime.fromtimestamp(value).strftime("%Y-%m-%d %H:%M")
        elif value is not None:
            yield f"{above}{name}", _fact(value)


def _fact(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(_fact, value))
    return f"{value:,g}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)
