"""Vectors of questions, made once and kept in a file."""

from __future__ import annotations

import hashlib
import pickle
import sqlite3
from collections.abc import Iterator, MutableMapping
from dataclasses import fields
from pathlib import Path
from typing import TypeVar

from shas_kb.ask.levels import Embed
from shas_kb.encoder import describe, learned_for, load_question_encoder
from shas_kb.evaluation.remembered import Remembered
from shas_kb.records import Asked

T = TypeVar("T")


class Kept(MutableMapping[str, T]):
    """A mapping from texts in a table of an SQLite file. `made_by` names what makes the values."""

    def __init__(self, database: sqlite3.Connection, table: str, made_by: str) -> None:
        database.execute(f"CREATE TABLE IF NOT EXISTS {table} (key BLOB PRIMARY KEY, value BLOB) WITHOUT ROWID")
        self._database = database
        self._table = table
        self._made_by = made_by

    def _key(self, text: str) -> bytes:
        return hashlib.sha256(f"{self._made_by}\n{text}".encode()).digest()

    def __getitem__(self, text: str) -> T:
        row = self._database.execute(f"SELECT value FROM {self._table} WHERE key = ?", (self._key(text),)).fetchone()
        if row is None:
            raise KeyError(text)
        value: T = pickle.loads(row[0])
        return value

    def __setitem__(self, text: str, value: T) -> None:
        row = (self._key(text), pickle.dumps(value))
        self._database.execute(f"INSERT OR REPLACE INTO {self._table} VALUES (?, ?)", row)

    def __delitem__(self, text: str) -> None:
        self._database.execute(f"DELETE FROM {self._table} WHERE key = ?", (self._key(text),))

    def __iter__(self) -> Iterator[str]:
        raise TypeError("only hashes of texts are kept")

    def __len__(self) -> int:
        return int(self._database.execute(f"SELECT count(*) FROM {self._table}").fetchone()[0])


def kept_encoder(cache: Path) -> Embed:
    """The bundled model's encoder of questions with the weights that ship; what it made before is not made again."""
    cache.mkdir(parents=True, exist_ok=True)
    facts = describe().facts
    weights = learned_for(facts) or b""
    parts = " ".join(field.name for field in fields(Asked))
    made_by = f"{facts.fingerprint} {hashlib.sha256(weights).hexdigest()} {parts}"
    # One writer at a time; what is lost with a crash is made again.
    database = sqlite3.connect(cache / "asked.sqlite", isolation_level=None, timeout=60)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = OFF")
    embed = load_question_encoder(None, weights or None)
    return Remembered(embed, Kept(database, "questions", made_by))
