"""`shas-kb eval`: how well does this collection answer?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from shas_kb.cli.session import GOOD, Session
from shas_kb.errors import UsageError

COUNT = 100


def evaluate(
    session: Session,
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="[QUESTIONS.jsonl]",
            help="Questions with what is right, one JSON object a line. Default: made of the collection's texts.",
            show_default=False,
        ),
    ] = None,
    count: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, help=f"How many questions are made. Default: {COUNT}.", show_default=False),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(metavar="N", help="Of their choice. Default: 0.", show_default=False)
    ] = None,
) -> int:
    """Measure how well the collection answers, beside plain ways to search it.

    A line of QUESTIONS.jsonl: {"question": "...", "document": "path.pdf", "answer": "the sentence that answers"};
    or with "entity", "category" or "domain" and a name; or with "parts", a list of such. A "height" (detail, subject,
    overview, mixed, none) lets the heights of the answers be measured too.

    [dim]$[/dim] shas-kb eval
    [dim]$[/dim] shas-kb eval questions.jsonl --json
    """
    import os
    from time import perf_counter

    # As for `query`: the products are too small to share between threads.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

    from shas_kb.encoder import load_question_encoder
    from shas_kb.evaluation import evaluate as ask_all
    from shas_kb.evaluation import figures, own_cases, written_cases

    if file is not None and (count is not None or seed is not None):
        raise UsageError("--count and --seed must stand without a file: its questions are all asked; leave them out.")
    began = perf_counter()
    with session.open() as store:
        bound = store.model()
        if bound is None:
            raise UsageError("the collection must hold a document, got none; run `shas-kb ingest FOLDER` first.")
        embed = load_question_encoder(bound.name, store.weights())
        with store.one_state(), session.progress() as progress:  # others may write meanwhile
            unknown: list[str] = []
            if file is None:
                cases = own_cases(store, COUNT if count is None else count, seed or 0, progress)
            else:
                cases, unknown = written_cases(store, file)
            found = figures(ask_all(store, embed, cases, progress))
    if unknown:
        more = f" and {len(unknown) - 5} more" if len(unknown) > 5 else ""
        session.note(f"Not in the collection, and counted only for heights: {', '.join(unknown[:5])}{more}.")
    if session.json:
        from shas_kb.cli.terminal import print_json

        asked = {"file": None if file is None else str(file), "count": len(cases), "unknown": unknown}
        print_json({"questions": asked, **found, "seconds": round(perf_counter() - began, 1)})
    else:
        _print_figures(found, len(cases), file)
    return GOOD


def _print_figures(found: Mapping[str, Any], count: int, file: Path | None) -> None:
    from shas_kb.cli.terminal import output, plural

    made = "made of the collection's texts" if file is None else f"of {file}"
    output.print(f"{plural(count, 'question')} {made}", markup=False, soft_wrap=True)
    for aspect in ("document", "passage", "sentence", "node"):
        _print_ways(aspect, {way: its[aspect] for way, its in found["ways"].items() if aspect in its})
    for way, heights in found.get("heights", {}).items():
        _print_heights(way, heights)
    output.print()
    for name, its in found["answered"].items():
        if not its["perhaps"]["questions"]:
            continue
        certain, perhaps = its["for certain"], its["perhaps"]
        shares = f"answered for certain {certain['share']:.0%}, at all {perhaps['share']:.0%}"
        output.print(f"{name}, {certain['questions']}: {shares}")
    sure = {**found.get("calibration of the router", {})}
    if "calibration of being answered" in found:
        sure["confidence that it is answered"] = found["calibration of being answered"]
    for name, its in sure.items():
        if not its["questions"]:
            continue
        output.print(f"calibration error, {name}: {its['error']:.3f} [dim]({its['questions']} questions)[/dim]")


def _print_ways(aspect: str, ways: Mapping[str, Mapping[str, float]]) -> None:
    if not ways:
        return
    columns = ("recall@1", "recall@5", "recall@10", "ndcg@10")
    asked = next(iter(ways.values()))["questions"]
    rows = [[way, *(f"{its[column]:.3f}" for column in columns)] for way, its in ways.items()]
    _print_table((f"the {aspect}, {asked} asked for", *columns), rows)


def _print_heights(way: str, heights: Mapping[str, Any]) -> None:
    """How many of each height went to which; each row the height asked for."""
    columns = ("detail", "subject", "overview")
    rows = [
        [
            height,
            *(str(went.get(column, 0)) for column in columns),
            f"{heights['by height'][height]['share']:.3f}" if height in heights["by height"] else "",
        ]
        for height, went in heights["went to"].items()
    ]
    accuracy = heights["accuracy"]["share"]
    _print_table((f"height asked for, {way}", *(f"got {column}" for column in columns), f"right: {accuracy:.3f}"), rows)


def _print_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.table import Table

    from shas_kb.cli.terminal import output

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for place, name in enumerate(header):
        table.add_column(name, justify="right" if place else "left", header_style="bold")
    for row in rows:
        table.add_row(*row)
    output.print()
    output.print(table)
