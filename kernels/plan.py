"""Who asks, and how much may be opened for it: all of a descent that is known before any value is. NumPy only.

A query block is a run of at most 64 rows that see the same units. When the units of a pyramid ask about themselves,
the query blocks are its tiles. Widths of tables follow from lengths and from `k` here, on the host, so that nothing
later has to wait for the device.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from operator import index

import numpy as np
import numpy.typing as npt

from shas_kb.kernels.pyramid import TILE, Ints, Pyramid

FINE, COARSE = 6, 8


@dataclass(frozen=True, eq=False)
class Plan:
    """Query blocks over a pyramid; make one by `asking` or `questions`.

    Attributes:
        pyramid: What is asked.
        start: First row of each query block among the queries, [blocks].
        length: Rows of the block, 1 to 64, [blocks].
        text: The text it asks, [blocks].
        near: Tiles which are always opened, from the first to the one after the last, by level, [blocks, levels, 2];
            beside them the first tile of each level is.
        k: How many groups beside those open into each level, [levels - 1], level 0 first.
        whole: Whether the block sees all tokens of its text and nothing else, [blocks].
        threshold: The gate of a level must reach it in one row of a block, or the level stays closed to the block.
        widths: At most so many tiles of each level are visited by a block, [levels].
        width: At most so many tiles does a block see.
        longest: Units of the largest group.
    """

    pyramid: Pyramid
    start: Ints
    length: Ints
    text: Ints
    near: Ints
    k: tuple[int, ...]
    whole: npt.NDArray[np.bool_]
    threshold: float
    widths: tuple[int, ...]
    width: int
    longest: int

    @classmethod
    def asking(
        cls,
        pyramid: Pyramid,
        k: int | Sequence[int] | None = (COARSE, COARSE, FINE, FINE),
        *,
        levels: int | None = None,
        window: int = 1,
        dense: int = 4096,
        threshold: float = 0.0,
    ) -> Plan:
        """The units of a pyramid ask about their own text.

        Args:
            pyramid: Its tiles must hold at most 64 units.
            k: Groups opened at each level beside those always open, from the top level down; if there are more levels,
                the first number stands for those above, if there are fewer, those of the top are left out. One number
                stands for all levels; None opens everything.
            levels: So many levels ask, from level 0 up; all by default.
            window: So many tiles to each side of its own are always open to a block, at its own level and above.
            dense: Texts with at most so many tokens are opened whole, which costs less there and is exact. Not where
                levels may be closed by gates.
            threshold: Relevance under which a level is not opened, 0 to 1; its coarser units then stand for it.

        Raises:
            ValueError: If an argument is out of its range.
        """
        if window < 0:
            raise ValueError(f"window must be at least 0 tiles, got {window}")
        asking = pyramid.levels if levels is None else index(levels)
        if not 1 <= asking <= pyramid.levels:
            raise ValueError(f"levels must be 1 to {pyramid.levels}, got {levels}")
        home = np.arange(pyramid.tile_bounds[asking - 1, -1])
        tiles = pyramid.tiles
        text, level = tiles.text[home], tiles.level[home]
        low = np.maximum(home - window, pyramid.tile_bounds[level, text])
        high = np.minimum(home + window + 1, pyramid.tile_bounds[level, text + 1])
        near = np.zeros((len(home), pyramid.levels, 2), np.int64)
        for each in range(pyramid.levels):
            here = level <= each
            near[here, each] = np.stack([low[here], high[here]], 1)
            low = np.where(here, tiles.parent[low], low)
            high = np.where(here, tiles.parent[high - 1] + 1, high)
        return cls._fitted(pyramid, tiles.start[home], tiles.length[home], text, near, k, dense, threshold)

    @classmethod
    def questions(
        cls,
        pyramid: Pyramid,
        lengths: Sequence[int],
        texts: Sequence[int],
        k: int | Sequence[int] | None = (COARSE, COARSE, FINE, FINE),
        *,
        dense: int = 0,
        threshold: float = 0.0,
    ) -> Plan:
        """Rows from outside ask: question i has `lengths[i]` rows and asks text `texts[i]`.

        Raises:
            ValueError: If a length is negative, a text is not there, or an argument is out of its range.
        """
        count, which = np.asarray(lengths, np.int64), np.asarray(texts, np.int64)
        if count.shape != which.shape or count.ndim != 1 or (count < 0).any():
            raise ValueError("lengths and texts must be lists of one length, with 0 or more rows to each question")
        if which.size and not (which.min() >= 0 and which.max() < pyramid.texts):
            raise ValueError(f"texts must be 0 to {pyramid.texts - 1}, got {which.min()} to {which.max()}")
        blocks = -(-count // TILE)
        question = np.repeat(np.arange(len(count)), blocks)
        inside = (np.arange(len(question)) - np.repeat(np.cumsum(blocks) - blocks, blocks)) * TILE
        start = (np.cumsum(count) - count)[question] + inside
        length = np.minimum(count[question] - inside, TILE)
        near = np.zeros((len(question), pyramid.levels, 2), np.int64)
        return cls._fitted(pyramid, start, length, which[question], near, k, dense, threshold)

    @classmethod
    def _fitted(
        cls,
        pyramid: Pyramid,
        start: Ints,
        length: Ints,
        text: Ints,
        near: Ints,
        k: int | Sequence[int] | None,
        dense: int,
        threshold: float,
    ) -> Plan:
        if not 0 <= threshold <= 1:
            raise ValueError(f"threshold must be 0 to 1, got {threshold}")
        longest = int(pyramid.tiles.length.max(initial=0))
        if longest > TILE:
            raise ValueError(f"a tile must hold at most {TILE} units to be attended to, got {longest}")
        each = _k(k, pyramid.levels)
        tokens = pyramid.tokens[text]
        whole = ((tokens <= dense) | (k is None)) & (threshold == 0)
        descending = text[~whole]
        count = np.diff(pyramid.tile_bounds, axis=1)
        fan = np.diff(pyramid.tiles.children, axis=1)[:, 0]
        widths = [int(count[-1, descending].max(initial=0))]
        for level in range(pyramid.levels - 2, -1, -1):
            always = int(np.diff(near[:, level], axis=1).max(initial=0)) + 1
            most = int(count[level, descending].max(initial=0))
            groups = int(fan[pyramid.tiles.level == level + 1].max(initial=0))
            widths.insert(0, min(most, always + each[level], widths[0] * groups))
        width = max(sum(widths), int(count[0, text[whole]].max(initial=0)))
        group = int(np.diff(pyramid.tiles.group, axis=1).max(initial=0))
        return cls(pyramid, start, length, text, near, each, whole, threshold, tuple(widths), width, group)

    @property
    def rows(self) -> int:
        """Number of queries."""
        return int(self.length.sum())


def _k(k: int | Sequence[int] | None, levels: int) -> tuple[int, ...]:
    """Numbers of groups to open, one for each level below the top, level 0 first."""
    everything = 1 << 30
    numbers = [math.inf if k is None else k] if k is None or isinstance(k, int | float | np.number) else k
    given = [everything if number == math.inf else index(number) for number in numbers]  # type: ignore[arg-type]
    if not given or any(number < 0 for number in given):
        raise ValueError(f"k must be None, a number of at least 0 or a list of them, got {k!r}")
    steps = max(levels - 1, 0)
    filled = [given[0]] * (steps - len(given)) + given
    return tuple(min(number, everything) for number in reversed(filled[len(filled) - steps :]))
