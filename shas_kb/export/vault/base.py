"""Tables over the notes of a vault, in the syntax of Obsidian's Bases."""

from __future__ import annotations

import json

import yaml

from shas_kb.export.content import Content
from shas_kb.export.vault.dialect import note_name
from shas_kb.export.vault.places import Places

# Beyond so many, one table over all groups its rows by category, and nobody looks for a table among hundreds.
_TABLES = 40
_COLUMNS = {
    "file.name": "Note",
    "note.kb_domain": "Domain",
    "note.kb_category": "Category",
    "note.kb_entity": "Entity",
    "note.kb_documents": "Documents",
    "note.kb_pages": "Pages",
    "note.kb_year": "Year",
    "note.kb_confidence": "Confidence",
    "note.kb_source": "Original",
}
_DOCUMENT = ("file.name", "note.kb_entity", "note.kb_year", "note.kb_pages", "note.kb_confidence", "note.kb_source")


def tables(content: Content, places: Places) -> bytes:
    """One table of all documents by category, one of each category's own, and one of the nodes of each level.

    They find notes by their properties, so that a note may be moved.
    """
    levels = {node.level for node in content.nodes}
    views: list[dict[str, object]] = []
    if content.documents:
        views.append(
            _table(
                "All documents", 'kb_level == "document"', _DOCUMENT, group="category" if levels > {"entity"} else ""
            )
        )
    for level, name, columns in (
        ("entity", "Entities", ("file.name", "note.kb_documents", "note.kb_confidence", "note.kb_category")),
        ("category", "Categories", ("file.name", "note.kb_documents", "note.kb_confidence", "note.kb_domain")),
        ("domain", "Domains", ("file.name", "note.kb_documents", "note.kb_confidence")),
    ):
        if level in levels:
            views.append(_table(name, f'kb_level == "{level}"', columns))
    categories = [node for node in content.nodes if node.level == "category"]
    largest = sorted(categories, key=lambda node: (-node.documents, node.name, node.id))[:_TABLES]
    names = {str(view["name"]) for view in views}
    for node in largest if content.documents else ():
        note = places.notes[node.id]
        name = note_name(note) if note_name(note) not in names else f"{note_name(note)} (documents)"
        views.append(
            _table(
                name,
                'kb_level == "document"',
                _DOCUMENT,
                f"kb_category == link({json.dumps(note.removesuffix('.md'), ensure_ascii=False)})",
                "entity",
            )
        )
    base = {"properties": {column: {"displayName": name} for column, name in _COLUMNS.items()}, "views": views}
    text: str = yaml.safe_dump(base, sort_keys=False, allow_unicode=True, width=1000)
    return text.encode()


def _table(name: str, what: str, columns: tuple[str, ...], where: str = "", group: str = "") -> dict[str, object]:
    table: dict[str, object] = {"type": "table", "name": name, "filters": {"and": [what, *filter(None, [where])]}}
    if group:
        table["groupBy"] = {"property": f"note.kb_{group}", "direction": "ASC"}
    return table | {"order": list(columns)}
