"""Lessons out of a collection: some documents that are alike, and questions about them."""

from __future__ import annotations

from random import Random

import numpy as np

from shas_kb.encoder.training import Lesson
from shas_kb.errors import UsageError
from shas_kb.records import Document, Sketch, Vectors
from shas_kb.storage import Store
from shas_kb.training.questions import Question, Questioner

DOCUMENTS = 24
"""Documents in a lesson: half of them near a first one, so that wrong answers are hard, half anywhere."""
NEAR = 40
"""The near half is drawn from so many."""
QUESTIONS = 8
"""About each document."""
STRETCH = 64
"""Passages of a document in a lesson, at most."""
HIDDEN = 0.6
"""The part of fragments whose sentence is taken out of its passage."""
DRAWS = 20
"""Times that documents are drawn, if nothing can be asked about the first ones."""
FEWEST = 4
"""Passages that a collection must have to learn from."""


class Lessons:
    """Draws lessons from a collection.

    Args:
        store: The collection; all that is to be learned from must be encoded.
        seed: With it and a lesson's number, the lesson is decided.

    Raises:
        UsageError: There is too little to learn from, or some of it is not encoded.
    """

    def __init__(self, store: Store, seed: int) -> None:
        pending = store.pending()
        if pending:
            raise UsageError(
                f"Every document must be encoded before training, got {len(pending)} that are not; "
                "finish: shas-kb ingest FOLDER."
            )
        self._store = store
        self._seed = seed
        ids, self._vectors = store.document_matrix()
        self._titles = dict(zip(ids, store.title_matrix().astype(np.float32), strict=True))
        known = {document.id: document for document in store.documents()}
        self._documents: list[Document] = [known[id] for id in ids]
        passages = sum(document.passages for document in self._documents)
        if len(ids) < 2 or passages < FEWEST:
            raise UsageError(
                f"Training needs at least 2 documents and {FEWEST} passages, got {len(ids)} and {passages}; "
                "give it more texts: some hundred documents are a beginning."
            )
        self._questioner = Questioner(lambda words: store.rarity(list(words)), passages)

    def lesson(self, number: int) -> Lesson:
        """The lesson of this number.

        Raises:
            UsageError: Nothing can be asked about the texts.
        """
        for draw in range(DRAWS):
            lesson = self._drawn(Random(f"{self._seed} {number} {draw}"))
            if lesson:
                return lesson
        raise UsageError(
            f"Training must be able to ask about the texts, got none with whole sentences in {DRAWS} draws; "
            "give it other texts."
        )

    def _drawn(self, random: Random) -> Lesson | None:
        """A lesson, if anything can be asked about its documents."""
        questions: list[tuple[Question, int]] = []
        texts: list[str] = []
        passages: list[Vectors] = []
        sketches: list[Sketch] = []
        documents: list[int] = []
        chosen = [self._documents[place] for place in self._alike(random)]
        for place, document in enumerate(chosen):
            first = random.randrange(max(1, document.passages - STRETCH + 1))
            stored = self._store.document_passages(document.id)[first : first + STRETCH]
            asked = self._questioner.ask(document.title, document.language == "en", stored, QUESTIONS, random)
            questions += [(question, len(texts) + question.passage) for question in asked]
            own = self._store.sketches([(document.id, passage.ordinal) for passage in stored])
            texts += [passage.text for passage in stored]
            sketches += [_there(its, document) for its in own]
            passages.append(self._store.vectors(document.id)[first : first + STRETCH])
            documents += [place] * len(stored)
        if not questions:
            return None
        return Lesson(
            questions=[question.text for question, _ in questions],
            answers=np.array([answer for _, answer in questions]),
            hidden=[question.source if random.random() < HIDDEN else None for question, _ in questions],
            texts=texts,
            passages=np.concatenate(passages),
            sketches=sketches,
            documents=np.array(documents),
            titles=np.stack([self._titles[document.id] for document in chosen]),
        )

    def _alike(self, random: Random) -> list[int]:
        """The documents of a lesson."""
        first = random.randrange(len(self._documents))
        near = np.argsort(-(self._vectors @ self._vectors[first]), kind="stable")[:NEAR].tolist()
        half = DOCUMENTS // 2
        chosen = [first, *random.sample(near, min(len(near), half - 1))]
        chosen += random.sample(range(len(self._documents)), min(len(self._documents), half))
        return list(dict.fromkeys(chosen))


def _there(sketch: Sketch | None, document: Document) -> Sketch:
    if sketch is None:
        raise UsageError(
            f"Every passage must be encoded, got one of {document.title!r} that is not; mend: shas-kb check --repair."
        )
    return sketch
