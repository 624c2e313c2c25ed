"""The notes of a vault: what is written about each node and each document."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set

from shas_kb.export.content import Content
from shas_kb.export.text import counted, one_line, paragraphs
from shas_kb.export.vault.dialect import Dialect
from shas_kb.export.vault.markdown import Property, plain, slug
from shas_kb.export.vault.merge import Note
from shas_kb.export.vault.places import HOME, Places
from shas_kb.export.vault.sources import Sources
from shas_kb.progress import Progress, told
from shas_kb.records import Document, Node, Quote, StoredPassage

_PASSAGES = 3
# All notes of a large entity linked with one another would make a knot of the graph view.
_SIBLINGS = 20
_SAYING = 3
_SCRAP = 40
_PLURALS = {"category": "Categories", "entity": "Entities", "document": "Documents"}


class Notebook:
    """Writes the notes of one export: it knows the content, and where everything lies."""

    def __init__(
        self,
        content: Content,
        places: Places,
        sources: Sources,
        dialect: Dialect,
        overviews: Sequence[str] = (),
        closed: Set[str] = frozenset(),
    ) -> None:
        """Begin a notebook.

        Args:
            content: what is written about.
            places: where everything lies.
            sources: the originals that can be opened.
            dialect: how links are written.
            overviews: the paths of the canvas and the tables that Home points to.
            closed: the notes that have no place for our text any more, by id: no passage in them can be pointed to.
        """
        self._content = content
        self._places = places
        self._sources = sources
        self._dialect = dialect
        self._overviews = overviews
        self._closed = closed
        self._nodes = {node.id: node for node in content.nodes}
        self._documents = {document.id: document for document in content.documents}
        self._rows = {document.id: row for row, document in enumerate(content.documents)}
        self._central: dict[str, list[StoredPassage]] = {}
        self._tags = tags(content)
        self._guests: dict[str, list[tuple[str, float]]] = {}
        for weight, document, entity in sorted(
            (-weight, id, entity) for id, found in content.also.items() for entity, weight in found
        ):
            self._guests.setdefault(entity, []).append((document, -weight))

    def notes(self, progress: Progress) -> Iterator[Note]:
        """Home, the nodes, the documents."""
        yield self._home()
        yield from map(self._node, self._content.nodes)
        yield from map(self._document, told(progress, "Writing", self._content.documents, "document"))

    def description(self, id: str) -> str:
        """What a node or document is about, in a line."""
        if id in self._documents:
            return ", ".join(self._content.keyphrases.get(id, ()))
        node = self._nodes[id]
        return node.summary[0].text if node.summary else ", ".join(node.keyphrases)

    def _home(self) -> Note:
        content = self._content
        topmost = content.children[""]
        counts = [counted(sum(self._nodes[id].documents for id in topmost), "document")]
        for level in ("entity", "category", "domain"):
            number = sum(node.level == level for node in content.nodes)
            counts += [counted(number, level)] if number else []
        parts = ["# Home", " · ".join(counts)]
        if self._overviews:
            parts.append(" · ".join(self._dialect.link(path, path.rpartition(".")[0]) for path in self._overviews))
        for id in topmost:
            node = self._nodes[id]
            parts.append(f"## {self._link(id)}")
            parts += self._quotes(node.summary[:1])
            parts += self._children(id)
        properties: dict[str, Property] = {"kb_id": HOME, "kb_level": "collection", "tags": ["kb"]}
        return self._note(HOME, "collection", "Home", properties, parts)

    def _note(self, id: str, level: str, title: str, properties: dict[str, Property], parts: Sequence[str]) -> Note:
        if not self._dialect.wiki:
            about = self.description(id) if id != HOME else ""
            known: dict[str, Property] = {"type": level.capitalize(), "title": title}
            properties = known | ({"description": about} if about else {}) | properties
        return Note(id, level, title, properties, "\n\n".join(parts), self._dialect)

    def _node(self, node: Node) -> Note:
        content = self._content
        facts = [node.level.capitalize(), counted(node.documents, "document"), f"confidence {node.confidence:.2f}"]
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
        return self._note(node.id, node.level, node.name, properties, parts)

    def _document(self, document: Document) -> Note:
        content, id = self._content, document.id
        facts = ["Document"]
        facts += [plain(", ".join(document.authors))] if document.authors else []
        facts += [str(document.year)] if document.year else []
        facts += [counted(document.pages, "page")] if document.pages else []
        parts = [f"# {plain(document.title)}", self._trail(id), " · ".join(facts), self._source(document)]
        parts += self._keyphrases(content.keyphrases.get(id, ()))
        parts += self._section("Central passages", [self._passage(passage) for passage in self._passages(id)])
        parts += self._weighted("Also in", content.also.get(id, ()))
        parts += self._weighted("Related", content.related.get(id, ()))
        parts += self._siblings(id)
        properties: dict[str, Property] = {"kb_id": id, "kb_level": "document", **self._above(id)}
        if id in self._sources.present:
            original = self._dialect.reference(self._sources.present[id].path)
            properties |= {"kb_source": original} if self._dialect.wiki else {"resource": original}
        if document.pages:
            properties["kb_pages"] = document.pages
        if document.year:
            properties["kb_year"] = document.year
        properties |= {
            "kb_confidence": round(content.weights[id], 3),
            "kb_sha256": document.sha256,
            "kb_language": document.language,
            "tags": [self._tags[content.parents[id]]],
            "aliases": [document.title],
        }
        return self._note(id, "document", document.title, properties, parts)

    def _passages(self, id: str) -> list[StoredPassage]:
        """The passages that are quoted in the document's note."""
        if id not in self._central:
            self._central[id] = self._content.central_passages(self._rows[id], _PASSAGES, paragraphs)
        return self._central[id]

    def _passage(self, passage: StoredPassage) -> str:
        """A quotation with its heading, its page, and in Obsidian a block id."""
        lines = passage.text.split("\n")
        section = one_line(passage.section or "")
        lines = list(map(plain, _joined(lines[1:] if lines[0] == section else lines)))
        if section:
            lines.insert(0, f"**{plain(section)}**")
        if where := self._page_link(passage.document, passage.page):
            lines[-1] += f" {where}"
        block = f"\n\n^p{passage.ordinal}" if self._dialect.wiki else ""
        return "\n>\n".join(f"> {line}" for line in lines) + block

    def _link(self, id: str, part: str = "", text: str = "") -> str:
        title = self._nodes[id].name if id in self._nodes else self._documents[id].title
        return self._dialect.link(self._places.notes[id], text or title, part)

    def _trail(self, id: str) -> str:
        home = self._dialect.link(self._places.notes[HOME], "Home")
        return " > ".join([home, *map(self._link, self._content.path(id))])

    def _above(self, id: str) -> dict[str, Property]:
        return {
            f"kb_{self._nodes[node].level}": self._dialect.reference(self._places.notes[node])
            for node in self._content.path(id)
        }

    def _keyphrases(self, phrases: Iterable[str]) -> list[str]:
        text = " · ".join(map(plain, phrases))
        return [f"**Key phrases:** {text}"] if text else []

    def _quotes(self, quotes: Iterable[Quote]) -> list[str]:
        """Sentences with their sources: the page of the original, and the passage in the document's note."""
        lines = []
        for quote in quotes:
            document = self._documents.get(quote.document)
            sources = []
            if document:
                around = [p for p in self._passages(document.id) if p.start <= quote.start < p.end]
                block = (
                    f"^p{around[0].ordinal}"
                    if around and self._dialect.wiki and document.id not in self._closed
                    else ""
                )
                sources = [self._page_link(document.id, quote.page, document.title, block)]
                if block and "#page=" in sources[0]:
                    sources.append(self._link(document.id, block, "in context"))
            lines.append(f"> {plain(quote.text)}" + (f"\n> — {' · '.join(sources)}" if sources else ""))
        return lines

    def _page_link(self, id: str, page: int | None, title: str = "", block: str = "") -> str:
        """To the page of the original where that can be opened there, else to the document's note."""
        where = f"p. {page}" if page else ""
        text = ", ".join(filter(None, [title, where]))
        if id in self._sources.present and page and self._sources.present[id].path.endswith(".pdf"):
            return self._dialect.link(self._sources.present[id].path, text, f"page={page}")
        return self._link(id, block, text) if title else plain(where)

    def _source(self, document: Document) -> str:
        if document.id in self._sources.present:
            path = self._sources.present[document.id].path
            return f"**Original:** {self._dialect.link(path, path.rpartition('/')[2])}"
        missing = self._sources.missing[document.id]
        return f"**Original:** {plain(one_line(document.path))} is not in this vault: {missing}."

    def _below(self, id: str) -> str:
        first = self._content.children[id][0]
        return _PLURALS[self._nodes[first].level if first in self._nodes else "document"]

    def _children(self, id: str) -> list[str]:
        """What is below a node, with what it says in a few phrases, and how far a document is here if not wholly."""
        rows = []
        for child in self._content.children.get(id, ()):
            node = self._nodes.get(child)
            weight = self._content.weights.get(child, 1)
            number = f" ({counted(node.documents, 'document')})" if node else f" ({weight:.2f})" if weight < 1 else ""
            phrases = node.keyphrases if node else self._content.keyphrases.get(child, ())
            saying = f" — {' · '.join(map(plain, phrases[:_SAYING]))}" if phrases else ""
            rows.append(f"- {self._link(child)}{number}{saying}")
        return ["\n".join(rows)] if rows else []

    def _siblings(self, id: str) -> list[str]:
        """The others below the same node; of many, those that come next in its order, so that each is in some note."""
        parent = self._content.parents.get(id, "")
        every = self._content.children[parent]
        here = every.index(id)
        others = [*every[here + 1 :], *every[:here]]
        shown = [other for other in every if other != id] if len(others) <= _SIBLINGS else others[:_SIBLINGS]
        where = f" in {self._link(parent)}" if parent else ""
        rest = f" and {len(others) - len(shown)} more{where}" if len(others) > len(shown) else ""
        return self._section("Siblings", [" · ".join(map(self._link, shown)) + rest] if others else [])

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


def _joined(lines: Iterable[str]) -> list[str]:
    """Paragraphs, with runs of scraps (headings, labels of a figure, cells of a table) as one."""
    joined: list[str] = []
    scraps = False
    for line in lines:
        scrap = len(line) < _SCRAP and "|" not in line and line[-1:] not in ".!?:;,"
        if scrap and scraps:
            joined[-1] += f" · {line}"
        else:
            joined.append(line)
        scraps = scrap
    return joined
