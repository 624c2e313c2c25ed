"""What the implementations may rely on: shapes, dtypes and devices that fit each other. Nothing here waits."""

from __future__ import annotations

import torch
from torch import Tensor

from shas_kb.kernels.layout import SUMMARIES, Layout, Table

DTYPES = (torch.float64, torch.float32, torch.bfloat16, torch.float16)


def validate_attention(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    mass: Tensor | None,
    gate: Tensor | None,
    rho: Tensor | None,
    table: Table,
    layout: Layout,
) -> None:
    """Check what `attend` gets; ValueError says what does not fit."""
    if q.ndim != 3 or q.shape[0] != layout.queries:
        raise ValueError(f"q must be [{layout.queries} queries, heads, channels], got {list(q.shape)}")
    heads, channels = q.shape[1:]
    _floating(mass=mass, gate=gate, rho=rho)
    _shape("k", k, (layout.rows, heads, channels))
    _shape("v", v, (layout.rows, heads, channels))
    _shape("mass", mass, (layout.rows, heads))
    _shape("gate", gate, (layout.queries, heads, layout.levels))
    routing = table.tile.shape[0]
    if heads % routing:
        raise ValueError(f"heads must be a multiple of the table's {routing} routing heads, got {heads}")
    _shape("rho", rho, (routing, layout.blocks, layout.plan.width))
    _table(table, routing, layout)
    if q.dtype not in DTYPES or k.dtype != q.dtype or v.dtype != q.dtype:
        raise ValueError(f"q, k and v must have one floating dtype, got {q.dtype}, {k.dtype}, {v.dtype}")
    _devices(layout, q=q, k=k, v=v, mass=mass, gate=gate, rho=rho, table=table.tile)


def validate_queries(route_q: Tensor, layout: Layout) -> None:
    """Check what `summaries` gets; ValueError says what does not fit."""
    if route_q.ndim != 3 or route_q.shape[0] != layout.queries:
        raise ValueError(f"route_q must be [{layout.queries} queries, routing heads, channels], "
                         f"got {list(route_q.shape)}")  # fmt: skip
    _floating(route_q=route_q)
    _devices(layout, route_q=route_q)


def validate_scores(
    means: Tensor, route_k: Tensor, route_mass: Tensor | None, table: Table, layout: Layout
) -> None:  # fmt: skip
    """Check what `scores` gets; ValueError says what does not fit."""
    validate_routing(means, route_k, route_mass, None, layout)
    _table(table, route_k.shape[1], layout)


def validate_routing(
    means: Tensor, route_k: Tensor, route_mass: Tensor | None, gate: Tensor | None, layout: Layout
) -> None:
    """Check what `descend` gets; ValueError says what does not fit."""
    if route_k.ndim != 3 or route_k.shape[0] != layout.rows:
        raise ValueError(f"route_k must be [{layout.rows} rows, routing heads, channels], "
                         f"got {list(route_k.shape)}")  # fmt: skip
    heads, channels = route_k.shape[1:]
    _floating(route_k=route_k, summaries=means, route_mass=route_mass, gate=gate)
    _shape("summaries", means, (heads, layout.blocks, SUMMARIES, channels))
    _shape("route_mass", route_mass, (layout.rows, heads))
    if gate is not None:
        if gate.ndim != 3 or gate.shape[1] % heads:
            raise ValueError(f"gate must have a multiple of {heads} heads, got {list(gate.shape)}")
        _shape("gate", gate, (layout.queries, gate.shape[1], layout.levels))
    _devices(layout, route_k=route_k, summaries=means, route_mass=route_mass, gate=gate)


def _shape(name: str, tensor: Tensor | None, shape: tuple[int, ...]) -> None:
    if tensor is not None and tuple(tensor.shape) != shape:
        raise ValueError(f"{name} must be {list(shape)}, got {list(tensor.shape)}")


def _floating(**tensors: Tensor | None) -> None:
    for name, tensor in tensors.items():
        if tensor is not None and tensor.dtype not in DTYPES:
            raise ValueError(f"{name} must have a floating dtype, got {tensor.dtype}")


def _table(table: Table, heads: int, layout: Layout) -> None:
    _shape("used of the table", table.used, (heads, layout.blocks))
    for name in ("tile", "mask", "best_row", "best_summary"):
        _shape(f"{name} of the table", getattr(table, name), (heads, layout.blocks, layout.plan.width))


def _devices(layout: Layout, **tensors: Tensor | None) -> None:
    device = layout.device
    for name, tensor in tensors.items():
        if tensor is not None and tensor.device != device:
            raise ValueError(f"{name} must lie on {device} like the layout, got {tensor.device}")
