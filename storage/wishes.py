"""A person's wishes: what was said of nodes, and which documents they hold."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from shas_kb.records import NODE_LEVELS, Wish
from shas_kb.storage.part import Part

SINGLE = np.dtype("<f4")


class WishTables(Part):
    """Wishes, in and out."""

    def wishes(self) -> tuple[Wish, ...]:
        """All wishes, by id. Documents that cannot be read at present are not in them, but are kept for when they
        can."""
        held: dict[str, set[str]] = defaultdict(set)
        anchors: dict[str, set[str]] = defaultdict(set)
        with self._db.snapshot():
            rows = self._db.rows("SELECT id, level, name, parent, pinned, vector FROM wishes ORDER BY id")
            for wish, document, holds in self._db.stream(
                "SELECT wish, documents.id, held FROM wish_documents JOIN documents USING (file)"
            ):
                anchors[wish].add(document)
                if holds:
                    held[wish].add(document)
        return tuple(
            Wish(
                id=id,
                level=level,
                name=name,
                parent=parent,
                pinned=bool(pinned),
                held=frozenset(held[id]),
                anchors=frozenset(anchors[id]),
                vector=None if vector is None else np.frombuffer(vector, SINGLE).astype(np.float32),
            )
            for id, level, name, parent, pinned, vector in rows
        )

    def put_wishes(self, wishes: Sequence[Wish], names: Mapping[str, str] | None = None) -> None:
        """Store all wishes in place of the former ones, in one transaction.

        Args:
            wishes: all that hold now; a node stands there with the one that it lies under.
            names: new names of nodes of the current tree, by id: for wishes that change nothing else in it.
        """
        with self._db.transaction():
            self._write_wishes(wishes)
            self._db.executemany(
                "UPDATE nodes SET name = ? WHERE id = ? AND run = (SELECT max(number) FROM runs)",
                [(name, id) for id, name in (names or {}).items()],
            )

    def _write_wishes(self, wishes: Sequence[Wish]) -> None:
        present = {wish.id for wish in wishes}
        gone = [(id,) for (id,) in self._db.rows("SELECT id FROM wishes") if id not in present]
        self._db.executemany("DELETE FROM wishes WHERE id = ?", gone)
        self._db.execute("DELETE FROM wish_documents WHERE file IN (SELECT file FROM documents)")
        self._db.executemany(
            "INSERT INTO wishes (id, level, name, parent, pinned, vector) VALUES (?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (id) DO UPDATE SET name = excluded.name, parent = excluded.parent, pinned = excluded.pinned,"
            " vector = excluded.vector",
            [
                (
                    wish.id,
                    wish.level,
                    wish.name,
                    wish.parent,
                    wish.pinned,
                    None if wish.vector is None else wish.vector.astype(SINGLE).tobytes(),
                )
                for wish in sorted(wishes, key=lambda wish: NODE_LEVELS.index(wish.level), reverse=True)
            ],
        )
        self._db.executemany(
            "INSERT INTO wish_documents (wish, level, file, held) SELECT ?, ?, file, ? FROM documents WHERE id = ?",
            [
                (wish.id, wish.level, document in wish.held, document)
                for wish in wishes
                for document in sorted(wish.held | wish.anchors)
            ],
        )
