"""`shas-kb`: the typer application. Each command imports what it needs when it runs, so that `--help` is instant."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from shas_kb.cli import edit
from shas_kb.cli.ask import query
from shas_kb.cli.collection import check, info, remove
from shas_kb.cli.diff import diff
from shas_kb.cli.eval import evaluate
from shas_kb.cli.export import export
from shas_kb.cli.import_edits import import_edits
from shas_kb.cli.ingest import ingest
from shas_kb.cli.interrupt import remember
from shas_kb.cli.mcp import mcp
from shas_kb.cli.organise import organise
from shas_kb.cli.serve import serve
from shas_kb.cli.session import (
    DatabaseOption,
    DebugOption,
    JsonOption,
    QuietOption,
    Session,
    VerboseOption,
    common,
    guarded,
    prepare_streams,
)
from shas_kb.cli.show import show
from shas_kb.cli.train import train
from shas_kb.cli.tree import tree

app = typer.Typer(
    name="shas-kb",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"shas-kb {version('shas-kb')}")
        raise typer.Exit


@app.callback()
def main_options(
    ctx: typer.Context,
    db: DatabaseOption = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
    verbose: VerboseOption = False,
    debug: DebugOption = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """A folder of documents becomes a tree that can be asked, browsed and exported. Offline.

    [dim]$[/dim] shas-kb ingest papers/
    [dim]$[/dim] shas-kb tree
    [dim]$[/dim] shas-kb query "How does leader election avoid split votes?"
    [dim]$[/dim] shas-kb export obsidian vault/
    """
    ctx.obj = Session(db, json, quiet, verbose, debug)


COMMANDS = (
    *(ingest, tree, query, show, export, import_edits, serve),
    *(organise, diff, train, remove, info, check, mcp),
)
for command in COMMANDS:
    app.command()(common(command))
app.command("eval")(common(evaluate))
app.add_typer(edit.app)


def main() -> None:
    """The entry point `shas-kb`."""
    prepare_streams()
    remember()
    # Each command is guarded by itself, as typer has ways of its own with Ctrl-C and closed pipes; this is for the
    # command line that names no command rightly.
    words = sys.argv[1:] or ["--help"]
    sys.exit(guarded(lambda: app(words, standalone_mode=False), debug="--debug" in words))
