"""Words and how often each occurs, of very many documents: numbers in place of strings and dictionaries.

A hundred thousand dictionaries of some hundred words would take several gigabytes, and minutes to go through one word
at a time.
"""

from __future__ import annotations

from collections.abc import Collection, ItemsView, Iterator, Mapping, Sequence, ValuesView

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

Numbers = NDArray[np.int32]


class _Numbering(dict[str, int]):
    """The number of each word that it was asked for."""

    def __missing__(self, word: str) -> int:
        number = self[word] = len(self)
        return number


class Lexicon:
    """Words with a number each, in the order in which they first came."""

    def __init__(self) -> None:
        self._number = _Numbering()
        self._words: list[str] = []

    def bag(self, words: Collection[str], counts: ArrayLike) -> Bag:
        """The counts of words, none twice, by the numbers of the words."""
        numbers = np.fromiter(map(self._number.__getitem__, words), np.int32, len(words))
        return Bag(self, numbers, np.asarray(counts, np.int32))

    @property
    def words(self) -> Sequence[str]:
        """The words by number. It grows with every bag, and a word keeps its number."""
        if len(self._words) < len(self._number):
            self._words = list(self._number)
        return self._words


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


def spread(counts: Sequence[Mapping[str, int]]) -> dict[str, int]:
    """In how many of `counts` each word occurs."""
    bags = of_one_lexicon(counts)
    if not bags:
        return {}
    words = bags[0].lexicon.words
    occurs = np.bincount(np.concatenate([bag.numbers for bag in bags]), minlength=len(words))
    return {words[number]: int(occurs[number]) for number in np.flatnonzero(occurs)}


def counted(counts: Sequence[Mapping[str, int]], column: Mapping[str, int]) -> sparse.csr_matrix:
    """The matrix [n, columns] of what each of `counts` counts; words without a column are left out, those that share
    one summed."""
    width = max(column.values(), default=-1) + 1
    bags = of_one_lexicon(counts)
    if not bags:
        return sparse.csr_matrix((0, width))
    column_of = np.array([column.get(word, -1) for word in bags[0].lexicon.words], dtype=np.int32)
    at = column_of[np.concatenate([bag.numbers for bag in bags])]
    values = np.concatenate([bag.counts for bag in bags])[at >= 0].astype(np.float64)
    rows = np.repeat(np.arange(len(bags), dtype=np.int32), [len(bag) for bag in bags])[at >= 0]
    matrix = sparse.csr_matrix((values, (rows, at[at >= 0])), shape=(len(bags), width))
    matrix.sum_duplicates()
    return matrix


def of_one_lexicon(counts: Sequence[Mapping[str, int]]) -> list[Bag]:
    """The counts as bags whose words have the same numbers."""
    lexicon = counts[0].lexicon if counts and isinstance(counts[0], Bag) else Lexicon()
    return [
        one if isinstance(one, Bag) and one.lexicon is lexicon else lexicon.bag(one, list(one.values()))
        for one in counts
    ]
