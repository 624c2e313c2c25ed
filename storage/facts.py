"""What a collection is: its model, and its figures."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from shas_kb.errors import UsageError
from shas_kb.records import ModelFacts
from shas_kb.storage.documents import OFFSET
from shas_kb.storage.schema import VERSION
from shas_kb.storage.tree import TreeTables
from shas_kb.storage.vectors import ENCODED


class Facts(TreeTables):
    """The model that a collection is built with, and how much it holds."""

    def model(self) -> ModelFacts | None:
        """The model of the collection; None before the first ingest."""
        row = self._db.row("SELECT name, fingerprint, dimension, window FROM model")
        return ModelFacts(*row) if row else None

    def weights(self) -> bytes | None:
        """What was learned on top of the model, as a file's content; None where nothing was."""
        weights: bytes | None = self._db.value("SELECT weights FROM model")
        return weights

    def set_model(self, model: ModelFacts, weights: bytes | None = None) -> None:
        """Bind the collection to a model: passages are cut to its window, and vectors of two models cannot be compared.

        Args:
            model: the backbone.
            weights: what was learned on top of it; kept with the collection, so that it can be asked wherever it goes.

        Raises:
            UsageError: the collection has documents, and another model.
        """
        with self._db.transaction():
            known = self.model()
            if known and known != model and self._db.value("SELECT EXISTS (SELECT 1 FROM documents)"):
                raise UsageError(
                    f"a collection must keep its model {known.name!r}, got {model.name!r} ({model.fingerprint[:12]}); "
                    "leave out --model, or begin another collection with --db."
                )
            self._db.execute(
                "INSERT OR REPLACE INTO model (id, name, fingerprint, dimension, window, weights)"
                " VALUES (1, ?, ?, ?, ?, ?)",
                (model.name, model.fingerprint, model.dimension, model.window, weights),
            )

    def info(self) -> dict[str, object]:
        """Counts, model, the current tree and sizes in bytes, as JSON can write them."""
        with self._db.snapshot():
            model = self.model()
            runs = self.runs()
            statuses = self._counts("SELECT status, count(*) FROM files GROUP BY status")
            documents, pages, passages, tokens, characters = self._db.rows(
                f"SELECT count(*), coalesce(sum(length(page_starts)) / {OFFSET.itemsize}, 0),"
                " coalesce(sum(passages), 0), coalesce(sum(tokens), 0), coalesce(sum(characters), 0) FROM documents"
            )[0]
            return {
                "path": str(self._db.path),
                "schema": VERSION,
                "files": {status: statuses.get(status, 0) for status in ("read", "failed", "skipped")},
                "documents": documents,
                "pages": pages,
                "passages": passages,
                "tokens": tokens,
                "characters": characters,
                "without_vectors": documents - self._db.value(f"SELECT count(*) FROM ({ENCODED})"),
                "kinds": self._counts(
                    "SELECT kind, count(*) FROM documents GROUP BY kind ORDER BY count(*) DESC, kind"
                ),
                "languages": self._counts(
                    "SELECT language, count(*) FROM documents GROUP BY language ORDER BY count(*) DESC, language"
                ),
                "model": asdict(model) if model else None,
                "runs": len(runs),
                "kept_runs": [facts.run for facts in runs if facts.whole],
                "tree": {**asdict(runs[0]), "stale": self.tree_is_stale()} if self._has_tree() else None,
                "bytes": self._sizes(),
            }

    def _counts(self, sql: str) -> dict[str, int]:
        return dict(self._db.rows(sql))

    def _sizes(self) -> dict[str, int]:
        database = self._db.path
        files = [database, *(Path(f"{database}{suffix}") for suffix in ("-wal", "-shm"))]
        return {
            "file": sum(file.stat().st_size for file in files if file.exists()),
            "text": int(self._db.value("SELECT total(length(CAST(text AS BLOB))) FROM passages")),
            "full_text": int(self._db.value("SELECT total(length(block)) FROM full_text_data")),
            "vectors": int(
                self._db.value(
                    "SELECT (SELECT total(length(vector) + coalesce(length(title), 0) + length(signs)"
                    " + length(passages)) FROM vectors)"
                    " + (SELECT total(length(pieces) + length(words) + length(telling)) FROM sketches)"
                )
            ),
            "words": int(self._db.value("SELECT total(length(terms) + length(phrases)) FROM words")),
        }
