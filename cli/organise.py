"""`shas-kb organise`: make the tree again; and the options that say how trees are made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from shas_kb.cli.session import GOOD, Session
from shas_kb.errors import UsageError

if TYPE_CHECKING:
    from shas_kb.config import TreeConfig

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

    from shas_kb.cli.report import tree_json, tree_line
    from shas_kb.cli.terminal import duration, output, print_json
    from shas_kb.config import TreeConfig
    from shas_kb.pipeline import organise_collection

    config = tree_config(entities, categories, domains, ratios) or TreeConfig()
    with session.open() as store, session.progress() as progress:
        began = perf_counter()
        tree = organise_collection(store, config, progress)
        seconds = perf_counter() - began
        read = 0 if tree else len(store.documents())
    if tree is None and read:
        raise UsageError(
            f"the collection must have vectors, got none for {read:,} documents; finish: shas-kb ingest FOLDER."
        )
    if tree is None:
        raise UsageError("the collection must hold a document, got none; run `shas-kb ingest FOLDER` first.")
    if session.json:
        print_json({"tree": tree_json(tree), "seconds": round(seconds, 3)})
    else:
        output.print(f"{tree_line(tree)} [dim]in {duration(seconds)}[/dim]")
    return GOOD


def tree_config(
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
