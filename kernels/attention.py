"""SHAS attention: sparse attention within and across the levels of a pyramid, under one softmax.

    layout = Layout.of(Plan.asking(Pyramid.from_lengths([70_000, 1_200])), device)
    seen = shas_attention(q, k, v, route_q, route_k, layout)      # seen.out, seen.impl

The steps by themselves: `summaries` of the query blocks, `descend` to a table of what each block sees, `scores` of what
was opened, `attend` to it. Mathematics, sources and non-goals are in kernels/README.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from types import ModuleType
from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from shas_kb.kernels import reference
from shas_kb.kernels.layout import SUMMARIES, Layout, Table
from shas_kb.kernels.validation import validate_attention, validate_queries, validate_routing, validate_scores

Impl = Literal["auto", "reference", "cpu", "triton"]
HAS_TRITON = find_spec("triton") is not None


@dataclass(frozen=True, eq=False)
class Attended:
    """What attention gives.

    Attributes:
        out: Attended values, [queries, heads, channels].
        lse: Natural logarithm of the sum under each row's softmax, float32 [queries, heads].
        table: What each query block saw.
        impl: The implementation that did it.
    """

    out: Tensor
    lse: Tensor
    table: Table
    impl: str


def chosen(impl: Impl, device: torch.device) -> str:
    """The implementation that runs: `"auto"` takes Triton's kernels on a GPU and PyTorch's path elsewhere.

    Raises:
        ValueError: If the one asked for by name cannot run on this device. It is never replaced by another.
    """
    gpu = device.type == "cuda"
    if impl == "auto":
        impl = "triton" if gpu else "cpu"
    if impl == "cpu" and gpu:
        raise ValueError('impl="cpu" must get tensors on the CPU, got cuda; move them, or take impl="triton"')
    if impl == "triton" and not HAS_TRITON:
        raise ValueError('impl="triton" must find the package triton, got none; install it, or take impl="reference"')
    if impl not in ("reference", "cpu", "triton"):
        raise ValueError(f'impl must be "auto", "reference", "cpu" or "triton", got {impl!r}')
    return impl


def shas_attention(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    route_q: Tensor,
    route_k: Tensor,
    layout: Layout,
    *,
    mass: Tensor | None = None,
    route_mass: Tensor | None = None,
    gate: Tensor | None = None,
    scale: float | None = None,
    impl: Impl = "auto",
) -> Attended:
    """Let every query block descend to the units that matter to it, and attend to them.

    With logits scale q . k + m + log sigmoid(gate of the unit's level) + rho of its tile, under one softmax; m is the
    logarithm of the tokens under a unit plus `mass`, and rho is zero in value and gives the router its gradient. Values
    must be finite: where they are not, texts packed beside a text may get NaN, too.

    Args:
        q: Queries of the blocks of the layout's plan, [queries, heads, channels].
        k: Keys of all units, [rows, heads, channels].
        v: Values of all units, [rows, heads, channels].
        route_q: Routing queries, [queries, routing heads, routing channels]; the number of heads must be a multiple
            of the routing heads, and consecutive heads share one descent.
        route_k: Routing keys, [rows, routing heads, routing channels].
        layout: The geometry, on the tensors' device.
        mass: Learned part of the mass logit in attention, [rows, heads].
        route_mass: Learned part of the mass logit in the descent, [rows, routing heads].
        gate: Relevance of each level for a query, as logits, [queries, heads, levels].
        scale: Of q . k; 1 / sqrt(channels) by default.
        impl: `"auto"`, `"reference"`, `"cpu"` or `"triton"`; the result says which one ran.

    Raises:
        ValueError: If a shape, dtype or device does not fit, or `impl` cannot run there.
    """
    if layout.descends:
        means = summaries(route_q, layout, impl=impl)
    else:  # Nobody asks for them.
        validate_queries(route_q, layout)
        means = route_q.new_zeros(route_q.shape[1], layout.blocks, SUMMARIES, route_q.shape[2])
    table = descend(means, route_k, layout, route_mass=route_mass, gate=gate, impl=impl)
    rho = None
    learns = torch.is_grad_enabled() and any(x is not None and x.requires_grad for x in (route_q, route_k, route_mass))
    if learns and layout.descends:  # Where all is seen, nothing was chosen.
        score = scores(means, route_k, route_mass, table, layout, impl=impl)
        # What is worth nothing or everything has no gradient, and inf - inf would be NaN.
        rho = torch.where(score.isfinite(), score - score.detach(), 0)
    return attend(q, k, v, layout, table, mass=mass, gate=gate, rho=rho, scale=scale, impl=impl)


def summaries(route_q: Tensor, layout: Layout, *, impl: Impl = "auto") -> Tensor:
    """Mean routing query of each quarter of a query block; quarters without rows repeat the first. Differentiable.

    Args:
        route_q: Routing queries, [queries, routing heads, channels].
        layout: The geometry, on the tensor's device.
        impl: As in `shas_attention`.

    Returns:
        [routing heads, blocks, 4, channels].
    """
    name = chosen(impl, route_q.device)
    validate_queries(route_q, layout)
    means: Tensor = _implementation(name).summaries(route_q, layout)
    return means


def descend(
    means: Tensor,
    route_k: Tensor,
    layout: Layout,
    *,
    route_mass: Tensor | None = None,
    gate: Tensor | None = None,
    impl: Impl = "auto",
) -> Table:
    """Choose what each query block sees: from coarse to fine, the best groups of each level are opened.

    A group's score is the largest over the block's summaries u and the group's units of u . k / sqrt(channels) + m;
    NaN among them counts as -inf. Nothing here has a gradient; `scores` gives the scores of what was opened one.

    Args:
        means: Summaries of the query blocks, [routing heads, blocks, 4, routing channels].
        route_k: Routing keys, [rows, routing heads, routing channels].
        layout: The geometry, on the tensors' device.
        route_mass: Learned part of the mass logit, [rows, routing heads].
        gate: Relevance of levels, as logits, [queries, heads, levels]; used if the plan has a threshold.
        impl: As in `shas_attention`.

    Raises:
        ValueError: As `shas_attention` does.
    """
    name = chosen(impl, route_k.device)
    validate_routing(means, route_k, route_mass, gate, layout)
    if layout.seen is not None:
        return Table(*(x.expand(len(means), *x.shape[1:]).contiguous() for x in layout.seen))
    closed = None
    if gate is not None and layout.plan.threshold > 0:
        closed = _closed(gate, means.shape[0], layout)
    with torch.no_grad():
        table: Table = _implementation(name).descend(means, route_k, route_mass, layout, closed)
    return table


def scores(
    means: Tensor, route_k: Tensor, route_mass: Tensor | None, table: Table, layout: Layout, *, impl: Impl = "auto"
) -> Tensor:
    """Scores of the groups that opened into the tiles of a table; 0 where a tile has none. Differentiable.

    Arguments as in `descend`.

    Returns:
        [routing heads, blocks, width].
    """
    name = chosen(impl, route_k.device)
    validate_scores(means, route_k, route_mass, table, layout)
    score: Tensor = _implementation(name).scores(means, route_k, route_mass, table, layout)
    return score


def attend(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    layout: Layout,
    table: Table,
    *,
    mass: Tensor | None = None,
    gate: Tensor | None = None,
    rho: Tensor | None = None,
    scale: float | None = None,
    impl: Impl = "auto",
) -> Attended:
    """Attend to the units of a table. Arguments as in `shas_attention`.

    Args:
        rho: Added to the logits of each tile's units, [routing heads, blocks, width]; not for blocks that see their
            text whole, since nothing was chosen there.
    """
    name = chosen(impl, q.device)
    validate_attention(q, k, v, mass, gate, rho, table, layout)
    log_gate, scale = _given(gate, scale, q)
    if rho is not None:
        rho = rho.masked_fill(layout.geometry.whole[:, None], 0)
    out, lse = _implementation(name).attend(q, k, v, mass, log_gate, rho, table, layout, scale)
    return Attended(out, lse, table, name)


def attention_mass(
    q: Tensor,
    k: Tensor,
    layout: Layout,
    seen: Attended,
    *,
    mass: Tensor | None = None,
    gate: Tensor | None = None,
    scale: float | None = None,
) -> Tensor:
    """Softmax mass that each query block spent on each tile of its table: what the router should have known.

    Without gradient, by the implementation that attended. Arguments as in `shas_attention`.

    Returns:
        Sums over the block's rows, and over the heads that share a routing head, float32
        [routing heads, blocks, width].
    """
    validate_attention(q, k, k, mass, gate, None, seen.table, layout)
    log_gate, scale = _given(gate, scale, q)
    with torch.no_grad(), torch.autocast(q.device.type, enabled=False):
        spent: Tensor = _implementation(seen.impl).tile_mass(q, k, mass, log_gate, seen.lse, seen.table, layout, scale)
    return spent


def _given(gate: Tensor | None, scale: float | None, q: Tensor) -> tuple[Tensor | None, float]:
    """Logarithms of the gates, and the scale."""
    scale = q.shape[-1] ** -0.5 if scale is None else scale
    if not scale > 0:
        raise ValueError(f"scale must be above 0, got {scale}")
    return None if gate is None else logsigmoid(gate), scale


def _implementation(impl: str) -> ModuleType:
    """Imported when first used: Triton need not be there for the others."""
    if impl == "triton":
        from shas_kb.kernels import triton

        return triton
    if impl == "cpu":
        from shas_kb.kernels import cpu

        return cpu
    return reference


def _closed(gate: Tensor, routing_heads: int, layout: Layout) -> Tensor:
    """Levels that no row of a block finds relevant enough, bool [routing heads, blocks, levels]."""
    rows, _ = layout.rows_of_blocks()
    relevance = gate.detach().sigmoid()[rows].amax(1)  # [blocks, heads, levels]
    blocks, heads, levels = relevance.shape
    relevance = relevance.view(blocks, routing_heads, heads // routing_heads, levels).amax(2)
    return relevance.transpose(0, 1) < layout.plan.threshold
