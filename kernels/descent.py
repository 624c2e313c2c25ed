"""The descent from coarse to fine: which tiles a query visits. NumPy only, so that a question need not wait for more.

Starting from all tiles of a text's top level, the groups of the visited tiles are scored, the best are opened, and the
tiles into which they open are visited next. A group that is not opened stays active at its own level. Therefore the
active units of all visited tiles cover every token of the text exactly once, whatever the scores are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shas_kb.kernels.pyramid import Ints, Pyramid

Scores = npt.NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class Visit:
    """What was visited of one level.

    Attributes:
        level: The level.
        tiles: The tiles visited, rising.
        scores: The scores of the groups that opened into them; zeros at the top level.
    """

    level: int
    tiles: Ints
    scores: Scores


def walk(
    pyramid: Pyramid,
    text: int,
    k: Sequence[int],
    score: Callable[[Ints], Scores],
    *,
    near: npt.ArrayLike | None = None,
    closed: npt.ArrayLike | None = None,
) -> list[Visit]:
    """Descend from the top of a text to its tokens.

    Args:
        pyramid: Of any kind, also one whose units open alone.
        text: Which text of it.
        k: How many groups to open into each level beside those always open, [levels - 1], level 0 first.
        score: Gives scores for groups, named by the tiles into which they open.
        near: Tiles always opened, from the first to the one after the last, by level, [levels, 2]. With it the first
            tile of each level is always opened too. None: nothing is always open.
        closed: Levels that must not be visited, [levels]; nothing below a closed level is visited either.

    Returns:
        A visit for each level reached, the top level first.
    """
    bounds = pyramid.tile_bounds[:, text : text + 2]
    always = None if near is None else np.asarray(near, np.int64)
    shut = None if closed is None else np.asarray(closed, bool)
    tiles = np.arange(*bounds[-1])
    visits = [Visit(pyramid.levels - 1, tiles, np.zeros(len(tiles)))]
    for level in range(pyramid.levels - 2, -1, -1):
        if shut is not None and shut[level]:
            break
        edges = pyramid.tiles.children[tiles]
        groups = np.concatenate([np.arange(one, last) for one, last in edges] or [tiles])
        scores = score(groups) if groups.size else np.zeros(0)
        opened = np.zeros(len(groups), bool)
        if always is not None:
            opened = (groups == bounds[level, 0]) | ((always[level, 0] <= groups) & (groups < always[level, 1]))
        rest = np.flatnonzero(~opened)
        # Stable, so that of equal scores the lower index wins.
        opened[rest[np.argsort(-scores[rest], kind="stable")[: k[level]]]] = True
        tiles = groups[opened]
        visits.append(Visit(level, tiles, scores[opened]))
    return visits
