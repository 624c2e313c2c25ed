"""A collection as it is at each call, though others may change or replace it between two of them.

What is costly to read is kept from call to call until the database says that somebody changed it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from shas_kb.ask import Snapshot
from shas_kb.encoder import load_question_encoder
from shas_kb.errors import UsageError
from shas_kb.outline import Outline
from shas_kb.storage import Store

if TYPE_CHECKING:
    from shas_kb.encoder.question import QuestionEncoder
    from shas_kb.records import ModelFacts


class Moment:
    """The collection as it was found; what is asked of it is read once. For use inside `Current.moment` alone."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.version = store.version()

    @cached_property
    def snapshot(self) -> Snapshot:
        """What a question is answered from."""
        return Snapshot.of(self.store)

    @cached_property
    def outline(self) -> Outline:
        """The tree with its documents."""
        return Outline.of(self.store)


class Current:
    """A collection opened for reading alone, for one thread.

    Raises:
        DatabaseError: there is no collection at `path`, or it cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._store: Store | None = Store.open(path, read_only=True)
        self._moment: Moment | None = None
        self._encoder: tuple[ModelFacts, bytes | None, QuestionEncoder] | None = None

    @contextmanager
    def moment(self) -> Iterator[Moment]:
        """The collection as it is now; all that is read inside is of one state of it.

        Raises:
            DatabaseError: it is gone, or cannot be read.
        """
        if self._store is None or self._store.is_outdated():
            self.close()
            self._store = Store.open(self._path, read_only=True)
        with self._store.one_state():
            if self._moment is None or self._moment.version != self._store.version():
                self._moment = Moment(self._store)
            yield self._moment

    def encoder(self, moment: Moment) -> QuestionEncoder:
        """The encoder of questions that the collection was built with, loaded once as long as that stays the same.

        Raises:
            UsageError: the collection is empty.
            ModelError: the model cannot be had.
        """
        model, weights = moment.store.model(), moment.store.weights()
        if model is None:
            raise UsageError("the collection must hold a document, got none; run `shas-kb ingest FOLDER` first.")
        if self._encoder is None or self._encoder[:2] != (model, weights):
            self._encoder = model, weights, load_question_encoder(model.name, weights)
        return self._encoder[2]

    def close(self) -> None:
        """Close the database; a later `moment` opens it again."""
        if self._store is not None:
            self._store.close()
        self._store = self._moment = None
