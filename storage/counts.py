"""How the words of a document and their counts are kept: compressed, and quick to read for very many documents."""

from __future__ import annotations

import json
import zlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from shas_kb.errors import UsageError

COUNT = np.dtype("<u4")
BETWEEN = "\n"


@dataclass(frozen=True, slots=True)
class Counts:
    """Words, none twice, one to a line in UTF-8, and how often each occurs, uint32 [words]."""

    lines: bytes
    counts: NDArray[np.uint32] = field(repr=False)

    @property
    def words(self) -> list[str]:
        """The words. Raises UnicodeDecodeError if they are not in UTF-8."""
        return self.lines.decode().split(BETWEEN) if len(self.counts) else []

    def as_dict(self) -> dict[str, int]:
        """The counts by word, in their order."""
        return dict(zip(self.words, self.counts.tolist(), strict=True))


def pack(counts: Mapping[str, int]) -> bytes:
    """`counts` in the order given: how many they are, the counts, the words a line each, all compressed. A line break
    within a word becomes a space.

    Raises:
        UsageError: a count is no number of 32 bits.
    """
    text = BETWEEN.join(counts)
    if text.count(BETWEEN) != max(len(counts) - 1, 0):
        lines: Counter[str] = Counter()
        for word, count in counts.items():
            lines[word.replace(BETWEEN, " ")] += count
        return pack(lines)
    try:
        numbers = np.array([len(counts), *counts.values()], COUNT)
    except OverflowError as error:
        raise UsageError(f"words must have counts from 0 to 2**32 - 1, got {error}; read the document again.") from None
    return zlib.compress(numbers.tobytes() + text.encode(), level=1)


def unpack(blob: bytes) -> Counts:
    """The inverse of `pack`. Raises ValueError or zlib.error for anything else."""
    content = zlib.decompress(blob)
    (size,) = np.frombuffer(content, COUNT, 1)
    end = (1 + int(size)) * COUNT.itemsize
    lines, counts = content[end:], np.frombuffer(content[COUNT.itemsize : end], COUNT)
    words = lines.count(BETWEEN.encode()) + 1 if lines else min(int(size), 1)
    if not words == len(counts) == size:
        raise ValueError(f"words must have a count each, got {words} words and {len(counts)} counts")
    return Counts(lines, counts)


def repacked(blob: bytes) -> bytes:
    """Counts as they were kept before, compressed JSON, as they are kept now; what cannot be read stays as it is."""
    try:
        counts = json.loads(zlib.decompress(blob))
        return pack(counts) if isinstance(counts, dict) else blob
    except (ValueError, TypeError, UsageError, zlib.error):
        return blob
