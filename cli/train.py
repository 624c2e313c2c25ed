"""`shas-kb train`: learn what a question's words count, on one's own texts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from shas_kb.cli.ingest import check_device
from shas_kb.cli.session import GOOD, Session
from shas_kb.config import LESSONS
from shas_kb.errors import UsageError

if TYPE_CHECKING:
    from shas_kb.encoder import Described
    from shas_kb.progress import Progress
    from shas_kb.storage import Store


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
    ] = LESSONS,
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
    from shas_kb.encoder import describe, load
    from shas_kb.encoder.models import takes_mean
    from shas_kb.reading import discover
    from shas_kb.training import ONLY_MEANS
    from shas_kb.training import train as run

    check_device(device)
    if out.is_dir():
        raise UsageError(f"--out must be a file, got the folder {out}; give the file's name too.")
    if steps < 1:
        raise UsageError(f"--steps must be at least 1, got {steps}; the default is {LESSONS}.")
    if paths and session.db:
        raise UsageError("--db must stand without folders: what they hold is kept beside --out; leave one of them out.")
    if model and not paths:
        raise UsageError("--model must stand with a folder: a collection keeps its model; leave it out.")
    if paths:
        described = describe(model)
        if not takes_mean(described.located):
            raise UsageError(ONLY_MEANS)
        discover(paths)
        kept = out.with_name(f"{out.name}.training") / f"{described.facts.fingerprint[:12]}.sqlite"
        session = Session(kept).over(session)
    with session.open(create=bool(paths)) as store, session.progress() as progress:
        if paths:
            failed = read_and_encode(store, paths, described, device, progress)
            if failed:
                session.note(f"{plural(failed, 'file')} could not be read.")
        bound = store.model()
        if bound is None:
            raise UsageError("the collection must hold a document, got none; give a folder: shas-kb train FOLDER.")
        trained = run(store, load(bound.name, device), out, steps, seed, progress)
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


def read_and_encode(store: Store, paths: list[Path], described: Described, device: str, progress: Progress) -> int:
    """Make the collection hold what is under the paths and nothing else; how many files could not be read."""
    from shas_kb.changes import absolute
    from shas_kb.config import ReadConfig
    from shas_kb.encoder import load
    from shas_kb.pipeline import Source, ingest

    inside = [path.absolute() for path in paths]
    files = [state.file for state in store.files()]
    store.forget([file for file in files if not any(map(Path(absolute(file)).is_relative_to, inside))])
    read = ReadConfig(str(described.tokenizer), described.facts.window)
    source = Source(tuple(paths), prune=True)
    report = ingest(
        store,
        source,
        described.facts,
        lambda: load(described.facts.name, device),
        read,
        None,
        progress,
        with_tree=False,
    )
    return len(report.failed)
