"""The geometry of packed pyramids: units, tiles and groups, known from lengths alone, before any value is. NumPy only.

Level 0 holds the tokens of all texts, one text after the other; a unit of level l + 1 stands for consecutive units of
level l, its children. All levels lie in one matrix of rows, level after level, texts inside a level.

A **tile** is a run of at most 64 units of one level and one text. A **group** is a run of units within a tile whose
children together make one tile of the level below: a group *opens* into exactly one tile. Hence tiles form a forest,
the top tiles of each text its roots, and a group is named by the tile into which it opens.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
import numpy.typing as npt

TILE = 64

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Tiles:
    """Every tile of a pyramid; level 0 first, then level after level, texts inside a level, in the order of the text.

    Attributes:
        start: First row, [tiles].
        length: Number of rows, 1 to 64 (more only in pyramids whose units open alone).
        level: Level of its rows.
        text: Index of its text.
        parent: The tile that holds the group which opens into this one; -1 at the top level.
        group: First row and the row after the last of that group, [tiles, 2]; zeros at the top level.
        children: First tile and the tile after the last into which this one's groups open, [tiles, 2].
    """

    start: Ints
    length: Ints
    level: Ints
    text: Ints
    parent: Ints
    group: Ints
    children: Ints

    @cached_property
    def mask(self) -> Ints:
        """Which units of the parent tile the tile's group holds: bit j for unit j. Zero at the top level, [tiles]."""
        if self.length.max(initial=0) > TILE:
            raise ValueError(f"a tile must hold at most {TILE} units to have a mask, got {self.length.max()}")
        first = self.group[:, 0] - np.where(self.parent >= 0, self.start[self.parent], 0)
        mask: Ints = ones(self.group[:, 1] - self.group[:, 0]) << first
        return mask


_ONES = np.array([(1 << bits) - 1 for bits in range(TILE)] + [-1], np.int64)


def ones(count: Ints) -> Ints:
    """Integers whose lowest `count` bits are set, 0 to 64 of them."""
    return _ONES[count]


@dataclass(frozen=True, eq=False)
class Pyramid:
    """Levels of units over packed texts; make one by `from_lengths` or `from_offsets`.

    Attributes:
        offsets: For each level from 1 up, the children of its units: unit i has the units `offsets[l - 1][i]` to
            `offsets[l - 1][i + 1]` of the level below, both counted from 0 in their level.
        bounds: Rows of text s at level l: `bounds[l, s]` to `bounds[l, s + 1]`, [levels, texts + 1].
        tiles: Its tiles.
        tile_bounds: Tiles of text s at level l: `tile_bounds[l, s]` to `tile_bounds[l, s + 1]`, [levels, texts + 1].
    """

    offsets: tuple[Ints, ...]
    bounds: Ints
    tiles: Tiles
    tile_bounds: Ints

    @classmethod
    def from_lengths(cls, lengths: Sequence[int], ratio: int = 4, levels: int | str = 5) -> Pyramid:
        """A regular pyramid: each unit stands for `ratio` units of the level below, the last of a text for the rest.

        Args:
            lengths: Tokens of each text; 0 is allowed.
            ratio: Units abstracted into one, 2 to 64.
            levels: Number of levels, tokens included; `"auto"` takes 1 + ceil(log_ratio(longest / 256)), at least 2,
                so that at most 256 units are left at the top.

        Raises:
            ValueError: If a length is negative, or `ratio` or `levels` is out of range.
        """
        if not 2 <= ratio <= TILE:
            raise ValueError(f"ratio must be 2 to {TILE}, got {ratio}")
        given = np.asarray(lengths)
        count = given.astype(np.int64)
        if given.ndim != 1 or (count < 0).any() or (count != given).any():
            raise ValueError("lengths must be a list of whole numbers of tokens, 0 or more each")
        if levels == "auto":
            longest = int(count.max(initial=1))
            levels = max(2, 1 + math.ceil(math.log(max(longest, 256) / 256, ratio) - 1e-9))
        if not isinstance(levels, int | np.integer) or levels < 1:
            raise ValueError(f'levels must be "auto" or at least 1, got {levels!r}')
        offsets = []
        for _ in range(1, levels):
            above = -(-count // ratio)
            unit = np.arange(above.sum()) - np.repeat(_offsets(above)[:-1], above)
            offsets.append(np.append(np.repeat(_offsets(count)[:-1], above) + unit * ratio, count.sum()))
            count = above
        return cls.from_offsets(offsets, _offsets(count))

    @classmethod
    def from_offsets(cls, offsets: Sequence[npt.ArrayLike], texts: npt.ArrayLike, *, alone: bool = False) -> Pyramid:
        """A pyramid whose units have any number of children.

        Args:
            offsets: For each level from 1 up, [units + 1] offsets of the units' children in the level below, from 0,
                rising. They must hold all units of the level below.
            texts: [texts + 1] offsets of the texts in the units of the top level (tokens, if there is one level only).
            alone: Every unit is a group of its own, and a tile may be of any length: for trees whose nodes have many
                children. Such a pyramid can be walked, but not be attended to.

        Raises:
            ValueError: If offsets do not fit each other, or a unit has more than 64 children and `alone` is not set.
        """
        levels = [_checked(offset, f"offsets of level {level}") for level, offset in enumerate(offsets, 1)]
        for level, (below, above) in enumerate(pairwise(levels), 1):
            if above[-1] != len(below) - 1:
                raise ValueError(f"offsets of level {level + 1} must end at {len(below) - 1}, the units of level "
                                 f"{level}, got {above[-1]}")  # fmt: skip
        relative = [_checked(texts, "texts")]
        if levels and relative[0][-1] != len(levels[-1]) - 1:
            raise ValueError(f"texts must end at {len(levels[-1]) - 1}, the units of the top level, "
                             f"got {relative[0][-1]}")  # fmt: skip
        for level, offset in enumerate(levels, 1):
            fan = np.diff(offset)
            if fan.size and (fan.min() < 1 or (fan.max() > TILE and not alone)):
                raise ValueError(f"a unit of level {level} must have 1 to {TILE} children, got {fan.min()} to "
                                 f"{fan.max()}; put a level between, or let units open alone")  # fmt: skip
        for offset in reversed(levels):
            relative.append(offset[relative[-1]])
        relative.reverse()
        first = _offsets(np.array([bound[-1] for bound in relative]))[:-1]
        bounds = np.stack(relative) + first[:, None]
        tiles, tile_bounds = _tiles(levels, bounds, first, alone)
        return cls(tuple(levels), bounds, tiles, tile_bounds)

    @property
    def levels(self) -> int:
        """Number of levels, tokens included."""
        return len(self.bounds)

    @property
    def texts(self) -> int:
        """Number of texts."""
        return len(self.bounds[0]) - 1

    @property
    def rows(self) -> int:
        """Number of units of all levels."""
        return int(self.bounds[-1, -1])

    @property
    def tokens(self) -> Ints:
        """Tokens of each text, [texts]."""
        return self.bounds[0, 1:] - self.bounds[0, :-1]

    @cached_property
    def span(self) -> Ints:
        """First token and the token after the last of every unit, as rows of level 0, [rows, 2]."""
        edges = np.arange(self.bounds[0, -1] + 1)
        spans = [np.stack([edges[:-1], edges[1:]], 1)]
        for offset in self.offsets:
            edges = edges[offset]
            spans.append(np.stack([edges[:-1], edges[1:]], 1))
        return np.concatenate(spans)


def _offsets(counts: Ints) -> Ints:
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)


