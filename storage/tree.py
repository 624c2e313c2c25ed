"""The tree: each build of it is a run; the latest is the current one, and the last few are kept whole."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import time

import numpy as np

from shas_kb.errors import NotFoundError
from shas_kb.records import Membership, Node, Quote, Tree, Wish
from shas_kb.storage.wishes import WishTables

KEPT = 5
SINGLE = np.dtype("<f4")


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What is known of a build of the tree. `built` is in seconds since 1970; `whole`: its nodes are still there."""

    run: str
    hash: str
    built: int
    config: Mapping[str, object]
    documents: int
    entities: int
    categories: int
    domains: int
    whole: bool


class TreeTables(WishTables):
    """Trees, in and out, with the wishes that they are built of."""

    def put_tree(self, tree: Tree, wishes: Sequence[Wish] | None = None) -> None:
        """Store a tree as the current one, in one transaction.

        Of former trees the last few stay whole, and the facts of all.

        Args:
            tree: the tree.
            wishes: those of which it was built, where they are new; they take the place of the former ones.

        Raises:
            DatabaseError: a node stands before its parent, a membership or a quotation refers to what is not there, or
                a document has two primary entities.
        """
        primary = sum(membership.primary for membership in tree.memberships)
        levels = [tree.count(level) for level in ("entity", "category", "domain")]
        quotes = sum(len(node.summary) for node in tree.nodes)
        with self._db.transaction():
            if wishes is not None:
                self._write_wishes(wishes)
            self._db.execute("DELETE FROM runs WHERE run = ?", (tree.run,))
            number = self._db.value(
                "INSERT INTO runs (run, hash, built, config, documents, entities, categories, domains, quotes)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING number",
                (tree.run, tree.hash, int(time()), json.dumps(dict(tree.config)), primary, *levels, quotes),
            )
            self._insert_tree(number, tree)
            self._db.execute(
                "DELETE FROM nodes WHERE run NOT IN (SELECT number FROM runs ORDER BY number DESC LIMIT ?)", (KEPT,)
            )

    def tree_as_built(self) -> Tree | None:
        """The current tree with all documents that it was built of, those that are gone or changed since too."""
        with self._db.snapshot():
            row = self._db.row("SELECT number, run, hash, config FROM runs ORDER BY number DESC LIMIT 1")
            return self._tree(*row, only_present=False) if row else None

    def tree(self, run: str | None = None) -> Tree | None:
        """The current tree, or that of a former run; None if none was built yet, or no document of it is left.

        Documents that are gone or changed since are not in the current tree any more: its counts are of those that
        are, and nodes without any are left out. A former tree is as it was, but for quotations from such documents.

        Raises:
            NotFoundError: no such run, or only its facts are kept.
        """
        with self._db.snapshot():
            if run is not None and run not in {facts.run for facts in self.runs() if facts.whole}:
                raise NotFoundError(
                    f"a run must be one of the last {KEPT}, got {run!r}; `shas-kb info` shows the latest."
                )
            row = self._db.row(
                "SELECT number, run, hash, config FROM runs WHERE run = coalesce(?, run) ORDER BY number DESC LIMIT 1",
                (run,),
            )
            if row is None or (run is None and not self._has_tree()):
                return None
            is_current = row[0] == self._db.value("SELECT max(number) FROM runs")
            return self._tree(*row, only_present=is_current)

    def runs(self) -> list[RunFacts]:
        """All builds of the tree, the current one first."""
        rows = self._db.rows(
            "SELECT run, hash, built, config, documents, entities, categories, domains,"
            " domains = 0 OR EXISTS (SELECT 1 FROM nodes WHERE nodes.run = number) FROM runs ORDER BY number DESC"
        )
        return [
            RunFacts(run, hash, built, json.loads(config), documents, entities, categories, domains, bool(whole))
            for run, hash, built, config, documents, entities, categories, domains, whole in rows
        ]

    def tree_is_stale(self) -> bool:
        """Whether documents came, changed or went since the current tree was built, so that it does not fit them."""
        return bool(
            self._db.value(
                "WITH current AS (SELECT number, documents, quotes FROM runs ORDER BY number DESC LIMIT 1)"
                " SELECT (SELECT count(*) FROM documents) <> coalesce((SELECT documents FROM current), 0)"
                " OR (SELECT quotes <> (SELECT count(*) FROM quotes WHERE run = number) FROM current)"
                " OR EXISTS (SELECT id, sha256 FROM documents EXCEPT"
                "  SELECT document, sha256 FROM memberships WHERE is_primary AND run = (SELECT number FROM current))"
            )
        )

    def _has_tree(self) -> bool:
        """Whether the current tree still holds a document."""
        return bool(
            self._db.value(
                "SELECT EXISTS (SELECT 1 FROM memberships WHERE run = (SELECT max(number) FROM runs)"
                " AND (document, sha256) IN (SELECT id, sha256 FROM documents))"
            )
        )

    def _insert_tree(self, number: int, tree: Tree) -> None:
        self._db.executemany(
            "INSERT INTO nodes (run, id, position, level, parent, name, keyphrases, central, confidence, vector)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    number,
                    node.id,
                    position,
                    node.level,
                    node.parent,
                    node.name,
                    json.dumps(node.keyphrases, ensure_ascii=False),
                    json.dumps(node.central),
                    node.confidence,
                    node.vector.astype(SINGLE).tobytes(),
                )
                for position, node in enumerate(tree.nodes)
            ],
        )
        self._db.executemany(
            "INSERT INTO memberships (run, position, document, sha256, node, weight, is_primary)"
            " VALUES (?, ?, ?, (SELECT sha256 FROM documents WHERE id = ?), ?, ?, ?)",
            [
                (number, position, each.document, each.document, each.node, each.weight, each.primary)
                for position, each in enumerate(tree.memberships)
            ],
        )
        self._db.executemany(
            'INSERT INTO quotes (run, node, ordinal, document, page, start, "end", text)'
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (number, node.id, ordinal, quote.document, quote.page, quote.start, quote.end, quote.text)
                for node in tree.nodes
                for ordinal, quote in enumerate(node.summary)
            ],
        )

    def _tree(self, number: int, run: str, hash: str, config: str, *, only_present: bool) -> Tree:
        memberships = self._memberships(number, only_present)
        return Tree(run, hash, json.loads(config), self._nodes(number, memberships), memberships)

    def _memberships(self, number: int, only_present: bool) -> tuple[Membership, ...]:
        rows = self._db.rows(
            "SELECT document, node, weight, is_primary FROM memberships WHERE run = ?"
            " AND (NOT ? OR (document, sha256) IN (SELECT id, sha256 FROM documents)) ORDER BY position",
            (number, only_present),
        )
        return tuple(Membership(document, node, weight, bool(primary)) for document, node, weight, primary in rows)

    def _nodes(self, number: int, memberships: tuple[Membership, ...]) -> tuple[Node, ...]:
        rows = self._db.rows(
            "SELECT id, level, name, parent, keyphrases, central, confidence, vector FROM nodes WHERE run = ?"
            " ORDER BY position",
            (number,),
        )
        documents: dict[str | None, int] = defaultdict(int)
        for membership in memberships:
            documents[membership.node] += membership.primary
        # Children stand behind their parents, so backwards every node is complete before it is added to its parent.
        for id, _, _, parent, *_ in reversed(rows):
            documents[parent] += documents[id]
        summaries = defaultdict(list)
        for node, *quote in self._db.rows(
            'SELECT node, text, document, page, start, "end" FROM quotes WHERE run = ? ORDER BY node, ordinal',
            (number,),
        ):
            summaries[node].append(Quote(*quote))
        present = {membership.document for membership in memberships}
        return tuple(
            Node(
                id=id,
                level=level,
                name=name,
                parent=parent,
                documents=documents[id],
                keyphrases=tuple(json.loads(keyphrases)),
                summary=tuple(summaries[id]),
                central=tuple(document for document in json.loads(central) if document in present),
                confidence=confidence,
                vector=np.frombuffer(vector, SINGLE).astype(np.float32),
            )
            for id, level, name, parent, keyphrases, central, confidence, vector in rows
            if documents[id]
        )
