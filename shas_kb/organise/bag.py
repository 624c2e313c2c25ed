"""Words and how often each occurs, of very many documents: numbers in place of strings and dictionaries.

A hundred thousand dictionaries of some hundred words would take several gigabytes, and minutes to go through one word
at a time.
"""

from __future__ import annotations

from collections.abc import ItemsView, Iterator, Mapping, Sequence, ValuesView
from dataclasses import dataclass
from functools import lru_cache
from typing import cast

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from shas_kb.organise.material import Labels

Numbers = NDArray[np.int32]

BLOCK = 8192
"""Documents whose words are in one array."""
BREAK = b"\n"
STRETCH = 1 << 20
"""Letters that are hashed at once."""
BASE = 0x9E3779B97F4A7C15
"""An odd number without pattern: the golden ratio in 64 bits."""


@dataclass(frozen=True, slots=True)
class Batch:
    """The words of some documents: `text` in lines; each different one by its hash (`hashes`, in order) and where it
    first starts and ends; `which` of them stands in each place, and the `counts` of each document.

    Words that are the same are found by a hash of 64 bits, and only one of each is looked at as a string: a hundred
    thousand documents say some fifty million words.
    """

    text: bytes
    hashes: NDArray[np.uint64]
    starts: Labels
    ends: Labels
    which: Labels
    counts: list[Numbers]

    @classmethod
    def of(cls, lines: Sequence[bytes], counts: Sequence[ArrayLike]) -> Batch:
        """Of the words of each document, none twice, one to a line in UTF-8, and their counts."""
        own = [np.minimum(its, np.iinfo(np.int32).max).astype(np.int32) for its in counts]
        text = b"".join(its + BREAK for its, numbers in zip(lines, own, strict=True) if len(numbers))
        starts, ends, hashes = _hashed(np.frombuffer(text, np.uint8))
        if len(starts) != sum(map(len, own)):
            raise ValueError(f"words must have a count each, got {len(starts)} words and {sum(map(len, own))} counts")
        found, firsts, which = np.unique(hashes, return_index=True, return_inverse=True)
        return cls(text, found, starts[firsts], ends[firsts], which, own)


class Lexicon:
    """Words with a number each."""

    def __init__(self) -> None:
        self.words: list[str] = []
        """The words by number. It grows with every batch, and a word keeps its number."""
        self._hashes = np.empty(0, np.uint64)  # in order
        self._number = np.empty(0, np.int32)

    def bags(self, batch: Batch) -> list[Bag]:
        """A bag for each document."""
        places = np.searchsorted(self._hashes, batch.hashes)
        new = np.ones(len(batch.hashes), dtype=bool)
        inside = places < len(self._hashes)
        new[inside] = self._hashes[places[inside]] != batch.hashes[inside]
        bounds = zip(batch.starts[new].tolist(), batch.ends[new].tolist(), strict=True)
        known = len(self.words)
        self.words += [batch.text[start:end].decode() for start, end in bounds]
        numbers = np.arange(known, len(self.words), dtype=np.int32)
        self._hashes = np.insert(self._hashes, places[new], batch.hashes[new])
        self._number = np.insert(self._number, places[new], numbers)
        own = self._number[np.searchsorted(self._hashes, batch.hashes)][batch.which]
        ends = np.cumsum([len(counts) for counts in batch.counts]).tolist()
        return [Bag(self, own[end - len(counts) : end], counts) for end, counts in zip(ends, batch.counts, strict=True)]


class Bag(Mapping[str, int]):
    """The words of one document and how often each occurs, kept as `numbers` and `counts` [words]."""

    __slots__ = ("counts", "lexicon", "numbers")

    def __init__(self, lexicon: Lexicon, numbers: Numbers, counts: Numbers) -> None:
        self.lexicon, self.numbers, self.counts = lexicon, numbers, counts

    def __iter__(self) -> Iterator[str]:
        words = self.lexicon.words
        return (words[number] for number in self.numbers.tolist())

    def __len__(self) -> int:
        return len(self.numbers)

    def __getitem__(self, word: str) -> int:
        return self._dictionary()[word]

    def items(self) -> ItemsView[str, int]:
        return self._dictionary().items()

    def values(self) -> ValuesView[int]:
        return self._dictionary().values()

    def _dictionary(self) -> dict[str, int]:
        return dict(zip(self, self.counts.tolist(), strict=True))


