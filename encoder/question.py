"""Questions and sentences to vectors without torch, whose import alone takes seconds: BERT in numpy, float32.

For a few short texts at once. Documents go through `encoder.py`, which is many times faster and gives the same vectors.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from shas_kb.encoder.bert import Array, BertShape, is_bert, weights
from shas_kb.encoder.learned import Learned
from shas_kb.encoder.models import WEIGHTS, Located
from shas_kb.encoder.sketch import projected
from shas_kb.records import Asked, Vectors

SMALL = 400_000
"""Multiplications in a product that OpenBLAS 0.3.30 takes as a small one, where the second matrix is transposed."""

NARROW = 16
"""Columns of such a product, at the least: with fewer there are too many of them."""

CACHED = 1 << 15
"""Numbers that `gelu` takes at once: three arrays of them, 384 KB."""


UNKNOWN = ("[UNK]", "<unk>")
_SPECIAL = re.compile(r"\[(?:CLS|SEP|PAD)\]|</?s>|<pad>")


class QuestionEncoder(Protocol):
    """Unit vectors of questions and sentences."""

    def __call__(self, texts: Sequence[str]) -> Vectors:
        """Float32 [texts, dimension], as passages have them; a text longer than the window is cut there."""

    def asked(self, question: str) -> Asked:
        """A question by which passages are found, its words weighed as was learned; float32."""


def load_question_encoder(located: Located, learned: Learned | None) -> QuestionEncoder:
    """An encoder of questions for the model that lies there, and what was learned for it."""
    if is_bert(located):
        return NumpyBert(located, learned)
    from shas_kb.encoder.foreign import ForeignQuestions

    return ForeignQuestions(located, learned)


class NumpyBert:
    """BERT (arXiv 1810.04805) with the mean of its token states as a text's vector.

    Texts stand one after another in one matrix [tokens, hidden], without padding; only attention looks at each alone.
    """

    def __init__(self, located: Located, learned: Learned | None = None) -> None:
        self._learned = learned
        self._shape = BertShape.of(located)
        self._tokenizer = located.load_tokenizer()
        self._weights = weights(located.folder / WEIGHTS)

    def __call__(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors float32 [texts, hidden]; a text longer than the window is cut there."""
        if not texts:
            return np.zeros((0, self._shape.hidden), np.float32)
        means = np.stack([text.mean(axis=0) for text in self._states(texts)])
        return _unit(means)

    def asked(self, question: str) -> Asked:
        """A question by which passages are found, its words weighed as was learned; float32."""
        encoding = self._tokenizer.encode(question)
        return weighed(self._states_of([encoding.ids])[0], self._learned, known(encoding.tokens))

    def _states(self, texts: Sequence[str]) -> list[Array]:
        """Token states of each text, [tokens, hidden]."""
        return self._states_of([encoding.ids for encoding in self._tokenizer.encode_batch(list(texts))])

    def _states_of(self, ids: list[list[int]]) -> list[Array]:
        ends = np.cumsum([len(text) for text in ids])
        states = self._embed(ids)
        for layer in range(self._shape.layers):
            states = self._layer(f"encoder.layer.{layer}", states, ends)
        return np.split(states, ends[:-1])

    def _embed(self, ids: list[list[int]]) -> Array:
        word, position, kind = (
            self._weights[f"embeddings.{name}_embeddings.weight"] for name in ("word", "position", "token_type")
        )
        positions = np.concatenate([np.arange(len(text)) for text in ids])
        return self._normalise("embeddings.LayerNorm", word[np.concatenate(ids)] + position[positions] + kind[0])

    def _layer(self, name: str, states: Array, ends: NDArray[np.int64]) -> Array:
        query, key, value = (
            self._linear(f"{name}.attention.self.{part}", states) for part in ("query", "key", "value")
        )
        texts = (np.split(part, ends[:-1]) for part in (query, key, value))
        seen = np.concatenate([self._attend(*text) for text in zip(*texts, strict=True)])
        states = self._normalise(
            f"{name}.attention.output.LayerNorm", states + self._linear(f"{name}.attention.output.dense", seen)
        )
        hidden = gelu(self._linear(f"{name}.intermediate.dense", states))
        return self._normalise(f"{name}.output.LayerNorm", states + self._linear(f"{name}.output.dense", hidden))

    def _attend(self, query: Array, key: Array, value: Array) -> Array:
        """Attention within one text: [tokens, hidden] each."""
        tokens, hidden = query.shape
        q, k, v = (
            x.reshape(tokens, self._shape.heads, -1).swapaxes(0, 1) for x in (query, key, value)
        )  # [heads, n, d]
        logits = q @ k.swapaxes(1, 2) / np.float32(np.sqrt(q.shape[2]))
        logits -= logits.max(axis=2, keepdims=True)
        mass = np.exp(logits, out=logits)
        mass /= mass.sum(axis=2, keepdims=True)
        seen: Array = (mass @ v).swapaxes(0, 1).reshape(tokens, hidden)
        return seen

    def _linear(self, name: str, states: Array) -> Array:
        outcome = product(states, self._weights[f"{name}.weight"])
        outcome += self._weights[f"{name}.bias"]
        return outcome

    def _normalise(self, name: str, states: Array) -> Array:
        centred: Array = states - states.mean(axis=1, keepdims=True)
        centred /= np.sqrt(np.square(centred).mean(axis=1, keepdims=True) + np.float32(self._shape.epsilon))
        centred *= self._weights[f"{name}.weight"]
        centred += self._weights[f"{name}.bias"]
        return centred


