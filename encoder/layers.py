"""SHAS layers: a document's units look at one another, from its pieces up to itself, and learn what they are part of.

A layer is RMSNorm, SHAS attention in which the units of all levels ask, and SwiGLU, each with its residual. What both
add is zero at the start, so that every unit is then what it was. Half of the channels of queries and keys are turned by
the place of the unit's centre (RoPE, arXiv 2104.09864); RMSNorm: arXiv 1910.07467; SwiGLU: arXiv 2002.05202.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import silu

from shas_kb.kernels.attention import shas_attention
from shas_kb.kernels.layout import Layout
from shas_kb.kernels.plan import Plan
from shas_kb.kernels.pyramid import Pyramid

ROUTE_CHANNELS = 32
PERIOD = 10_000.0
"""Over 2 pi, what the waves of a place's code stay under."""


@dataclass(frozen=True)
class Shape:
    """The size of the layers.

    Attributes:
        width: Channels of a unit.
        heads: Of attention; `width` must be a multiple.
        routing_heads: `heads` must be a multiple.
        hidden: Channels inside SwiGLU.
    """

    width: int
    heads: int = 6
    routing_heads: int = 1
    hidden: int = 512


@dataclass(frozen=True, eq=False)
class Ground:
    """Where the units of some documents stand; the same for all layers.

    Attributes:
        layout: Of attention among them.
        turn: Cosines and sines of their places, [rows, 1, channels / 4] each.
    """

    layout: Layout
    turn: tuple[Tensor, Tensor]

    @classmethod
    def of(cls, pyramid: Pyramid, shape: Shape, device: torch.device | str = "cpu") -> Ground:
        """Places are counted in units of level 0, from the beginning of the document.

        Args:
            pyramid: Of the documents, one text each.
            shape: Of the layers.
            device: Where they work.
        """
        texts = np.concatenate([np.repeat(np.arange(pyramid.texts), np.diff(level)) for level in pyramid.bounds])
        centre = torch.from_numpy(pyramid.span.sum(1) / 2 - pyramid.bounds[0, texts]).to(torch.float32)
        waves = shape.width // shape.heads // 4
        pace = PERIOD ** (-torch.arange(waves) / waves)
        angle = (centre[:, None] * pace)[:, None]
        return cls(Layout.of(Plan.asking(pyramid), device), (angle.cos().to(device), angle.sin().to(device)))


class Layer(nn.Module):
    """One SHAS layer.

    Raises:
        ValueError: If the numbers of the shape do not divide one another.
    """

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        if shape.width % shape.heads or shape.heads % shape.routing_heads:
            raise ValueError(f"width must be a multiple of heads, and these of the routing heads, got {shape}")
        self._shape = shape
        width, routing = shape.width, shape.routing_heads * ROUTE_CHANNELS
        self.norm = nn.RMSNorm(width)
        self.look = nn.Linear(width, 3 * width, bias=False)
        self.route = nn.Linear(width, 2 * routing, bias=False)
        self.mass = nn.Linear(width, shape.heads, bias=False)
        self.out = nn.Linear(width, width, bias=False)
        self.feed_norm = nn.RMSNorm(width)
        self.up = nn.Linear(width, 2 * shape.hidden, bias=False)
        self.down = nn.Linear(shape.hidden, width, bias=False)
        for silent in (self.mass, self.out, self.down):
            nn.init.zeros_(silent.weight)

    def forward(self, states: Tensor, ground: Ground) -> Tensor:
        """[rows, width] of all levels to the same."""
        rows, shape = len(states), self._shape
        x = self.norm(states)
        q, k, v = self.look(x).view(rows, 3, shape.heads, -1).unbind(1)
        route_q, route_k = self.route(x).view(rows, 2, shape.routing_heads, ROUTE_CHANNELS).unbind(1)
        q, k = turned(q, *ground.turn), turned(k, *ground.turn)
        seen = shas_attention(q, k, v, route_q, route_k, ground.layout, mass=self.mass(x))
        states = states + self.out(seen.out.flatten(1))
        gate, value = self.up(self.feed_norm(states)).chunk(2, -1)
        fed: Tensor = states + self.down(silu(gate) * value)
        return fed


def turned(x: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
    """The first half of the channels turned by the places, [rows, heads, channels] to the same."""
    waves = cosine.shape[-1]
    one, other, rest = x[..., :waves], x[..., waves : 2 * waves], x[..., 2 * waves :]
    return torch.cat([one * cosine - other * sine, one * sine + other * cosine, rest], -1)
