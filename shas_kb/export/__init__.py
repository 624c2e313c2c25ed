"""Exports: the collection as an Obsidian vault, a page to look at, a graph, an outline, a thesaurus, tables.

Every format is written whole or not at all, holds no timestamps, and gives the same bytes for the same tree.
Importing this package is cheap: a format's own libraries load when it is used.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from shas_kb.errors import UsageError
from shas_kb.export.extent import WHOLE, Extent
from shas_kb.export.vault.options import AS_BEFORE, VaultOptions
from shas_kb.progress import NoProgress, Progress
from shas_kb.writing import Written, check_file_place

if TYPE_CHECKING:
    from shas_kb.export.content import Content
    from shas_kb.storage import Store

__all__ = ["AS_BEFORE", "FORMATS", "WHOLE", "Extent", "VaultOptions", "Written", "export"]


def obsidian(content: Content, out: Path, progress: Progress, options: VaultOptions = AS_BEFORE) -> Written:
    """A folder of linked notes and the originals, for Obsidian."""
    from shas_kb.export.vault.write import write_vault

    return write_vault(content, out, options, progress)


def html(content: Content, out: Path, progress: Progress) -> Written:
    """One page to look at, without a network."""
    from shas_kb.export.page.build import write_page

    return write_page(content, out, progress)


def graphml(content: Content, out: Path, progress: Progress) -> Written:
    """The graph for yEd, Cytoscape, Gephi, igraph, networkx."""
    from shas_kb.export.graphs.graph import write_graphml

    return write_graphml(content, out)


def gexf(content: Content, out: Path, progress: Progress) -> Written:
    """The graph as a coloured map, for Gephi."""
    from shas_kb.export.graphs.gexf import write_gexf

    return write_gexf(content, out)


def json(content: Content, out: Path, progress: Progress) -> Written:
    """The graph as node-link JSON, for networkx and d3."""
    from shas_kb.export.graphs.graph import write_json

    return write_json(content, out)


def cytoscape(content: Content, out: Path, progress: Progress) -> Written:
    """The graph with nodes inside nodes, for Cytoscape."""
    from shas_kb.export.graphs.cytoscape import write_cytoscape

    return write_cytoscape(content, out)


def mermaid(content: Content, out: Path, progress: Progress) -> Written:
    """A chart for Markdown, cut to what Mermaid draws."""
    from shas_kb.export.graphs.mermaid import write_mermaid

    return write_mermaid(content, out)


def opml(content: Content, out: Path, progress: Progress) -> Written:
    """The tree as an outline, for outliners and mind maps."""
    from shas_kb.export.graphs.opml import write_opml

    return write_opml(content, out)


def skos(content: Content, out: Path, progress: Progress) -> Written:
    """The tree as a thesaurus in Turtle, for RDF programs."""
    from shas_kb.export.graphs.skos import write_skos

    return write_skos(content, out)


def csv(content: Content, out: Path, progress: Progress) -> Written:
    """A folder of tables to import into Neo4j and Gephi."""
    from shas_kb.export.graphs.tables import write_tables

    return write_tables(content, out)


# The first line of each says in the command's help what it is for.
FORMATS: Mapping[str, Callable[[Content, Path, Progress], Written]] = MappingProxyType(
    {format.__name__: format for format in (obsidian, html, graphml, gexf, json, cytoscape, mermaid, opml, skos, csv)}
)

FOLDERS = frozenset({"obsidian", "csv"})
"""Formats that are written as a folder."""


def export(
    store: Store,
    format: str,
    out: Path,
    extent: Extent = WHOLE,
    options: VaultOptions = AS_BEFORE,
    progress: Progress | None = None,
) -> Written:
    """Write the current tree of `store` to `out`.

    Args:
        store: an open collection that holds a tree.
        format: one of `FORMATS`.
        out: the file to write (for `obsidian` and `csv` the folder); what is missing of the way to it is made.
        extent: how much of it.
        options: how a vault is written; for `obsidian` alone.
        progress: told where the work stands.

    Raises:
        UsageError: unknown format, options that it does not take, no tree yet, a place that cannot be written to, or a
            tree too large for the format.
        NotFoundError: no node answers to `extent.under`.
    """
    from shas_kb.export.content import read_content

    if format not in FORMATS:
        raise UsageError(f"format must be one of {', '.join(FORMATS)}, got {format!r}; choose one of these.")
    if options != AS_BEFORE and format != "obsidian":
        raise UsageError(f"options of a vault must go with the format obsidian, got {format}; leave them out.")
    if format not in FOLDERS:
        check_file_place(out)  # before the long work, not after it
    progress = progress or NoProgress()
    content = read_content(store, extent, progress)
    try:
        if format == "obsidian":
            return obsidian(content, out, progress, options)
        return FORMATS[format](content, out, progress)
    except OSError as error:
        place = error.filename or out
        raise UsageError(
            f"{out} must be a place that can be written to, got {error.strerror or error} ({place}); choose another."
        ) from error
