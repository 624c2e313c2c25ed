"""What stands before and beside the descent, by Triton: summaries of the query blocks, and scores of what they opened.

Both mean what the functions of the same name in `shas_kb.kernels.layout` mean, and are registered with PyTorch, with
gradients. The kernels are in `routing_kernels.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
import triton
from torch import Tensor

from shas_kb.kernels.layout import SUMMARIES, Layout, Table
from shas_kb.kernels.pyramid import TILE
from shas_kb.kernels.triton import routing_kernels as kernels
from shas_kb.kernels.triton.config import on_device, rowwise, validate
from shas_kb.kernels.triton.descent import ROUTING_CHANNELS
from shas_kb.kernels.triton.lists import lists_of

PARTIAL_BYTES = 1 << 28
"""At most so much memory holds the sums of pieces."""
SUMMED = 4096
"""So many numbers of pieces are added side by side."""


def summaries(route_q: Tensor, layout: Layout) -> Tensor:
    """Mean routing query of each quarter of a query block; quarters without rows repeat the first.

    Args:
        route_q: Routing queries, [queries, routing heads, channels].

    Returns:
        [routing heads, blocks, 4, channels].

    Raises:
        ValueError: If the kernels do not know the dtype or the channels, or the queries do not lie on a GPU.
    """
    means: Tensor = _summaries(route_q, layout.geometry.start, layout.geometry.length)
    return means


def scores(means: Tensor, route_k: Tensor, route_mass: Tensor | None, table: Table, layout: Layout) -> Tensor:
    """Scores of the groups that opened into the tiles of a table, differentiable; 0 where a tile has none.

    Args:
        means: Summaries, [routing heads, blocks, 4, channels].
        route_k: Routing keys, [rows, routing heads, channels].
        route_mass: What is added to the logarithm of the token count, [rows, routing heads], or None.

    Returns:
        float32 [routing heads, blocks, width].

    Raises:
        ValueError: If the kernels do not know the dtype or the channels, or the keys do not lie on a GPU.
    """
    geometry = layout.geometry
    out: Tensor = _scores(
        means, route_k, route_mass, list(table), geometry.log_count, geometry.tile_group, layout.plan.longest
    )
    return out


@torch.library.custom_op("shas_kb::summaries_triton", mutates_args=())
def _summaries(route_q: Tensor, start: Tensor, length: Tensor) -> Tensor:
    validate("route_q", route_q, ROUTING_CHANNELS)
    route_q = rowwise(route_q)
    (_, heads, channels), blocks = route_q.shape, len(start)
    means = route_q.new_empty(heads, blocks, SUMMARIES, channels)
    with on_device(route_q):
        if means.numel():
            kernels.shas_summaries_kernel[blocks, heads](
                route_q, means, start, length, *route_q.stride()[:2], CHANNELS=channels, num_warps=1
            )
    return means


@torch.library.custom_op("shas_kb::summaries_triton_backward", mutates_args=())
def _summaries_backward(grad: Tensor, start: Tensor, length: Tensor, queries: int) -> Tensor:
    heads, blocks, _, channels = grad.shape
    dq = grad.new_empty(queries, heads, channels)
    with on_device(grad):
        if dq.numel():
            kernels.shas_summaries_backward_kernel[blocks, heads](
                grad, dq, start, length, *grad.stride(), CHANNELS=channels, num_warps=1
            )
    return dq


@torch.library.custom_op("shas_kb::scores_triton", mutates_args=())
def _scores(
    means: Tensor,
    route_k: Tensor,
    route_mass: Tensor | None,
    table: Sequence[Tensor],
    log_count: Tensor,
    tile_group: Tensor,
    longest: int,
) -> Tensor:
    validate("means", means, ROUTING_CHANNELS)
    validate("route_k", route_k, ROUTING_CHANNELS)
    means, route_k, its = rowwise(means), rowwise(route_k), Table(*table)
    _, blocks, width = its.tile.shape
    out = means.new_empty(its.tile.shape, dtype=torch.float32)
    with on_device(means):
        if entries := out.numel():
            kernels.shas_scores_kernel[(triton.cdiv(entries, TILE),)](
                means, route_k, route_mass, log_count, its.used, its.best_row, its.best_summary, out,
                means.shape[-1] ** -0.5, blocks, width, entries, *means.stride()[:3], *route_k.stride()[:2],
                *((0, 0) if route_mass is None else route_mass.stride()), CHANNELS=means.shape[-1], num_warps=4,
            )  # fmt: skip
    return out


@torch.library.custom_op("shas_kb::scores_triton_backward", mutates_args=())
def _scores_backward(
    grad: Tensor,
    means: Tensor,
    route_k: Tensor,
    route_mass: Tensor | None,
    table: Sequence[Tensor],
    tile_group: Tensor,
    longest: int,
) -> tuple[Tensor, Tensor, Tensor]:
    its, tiles = Table(*table), len(tile_group)
    grad, means, route_k = grad.contiguous(), rowwise(means), rowwise(route_k)
    (heads, blocks, _, channels), width = means.shape, its.tile.shape[2]
    scale, units = channels**-0.5, max(triton.next_power_of_2(longest), 16)
    dmeans = means.new_empty(means.shape)
    # Units of level 0 have no groups, and get nothing.
    dkeys = route_k.new_zeros(route_k.shape)
    dmass = None if route_mass is None else route_mass.new_zeros(route_mass.shape)
    with on_device(grad):
        if dmeans.numel():
            kernels.shas_scores_means_kernel[blocks, heads](
                grad, route_k, its.used, its.best_row, its.best_summary, dmeans, scale, width, *route_k.stride()[:2],
                CHANNELS=channels, num_warps=1,
            )  # fmt: skip
        if grad.numel():
            lists = lists_of(its, tiles, PARTIAL_BYTES // (units * (channels + 1) * 4))
            part_keys = grad.new_empty(lists.slots, units, channels)
            part_mass = grad.new_empty(lists.slots, units)
            kernels.shas_scores_keys_kernel[(len(lists.piece_list),)](
                grad, means, its.best_row, its.best_summary, dkeys, dmass, part_keys, part_mass, tile_group,
                lists.entry, lists.block, lists.piece_list, lists.piece_bounds, lists.piece_slot,
                scale, tiles, heads * tiles, *means.stride()[:3], UNITS=units, CHANNELS=channels, num_warps=4,
                num_stages=2,
            )  # fmt: skip
            if lists.slots:
                kernels.shas_scores_pieces_kernel[(heads * tiles,)](
                    part_keys, part_mass, dkeys, dmass, tile_group, lists.list_slots, tiles, heads,
                    UNITS=units, CHANNELS=channels, SLOTS=max(SUMMED // (units * channels), 1), num_warps=4,
                )  # fmt: skip
    return dmeans, dkeys, grad.new_empty(0) if dmass is None else dmass


@_summaries.register_fake
def _(route_q: Tensor, start: Tensor, length: Tensor) -> Tensor:
    return route_q.new_empty(route_q.shape[1], start.shape[0], SUMMARIES, route_q.shape[2])


@_summaries_backward.register_fake
def _(grad: Tensor, start: Tensor, length: Tensor, queries: int) -> Tensor:
    return grad.new_empty(queries, grad.shape[0], grad.shape[3])


@_scores.register_fake
def _(means: Tensor, route_k: Tensor, route_mass: Any, table: Sequence[Tensor], *rest: Any) -> Tensor:
    return means.new_empty(table[0].shape, dtype=torch.float32)


@_scores_backward.register_fake
def _(grad: Tensor, means: Tensor, route_k: Tensor, route_mass: Tensor | None, *rest: Any) -> tuple[Tensor, ...]:
    dmass = grad.new_empty(0) if route_mass is None else route_mass.new_empty(route_mass.shape)
    return means.new_empty(means.shape), route_k.new_empty(route_k.shape), dmass


def _remember_summaries(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    route_q, start, length = inputs
    ctx.queries = route_q.shape[0]
    ctx.save_for_backward(start, length)


def _differentiate_summaries(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
    return _summaries_backward(grad, *ctx.saved_tensors, ctx.queries), None, None


def _remember_scores(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    means, route_k, route_mass, table, _, tile_group, ctx.longest = inputs
    ctx.save_for_backward(means, route_k, route_mass, tile_group, *table)


def _differentiate_scores(ctx: Any, grad: Tensor) -> tuple[Tensor | list[None] | None, ...]:
    means, route_k, route_mass, tile_group, *table = ctx.saved_tensors
    dmeans, dkeys, dmass = _scores_backward(grad, means, route_k, route_mass, table, tile_group, ctx.longest)
    return dmeans, dkeys, None if route_mass is None else dmass, [None] * len(table), None, None, None


_summaries.register_autograd(_differentiate_summaries, setup_context=_remember_summaries)
_scores.register_autograd(_differentiate_scores, setup_context=_remember_scores)
