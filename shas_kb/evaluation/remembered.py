"""Vectors made once: whoever asks one question in several ways need not wait for the same sentences again."""

from __future__ import annotations

from collections.abc import MutableMapping, Sequence

import numpy as np

from shas_kb.ask.levels import Embed
from shas_kb.records import Asked, Vectors


class Remembered:
    """An encoder of questions and sentences that remembers.

    Args:
        embed: makes the vectors.
        questions: where those of questions are kept.
        texts: where those of texts are kept, float32 [dimension] each.
    """

    def __init__(
        self, embed: Embed, questions: MutableMapping[str, Asked], texts: MutableMapping[str, Vectors]
    ) -> None:
        self._embed = embed
        self._questions = questions
        self._texts = texts

    def __call__(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, float32 [texts, dimension]."""
        new = [text for text in dict.fromkeys(texts) if text not in self._texts]
        if new or not texts:
            made = self._embed(new)
            self._texts.update(zip(new, made, strict=True))
            if not texts:
                return made
        return np.stack([self._texts[text] for text in texts])

    def asked(self, question: str) -> Asked:
        """A question by which passages are found."""
        if question not in self._questions:
            self._questions[question] = self._embed.asked(question)
        return self._questions[question]