def _checked(values: npt.ArrayLike, what: str) -> Ints:
    array = np.asarray(values, np.int64)
    if array.ndim != 1 or not array.size or array[0] != 0 or (np.diff(array) < 0).any():
        raise ValueError(f"{what} must rise from 0, one more than there are units")
    return array


def _tiles(offsets: list[Ints], bounds: Ints, first: Ints, alone: bool) -> tuple[Tiles, Ints]:
    """Cut the top level into tiles, then each tile into groups, level by level downwards."""
    levels, texts = len(bounds), bounds.shape[1] - 1
    fan = int(np.diff(offsets[-1]).max(initial=1)) if offsets else 1
    size = int(bounds[-1].max()) + 1 if alone else TILE // fan * fan
    per_text = -(-np.diff(bounds[-1]) // size)
    text = np.repeat(np.arange(texts), per_text)
    start = bounds[-1][text] + (np.arange(len(text)) - np.repeat(_offsets(per_text)[:-1], per_text)) * size
    end = np.minimum(start + size, bounds[-1][text + 1])
    none = np.zeros((len(start), 2), np.int64)
    made = [(start, end, text, np.full(len(start), -1), none)]
    for level in range(levels - 1, 0, -1):
        above, below = first[level], first[level - 1]
        children = offsets[level - 1]
        parent, one, last = _groups(start - above, end - above, children, 0 if alone else TILE)
        start, end = children[one] + below, children[last] + below
        text = text[parent]
        made.append((start, end, text, parent, np.stack([one, last], 1) + above))
    made.reverse()
    count = np.array([len(part[0]) for part in made])
    base = _offsets(count)
    tile_bounds = np.stack([
        base[level] + np.searchsorted(part[2], np.arange(texts + 1)) for level, part in enumerate(made)
    ])  # fmt: skip
    up = [np.where(part[3] >= 0, part[3] + base[level + 1], -1) for level, part in enumerate(made)]
    opened = [np.zeros((count[0], 2), np.int64)]
    for level in range(1, levels):
        edges = np.searchsorted(made[level - 1][3], np.arange(count[level] + 1)) + base[level - 1]
        opened.append(np.stack([edges[:-1], edges[1:]], 1))
    tiles = Tiles(
        start=np.concatenate([part[0] for part in made]),
        length=np.concatenate([part[1] - part[0] for part in made]),
        level=np.repeat(np.arange(levels), count),
        text=np.concatenate([part[2] for part in made]),
        parent=np.concatenate(up),
        group=np.concatenate([part[4] for part in made]),
        children=np.concatenate(opened),
    )
    return tiles, tile_bounds


def _groups(start: Ints, end: Ints, children: Ints, limit: int) -> tuple[Ints, Ints, Ints]:
    """Cut tiles into the longest runs of units with at most `limit` children together, one unit at least.

    All tiles are cut side by side, one group of each at a time.

    Returns:
        The tile of each group, its first unit and the unit after its last, in order.
    """
    parts = []
    tile, at = np.arange(len(start)), start
    while tile.size:
        fits = np.searchsorted(children, children[at] + limit, side="right") - 1
        stop = np.minimum(np.maximum(fits, at + 1), end[tile])
        parts.append(np.stack([tile, at, stop]))
        left = stop < end[tile]
        tile, at = tile[left], stop[left]
    if not parts:
        return start, start, start
    tile, one, last = np.concatenate(parts, 1)
    order = np.argsort(one, kind="stable")
    return tile[order], one[order], last[order]
