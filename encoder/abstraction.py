"""The abstraction head: learns what some neighbouring units have in common, and starts as their mean, exactly.

Unit i of the next level looks at a window of 2 r units of this one, which reaches half a ratio beyond its own children
on either side. With x = RMSNorm(h), channel group c:

    a_ijc = softmax_j( (U_a x_j)_c + p_{j - r i, c} + own-child bias )
    h'_i  = mean of own children + g W_o [ sum_j a_ijc (W_v x_j)_c ] + g' SwiGLU(RMSNorm(mean of own children)) + e_l

The mean is weighted by how many tokens each child stands for. Weights are shared by all levels but for g, g' and e_l,
which are zero at the start.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from shas_kb.encoder.pyramid import Step


class AbstractionHead(nn.Module):
    """Abstracts the units of one level into those of the next.

    Args:
        dim: channels of a unit.
        levels: how many steps share this head.
        ratio: children of a unit.
        groups: channel groups that weigh a window each in its own way; `dim` must be a multiple.
    """

    def __init__(self, dim: int, levels: int, ratio: int = 4, groups: int = 12) -> None:
        super().__init__()
        self.ratio = ratio
        self.groups = groups
        self.norm = nn.RMSNorm(dim)
        self.score = nn.Linear(dim, groups, bias=False)
        self.place = nn.Parameter(torch.zeros(2 * ratio, groups))
        self.own = nn.Parameter(torch.zeros(groups))
        self.value = nn.Linear(dim, dim, bias=False)
        self.out = nn.Linear(dim, dim, bias=False)
        self.up = nn.Linear(dim, 2 * dim, bias=False)  # SwiGLU: gate and value
        self.down = nn.Linear(dim, dim, bias=False)
        self.attention_gate = nn.Parameter(torch.zeros(levels))
        self.feed_gate = nn.Parameter(torch.zeros(levels))
        self.level = nn.Parameter(torch.zeros(levels, dim))

    @property
    def is_mean(self) -> bool:
        """Whether all gates are shut, as at the start: the head then is the mean of a unit's children."""
        return not any(bool(gate.any()) for gate in (self.attention_gate, self.feed_gate, self.level))

    def forward(self, units: Tensor, counts: Tensor, step: Step, level: int) -> tuple[Tensor, Tensor]:
        """Make the next level.

        Args:
            units: [rows, dim], any floating dtype that the weights have.
            counts: int64 [rows]; tokens that each row stands for.
            step: the geometry.
            level: which step this is, from 0 (tokens) up.

        Returns:
            [step.units, dim] and int64 [step.units].
        """
        mean, mass = mean_of_children(units, counts, step)
        outcome = mean + self.attention_gate[level] * self._attend(self.norm(units), step)
        gate, value = self.up(self.norm(mean)).chunk(2, dim=-1)
        outcome = outcome + self.feed_gate[level] * self.down(functional.silu(gate) * value) + self.level[level]
        return outcome, mass

    def _attend(self, x: Tensor, step: Step) -> Tensor:
        """Each unit's window, weighed by the head: [rows, dim] to [step.units, dim]."""
        unit, row, place = step.windows(self.ratio)
        own = (step.owner()[row] == unit).to(x.dtype)
        logits = self.score(x)[row] + self.place[place] + own[:, None] * self.own  # [pairs, groups]
        top = logits.new_full((step.units, self.groups), float("-inf"))
        top = top.scatter_reduce(0, unit[:, None].expand_as(logits), logits.detach(), "amax")
        mass = (logits - top[unit]).exp()
        total = torch.zeros_like(top).index_add(0, unit, mass)
        value = self.value(x).unflatten(1, (self.groups, -1))[row]  # [pairs, groups, dim / groups]
        seen = x.new_zeros(step.units, *value.shape[1:]).index_add(0, unit, mass[:, :, None] * value)
        attended: Tensor = self.out((seen / total[:, :, None]).flatten(1))
        return attended


def mean_of_children(units: Tensor, counts: Tensor, step: Step) -> tuple[Tensor, Tensor]:
    """Each unit's children averaged by the tokens they stand for: [rows, dim] to [step.units, dim], and its tokens."""
    owner = step.owner()
    mass = counts.new_zeros(step.units).index_add(0, owner, counts)
    total = units.new_zeros(step.units, units.shape[1]).index_add(0, owner, units * counts[:, None].to(units.dtype))
    return total / mass[:, None].to(units.dtype), mass
