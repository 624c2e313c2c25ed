"""One problem of the attention benchmarks: its tensors, its steps one by one, what it must at least cost, and a check.

Values are random, which is the worst case for a cache: neighbouring query blocks choose different places.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from clock import Figures, Work
from torch import Tensor
from torch.autograd import grad

from shas_kb.kernels import pooling
from shas_kb.kernels.abstraction import Abstraction, windows
from shas_kb.kernels.attention import Attended, attend, descend, scores, shas_attention, summaries
from shas_kb.kernels.layout import Layout, Table
from shas_kb.kernels.plan import COARSE, FINE, Plan
from shas_kb.kernels.pyramid import TILE, Pyramid

ROUTE_CHANNELS = 32


@dataclass(frozen=True)
class Case:
    """What is asked of the operator. The tokens ask, and texts of any length descend, unless it says otherwise."""

    lengths: tuple[int, ...]
    levels: int | str = 5
    k: int | Sequence[int] = (COARSE, COARSE, FINE, FINE)
    window: int = 1
    dense: int = 0
    asking: int | None = 1
    heads: int = 12
    routing_heads: int = 4
    channels: int = 64
    dtype: torch.dtype = torch.bfloat16
    abstraction: bool = False  # whether levels made by an abstraction head are measured beside

    @property
    def tokens(self) -> int:
        return sum(self.lengths)

    @property
    def facts(self) -> Figures:
        """The case as it is written into the result."""
        return {
            "tokens": self.tokens,
            "texts": len(self.lengths),
            "levels": self.levels,
            "k": self.k if isinstance(self.k, int) else list(self.k),
            "window": self.window,
            "dense": self.dense,
            "asking": "all levels" if self.asking is None else "tokens",
            "heads": self.heads,
            "routing_heads": self.routing_heads,
            "channels": self.channels,
            "dtype": str(self.dtype).removeprefix("torch."),
        }


class Problem:
    """Random inputs of a case on a device, and the work to be timed."""

    def __init__(self, case: Case, device: torch.device) -> None:
        self.case, self.device = case, device
        self.pyramid = Pyramid.from_lengths(case.lengths, levels=case.levels)
        plan = Plan.asking(self.pyramid, case.k, levels=case.asking, window=case.window, dense=case.dense)
        self.layout = Layout.of(plan, device)
        self.steps = pooling.Steps.of(self.pyramid, device)
        generator = torch.Generator(device).manual_seed(0)

        def draw(rows: int, heads: int, channels: int) -> Tensor:
            return torch.randn(rows, heads, channels, generator=generator, device=device, dtype=case.dtype)

        heads, routing, channels = case.heads, case.routing_heads, case.channels
        self.q, self.grad = draw(plan.rows, heads, channels), draw(plan.rows, heads, channels)
        self.k, self.v = draw(case.tokens, heads, channels), draw(case.tokens, heads, channels)
        self.route_q = draw(plan.rows, routing, ROUTE_CHANNELS)
        self.route_k = draw(case.tokens, routing, ROUTE_CHANNELS)
        self.leaves = [x.requires_grad_() for x in (self.q, self.k, self.v, self.route_q, self.route_k)]

    def pooled(self, tokens: Tensor) -> Tensor:
        """Means of tokens at all levels, as one matrix of rows."""
        return pooling.means(tokens, self.steps)

    def levels(self) -> tuple[Tensor, Tensor, Tensor]:
        """Keys, values and routing keys of all levels."""
        return self.pooled(self.k), self.pooled(self.v), self.pooled(self.route_k)

    def operator(self) -> Attended:
        """All that is done forward."""
        k, v, route_k = self.levels()
        return shas_attention(self.q, k, v, self.route_q, route_k, self.layout)

    def step(self) -> tuple[Tensor, ...]:
        """All that is done forward and backward."""
        # Where all is seen, the router has no part.
        return grad(self.operator().out, self.leaves, self.grad, materialize_grads=True)

    def abstraction(self) -> dict[str, Work]:
        """The levels made by an abstraction head instead of means, with one state of all heads for each unit."""
        width = self.case.heads * self.case.channels
        head = Abstraction(width, levels=self.pyramid.levels, groups=self.case.heads)
        head = head.to(self.device, self.case.dtype)
        seen = windows(self.pyramid, head.ratio, self.device)
        tokens = self.k.detach().flatten(1).requires_grad_()
        given = torch.randn(self.layout.rows, width, device=self.device, dtype=self.case.dtype)
        return {
            "forward": torch.no_grad()(lambda: head(tokens, seen)),
            "step": lambda: grad(head(tokens, seen), [tokens, *head.parameters()], given),
        }

    def table(self) -> Table:
        """What each query block sees."""
        with torch.no_grad():
            return self.operator().table

    def stages(self) -> dict[str, Work]:
        """The parts of the operator by themselves, each on inputs made before."""
        with torch.no_grad():
            k, v, route_k = self.levels()
            means = summaries(self.route_q, self.layout)
            table = descend(means, route_k, self.layout)
            rho = torch.zeros_like(scores(means, route_k, None, table, self.layout))
        inputs = [x.detach().requires_grad_() for x in (self.q, k, v, rho)]
        out = attend(*inputs[:3], self.layout, table, rho=inputs[3]).out
        forward: dict[str, Work] = {
            "levels": self.levels,
            "summaries": lambda: summaries(self.route_q, self.layout),
            "descent": lambda: descend(means, route_k, self.layout),
            "scores": lambda: scores(means, route_k, None, table, self.layout),
            "forward": lambda: attend(self.q, k, v, self.layout, table, rho=rho),
        }
        timed = {name: torch.no_grad()(work) for name, work in forward.items()}
        return timed | {"backward": lambda: grad(out, inputs, self.grad, retain_graph=True)}

    def seen(self) -> Figures:
        """Keys that a query sees, and tiles that a block sees, on average over routing heads."""
        table, length = self.table(), self.layout.geometry.length
        bits = torch.stack([(each[..., None] >> torch.arange(TILE, device=self.device) & 1).sum((1, 2))
                            for each in table.mask])  # fmt: skip
        keys = float((bits * length).sum() / len(bits) / length.sum())
        return {"keys_a_query": round(keys, 1), "tiles_a_block": round(float(table.used.float().mean()), 1)}

    def floor(self, keys: float, rate: float, bandwidth: float) -> Figures:
        """The least milliseconds that forward and backward can take on a device: the larger of two bounds.

        arithmetic = 4 * channels * heads * queries * keys / rate forward, for q . k and p . v; backward 10 instead of
        4, for q . k again, do . v, dv, dq and dk. `keys` are those that a query really sees, and `rate` that of a large
        matrix product in the same run. The descent's own products are left out, so it stays a bound.

        traffic = bytes of q, k, v, routing queries and keys read once and of the output written once / bandwidth of a
        large copy in the same run; backward all these and the output's gradient read, and the gradients written.
        """
        pairs = self.layout.queries * keys * self.case.heads * self.case.channels
        inputs = sum(x.numel() * x.element_size() for x in self.leaves)
        out = self.q.numel() * self.q.element_size()
        bounds = {}
        for name, operations, moved in (("forward", 4, inputs + out), ("backward", 10, 2 * inputs + 2 * out)):
            arithmetic, traffic = 1000 * operations * pairs / rate, 1000 * moved / bandwidth
            bounds[name] = {"ms": float(f"{max(arithmetic, traffic):.4g}"),
                            "by": "arithmetic" if arithmetic > traffic else "traffic"}  # fmt: skip
        return bounds

    def check(self) -> Figures:
        """Errors at full size, against float64 over what the table says: where a small test could not overflow.

        The output and the gradient of queries of some blocks; and that the gradients of all values of a head add up to
        the gradients of its outputs, since the weights of a query add up to one.

        Raises:
            RuntimeError: If one of them is larger than rounding explains.
        """
        with torch.no_grad():
            k, v, route_k = self.levels()
            table = descend(summaries(self.route_q, self.layout), route_k, self.layout)
        q, value = self.q.detach().requires_grad_(), v.requires_grad_()
        out = attend(q, k, value, self.layout, table).out
        dq, dv = grad(out, (q, value), self.grad)
        whole = _off(dv.double().sum(0), self.grad.double().sum(0))
        found: list[tuple[Tensor, Tensor, Tensor, Tensor]] = []
        for block in sorted({0, 1, self.layout.blocks // 2, self.layout.blocks - 1}):
            for head in {0, self.case.heads - 1}:
                rows, expected, slope = self._exact(k, v, table, head, block)
                found.append((out[rows, head], expected, dq[rows, head], slope))
        outs, expected, slopes, right = (torch.cat(part).double() for part in zip(*found, strict=True))
        errors = {"output": _off(outs, expected), "dq": _off(slopes, right), "sum of dv": whole}
        limit = 2e-2 if self.case.dtype in (torch.bfloat16, torch.float16) else 2e-3
        if not all(error < limit for error in errors.values()):
            raise RuntimeError(f"errors must be under {limit}, got {errors}; no figures for {self.case}")
        return {name: float(f"{error:.2g}") for name, error in errors.items()}

    def _exact(self, k: Tensor, v: Tensor, table: Table, head: int, block: int) -> tuple[slice, Tensor, Tensor]:
        geometry = self.layout.geometry
        start, length = int(geometry.start[block]), int(geometry.length[block])
        rows = slice(start, start + length)
        routing = head * self.case.routing_heads // self.case.heads
        bits = table.mask[routing, block][:, None] >> torch.arange(TILE, device=self.device) & 1
        entry, unit = bits.nonzero(as_tuple=True)
        seen = geometry.tile_start[table.tile[routing, block][entry].long()] + unit
        q = self.q[rows, head].detach().double().requires_grad_()
        logits = q @ k[seen, head].double().T / math.sqrt(self.case.channels) + geometry.log_count[seen]
        out = torch.softmax(logits, -1) @ v[seen, head].detach().double()
        return rows, out.detach(), grad(out, q, self.grad[rows, head].double())[0]


def _off(found: Tensor, expected: Tensor) -> float:
    return float(((found - expected).norm() / expected.norm()).detach())
