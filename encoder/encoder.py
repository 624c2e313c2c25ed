"""From documents to vectors: passages of many documents are computed together, and each document gets its own in order.

Work is cut into blocks of about `BLOCK` tokens, one a thread: threads that work on blocks of their own neither wait for
one another nor share a sum, so that a passage's vector is the same, bit for bit, whatever else is encoded beside it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from math import gcd
from typing import Protocol

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from shas_kb.encoder.backbone import BertBackbone
from shas_kb.encoder.bert import is_bert
from shas_kb.encoder.models import Described, takes_mean
from shas_kb.encoder.sketching import sketched
from shas_kb.errors import ModelError
from shas_kb.kernels.abstraction import Abstraction, Window, window, windows
from shas_kb.kernels.pyramid import Ints, Pyramid
from shas_kb.records import Encoded, ModelFacts, Sketch, Text

RATIO = 4
PIECES = 2
"""The level of a passage's pieces: RATIO ** 2 word pieces each."""

BLOCK = {"cpu": 2048, "cuda": 65536}
LOOK_AHEAD = 64  # passages a thread: what a kill loses is about twice that, some seconds of work

_Ids = Sequence[Sequence[int]]


class Backbone(Protocol):
    """Gives token states, and what a text's unit is before anything is learned."""

    def states(self, ids: _Ids) -> Tensor:
        """[tokens, hidden] of texts given by their word pieces, text after text."""

    def pool(self, states: Tensor, ids: _Ids) -> Tensor:
        """float32 [texts, dimension]."""


@dataclass(frozen=True, slots=True)
class Levels:
    """The units of one document at every level: tokens, `depth` levels of which the last are its passages, itself.

    Attributes:
        units: float32 [units of the level, dimension] each; not of unit length.
        pyramid: which units of the level below each abstracts, and which tokens it stands for.
    """

    units: tuple[Tensor, ...]
    pyramid: Pyramid