def known(tokens: Sequence[str]) -> float:
    """How well a model knows the words of a text, 0 to 1, by their pieces: the share of those that are neither unknown
    to it nor a single letter by which a word goes on, as words are spelt in a language that it has not read.

    Args:
        tokens: word pieces; special ones are in square or pointed brackets.
    """
    own = [token for token in tokens if not _SPECIAL.fullmatch(token)]
    met = [token for token in own if token not in UNKNOWN and not (token.startswith("##") and len(token) == 3)]
    return len(met) / len(own) if own else 1.0


def weighed(states: Array, learned: Learned | None, known: float = 1.0) -> Asked:
    """A question by its token states [tokens, hidden]; with nothing learned each token counts the same. `known` is how
    well the model knows its words."""
    counts = learned.counts(states) if learned else np.full(len(states), 1 / len(states), np.float32)
    return Asked(_unit(states.mean(axis=0)), _unit(counts @ states), projected(states), counts, known)


def _unit(x: Array) -> Array:
    """At length 1 along the last axis."""
    unit: Array = x / np.linalg.norm(x, axis=-1, keepdims=True)
    return unit


def product(states: Array, weight: Array) -> Array:
    """[n, k] times the transposed [m, k]. Of few rows it is made in parts so small that the library does not bring the
    weights into an order of its own first, which costs as much as the product."""
    (rows, inner), outer = states.shape, len(weight)
    width = 1 << (SMALL // (rows * inner)).bit_length() >> 1
    if width < NARROW or outer % width:
        return states @ weight.T
    parts = states @ weight.reshape(-1, width, inner).swapaxes(1, 2)
    outcome: Array = parts.swapaxes(0, 1).reshape(rows, outer)
    return outcome


def gelu(x: Array) -> Array:
    """x Phi(x), the exact GELU (arXiv 1606.08415), of rows [n, d], with erf to 1.5e-7: Abramowitz and Stegun, 7.1.26.

    It passes over its rows some twenty times, and therefore takes as many at once as stay in the processor's cache.
    """
    outcome = np.maximum(x, 0)
    rows = max(1, CACHED // x.shape[1])
    for start in range(0, len(x), rows):
        outcome[start : start + rows] -= _gelu_tail(x[start : start + rows])
    return outcome


def _gelu_tail(x: Array) -> Array:
    """max(x, 0) - x Phi(x) = |x| Phi(-|x|)."""
    size = np.abs(x)
    t = size * np.float32(0.3275911 * 0.5**0.5)
    t += 1
    np.reciprocal(t, out=t)
    tail: Array = t * np.float32(1.061405429)
    for coefficient in (-1.453152027, 1.421413741, -0.284496736, 0.254829592):
        tail += np.float32(coefficient)
        tail *= t
    tail *= size
    size *= size
    size *= np.float32(-0.5)
    tail *= np.exp(size, out=size)
    tail *= np.float32(0.5)
    return tail
