"""Vectors made once: whoever asks one question in several ways need not wait for them again."""

from __future__ import annotations

from collections.abc import MutableMapping

from shas_kb.ask.levels import Embed
from shas_kb.records import Asked


class Remembered:
    """An encoder of questions that remembers.

    Args:
        embed: makes the vectors.
        questions: where they are kept.
    """

    def __init__(self, embed: Embed, questions: MutableMapping[str, Asked]) -> None:
        self._embed = embed
        self._questions = questions

    def asked(self, question: str) -> Asked:
        """A question by which passages are found."""
        if question not in self._questions:
            self._questions[question] = self._embed.asked(question)
        return self._questions[question]
