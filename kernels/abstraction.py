"""Abstraction heads: how the units of one level become those of the next. They start as the mean, exactly, and learn.

Unit i of level l + 1 looks at a window of level l: its own children and r / 2 units to either side of them, clipped to
its text. With x = RMSNorm(h), channel group c and place j counted from the window's first:

    a_ijc = softmax_j( (U x_j)_c + p_jc + own-child bias_c )
    y_i   = mean of own children + g W_o [ sum_j a_ijc (W_v x_j)_c ]
    h'_i  = y_i + g' SwiGLU(RMSNorm(y_i)) + e

The mean weighs each child by the tokens under it, so that with g = g' = e = 0, as at the start, every unit is the mean
of its tokens. All levels share the weights; g, g' and e are each level's own.

Sources. Pooling by attention whose query is a learned vector: Set Transformer (arXiv 1810.00825), there over a whole
set. Overlapping blocks, with learned weights and a code for the place within the block: the compressed keys of NSA
(arXiv 2502.11089). Branches behind a gate that is zero at the start: ReZero (arXiv 2003.04887). SwiGLU: arXiv
2002.05202.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple, get_args

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn.functional import embedding_bag, silu

from shas_kb.kernels.pyramid import Pyramid

Kind = Literal["mean", "max", "linear", "own", "overlap"]


class Window(NamedTuple):
    """What the units of one level look at in the level below, whose rows are counted from 0 here.

    Attributes:
        row: The row at each place of the window, some row of the text where there is none, int64 [units, 2 ratio].
        valid: Whether there is one, bool [units, 2 ratio].
        own: Whether it is a child of the unit, bool [units, 2 ratio].
        share: The part of the unit's tokens that lies under it if it is a child, or 0, float64 [units, 2 ratio].
    """

    row: Tensor
    valid: Tensor
    own: Tensor
    share: Tensor


def windows(pyramid: Pyramid, ratio: int, device: torch.device | str = "cpu") -> tuple[Window, ...]:
    """The windows of all levels from 1 up. Make them once for all texts of the same lengths.

    Args:
        pyramid: Its units must have at most `ratio` children.
        ratio: A window reaches `ratio // 2` units to the left of the children and the rest of `ratio` to the right.

    Raises:
        ValueError: If a unit has more children.
    """

    def put(values: npt.NDArray[Any]) -> Tensor:
        return torch.from_numpy(values).to(device)

    tokens, made = np.diff(pyramid.span)[:, 0], []
    for level, offset in enumerate(pyramid.offsets):
        first, last = offset[:-1, None], offset[1:, None]
        most = int((last - first).max(initial=0))
        if most > ratio:
            raise ValueError(f"a unit must have at most {ratio} children, got {most} at level {level + 1}; "
                             "give a larger ratio")  # fmt: skip
        below, above = pyramid.bounds[level] - pyramid.bounds[level, 0], pyramid.bounds[level + 1]
        text = np.repeat(np.arange(pyramid.texts), np.diff(above))[:, None]
        row = first - ratio // 2 + np.arange(2 * ratio)
        valid = (row >= below[text]) & (row < np.minimum(last + ratio - ratio // 2, below[text + 1]))
        own = (row >= first) & (row < last)
        row = np.clip(row, below[text], below[text + 1] - 1)
        under = tokens[row + pyramid.bounds[level, 0]]
        share = np.where(own, under / tokens[above[0] : above[-1], None], 0)
        made.append(Window(put(row), put(valid), put(own), put(share)))
    return tuple(made)


class Abstraction(nn.Module):
    """The abstraction head of all levels.

    Args:
        width: Channels of a unit.
        ratio: At most so many children has a unit.
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
            levels.append(self._abstract(levels[-1], window, step))
        return torch.cat(levels)

    def _abstract(self, below: Tensor, window: Window, step: int) -> Tensor:
        """One level from the one below, [rows, width] to [units, width]."""
        children = slice(self.ratio // 2, self.ratio // 2 + self.ratio)
        mean = weighted_sums(below, window.row[:, children], window.share[:, children, None].to(below.dtype))
        units = mean + self.gate[step] * self.out(self._look(self.norm(below), window))
        gate, value = self.up(self.feed_norm(units)).chunk(2, -1)
        fed: Tensor = units + self.feed_gate[step] * self.down(silu(gate) * value) + self.level[step]
        return fed

    def _look(self, x: Tensor, window: Window) -> Tensor:
        """What each unit makes of its window, [rows, width] to [units, width]."""
        value = self.value(x)
        own = window.own[..., None]
        if self.kind == "max":
            largest: Tensor = value[window.row].masked_fill(~own, -torch.inf).amax(1)
            return largest
        if self.kind == "mean":
            weight = window.share[..., None].to(x.dtype).expand(-1, -1, self.groups)
        elif self.kind == "linear":
            weight = self.place * own
        else:
            seen = own if self.kind == "own" else window.valid[..., None]
            logits = self.score(x)[window.row] + self.place + self.own * own  # [units, 2 ratio, groups]
            weight = logits.masked_fill(~seen, -torch.inf).softmax(1)
        return weighted_sums(value, window.row, weight)


def weighted_sums(values: Tensor, row: Tensor, weight: Tensor) -> Tensor:
    """Sums of rows under weights of their own for each channel group, without a copy of the rows for every window.

    Args:
        values: [rows, width].
        row: The rows to sum, int64 [units, places].
        weight: [units, places, groups].

    Returns:
        [units, width].
    """
    width, groups = values.shape[1], weight.shape[-1]
    index = row[:, None] * groups + torch.arange(groups, device=row.device)[:, None]
    sums = embedding_bag(
        index.flatten(0, 1),
        values.reshape(len(values) * groups, width // groups),
        mode="sum",
        per_sample_weights=weight.transpose(1, 2).flatten(0, 1),
    )
    return sums.view(len(row), width)
