"""`shas-kb export`: the collection as a vault, a graph or a page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from shas_kb.cli.session import GOOD, Session, note_if_stale
from shas_kb.errors import UsageError
from shas_kb.export import FORMATS

if TYPE_CHECKING:
    from shas_kb.export.vault.options import Flavour, Folders
    from shas_kb.records import Level

VAULT = "Of a vault (obsidian); what is not said stays as at the last export into it"


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
    flavour: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="obsidian, or okf (Open Knowledge Format).", rich_help_panel=VAULT),
    ] = None,
    folders: Annotated[
        str | None, typer.Option(metavar="ORDER", help="Folders by tree or by kind.", rich_help_panel=VAULT)
    ] = None,
    link_sources: Annotated[
        bool | None,
        typer.Option(
            "--link-sources/--copy-sources", help="Link originals instead of copying them.", rich_help_panel=VAULT
        ),
    ] = None,
    write_config: Annotated[
        bool,
        typer.Option(
            "--write-config", help="Set the graph view's colours also in a vault of yours.", rich_help_panel=VAULT
        ),
    ] = False,
) -> int:
    from shas_kb.cli.terminal import output, plural, print_json
    from shas_kb.export import Extent, VaultOptions
    from shas_kb.export import export as write

    if str(out) == "-":
        raise UsageError("OUT must be a file or a folder, got -, which is none; give it a name.")
    extent = Extent(under, cast("Level", depth), min_weight)
    options = VaultOptions(cast("Flavour | None", flavour), cast("Folders | None", folders), link_sources, write_config)
    with session.open() as store, session.progress() as progress:
        note_if_stale(session, store)
        written = write(store, format, out, extent, options, progress)
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
