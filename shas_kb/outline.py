"""The tree with its documents in their places, as people and programs are shown it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Self

from shas_kb.config import WEAK_NODE
from shas_kb.errors import UsageError
from shas_kb.lookup import look_up
from shas_kb.records import Document, Membership, Node, Tree, Wish

if TYPE_CHECKING:
    from shas_kb.storage import Store

DEPTHS = ("domain", "category", "entity", "document")
NO_TREE = Tree("", "", {}, (), ())


class Outline:
    """A tree, its documents in their places, and what a person said of its nodes."""

    def __init__(self, tree: Tree, documents: Mapping[str, Document], wishes: Mapping[str, Wish]) -> None:
        self.tree = tree
        self.documents = documents
        self.said = {id: wish.says for id, wish in wishes.items()}
        self.children: dict[str | None, list[Node]] = defaultdict(list)
        self.primary: dict[str, list[Membership]] = defaultdict(list)
        self.also: dict[str, list[Membership]] = defaultdict(list)
        for node in tree.nodes:
            self.children[node.parent].append(node)
        for siblings in self.children.values():
            siblings.sort(key=lambda node: (-node.documents, node.name, node.id))
        for membership in tree.memberships:
            if membership.document in documents:
                self._place(membership)

    @classmethod
    def of(cls, store: Store) -> Self:
        """What `store` holds; without a tree where none was built yet."""
        return cls(
            store.tree() or NO_TREE,
            {document.id: document for document in store.documents()},
            {wish.id: wish for wish in store.wishes()},
        )

    def root(self, under: str | None) -> Node | None:
        """The node that `under` names by id, beginning of an id or name; None stands for the whole tree.

        Raises:
            UsageError: there is no tree.
            NotFoundError: `under` names nothing, or several nodes.
        """
        if self.tree is NO_TREE:
            advice = "shas-kb organise" if self.documents else "shas-kb ingest FOLDER"
            raise UsageError(f"the collection must have a tree, got none; run `{advice}` first.")
        return look_up(under, self.tree.nodes) if under else None

    def tops(self, root: Node | None) -> list[Node]:
        return [root] if root else self.children[None]

    def size(self, root: Node | None) -> int:
        return sum(node.documents for node in self.tops(root))

    def places_in(self, node: Node) -> list[tuple[Membership, Document]]:
        """The documents whose primary entity this is, the most typical first, each with its place."""
        ordered = sorted(self.primary[node.id], key=lambda membership: (-membership.weight, membership.document))
        return [(membership, self.documents[membership.document]) for membership in ordered]

    def json(self, root: Node | None, depth: str) -> dict[str, object]:
        """The tree as `tree --json` gives it, down to `depth`: parents before children, in a stable order."""
        return {
            "run": self.tree.run,
            "hash": self.tree.hash,
            "placed": self.tree.placed,
            "drift": round(self.tree.drift, 4),
            "nodes": [entry for node in self.tops(root) for entry in self._below(node, shown_at(depth))],
        }

    def _place(self, membership: Membership) -> None:
        if membership.primary:
            self.primary[membership.node].append(membership)
        else:
            self.also[membership.document].append(membership)

    def _below(self, node: Node, shown: tuple[str, ...]) -> Iterator[dict[str, object]]:
        if node.level not in shown:
            return
        yield {
            "id": node.id,
            "level": node.level,
            "name": node.name,
            "parent": node.parent,
            "documents": node.documents,
            "keyphrases": list(node.keyphrases),
            "summary": " ".join(quote.text for quote in node.summary),
            "confidence": round(node.confidence, 4),
            "weak": is_weak(node),
            "edits": list(self.said.get(node.id, ())),
        }
        for child in self.children[node.id]:
            yield from self._below(child, shown)
        if "document" in shown:
            for membership, document in self.places_in(node):
                yield self._document(node, membership, document)

    def _document(self, node: Node, membership: Membership, document: Document) -> dict[str, object]:
        return {
            "id": document.id,
            "level": "document",
            "name": document.title,
            "parent": node.id,
            "path": document.path,
            "sha256": document.sha256,
            "pages": document.pages,
            "language": document.language,
            "weight": round(membership.weight, 4),
            "also": [{"id": other.node, "weight": round(other.weight, 4)} for other in self.also[document.id]],
        }


def shown_at(depth: str) -> tuple[str, ...]:
    """The levels that are shown where one goes down to `depth`."""
    return DEPTHS[: DEPTHS.index(depth) + 1]


def is_weak(node: Node) -> bool:
    """Whether the tree itself is unsure of a node."""
    return node.confidence < WEAK_NODE
