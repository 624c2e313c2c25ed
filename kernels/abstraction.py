"""Abstraction heads: how the units of one level become those of the next. They start as the mean, exactly, and learn.

Unit i of level l + 1 looks at a window of level l: its own children and r / 2 units to either side of them, clipped to
its text. With x = RMSNorm(h), channel group c and place j counted from the window's first:

    a_ijc = softmax_j( (U x_j)_c + p_jc + own-child bias_c )
    y_i   = mean of own children + g W_o [ sum_j a_ijc (W_v x_j)_c ]
    h'_i  = y_i + g' SwiGLU(RMSNorm(y_i)) + e

The mean weighs each child by the tokens under it, so that with g = g' = e = 0, as at the start, every unit is the mean
of its tokens. All levels share the weights; g, g' and e are each level's own. A unit may have any number of children;
in a window of more than 2 r places those beyond share the last p.

Sources. Pooling by attention whose query is a learned vector: Set Transformer (arXiv 1810.00825), there over a whole
set. Overlapping blocks, with learned weights and a code for the place within the block: the compressed keys of NSA
(arXiv 2502.11089). Branches behind a gate that is zero at the start: ReZero (arXiv 2003.04887). SwiGLU: arXiv
2002.05202.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple, get_args

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import embedding, embedding_bag, silu

from shas_kb.kernels.pyramid import Ints, Pyramid

Kind = Literal["mean", "max", "linear", "own", "overlap"]


class Window(NamedTuple):
    """What the units of one level look at in the level below, whose rows are counted from 0 here.

    A pair is a unit and a row in its window; pairs are ordered by unit, then by row.

    Attributes:
        children: Unit i has the rows `children[i]` to `children[i + 1]`, int64 [units + 1].
        share: The part of its parent's tokens that lies under a row, float64 [rows].
        bounds: Unit i has the pairs `bounds[i]` to `bounds[i + 1]`, int64 [units + 1].
        row: The row of a pair, int64 [pairs].
        place: Where in the window it stands, 0 to 2 ratio - 1, int64 [pairs].
        own: Whether it is a child of the unit, bool [pairs].
    """

    children: Tensor
    share: Tensor
    bounds: Tensor
    row: Tensor
    place: Tensor
    own: Tensor


def windows(pyramid: Pyramid, ratio: int, device: torch.device | str = "cpu") -> tuple[Window, ...]:
    """The windows of all levels from 1 up. Make them once for all texts of the same lengths.

    Args:
        pyramid: Its units may have any number of children.
        ratio: A window reaches `ratio // 2` units to the left of the children and the rest of `ratio` to the right.
        device: Where the head works.
    """
    tokens, rows = np.diff(pyramid.span)[:, 0], pyramid.bounds
    return tuple(
        window(children, rows[level] - rows[level, 0], tokens[rows[level, 0] : rows[level, -1]], ratio, device)
        for level, children in enumerate(pyramid.offsets)
    )


def window(children: Ints, texts: Ints, tokens: Ints, ratio: int, device: torch.device | str = "cpu") -> Window:
    """The windows of one level.

    Args:
        children: Offsets of the units' children in the level below, [units + 1].
        texts: Offsets of the texts there, at which windows end, [texts + 1].
        tokens: Tokens under each row there, [rows].
        ratio: As in `windows`.
        device: Likewise.
    """
    first, last = children[:-1], children[1:]
    text = np.searchsorted(texts, first, side="right") - 1
    left = np.maximum(first - ratio // 2, texts[text])
    right = np.minimum(last + ratio - ratio // 2, texts[text + 1])
    bounds = np.append(0, np.cumsum(right - left))
    unit = np.repeat(np.arange(len(first)), right - left)
    row = np.arange(len(unit)) - bounds[unit] + left[unit]
    place = np.minimum(row - first[unit] + ratio // 2, 2 * ratio - 1)
    own = (row >= first[unit]) & (row < last[unit])
    under = np.diff(np.append(0, np.cumsum(tokens))[children])
    share = tokens / np.repeat(under, last - first)
    return Window(*(torch.from_numpy(each).to(device) for each in (children, share, bounds, row, place, own)))


class Abstraction(nn.Module):
    """The abstraction head of all levels.

    Args:
        width: Channels of a unit.
        ratio: About so many children has a unit.
        levels: At most so many levels do pyramids have, tokens included.
        groups: Channel groups, each with its own weights over a window; `width` must be a multiple.
        kind: What takes the place of the sum over the window, for comparison: `"overlap"` is the one above; `"own"`
            looks at own children only; `"linear"` gives each place of them one learned weight, `"mean"` each its share
            of the tokens; `"max"` takes the largest of each channel.
    """

    def __init__(
        self, width: int, ratio: int = 4, levels: int = 5, groups: int = 12, kind: Kind = "overlap"
    ) -> None:  # fmt: skip
        super().__init__()
        if width % groups:
            raise ValueError(f"width must be a multiple of {groups} groups, got {width}")
        if kind not in get_args(Kind):
            raise ValueError(f"kind must be one of {', '.join(get_args(Kind))}, got {kind!r}")
        self.ratio, self.groups, self.kind = ratio, groups, kind
        self.norm = nn.RMSNorm(width)
        self.score = nn.Linear(width, groups, bias=False)
        self.place = nn.Parameter(torch.full((2 * ratio, groups), 1 / ratio if kind == "linear" else 0.0))
        self.own = nn.Parameter(torch.zeros(groups))
        self.value = nn.Linear(width, width, bias=False)
        self.out = nn.Linear(width, width, bias=False)
        nn.init.eye_(self.value.weight)
        nn.init.eye_(self.out.weight)
        self.feed_norm = nn.RMSNorm(width)
        self.up = nn.Linear(width, 2 * width, bias=False)
        self.down = nn.Linear(width, width, bias=False)
        self.gate = nn.Parameter(torch.zeros(levels - 1))
        self.feed_gate = nn.Parameter(torch.zeros(levels - 1))
        self.level = nn.Parameter(torch.zeros(levels - 1, width))

    @property
    def is_mean(self) -> bool:
        """Whether all gates are shut, as at the start: every unit then is the mean of its tokens."""
        return not any(bool(gate.any()) for gate in (self.gate, self.feed_gate, self.level))

    def forward(self, tokens: Tensor, windows: Sequence[Window]) -> Tensor:
        """States of the units of all levels.

        Args:
            tokens: States of level 0, [tokens, width].
            windows: Of the pyramid over them, with this head's ratio.

        Returns:
            [rows, width], level after level; the first are `tokens` as they came.
        """
        if len(windows) > len(self.gate):
            raise ValueError(f"a pyramid must have at most {len(self.gate) + 1} levels, got {len(windows) + 1}")
        levels = [tokens]
        for step, window in enumerate(windows):
            levels.append(self.abstract(levels[-1], window, step))
        return torch.cat(levels)

    def abstract(self, below: Tensor, window: Window, step: int) -> Tensor:
        """One level from the one below, with the gates of level `step` + 1: [rows, width] to [units, width]."""
        units = mean(below, window) + self.gate[step] * self.out(self._look(self.norm(below), window))
        gate, value = self.up(self.feed_norm(units)).chunk(2, -1)
        fed: Tensor = units + self.feed_gate[step] * self.down(silu(gate) * value) + self.level[step]
        return fed

    def _look(self, x: Tensor, window: Window) -> Tensor:
        """What each unit makes of its window, [rows, width] to [units, width]."""
        value, own = self.value(x), window.own[:, None]
        if self.kind == "max":
            return reduced(value, "max", window.children)
        if self.kind == "mean":
            return mean(value, window, self.groups)
        wide = torch.promote_types(x.dtype, torch.float32)  # weights are few, and gradients of places long sums
        # `embedding(i, x)` is x[i], but its gradient comes out the same each time: no threads race to add it up.
        place = embedding(window.place, self.place.to(wide))
        if self.kind == "linear":
            return weighted_sums(value, window.row, window.bounds, (place * own).to(value.dtype))
        logits = embedding(window.row, self.score(x).to(wide)) + place + self.own.to(wide) * own  # [pairs, groups]
        if self.kind == "own":
            logits = logits.masked_fill(~own, -torch.inf)
        top = reduced(logits.detach(), "max", window.bounds)
        mass = (logits - top.repeat_interleave(window.bounds.diff(), 0, output_size=len(logits))).exp()
        total = reduced(mass, "sum", window.bounds).to(value.dtype)
        sums = weighted_sums(value, window.row, window.bounds, mass.to(value.dtype))
        return (sums.view(*total.shape, x.shape[1] // self.groups) / total[..., None]).flatten(1)


def mean(below: Tensor, window: Window, groups: int = 1) -> Tensor:
    """Children averaged by the tokens under them, [rows, width] to [units, width]."""
    row = torch.arange(len(below), device=below.device)
    return weighted_sums(below, row, window.children, window.share.to(below.dtype)[:, None].expand(-1, groups))


def reduced(values: Tensor, how: str, bounds: Tensor) -> Tensor:
    """The sum or maximum of each run of consecutive rows, [rows, ...] to [runs, ...]; `bounds` are [runs + 1]."""
    return torch.segment_reduce(values, how, offsets=bounds, axis=0, unsafe=True)


def weighted_sums(values: Tensor, row: Tensor, bounds: Tensor, weight: Tensor) -> Tensor:
    """Sums of rows under weights of their own for each channel group, without a copy of the rows for every window.

    Args:
        values: [rows, width].
        row: The rows to sum, int64 [pairs].
        bounds: Sum i is over the pairs `bounds[i]` to `bounds[i + 1]`, int64 [sums + 1].
        weight: [pairs, groups].

    Returns:
        [sums, width].
    """
    width, groups, dtype = values.shape[1], weight.shape[1], values.dtype
    if values.is_cuda and dtype == torch.bfloat16:  # for whose weights PyTorch has no gradient there
        values, weight = values.float(), weight.float()
    group = torch.arange(groups, device=row.device)[:, None]  # sums of the first group, then of the second, ...
    sums = embedding_bag(
        (row * groups + group).flatten(),
        values.reshape(len(values) * groups, width // groups),
        (bounds[:-1] + len(row) * group).flatten(),
        mode="sum",
        per_sample_weights=weight.T.flatten(),
    )
    return sums.view(groups, len(bounds) - 1, width // groups).transpose(0, 1).flatten(1).to(dtype)
