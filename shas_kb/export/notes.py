"""The notes of a vault: what is written about each node and each document."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from shas_kb.export.content import Content
from shas_kb.export.markdown import Property, link, plain, slug
from shas_kb.export.merge import Note
from shas_kb.export.places import HOME, Places
from shas_kb.export.sources import Sources
from shas_kb.export.text import one_line
from shas_kb.records import Document, Node, Quote

_PASSAGES = 3
_LIST = 200
_PLURALS = {"category": "Categories", "entity": "Entities", "document": "Documents"}


class Notebook:
    """Writes the notes of one export: it knows the content, and where everything lies."""

    def __init__(self, content: Content, places: Places, sources: Sources) -> None:
        self._content = content
        self._places = places
        self._sources = sources
        self._nodes = {node.id: node for node in content.nodes}
        self._documents = {document.id: document for document in content.documents}
        self._tags = tags(content)
        self._guests: dict[str, list[tuple[str, float]]] = {}
        for weight, document, entity in sorted(
            (-weight, id, entity) for id, found in content.also.items() for entity, weight in found
        ):
            self._guests.setdefault(entity, []).append((document, -weight))

    def notes(self) -> Iterator[Note]:
        """Home, the nodes, the documents."""
        yield self._home()
        yield from map(self._node, self._content.nodes)
        for row in range(len(self._content.documents)):
            yield self._document(row)

    def _home(self) -> Note:
        content = self._content
        topmost = content.children[""]
        counts = [_counted(sum(self._nodes[id].documents for id in topmost), "document")]
        for level in ("entity", "category", "domain"):
            number = sum(node.level == level for node in content.nodes)
            counts += [_counted(number, level)] if number else []
        parts = ["# Home", " · ".join(counts)]
        for id in topmost:
            node = self._nodes[id]
            parts.append(f"## {self._link(id)}")
            parts += self._quotes(node.summary[:1])
            parts += self._children(id)
        properties: dict[str, Property] = {"kb_id": HOME, "kb_level": "collection", "tags": ["kb"]}
        return Note(HOME, "collection", "Home", properties, "\n\n".join(parts))

    def _node(self, node: Node) -> Note:
        content = self._content
        facts = [node.level.capitalize(), _counted(node.documents, "document"), f"confidence {node.confidence:.2f}"]
        parts = [f"# {plain(node.name)}", self._trail(node.id), " · ".join(facts)]
        parts += self._keyphrases(node.keyphrases)
        parts += self._quotes(node.summary)
        if children := self._children(node.id):
            parts += self._section(self._below(node.id), children)
        parts += self._weighted("Also here", self._guests.get(node.id, ()))
        parts += self._weighted("Related", content.related.get(node.id, ()))
        parts += self._siblings(node.id)
        properties: dict[str, Property] = {
            "kb_id": node.id,
            "kb_level": node.level,
            **self._above(node.id),
            "kb_documents": node.documents,
            "kb_confidence": round(float(node.confidence), 3),
            "tags": [self._tags[node.id]],
            "aliases": [node.name],
        }
        return Note(node.id, node.level, node.name, properties, "\n\n".join(parts))

    def _document(self, row: int) -> Note:
        content, document = self._content, self._content.documents[row]
        id = document.id
        facts = ["Document"]
        facts += [plain(", ".join(document.authors))] if document.authors else []
        facts += [str(document.year)] if document.year else []
        facts += [_counted(document.pages, "page")] if document.pages else []
        parts = [f"# {plain(document.title)}", self._trail(id), " · ".join(facts), self._source(document)]
        parts += self._keyphrases(content.keyphrases.get(id, ()))
        passages = []
        for passage in content.central_passages(row, _PASSAGES):
            section = one_line(passage.section or "")
            heading = "" if passage.text.startswith(section) else f"**{plain(section)}** "
            where = self._page_link(id, passage.page)
            passages.append(f"> {heading}{plain(passage.text)} {where}".rstrip() + f"\n\n^p{passage.ordinal}")
        parts += self._section("Central passages", passages)
        parts += self._weighted("Also in", content.also.get(id, ()))
        parts += self._weighted("Related", content.related.get(id, ()))
        parts += self._siblings(id)
        entity = content.parents[id]
        properties: dict[str, Property] = {"kb_id": id, "kb_level": "document", **self._above(id)}
        if id in self._sources.present:
            properties["kb_source"] = link(self._sources.present[id].path)
        if document.pages:
            properties["kb_pages"] = document.pages
        properties |= {
            "kb_confidence": round(content.weights[id], 3),
            "kb_sha256": document.sha256,
            "kb_language": document.language,
            "tags": [self._tags[entity]],
            "aliases": [document.title],
        }
        return Note(id, "document", document.title, properties, "\n\n".join(parts))

    def _link(self, id: str) -> str:
        title = self._nodes[id].name if id in self._nodes else self._documents[id].title
        return link(self._places.target(id), title)

    def _trail(self, id: str) -> str:
        return " > ".join([link(self._places.target(HOME), "Home"), *map(self._link, self._content.path(id))])

    def _above(self, id: str) -> dict[str, Property]:
        return {f"kb_{self._nodes[node].level}": link(self._places.target(node)) for node in self._content.path(id)}

    def _keyphrases(self, phrases: Iterable[str]) -> list[str]:
        text = " · ".join(map(plain, phrases))
        return [f"**Key phrases:** {text}"] if text else []

    def _quotes(self, quotes: Iterable[Quote]) -> list[str]:
        lines = []
        for quote in quotes:
            document = self._documents.get(quote.document)
            source = f"\n> — {self._page_link(document.id, quote.page, document.title)}" if document else ""
            lines.append(f"> {plain(quote.text)}{source}")
        return lines

    def _page_link(self, id: str, page: int | None, title: str = "") -> str:
        """To the page of the original where that can be opened there, else to the document's note."""
        where = f"p. {page}" if page else ""
        text = ", ".join(filter(None, [title, where]))
        if id in self._sources.present and page and self._sources.present[id].path.endswith(".pdf"):
            return link(self._sources.present[id].path, text, f"page={page}")
        return link(self._places.target(id), text) if title else plain(where)

    def _source(self, document: Document) -> str:
        if document.id in self._sources.present:
            path = self._sources.present[document.id].path
            return f"**Original:** {link(path, path.rsplit('/', 1)[-1])}"
        missing = self._sources.missing[document.id]
        return f"**Original:** {plain(one_line(document.path))} is not in this vault: {missing}."

    def _below(self, id: str) -> str:
        first = self._content.children[id][0]
        return _PLURALS[self._nodes[first].level if first in self._nodes else "document"]

    def _children(self, id: str) -> list[str]:
        rows = []
        for child in self._content.children.get(id, ()):
            node = self._nodes.get(child)
            number = str(node.documents) if node else f"{self._content.weights[child]:.2f}"
            rows.append(f"- {self._link(child)} ({number})")
        return ["\n".join(rows)] if rows else []

    def _siblings(self, id: str) -> list[str]:
        others = [other for other in self._content.children[self._content.parents.get(id, "")] if other != id]
        rest = f" and {len(others) - _LIST} more" if len(others) > _LIST else ""
        return self._section("Siblings", [" · ".join(map(self._link, others[:_LIST])) + rest] if others else [])

    def _weighted(self, title: str, pairs: Iterable[tuple[str, float]]) -> list[str]:
        rows = [f"- {self._link(id)} ({weight:.2f})" for id, weight in pairs]
        return self._section(title, ["\n".join(rows)] if rows else [])

    def _section(self, title: str, parts: list[str]) -> list[str]:
        return [f"## {title}", *parts] if parts else []


def tags(content: Content) -> Mapping[str, str]:
    """A tag for each node, below that of its parent, and no other's: `kb/domain/category/entity`."""
    found: dict[str, str] = {}
    taken: set[str] = set()
    for node in content.nodes:
        above = found.get(content.parents.get(node.id, ""), "kb")
        tag = f"{above}/{slug(node.name, node.id)}"
        found[node.id] = f"{tag}-{node.id}" if tag in taken else tag
        taken.add(found[node.id])
    return found


def _counted(number: int, level: str) -> str:
    plural = {"entity": "entities", "category": "categories"}.get(level, f"{level}s")
    return f"{number:,} {level if number == 1 else plural}"
