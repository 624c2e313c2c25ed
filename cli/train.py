"""`shas-kb train`: learn what a question's words count, on one's own texts."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated

import typer

from shas_kb.cli.session import GOOD, Session
from shas_kb.errors import UsageError


def train(
    session: Session,
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[PATH]...", help="Files and folders. Default: the collection.", show_default=False),
    ] = None,
    out: Annotated[Path, typer.Option("-o", "--out", metavar="FILE", help="Where to write.")] = Path(
        "weights.safetensors"
    ),
    steps: Annotated[
        int, typer.Option(metavar="N", help="Lessons, of some documents and questions about them each.")
    ] = 150,
    seed: Annotated[int, typer.Option(metavar="N", help="Of the lessons' choice.")] = 0,
    model: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="A sentence-transformers model. Default: the bundled one."),
    ] = None,
    device: Annotated[str, typer.Option(metavar="auto|cpu|cuda", help="Where to work.")] = "auto",
) -> int:
    """Learn from texts, without labels, what the words of a question count; `ingest --weights` uses it.

    What is read and encoded is kept beside FILE, in FILE.training: an interrupted training goes on where it stopped.

    [dim]$[/dim] shas-kb train papers/ notes/ --out mine.safetensors
    [dim]$[/dim] shas-kb ingest papers/ --weights mine.safetensors
    """
    from shas_kb.cli.terminal import duration, output, plural, print_json
    from shas_kb.config import ReadConfig
    from shas_kb.encoder import describe, load
    from shas_kb.pipeline import Source, ingest
    from shas_kb.training import train as run

    if out.is_dir():
        raise UsageError(f"--out must be a file, got the folder {out}; give the file's name too.")
    if paths:
        session = Session(out.with_name(f"{out.name}.training") / "kb.sqlite").over(session)
    elif model:
        raise UsageError("--model must stand with a folder: a collection keeps its model; leave it out.")
    with session.open(create=bool(paths)) as store, session.progress() as progress:
        bound = store.model()
        if paths:
            described = describe(model or (bound.name if bound else None))
            read = ReadConfig(str(described.tokenizer), described.facts.window)
            encoder = cache(lambda: load(described.facts.name, device))
            report = ingest(
                store, Source(tuple(paths), prune=True), described.facts, encoder, read, None, progress, with_tree=False
            )
            if report.failed:
                session.note(f"{plural(len(report.failed), 'file')} could not be read; the others are learned from.")
        elif bound:
            encoder = cache(lambda: load(bound.name, device))
        else:
            raise UsageError("the collection must hold a document, got none; give a folder: shas-kb train FOLDER.")
        trained = run(store, encoder(), out, steps, seed, progress)
    last = trained.outcomes[-max(1, steps // 4) :]
    plain, found = (
        sum(part) / len(last) for part in zip(*((each.plain_found, each.found) for each in last), strict=True)
    )
    if session.json:
        print_json(
            {
                "weights": str(trained.weights),
                "curve": str(trained.curve),
                "steps": steps,
                "losses": [round(each.loss, 4) for each in trained.outcomes],
                "found": {"nothing learned": round(plain, 4), "learned": round(found, 4)},
                "seconds": round(trained.seconds, 1),
            }
        )
        return GOOD
    output.print(f"{trained.weights} [dim]in {duration(trained.seconds)}; the curve is {trained.curve}[/dim]")
    output.print(
        f"Of the last lessons' questions {found:.1%} found their passage at once; with nothing learned {plain:.1%}."
    )
    session.note(f"Next: `shas-kb ingest FOLDER --weights {trained.weights}`")
    return GOOD
