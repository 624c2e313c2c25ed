"""What every part of the store works with."""

from __future__ import annotations

from shas_kb.storage.database import Database


class Part:
    """A group of tables and what can be done with them; `Store` is made of such parts, over one database."""

    def __init__(self, database: Database) -> None:
        self._db = database
