"""`shas-kb query`: ask the collection."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from shas_kb.cli.session import GOOD, Session
from shas_kb.errors import UsageError

if TYPE_CHECKING:
    from rich.text import Text

    from shas_kb.records import Hit, Reply

NEAREST = 3
"""Hits that are shown where nothing answers."""


def query(
    session: Session,
    text: Annotated[
        str, typer.Argument(metavar="TEXT", help="The question; - reads it from standard input.", show_default=False)
    ],
    level: Annotated[
        list[str] | None,
        typer.Option(
            metavar="LEVEL", help="auto, sentence, passage, document, entity, category or domain (repeatable)."
        ),
    ] = None,
    under: Annotated[str | None, typer.Option(metavar="NODE", help="Only in this branch: an id or a name.")] = None,
    k: Annotated[int, typer.Option("-k", metavar="N", min=1, help="How many hits.")] = 10,
    explain: Annotated[bool, typer.Option("--explain", help="Say why it was answered at this height.")] = False,
    llm: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Have an OpenAI-compatible endpoint word the answer from what was found."),
    ] = None,
) -> int:
    """Ask. The question is answered at the height at which it was asked.

    [dim]$[/dim] shas-kb query "Which temperature bleaches corals?"
    [dim]$[/dim] shas-kb query "ocean circulation" --level entity --level passage -k 5
    """
    import os
    from time import perf_counter

    # A question's products are too small to share between threads, and on a busy machine they wait for one another for
    # seconds. It must be said before numpy is imported.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

    from shas_kb.ask import ask
    from shas_kb.encoder import load_question_encoder
    from shas_kb.records import LEVELS

    unknown = sorted({name for name in level or () if name not in (*LEVELS, "auto")})
    if unknown:
        raise UsageError(f"--level must be auto or one of {', '.join(LEVELS)}, got {', '.join(unknown)}.")
    question = sys.stdin.read() if text == "-" else text
    wanted = [] if not level or "auto" in level else [name for name in LEVELS if name in level]
    with session.open() as store:
        bound = store.model()
        if bound is None:
            raise UsageError("the collection must hold a document, got none; run `shas-kb ingest FOLDER` first.")
        embed = load_question_encoder(bound.name, store.weights())
        began = perf_counter()
        with store.one_state():  # others may write meanwhile
            reply = ask(store, embed, question, wanted, under, k)
    if llm:
        from shas_kb.ask.llm import answer_by_model

        reply = answer_by_model(reply, llm)
    reply = replace(reply, milliseconds=(perf_counter() - began) * 1000)
    if session.json:
        from shas_kb.cli.terminal import print_json
        from shas_kb.replies import reply_json

        print_json(reply_json(reply, explain=explain))
    else:
        _print_reply(reply, explain=explain)
    return GOOD


def _print_reply(reply: Reply, *, explain: bool) -> None:
    from rich.text import Text

    from shas_kb.ask.answer import PERHAPS_SURE
    from shas_kb.cli.terminal import output, print_paragraphs, printable

    output.print()
    if reply.read_as:
        output.print(Text(f"  Read as: {printable(reply.read_as)}\n", style="dim"))
    print_paragraphs(reply.answer, indent=2)
    output.print()
    hits = reply.hits
    if reply.confidence < PERHAPS_SURE and hits:  # a screenful of what answers nothing helps nobody
        hits = hits[:NEAREST]
        output.print("  Nearest to it:", style="dim")
    for hit in hits:
        output.print(_heading(hit))
        if hit.level != "document" or hit.text != hit.name:
            print_paragraphs(_shorten(hit.text), indent=4, style="dim")
    if explain:
        output.print()
        for level, weight in reply.routing:
            output.print(f"{level:>10} [cyan]{'━' * round(weight * 40)}[/cyan] {weight:.2f}")
        for reason in reply.reasons:
            output.print(Text(f"  · {reason}", style="dim"))
    output.print(f"[dim]{reply.milliseconds:.0f} ms[/dim]")


def _heading(hit: Hit) -> Text:
    from rich.text import Text

    from shas_kb.cli.terminal import printable

    label = Text.assemble((f"{hit.rank:>2}  ", "bold"), (printable(hit.name), "bold"))
    if hit.document is not None:
        where = hit.document.path + (f", p. {hit.page}" if hit.page else "")
        label.append(printable(f"  {where}"), "cyan")
    else:
        label.append(f"  {hit.level}, {len(hit.documents)} documents", "magenta")
    if hit.path:
        label.append(f"  {' > '.join(hit.path)}", "dim")
    label.append(f"  {hit.score:.2f}", "dim")
    return label


def _shorten(text: str, limit: int = 320) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= limit else flat[:limit].rsplit(" ", 1)[0] + " …"