class Encoder:
    """A backbone under a pyramid of abstraction heads, these at their initial values.

    Args:
        described: the model.
        device: "auto", "cpu" or "cuda".

    Raises:
        ModelError: there is no such device.
    """

    def __init__(self, described: Described, device: str = "auto") -> None:
        self.facts: ModelFacts = described.facts
        self.device = _device(device)
        located = described.located
        self._tokenizer = located.load_tokenizer()
        self._block = BLOCK[self.device.type]
        self._threads = torch.get_num_threads() if self.device.type == "cpu" else 1
        self._backbone = _backbone(described, self.device)
        self.has_pieces = takes_mean(located)
        """Whether parts of a passage have vectors; else the passage itself is its only piece."""
        self.depth = next(depth for depth in range(1, 64) if RATIO**depth >= located.limit)
        dimension = self.facts.dimension
        groups = gcd(dimension, dimension // 32)  # of 32 channels, or of more where they would not come out even
        self.head = Abstraction(dimension, RATIO, self.depth + 2, groups).to(self.device).eval()

    def encode(self, documents: Iterable[Text]) -> Iterator[Encoded]:
        """Encode documents, in their order.

        Lazy: reads ahead only as far as it needs to keep all threads busy. Titles and passages are cut at the window.
        """
        with _pool(self._threads) as pool:
            ahead: deque[_Chunk] = deque()
            for chunk in _chunks(documents, LOOK_AHEAD * self._threads):
                ahead.append(self._start(pool, chunk))
                if len(ahead) > 1:
                    yield from self._finish(ahead.popleft())
            while ahead:
                yield from self._finish(ahead.popleft())

    @torch.inference_mode()
    def levels(self, passages: Sequence[str]) -> Levels:
        """All units of one document, from its tokens up to itself.

        Args:
            passages: its passages; at least one, each cut at the window.
        """
        ids = self._tokenize(passages)
        with _pool(self._threads) as pool:
            states, pooled = zip(*pool.map(self._alone, ids), strict=True)
        inner = self._pyramid(ids)
        units = self._climb(torch.cat(states), torch.cat(pooled), inner)
        units.append(self.head.abstract(units[-1], self._whole(inner.tokens), self.depth))
        return Levels(tuple(units), Pyramid.from_offsets([*inner.offsets, [0, len(ids)]], [0, 1], alone=True))

    @torch.inference_mode()
    def _alone(self, text: Sequence[int]) -> tuple[Tensor, Tensor]:
        """A passage's token states, and what the backbone makes of them."""
        states = self._backbone.states([text])
        return states, self._backbone.pool(states, [text])

    def states(self, texts: Sequence[str]) -> list[Tensor]:
        """Token states of some texts, float32 [tokens, hidden] each, to learn on."""
        ids = self._tokenize(texts)
        order = sorted(range(len(ids)), key=lambda text: len(ids[text]))
        with _pool(self._threads) as pool:
            blocks = _blocks(order, ids, self._block)
            parts = pool.map(self._apart, ([ids[text] for text in block] for block in blocks))
            found = dict(zip(order, chain.from_iterable(parts), strict=True))
        return [found[text] for text in range(len(ids))]

    @torch.no_grad()
    def _apart(self, ids: _Ids) -> tuple[Tensor, ...]:
        """Token states of some texts, each by itself."""
        return torch.split(self._backbone.states(ids).float(), list(map(len, ids)))

    def offsets(self, text: str) -> list[tuple[int, int]]:
        """Where each token of a text stands in it, in characters from and to; special ones stand nowhere, (0, 0)."""
        return self._tokenizer.encode(text).offsets

    def _pyramid(self, ids: _Ids) -> Pyramid:
        """From tokens up to passages, each a text of its own, so that no window reaches into another passage."""
        return Pyramid.from_lengths([len(text) for text in ids], RATIO, self.depth + 1)

    def _climb(self, states: Tensor, pooled: Tensor, pyramid: Pyramid) -> list[Tensor]:
        """All levels of some passages, from their tokens up to themselves.

        A passage's unit starts as what the backbone makes of it (`pooled`), also where that is not its tokens' mean.
        """
        units = [states.float()]
        for step, each in enumerate(windows(pyramid, RATIO, self.device)):
            units.append(self.head.abstract(units[-1], each, step))
        lengths = torch.from_numpy(pyramid.tokens).to(self.device)
        units[-1] = units[-1] + (pooled - torch.segment_reduce(units[0], "mean", lengths=lengths))
        return units

    def _whole(self, tokens: Ints) -> Window:
        """A document's window: all its passages, of so many tokens each."""
        passages = np.array([0, len(tokens)])
        return window(passages, passages, tokens, RATIO, self.device)

    def _tokenize(self, passages: Sequence[str]) -> list[list[int]]:
        return [encoding.ids for encoding in self._tokenizer.encode_batch_fast(list(passages))]

    def _start(self, pool: ThreadPoolExecutor, chunk: Sequence[Text]) -> _Chunk:
        """Cut the texts of some documents into blocks, those of one length together, and put the threads to work."""
        ids = self._tokenize([text for document in chunk for text in (document.title, *document.passages)])
        order = sorted(range(len(ids)), key=lambda text: len(ids[text]))
        blocks = list(_blocks(order, ids, self._block))
        found = [pool.submit(self._texts, [ids[text] for text in block]) for block in blocks]
        return _Chunk([1 + len(document.passages) for document in chunk], [len(text) for text in ids], blocks, found)

    def _finish(self, chunk: _Chunk) -> Iterator[Encoded]:
        """Wait for a chunk's blocks, and give each document its own."""
        units = torch.empty(len(chunk.tokens), self.facts.dimension)
        sketches: dict[int, Sketch] = {}
        for block, found in zip(chunk.blocks, chunk.found, strict=True):
            units[block], its = found.result()
            sketches.update(zip(block, its, strict=True))
        first = 0
        for texts in chunk.texts:
            passages = slice(first + 1, first + texts)
            own, lengths = units[passages], torch.tensor(chunk.tokens[passages])
            yield Encoded(
                document=functional.normalize(self._document(own, lengths), dim=1)[0].numpy(),
                title=functional.normalize(units[first], dim=0).numpy(),
                passages=functional.normalize(own, dim=1).numpy(),
                sketches=tuple(sketches[text] for text in range(first + 1, first + texts)),
            )
            first += texts

    @torch.inference_mode()
    def _texts(self, ids: _Ids) -> tuple[Tensor, list[Sketch]]:
        """Some texts' units, float32 [texts, dimension], and what each says."""
        states = self._backbone.states(ids)
        units = self._backbone.pool(states, ids)
        if not self.has_pieces:
            return units.cpu(), sketched(units, units, [1] * len(ids), [1] * len(ids))
        if self.head.is_mean:
            pieces = self._means(states, ids)
        else:
            levels = self._climb(states, units, self._pyramid(ids))
            pieces, units = levels[PIECES], levels[-1]
        tokens = [len(text) for text in ids]
        return units.cpu(), sketched(states, pieces, tokens, [-(-length // RATIO**PIECES) for length in tokens])

    def _means(self, states: Tensor, ids: _Ids) -> Tensor:
        """The pieces of some texts, as they are at the start."""
        size = RATIO**PIECES
        sizes = [min(size, len(text) - first) for text in ids for first in range(0, len(text), size)]
        return torch.segment_reduce(states.float(), "mean", lengths=torch.tensor(sizes, device=states.device))

    @torch.inference_mode()
    def _document(self, units: Tensor, tokens: Tensor) -> Tensor:
        """The document's unit over its passages: [passages, dimension] to [1, dimension]."""
        if self.head.is_mean:
            # Added up one after another, however many threads there are.
            total = torch.segment_reduce(units * tokens[:, None], "sum", lengths=torch.tensor([len(units)]))
            return total / tokens.sum()
        return self.head.abstract(units.to(self.device), self._whole(tokens.numpy()), self.depth).cpu()


@dataclass(frozen=True, slots=True)
class _Chunk:
    """Some documents in the works: texts of each, tokens of each text, and the blocks they were cut into."""

    texts: list[int]
    tokens: list[int]
    blocks: list[list[int]]
    found: list[Future[tuple[Tensor, list[Sketch]]]]


def _chunks(documents: Iterable[Text], passages: int) -> Iterator[list[Text]]:
    """Whole documents together, until they have so many passages."""
    chunk: list[Text] = []
    for document in documents:
        chunk.append(document)
        if sum(len(each.passages) for each in chunk) >= passages:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _blocks(order: Sequence[int], ids: _Ids, limit: int) -> Iterator[list[int]]:
    """Consecutive texts of `order` together, up to so many tokens."""
    block: list[int] = []
    tokens = 0
    for text in order:
        if block and tokens + len(ids[text]) > limit:
            yield block
            block, tokens = [], 0
        block.append(text)
        tokens += len(ids[text])
    if block:
        yield block


@contextmanager
def _pool(threads: int) -> Iterator[ThreadPoolExecutor]:
    """Threads that each compute alone, without PyTorch's own; what is not begun when the work is given up never is."""
    before = torch.get_num_threads()
    pool = ThreadPoolExecutor(threads, "encode", initializer=torch.set_num_threads, initargs=(1,))
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)
        torch.set_num_threads(before)


def _device(name: str) -> torch.device:
    if name not in ("auto", "cpu", "cuda"):
        raise ModelError(f"device must be auto, cpu or cuda, got {name!r}; auto takes the GPU where there is one.")
    if name == "cuda" and not torch.cuda.is_available():
        raise ModelError("device cuda must have a GPU that PyTorch can use, got none; take --device cpu.")
    return torch.device("cuda" if name != "cpu" and torch.cuda.is_available() else "cpu")


def _backbone(described: Described, device: torch.device) -> Backbone:
    if is_bert(described.located):
        return BertBackbone(described.located, device)
    from shas_kb.encoder.foreign import ForeignBackbone

    return ForeignBackbone(described.located, device)
