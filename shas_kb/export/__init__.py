"""Exports: the collection as an Obsidian vault, a graph, or one page to look at.

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
from shas_kb.export.options import AS_BEFORE, VaultOptions
from shas_kb.writing import Written

if TYPE_CHECKING:
    from shas_kb.export.content import Content
    from shas_kb.storage import Store

__all__ = ["AS_BEFORE", "FORMATS", "WHOLE", "Extent", "VaultOptions", "Written", "export"]


def as_vault(content: Content, out: Path, options: VaultOptions = AS_BEFORE) -> Written:
    """A folder of linked notes with the originals; a second export keeps what the user wrote."""
    from shas_kb.export.obsidian import write_vault

    return write_vault(content, out, options)


def graphml(content: Content, out: Path) -> Written:
    """The tree and its cross links as GraphML, for Gephi, yEd, Cytoscape, networkx."""
    from shas_kb.export.graph import write_graphml

    return write_graphml(content, out)


def json(content: Content, out: Path) -> Written:
    """The same graph as node-link JSON."""
    from shas_kb.export.graph import write_json

    return write_json(content, out)


def html(content: Content, out: Path) -> Written:
    """One self-contained page to look at, without network."""
    from shas_kb.export.page import write_page

    return write_page(content, out)


FORMATS: Mapping[str, Callable[[Content, Path], Written]] = MappingProxyType(
    {"obsidian": as_vault, "graphml": graphml, "json": json, "html": html}
)


def export(store: Store, format: str, out: Path, extent: Extent = WHOLE, options: VaultOptions = AS_BEFORE) -> Written:
    """Write the current tree of `store` to `out`.

    Args:
        store: an open collection that holds a tree.
        format: one of `FORMATS`.
        out: the file to write (or, for `obsidian`, the folder); what is missing of the way to it is made.
        extent: how much of it.
        options: how a vault is written; for `obsidian` alone.

    Raises:
        UsageError: unknown format, options that it does not take, no tree yet, or a place that cannot be written to.
        NotFoundError: no node answers to `extent.under`.
    """
    from shas_kb.export.content import read_content

    if format not in FORMATS:
        raise UsageError(f"format must be one of {', '.join(FORMATS)}, got {format!r}; choose one of these.")
    if options != AS_BEFORE and format != "obsidian":
        raise UsageError(f"options of a vault must go with the format obsidian, got {format}; leave them out.")
    content = read_content(store, extent)
    try:
        return as_vault(content, out, options) if format == "obsidian" else FORMATS[format](content, out)
    except OSError as error:
        place = error.filename or out
        raise UsageError(
            f"{out} must be a place that can be written to, got {error.strerror or error} ({place}); choose another."
        ) from error
