"""`shas-kb edit seed`: a taxonomy that documents are to fit in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from shas_kb.cli.said import carry_out
from shas_kb.cli.session import Session
from shas_kb.errors import UsageError

if TYPE_CHECKING:
    from shas_kb.records import Tree, Wish
    from shas_kb.storage import Store


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

    A line for each node, indented under the one it belongs to, or lists and headings of Markdown; with "name: words
    that describe it" more documents find their place. A single # over everything else is the title of the file if all
    levels lie below it, else a node like others.

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

    return carry_out(session, change)
