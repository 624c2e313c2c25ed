"""Attention problems: packed texts with everything that the operator takes, random and seeded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from shas_kb.kernels.layout import Layout
from shas_kb.kernels.plan import Plan
from shas_kb.kernels.pyramid import Pyramid

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
RAGGED = (1, 3, 63, 64, 65, 0, 300)


@dataclass(frozen=True)
class Problem:
    """Inputs of `shas_attention`; `gate` and the masses are set unless `bare`."""

    layout: Layout
    q: Tensor
    k: Tensor
    v: Tensor
    route_q: Tensor
    route_k: Tensor
    mass: Tensor | None
    route_mass: Tensor | None
    gate: Tensor | None

    def to(self, dtype: torch.dtype) -> Problem:
        """The same in another dtype; geometry stays."""
        names = ("q", "k", "v", "route_q", "route_k", "mass", "route_mass", "gate")
        cast = {name: None if (x := getattr(self, name)) is None else x.detach().to(dtype) for name in names}
        return replace(self, **cast)


def problem(
    lengths: Sequence[int] = RAGGED,
    *,
    ratio: int = 4,
    levels: int = 4,
    k: int | Sequence[int] | None = 2,
    heads: int = 2,
    routing_heads: int = 1,
    channels: int = 32,
    asking: int | None = None,
    dense: int = 0,
    threshold: float = 0.0,
    bare: bool = False,
    dtype: torch.dtype = torch.float64,
    seed: int = 0,
) -> Problem:
    """A problem on `DEVICE`."""
    pyramid = Pyramid.from_lengths(lengths, ratio, levels)
    plan = Plan.asking(pyramid, k, levels=asking, dense=dense, threshold=threshold)
    generator = torch.Generator().manual_seed(seed)

    def draw(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator, dtype=torch.float64).to(DEVICE, dtype)

    rows = pyramid.rows
    return Problem(
        layout=Layout.of(plan, DEVICE),
        q=draw(plan.rows, heads, channels),
        k=draw(rows, heads, channels),
        v=draw(rows, heads, channels),
        route_q=draw(plan.rows, routing_heads, 32),
        route_k=draw(rows, routing_heads, 32),
        mass=None if bare else draw(rows, heads) / 4,
        route_mass=None if bare else draw(rows, routing_heads) / 4,
        gate=None if bare else draw(plan.rows, heads, pyramid.levels),
    )


def ragged_pyramid(lengths: Sequence[int], ratio: int, levels: int, seed: int = 0) -> Pyramid:
    """A pyramid whose units have 1 to `ratio` children, at random, as where passages of all lengths meet."""
    random = np.random.default_rng(seed)
    count, offsets = list(lengths), []
    for _ in range(1, levels):
        above, edges = [], [0]
        for units in count:
            left = units
            while left:
                edges.append(edges[-1] + min(left, int(random.integers(1, ratio + 1))))
                left -= edges[-1] - edges[-2]
            above.append(len(edges) - 1 - sum(above))
        offsets.append(edges)
        count = above
    return Pyramid.from_offsets(offsets, np.cumsum([0, *count]))
