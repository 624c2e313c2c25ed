"""Learning what a question's words count, by having questions find the passages that they were made of.

A passage is worth to a question what asking finds it worth: its best piece, what its words say to each of its, and some
of itself, of its document's best passage and of its title. The loss is the cross entropy of the right passage among all
of a lesson (InfoNCE, arXiv 1807.03748). Passages are as the encoder made them, so all that is learned is on the side of
the question and costs an ingest nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import cross_entropy, normalize, rms_norm
from torch.nn.utils.rnn import pad_sequence

from shas_kb.config import DOCUMENT_COUNTS, PASSAGE_COUNTS, TITLE_COUNTS, TITLE_TEMPERATURE, WORDS_COUNT
from shas_kb.encoder.encoder import PIECES, RATIO, Encoder
from shas_kb.encoder.learned import EPSILON
from shas_kb.encoder.sketch import Said, projected
from shas_kb.records import Sketch, Vectors

TEMPERATURE = 0.03
RATE = 5e-4
WARM_UP = 20
"""Steps until the full rate."""


@dataclass(frozen=True, eq=False)
class Lesson:
    """Questions, and the passages of some documents to which they are put; unit vectors.

    Attributes:
        questions: Texts.
        answers: The right passage of each, int64 [questions].
        hidden: The characters of that passage, from and to, that the question must do without; None hides nothing.
        texts: The passages.
        passages: Their vectors, [passages, dimension].
        sketches: What each of them says.
        documents: The document of each, [passages].
        titles: Of the documents, [documents, dimension].
    """

    questions: Sequence[str]
    answers: NDArray[np.int64]
    hidden: Sequence[tuple[int, int] | None]
    texts: Sequence[str]
    passages: Vectors
    sketches: Sequence[Sketch]
    documents: NDArray[np.int64]
    titles: Vectors


class Outcome(NamedTuple):
    """What a lesson cost before it was learned, and the part of its questions that found their passage at once; both
    also as they would be with nothing learned at all."""

    loss: float
    found: float
    plain_loss: float
    plain_found: float


class Learner:
    """Learns from lessons.

    Args:
        encoder: With which the lessons' vectors were made.
        steps: How many lessons there will be: the rate goes down with them, by a cosine to a half.
    """

    def __init__(self, encoder: Encoder, steps: int) -> None:
        self._encoder = encoder
        self.saliency = torch.zeros(encoder.facts.dimension, requires_grad=True)
        self._optimizer = torch.optim.AdamW([self.saliency], RATE, (0.9, 0.98), weight_decay=0.01)
        self._schedule = torch.optim.lr_scheduler.LambdaLR(
            self._optimizer,
            lambda step: min(1.0, (step + 1) / WARM_UP) * (0.75 + 0.25 * math.cos(math.pi * min(step / steps, 1.0))),
        )

    def learn(self, lesson: Lesson) -> Outcome:
        """Take one step."""
        texts = self._encoder.states(lesson.questions)
        states = pad_sequence([text.cpu() for text in texts], batch_first=True)
        there = torch.arange(states.shape[1]) < torch.tensor([len(text) for text in texts])[:, None]
        seen = _seen(lesson, [self._hidden(lesson, question) for question in range(len(texts))], states, there)
        loss, found = _cost(lesson, seen, states, _counts(states, there, self.saliency))
        with torch.no_grad():
            plain = _cost(lesson, seen, states, _counts(states, there, torch.zeros_like(self.saliency)))
        self._optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self._optimizer.step()
        self._schedule.step()
        return Outcome(*(each.item() for each in (loss, found, *plain)))

    def state(self) -> dict[str, Any]:
        """All that another learner needs to go on from here."""
        optimizer, schedule = self._optimizer.state_dict(), self._schedule.state_dict()
        return {"saliency": self.saliency.detach(), "optimizer": optimizer, "step": schedule["last_epoch"]}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from where another was."""
        with torch.no_grad():
            self.saliency.copy_(state["saliency"])
        self._optimizer.load_state_dict(state["optimizer"])
        self._schedule.last_epoch = state["step"]

    def _hidden(self, lesson: Lesson, question: int) -> _Hidden | None:
        """What a question must do without, where enough of its passage is left."""
        hidden, answer = lesson.hidden[question], lesson.answers[question]
        if hidden is None:
            return None
        offsets, sketch = self._encoder.offsets(lesson.texts[answer]), lesson.sketches[answer]
        held = [token for token, (a, b) in enumerate(offsets) if a < hidden[1] and b > hidden[0]]
        pieces = np.unique(np.array(held, np.int64) // RATIO**PIECES)
        if len(pieces) + 2 > len(sketch.pieces):
            return None
        return _Hidden(pieces, np.flatnonzero(np.isin(np.flatnonzero(np.unpackbits(sketch.telling)), held)))


class _Hidden(NamedTuple):
    """What of its passage a question must do without: pieces and words, by their place in it."""

    pieces: NDArray[np.int64]
    words: NDArray[np.int64]


class _Seen(NamedTuple):
    """What does not depend on what is learned.

    Attributes:
        said: What the passages say.
        of: The passage of each piece, [pieces].
        gone: The pieces that each question must do without, [questions, pieces].
        left: By question, the direction of what is left of its passage, as the signs of its pieces say it, [dimension].
        words: What the passages' words say to each token of each question, [questions, longest, passages].
    """

    said: Said
    of: Tensor
    gone: Tensor
    left: dict[int, Tensor]
    words: Tensor


@torch.no_grad()
def _seen(lesson: Lesson, hidden: Sequence[_Hidden | None], states: Tensor, there: Tensor) -> _Seen:
    said = Said.of(lesson.sketches, lesson.passages.shape[1])
    starts, firsts = np.append(0, said.piece_ends), np.append(0, said.word_ends)
    gone = torch.zeros(len(states), len(said.pieces), dtype=torch.bool)
    words = states.new_zeros(*there.shape, len(lesson.sketches))
    left: dict[int, Tensor] = {}
    for question, (tokens, its, without) in enumerate(zip(states, there, hidden, strict=True)):
        answer = lesson.answers[question]
        near = projected(tokens[its].numpy()) @ said.words.T
        if without:
            inside = slice(*starts[answer : answer + 2])
            gone[question, starts[answer] + without.pieces] = True
            rest = torch.from_numpy(said.pieces[inside])[~gone[question, inside]]
            left[question] = normalize(rest.mean(0), dim=0)
            near[:, firsts[answer] + without.words] = -1.0
        words[question, its] = torch.from_numpy(np.maximum.reduceat(near, firsts[:-1], axis=1))
    of = torch.repeat_interleave(torch.from_numpy(np.diff(starts)))
    return _Seen(said, of, gone, left, words)


def _cost(lesson: Lesson, seen: _Seen, states: Tensor, counts: Tensor) -> tuple[Tensor, Tensor]:
    """The loss of a lesson, and the part of its questions that found their passage."""
    worth, answers = _worth(lesson, seen, states, counts), torch.from_numpy(lesson.answers)
    return cross_entropy(worth / TEMPERATURE, answers), (worth.argmax(1) == answers).float().mean()


def _worth(lesson: Lesson, seen: _Seen, states: Tensor, counts: Tensor) -> Tensor:
    """What each passage is worth to each question, [questions, passages].

    Args:
        lesson: Of the passages.
        seen: What is known of it.
        states: Of the questions' tokens, [questions, longest, dimension].
        counts: What each token counts, [questions, longest].
    """
    asked = normalize((counts[:, None] @ states)[:, 0], dim=1)
    near = (asked @ torch.from_numpy(seen.said.pieces).T).masked_fill(seen.gone, -1.0)
    whole = asked @ torch.from_numpy(lesson.passages).T
    if seen.left:
        rows = torch.tensor(list(seen.left))
        cosines = (asked[rows] * torch.stack(list(seen.left.values()))).sum(1)
        whole = whole.index_put((rows, torch.from_numpy(lesson.answers)[rows]), cosines)
    said = _highest(near, seen.of, whole.shape[1])
    said = said + WORDS_COUNT * (counts[:, None] @ seen.words)[:, 0]
    document = torch.from_numpy(lesson.documents)
    drawn = (asked @ torch.from_numpy(lesson.titles).T / TITLE_TEMPERATURE).softmax(1)
    context = DOCUMENT_COUNTS * _highest(whole, document, drawn.shape[1]) + TITLE_COUNTS * drawn
    return said + PASSAGE_COUNTS * whole + context[:, document]


def _highest(cosines: Tensor, of: Tensor, count: int) -> Tensor:
    """The highest cosine in each of `count` groups, [questions, n] to [questions, count]; `of` is each one's, [n]."""
    return cosines.new_full((len(cosines), count), -1.0).scatter_reduce(1, of.expand_as(cosines), cosines, "amax")


def _counts(states: Tensor, there: Tensor, saliency: Tensor) -> Tensor:
    """What each token counts, as `learned.py` has it, [questions, longest].

    Args:
        states: Of the questions' tokens, [questions, longest, dimension].
        there: Which of these there are, [questions, longest].
        saliency: [dimension].
    """
    logits = rms_norm(states, states.shape[-1:], eps=EPSILON) @ saliency
    return logits.masked_fill(~there, -torch.inf).softmax(1)
