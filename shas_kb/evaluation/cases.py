"""A question, and what is right for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Height: TypeAlias = Literal["detail", "subject", "overview", "mixed", "none"]
HEIGHTS: tuple[Height, ...] = ("detail", "subject", "overview", "mixed", "none")

Key: TypeAlias = tuple[str, int]
"""A passage: its document's id, and its ordinal there."""


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that a question asks for; what is not known stays empty.

    Attributes:
        documents: ids of those that answer, each by itself.
        passages: those that answer.
        sentence: the words that answer, in one of `documents`.
        nodes: ids of nodes that are what is asked for: one, or several over the same documents.
    """

    documents: frozenset[str] = frozenset()
    passages: frozenset[Key] = frozenset()
    sentence: str = ""
    nodes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Case:
    """A question, the height at which it is asked where that is known, and all that it asks for.

    Attributes:
        question: as a person would put it.
        height: "none" where nothing in the collection answers.
        parts: one, or several of a mixed question.
        under: id of the document that it is put to; None for the whole collection.
    """

    question: str
    height: Height | None = None
    parts: tuple[Part, ...] = ()
    under: str | None = None
