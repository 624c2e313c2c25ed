"""`shas-kb ingest`: read what is new, and make the tree of it."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from shas_kb.cli.organise import CategoriesOption, DomainsOption, EntitiesOption, RatiosOption, tree_config
from shas_kb.cli.session import GOOD, SOME_FAILED, Session
from shas_kb.errors import UsageError

if TYPE_CHECKING:
    from shas_kb.pipeline import Encoder, Source
    from shas_kb.storage import Store

STRANGE = 0.3
"""The share of documents in other languages than English from which on it is told what that means."""


def ingest(
    session: Session,
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Files and folders.", show_default=False)],
    model: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="A sentence-transformers model, by name or folder. Default: the bundled all-MiniLM-L6-v2.",
        ),
    ] = None,
    weights: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="What `shas-kb train` made. Default: what the collection has, else what comes along."
        ),
    ] = None,
    device: Annotated[str, typer.Option(metavar="auto|cpu|cuda", help="Where to encode.")] = "auto",
    include: Annotated[
        list[str] | None, typer.Option(metavar="GLOB", help="Only files like this (repeatable).")
    ] = None,
    exclude: Annotated[list[str] | None, typer.Option(metavar="GLOB", help="No files like this (repeatable).")] = None,
    ocr: Annotated[
        bool, typer.Option("--ocr", help="Read scans with OCR, and try again what had no text layer.")
    ] = False,
    no_tree: Annotated[bool, typer.Option("--no-tree", help="Read and encode only.")] = False,
    entities: EntitiesOption = None,
    categories: CategoriesOption = None,
    domains: DomainsOption = None,
    ratios: RatiosOption = None,
    prune: Annotated[bool, typer.Option("--prune", help="Forget files that are gone from the folder.")] = False,
    workers: Annotated[
        int, typer.Option(metavar="N", help="Processes that read files. Default: one for each core.")
    ] = 0,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done.")] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Stay, and ingest whenever the folder changes.")] = False,
) -> int:
    """Read files and folders into the collection and build the tree.

    Only what is new or changed is read; an interrupted ingest goes on where it stopped.

    [dim]$[/dim] shas-kb ingest papers/ notes/ --exclude "drafts/*"
    [dim]$[/dim] shas-kb ingest scans/ --ocr --entities 20
    """
    from shas_kb.cli.report import print_report, report_json
    from shas_kb.cli.terminal import print_json
    from shas_kb.config import ReadConfig
    from shas_kb.encoder import describe, learned_for
    from shas_kb.pipeline import Source, settled_folders
    from shas_kb.pipeline import ingest as run

    config = tree_config(entities, categories, domains, ratios)
    source = Source(tuple(paths), tuple(include or ()), tuple(exclude or ()), prune)
    check_device(device)
    if weights and not session.database().exists():
        learned_for(describe(model).facts, weights)  # so that no collection is begun that could not take them
    if watch and (dry_run or session.json):
        raise UsageError("--watch must stand without --dry-run and --json, got both; leave one of them out.")
    if dry_run:
        return _dry_run(session, source, ocr)
    with session.open(create=True) as store, session.progress() as progress:
        bound = store.model()
        described = describe(model or (bound.name if bound else None))
        learned = learned_for(described.facts, weights) if weights or store.weights() is None else None
        read = ReadConfig(tokenizer=str(described.tokenizer), window=described.facts.window, ocr=ocr, workers=workers)

        @cache
        def load_encoder() -> Encoder:
            from shas_kb.encoder import load

            return load(described.facts.name, device)

        for _ in settled_folders(source) if watch else [None]:
            report = run(
                store,
                source,
                described.facts,
                load_encoder,
                read,
                config,
                progress,
                weights=learned,
                with_tree=not no_tree,
            )
            if session.json:
                print_json(report_json(report))
            else:
                print_report(session, report)
                if report.added and described.located.bundled:
                    _note_languages(session, store)
            if watch:
                session.note("Watching; Ctrl-C ends it.")
    return SOME_FAILED if report.failed else GOOD


def _note_languages(session: Session, store: Store) -> None:
    """Say so where the bundled model knows the language of few documents."""
    documents = store.documents()
    foreign = sum(document.language not in ("en", "und") for document in documents)
    if foreign > STRANGE * len(documents):
        session.note(
            f"{foreign:,} of {len(documents):,} documents are not in English, which is all that the bundled model "
            "knows well: their words decide, not their meaning. For that, begin a collection with a multilingual "
            "model: --model, --db."
        )


def check_device(device: str) -> None:
    """Refuse what is no device, before any work is done."""
    if device not in ("auto", "cpu", "cuda"):
        raise UsageError(f"--device must be auto, cpu or cuda, got {device}; leave it out to let the machine decide.")


def _dry_run(session: Session, source: Source, ocr: bool) -> int:
    from shas_kb.cli.report import plan_json, print_plan
    from shas_kb.cli.terminal import print_json
    from shas_kb.pipeline import plan

    with session.progress() as progress:
        if session.database().exists():
            with session.open() as store:
                changes, report = plan(store, source, progress, retry=ocr)
        else:
            changes, report = plan(None, source, progress, retry=ocr)
    if session.json:
        print_json(plan_json(changes, report))
    else:
        print_plan(changes, report)
    return GOOD
