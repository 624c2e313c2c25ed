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
from shas_kb.storage.phrases import HalfVectors, PhraseTable
from shas_kb.storage.wishes import WishTables

KEPT = 5
SINGLE = np.dtype("<f4")

_LEAVING = (
    "run = ?1 AND (document IN (SELECT value FROM json_each(?2))"
    " OR (document, sha256) NOT IN (SELECT id, sha256 FROM documents))"
)
"""What the current tree (?1) holds of the documents that are to be placed again (?2), are gone, or were changed."""
_FOR_GOOD = "is_primary AND strain = 0 AND document NOT IN (SELECT value FROM json_each(?2))"
_DROP_EMPTY = """
    WITH RECURSIVE living (id) AS (
        SELECT node FROM memberships WHERE run = ?1 AND is_primary
        UNION SELECT parent FROM nodes JOIN living USING (id) WHERE run = ?1 AND parent IS NOT NULL
    )
    DELETE FROM nodes WHERE run = ?1 AND id NOT IN (SELECT id FROM living)
"""
_COUNT_GROWTH = """
    UPDATE runs SET (documents, placed, gone, quotes, entities, categories, domains, drift) = (
        SELECT count(*), total(strain > 0), runs.gone + ?2, (SELECT count(*) FROM quotes WHERE run = ?1),
            (SELECT count(*) FROM nodes WHERE run = ?1 AND level = 'entity'),
            (SELECT count(*) FROM nodes WHERE run = ?1 AND level = 'category'),
            (SELECT count(*) FROM nodes WHERE run = ?1 AND level = 'domain'),
            min(1.0, (total(strain) + runs.gone + ?2) / max(1, count(*) + runs.gone + ?2))
        FROM memberships WHERE run = ?1 AND is_primary
    ) WHERE number = ?1 RETURNING drift
"""


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What is known of a build of the tree. `built` is in seconds since 1970; `whole`: its nodes are still there;
    `placed` and `drift` as in `Tree`."""

    run: str
    hash: str
    built: int
    config: Mapping[str, object]
    documents: int
    entities: int
    categories: int
    domains: int
    placed: int
    drift: float
    whole: bool


@dataclass(frozen=True, slots=True)
class Home:
    """The primary entity of a document, its `strain` there as in `Membership`, and whether the document has the content
    it was put there for."""

    document: str
    entity: str
    strain: float
    same: bool


class TreeTables(WishTables, PhraseTable):
    """Trees, in and out, with the wishes that they are built of."""

    def put_tree(
        self, tree: Tree, wishes: Sequence[Wish] | None = None, phrases: Mapping[str, HalfVectors] | None = None
    ) -> None:
        """Store a tree as the current one, in one transaction.

        Of former trees the last few stay whole, and the facts of all.

        Args:
            tree: the tree.
            wishes: those of which it was built, where they are new; they take the place of the former ones.
            phrases: the vectors [d] of those that its names were chosen from; they take the place of the former ones.

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
            if phrases is not None:
                self._write_phrases(phrases)
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
            row = self._db.row("SELECT number, run, hash, config, drift FROM runs ORDER BY number DESC LIMIT 1")
            return self._tree(*row, only_present=False) if row else None

    def homes(self) -> list[Home]:
        """Where the documents of the current tree are, those that are gone or changed since too."""
        rows = self._db.rows(
            "SELECT document, node, strain, (document, sha256) IN (SELECT id, sha256 FROM documents) FROM memberships"
            " WHERE run = (SELECT max(number) FROM runs) AND is_primary ORDER BY position"
        )
        return [Home(document, node, strain, bool(same)) for document, node, strain, same in rows]

    def place(self, memberships: Sequence[Membership]) -> float:
        """Put documents into the current tree that came or changed since it was built, in one transaction.

        What the tree held of them is replaced, and documents that are gone, or have another content than when they were
        placed, leave it. Its nodes, their names and summaries stay as they are, but for what was quoted from these, and
        for nodes in which nothing is left.

        Args:
            memberships: each of a document, with a `strain` above 0.

        Returns:
            the drift of the tree: the strain of all its documents, and those of the build that went, as a share of all.

        Raises:
            DatabaseError: a membership refers to what is not there, or a document has two primary entities.
        """
        again = json.dumps(sorted({membership.document for membership in memberships}))
        with self._db.transaction():
            number = self._db.value("SELECT max(number) FROM runs")
            gone = self._db.value(f"SELECT count(*) FROM memberships WHERE {_LEAVING} AND {_FOR_GOOD}", (number, again))
            self._db.execute(f"DELETE FROM memberships WHERE {_LEAVING}", (number, again))
            self._insert_memberships(number, memberships)
            self._db.execute(_DROP_EMPTY, (number,))
            return float(self._db.value(_COUNT_GROWTH, (number, gone)))

    def tree(self, run: str | None = None, *, primary: bool = False) -> Tree | None:
        """The current tree, or that of a former run; None if none was built yet, or no document of it is left.

        Documents that are gone or changed since are not in the current tree any more: its counts are of those that
        are, and nodes without any are left out. A former tree is as it was, but for quotations from such documents.

        Args:
            run: of a former tree.
            primary: leave out the places that documents have beside their first.

        Raises:
            NotFoundError: no such run, or only its facts are kept.
        """
        with self._db.snapshot():
            if run is not None and run not in {facts.run for facts in self.runs() if facts.whole}:
                raise NotFoundError(
                    f"a run must be one of the last {KEPT}, got {run!r}; `shas-kb info` shows the latest."
                )
            row = self._db.row(
                "SELECT number, run, hash, config, drift FROM runs WHERE run = coalesce(?, run)"
                " ORDER BY number DESC LIMIT 1",
                (run,),
            )
            if row is None or (run is None and not self._has_tree()):
                return None
            is_current = row[0] == self._db.value("SELECT max(number) FROM runs")
            return self._tree(*row, only_present=is_current, primary=primary)

    def runs(self) -> list[RunFacts]:
        """All builds of the tree, the current one first."""
        rows = self._db.rows(
            "SELECT run, hash, built, config, documents, entities, categories, domains, placed, drift,"
            " domains = 0 OR EXISTS (SELECT 1 FROM nodes WHERE nodes.run = number) FROM runs ORDER BY number DESC"
        )
        return [
            RunFacts(
                run,
                hash,
                built,
                json.loads(config),
                documents,
                entities,
                categories,
                domains,
                placed,
                drift,
                bool(whole),
            )
            for run, hash, built, config, documents, entities, categories, domains, placed, drift, whole in rows
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
        self._insert_memberships(number, tree.memberships)
        self._db.executemany(
            'INSERT INTO quotes (run, node, ordinal, document, page, start, "end", text)'
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (number, node.id, ordinal, quote.document, quote.page, quote.start, quote.end, quote.text)
                for node in tree.nodes
                for ordinal, quote in enumerate(node.summary)
            ],
        )

    def _tree(
        self, number: int, run: str, hash: str, config: str, drift: float, *, only_present: bool, primary: bool = False
    ) -> Tree:
        memberships = self._memberships(number, only_present, primary)
        return Tree(run, hash, json.loads(config), self._nodes(number, memberships), memberships, drift)

    def _insert_memberships(self, number: int, memberships: Sequence[Membership]) -> None:
        """Behind those that the run has."""
        first = 1 + self._db.value("SELECT coalesce(max(position), -1) FROM memberships WHERE run = ?", (number,))
        self._db.executemany(
            "INSERT INTO memberships (run, position, document, sha256, node, weight, is_primary, strain)"
            " VALUES (?, ?, ?, (SELECT sha256 FROM documents WHERE id = ?), ?, ?, ?, ?)",
            [
                (number, position, each.document, each.document, each.node, each.weight, each.primary, each.strain)
                for position, each in enumerate(memberships, start=first)
            ],
        )

    def _memberships(self, number: int, only_present: bool, primary: bool) -> tuple[Membership, ...]:
        rows = self._db.rows(
            "SELECT document, node, weight, is_primary, strain FROM memberships WHERE run = ? AND is_primary >= ?"
            " AND (NOT ? OR (document, sha256) IN (SELECT id, sha256 FROM documents)) ORDER BY position",
            (number, primary, only_present),
        )
        return tuple(
            Membership(document, node, weight, bool(primary), strain)
            for document, node, weight, primary, strain in rows
        )

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