def spread(counts: Sequence[Mapping[str, int]], least: int = 1, most: float = np.inf) -> dict[str, int]:
    """In how many of `counts` each word occurs, of the words for which that is from `least` to `most`."""
    bags = of_one_lexicon(counts)
    if not bags:
        return {}
    words = bags[0].lexicon.words
    occurs = np.zeros(len(words), dtype=np.int64)
    for some in _blocks(bags):
        occurs += np.bincount(np.concatenate([bag.numbers for bag in some]), minlength=len(words))
    inside = np.flatnonzero((occurs >= least) & (occurs <= most))
    return dict(zip(map(words.__getitem__, inside.tolist()), occurs[inside].tolist(), strict=True))


def counted(counts: Sequence[Mapping[str, int]], column: Mapping[str, int]) -> sparse.csr_matrix:
    """The matrix [n, columns] float32 of what each of `counts` counts; words without a column are left out, those that
    share one summed."""
    width = max(column.values(), default=-1) + 1
    bags = of_one_lexicon(counts)
    if not bags:
        return sparse.csr_matrix((0, width), dtype=np.float32)
    column_of = np.array([column.get(word, -1) for word in bags[0].lexicon.words], dtype=np.int32)
    sizes, columns, values = [np.zeros(1, np.int64)], [], []
    for some in _blocks(bags):
        at = column_of[np.concatenate([bag.numbers for bag in some])]
        kept = at >= 0
        ends = np.cumsum([len(bag) for bag in some])
        sizes.append(np.diff(np.concatenate([[0], np.cumsum(kept)])[ends], prepend=0))
        columns.append(at[kept])
        values.append(np.concatenate([bag.counts for bag in some])[kept].astype(np.float32))
    parts = (np.concatenate(values), np.concatenate(columns), np.cumsum(np.concatenate(sizes)))
    matrix = sparse.csr_matrix(parts, shape=(len(bags), width))
    matrix.sum_duplicates()
    return matrix


def _blocks(bags: Sequence[Bag]) -> Iterator[Sequence[Bag]]:
    return (bags[start : start + BLOCK] for start in range(0, len(bags), BLOCK))


def of_one_lexicon(counts: Sequence[Mapping[str, int]]) -> list[Bag]:
    """The counts as bags whose words have the same numbers."""
    lexicon = counts[0].lexicon if counts and isinstance(counts[0], Bag) else Lexicon()
    if all(isinstance(one, Bag) and one.lexicon is lexicon for one in counts):
        return cast(list[Bag], counts)
    lines = [BREAK.decode().join(one).encode() for one in counts]
    return lexicon.bags(Batch.of(lines, [list(one.values()) for one in counts]))


def _hashed(text: NDArray[np.uint8]) -> tuple[Labels, Labels, NDArray[np.uint64]]:
    """Where each line of `text` starts and ends, and a polynomial hash of it; every line ends in a break.

    Letters are multiplied by powers that grow along a stretch of many lines; what a line makes is divided by the power
    it begins with.
    """
    ends = np.flatnonzero(text == ord(BREAK))
    starts = np.concatenate([[0], ends[:-1] + 1]) if len(ends) else ends
    hashes = np.empty(len(starts), np.uint64)
    size = max(STRETCH, 1 << int((ends + 1 - starts).max(initial=0)).bit_length())
    powers, back = _powers(size)
    first = 0
    while first < len(starts):
        begin = starts[first]
        last = int(np.searchsorted(ends, begin + size))
        part, at = text[begin : ends[last - 1] + 1], starts[first:last] - begin
        hashes[first:last] = np.add.reduceat(part * powers[: len(part)], at) * back[at]
        first = last
    return starts, ends, hashes


@lru_cache(maxsize=1)
def _powers(count: int) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """The first powers of the base, and of its inverse, modulo 2^64, [count] each."""
    up, down = (np.cumprod(np.full(count, base, np.uint64), dtype=np.uint64) for base in (BASE, pow(BASE, -1, 1 << 64)))
    return up, down
