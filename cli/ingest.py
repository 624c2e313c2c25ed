"""`shas-kb ingest` and `shas-kb organise`: make the collection and its tree."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from shas_kb.cli.session import GOOD, SOME_FAILED, Session
from shas_kb.errors import UsageError

if TYPE_CHECKING:
    from shas_kb.config import TreeConfig
    from shas_kb.pipeline import Encoder, Report, Source
    from shas_kb.records import Tree

EntitiesOption = Annotated[
    int | None, typer.Option("--entities", metavar="N", help="How many entities. Default: the data decide.")
]
CategoriesOption = Annotated[int | None, typer.Option("--categories", metavar="N", help="How many categories.")]
DomainsOption = Annotated[int | None, typer.Option("--domains", metavar="N", help="How many domains.")]
RatiosOption = Annotated[
    str | None,
    typer.Option(
        "--ratios",
        metavar="A,B,C",
        help="Around which counts are chosen: documents an entity, entities a category, categories a domain. "
        "Default: 10,3,2 for some 150 documents, more in larger collections.",
    ),
]


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
    from shas_kb.cli.terminal import print_json
    from shas_kb.config import ReadConfig
    from shas_kb.encoder import describe, learned_for
    from shas_kb.pipeline import Source, settled_folders
    from shas_kb.pipeline import ingest as run

    config = _tree_config(entities, categories, domains, ratios)
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
                print_json(_report_json(report))
            else:
                _print_report(session, report)
            if watch:
                session.note("Watching; Ctrl-C ends it.")
    return SOME_FAILED if report.failed else GOOD


def check_device(device: str) -> None:
    """Refuse what is no device, before any work is done."""
    if device not in ("auto", "cpu", "cuda"):
        raise UsageError(f"--device must be auto, cpu or cuda, got {device}; leave it out to let the machine decide.")


def organise(
    session: Session,
    entities: EntitiesOption = None,
    categories: CategoriesOption = None,
    domains: DomainsOption = None,
    ratios: RatiosOption = None,
) -> int:
    """Build the tree again, without reading anything. Later ingests keep to the counts given here.

    [dim]$[/dim] shas-kb organise --entities 12 --domains 2
    """
    from time import perf_counter

    from shas_kb.cli.terminal import duration, output, print_json
    from shas_kb.config import TreeConfig
    from shas_kb.pipeline import organise_collection

    config = _tree_config(entities, categories, domains, ratios) or TreeConfig()
    with session.open() as store, session.progress() as progress:
        began = perf_counter()
        tree = organise_collection(store, config, progress)
        seconds = perf_counter() - began
    if tree is None:
        raise UsageError("the collection must hold a document, got none; run `shas-kb ingest FOLDER` first.")
    if session.json:
        print_json({"tree": _tree_json(tree), "seconds": round(seconds, 3)})
    else:
        output.print(f"{tree_line(tree)} [dim]in {duration(seconds)}[/dim]")
    return GOOD


def _tree_config(
    entities: int | None, categories: int | None, domains: int | None, ratios: str | None
) -> TreeConfig | None:
    """What was asked for; None if nothing was."""
    from shas_kb.config import TreeConfig

    if (entities, categories, domains, ratios) == (None, None, None, None):
        return None
    if ratios is None:
        return TreeConfig(entities, categories, domains)
    try:
        documents, of_entities, of_categories = (float(part) for part in ratios.split(","))
    except ValueError:
        raise UsageError(
            f"--ratios must be three numbers like 10,3,2, got {ratios}; leave it out for the default."
        ) from None
    return TreeConfig(entities, categories, domains, (documents, of_entities, of_categories))


def _dry_run(session: Session, source: Source, ocr: bool) -> int:
    from shas_kb.cli.terminal import output, plural, print_json, printable
    from shas_kb.pipeline import plan

    with session.progress() as progress:
        if session.database().exists():
            with session.open() as store:
                changes, report = plan(store, source, progress, retry=ocr)
        else:
            changes, report = plan(None, source, progress, retry=ocr)
    new = [file.path for file in changes.to_read if file not in changes.updated]
    changed = [file.path for file in changes.to_read if file in changes.updated]
    duplicates = [(file.path, f"duplicate of {original.path}") for file, _, original in changes.duplicates]
    gone = [file.path for file in changes.gone]
    if session.json:
        print_json(
            {
                "add": new,
                "update": changed,
                "unchanged": report.unchanged,
                "gone": gone,
                "skip": [{"path": path, "reason": reason} for path, reason in [*report.skipped, *duplicates]],
                "failed": [{"path": path, "reason": reason} for path, reason in report.failed],
            }
        )
        return GOOD
    for title, names in (("would add", new), ("would update", changed), ("gone", gone)):
        for name in names:
            output.print(f"{title}  {printable(name)}", markup=False, soft_wrap=True)
    for path, reason in [*report.skipped, *duplicates, *report.failed]:
        output.print(printable(f"would skip  {path}: {reason}"), markup=False, soft_wrap=True)
    output.print(
        f"{plural(len(new), 'file')} to add, {len(changed):,} to update, "
        f"{report.unchanged:,} unchanged, {len(gone):,} gone."
    )
    return GOOD


def _report_json(report: Report) -> dict[str, object]:
    return {
        "added": report.added,
        "updated": report.updated,
        "unchanged": report.unchanged,
        "removed": report.removed,
        "failed": [{"path": path, "reason": reason} for path, reason in report.failed],
        "skipped": [{"path": path, "reason": reason} for path, reason in report.skipped],
        "pages": report.pages,
        "passages": report.passages,
        "tokens": report.tokens,
        "seconds": {stage: round(seconds, 3) for stage, seconds in report.seconds.items()},
        "tree": _tree_json(report.tree) if report.tree else None,
    }


def _tree_json(tree: Tree) -> dict[str, object]:
    return {
        "run": tree.run,
        "hash": tree.hash,
        "documents": tree.documents,
        "entities": tree.count("entity"),
        "categories": tree.count("category"),
        "domains": tree.count("domain"),
        "placed": tree.placed,
        "drift": round(tree.drift, 4),
    }


def tree_line(tree: Tree) -> str:
    from shas_kb.cli.terminal import plural

    levels = (("entity", tree.count("entity")), ("category", tree.count("category")), ("domain", tree.count("domain")))
    parts = [plural(tree.documents, "document"), *(plural(count, level) for level, count in levels)]
    line = " [dim]→[/dim] ".join(f"[bold]{part}[/bold]" for part in parts)
    return line + (f" [dim](drift {tree.drift:.1%}, {tree.placed:,} placed)[/dim]" if tree.drift else "")


def _print_report(session: Session, report: Report) -> None:
    from shas_kb.cli.terminal import duration, output, plural

    counts = [
        (report.added, "added"),
        (report.updated, "updated"),
        (report.unchanged, "unchanged"),
        (report.removed, "removed"),
    ]
    done = ", ".join(f"{count:,} {what}" for count, what in counts if count) or "nothing was read"
    read = f"{plural(report.pages, 'page')}, {plural(report.passages, 'passage')}, {plural(report.tokens, 'token')}"
    output.print(f"{done}" + (f" [dim]({read})[/dim]" if report.passages else ""))
    _print_files("failed", report.failed, "red", limit=None)
    _print_files("skipped", report.skipped, "yellow", limit=None if session.verbose else 8)
    if report.missing:
        output.print(f"[yellow]{plural(report.missing, 'file')} gone from the folder[/yellow]; --prune forgets them")
    if report.tree:
        output.print(tree_line(report.tree))
    spent = " · ".join(f"{stage} {duration(report.seconds[stage])}" for stage in ("read", "encode", "organise"))
    output.print(f"[dim]{duration(report.seconds['total'])} ({spent})[/dim]")
    if report.tree:
        session.note('Next: `shas-kb tree`, `shas-kb query "..."`, `shas-kb export html tree.html`')


def _print_files(title: str, files: list[tuple[str, str]], style: str, limit: int | None) -> None:
    """Files with their reasons, one a line."""
    from rich.text import Text

    from shas_kb.cli.terminal import output, printable

    for path, reason in files[:limit]:
        output.print(
            Text.assemble((f"{title}  ", style), printable(path), (f"  {printable(reason)}", "dim")), soft_wrap=True
        )
    if limit is not None and len(files) > limit:
        output.print(f"[{style}]{title}[/{style}]  [dim]and {len(files) - limit:,} more; --verbose shows all[/dim]")
