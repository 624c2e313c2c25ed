"""`shas-kb export`: the collection as a vault, a graph or a page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from shas_kb.cli.session import GOOD, Session, note_if_stale
from shas_kb.export import FORMATS

if TYPE_CHECKING:
    from shas_kb.records import Level


def export(
    session: Session,
    format: Annotated[str, typer.Argument(metavar="FORMAT", help="One of the formats above.", show_default=False)],
    out: Annotated[
        Path,
        typer.Argument(metavar="OUT", help="The file to write; for obsidian and csv the folder.", show_default=False),
    ],
    under: Annotated[str | None, typer.Option(metavar="NODE", help="Only this branch: an id or a name.")] = None,
    depth: Annotated[
        str, typer.Option(metavar="LEVEL", help="How far down: domain, category, entity or document.")
    ] = "document",
    min_weight: Annotated[
        float, typer.Option("--min-weight", metavar="W", help="Leave out links across the tree below this, 0 to 1.")
    ] = 0.0,
) -> int:
    from shas_kb.cli.terminal import output, plural, print_json
    from shas_kb.export import Extent
    from shas_kb.export import export as write

    extent = Extent(under, cast("Level", depth), min_weight)
    with session.open() as store:
        note_if_stale(session, store)
        written = write(store, format, out, extent)
    if session.json:
        print_json({"format": format, "out": str(written.path), "files": written.files, "bytes": written.bytes})
    else:
        output.print(
            f"{written.path} [dim]({plural(written.files, 'file')}, {written.bytes / 1e6:.1f} MB)[/dim]", soft_wrap=True
        )
    return GOOD


# No literal, so that the formats and what they are for are listed in one place.
export.__doc__ = """Write the tree for another program.

{formats}

[dim]$[/dim] shas-kb export obsidian vault/
[dim]$[/dim] shas-kb export html tree.html
[dim]$[/dim] shas-kb export gexf ocean.gexf --under Sea
[dim]$[/dim] shas-kb export mermaid tree.mmd --depth entity
""".format(formats="\n".join(f"[bold]{name:<10}[/bold] {write.__doc__}" for name, write in FORMATS.items()))
