"""`shas-kb remove`, `info`, `check`: look after the collection."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
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
    from shas_kb.pipeline import reorganise

    with session.open() as store, store.exclusive(), session.progress() as progress:
        known = store.documents()
        chosen = {look_up(wanted, known, what="DOC").id for wanted in documents}
        removed = store.remove(sorted(chosen))
        tree = reorganise(store, progress)
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

    from shas_kb.cli.terminal import output

    table = Table.grid(padding=(0, 3))
    for name, value in facts.items():
        table.add_row(f"[bold]{name.replace('_', ' ')}[/bold]", _fact(value))
    output.print(table)


def _fact(value: object) -> str:
    if isinstance(value, Mapping):
        return "\n".join(f"{key}: {_fact(part)}" for key, part in value.items())
    if isinstance(value, list):
        return "\n".join(_fact(part) for part in value)
    return f"{value:,}" if isinstance(value, int) else str(value)
