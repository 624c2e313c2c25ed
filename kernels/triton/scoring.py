"""What groups are worth to a query block: the largest score of their units by its summaries. Triton functions.

Groups are scored many side by side: the units of all of them times the summaries are one matrix product.
"""

# Kernels have no types for mypy, and their constants are upper case.
# mypy: disable-error-code="no-untyped-def, untyped-decorator"
# ruff: noqa: N803

from __future__ import annotations

import triton
import triton.language as tl

from shas_kb.kernels.layout import SUMMARIES
from shas_kb.kernels.pyramid import TILE

SCORED = 256
"""So many units are scored side by side. With more, registers spill, or fewer programs run."""

SIDES = tl.constexpr(SUMMARIES)


def groups_of(longest: int) -> dict[str, int]:
    """How many groups of at most so many units are scored side by side."""
    longest = triton.next_power_of_2(max(longest, 1))
    return {"LONGEST": longest, "GROUPS": min(max(SCORED // longest, 1), TILE)}


@triton.jit
def load_summaries(means, stride_means_summary, DTYPE: tl.constexpr, CHANNELS: tl.constexpr):
    """Summaries of a block, [channels, 4]."""
    side, channel = tl.arange(0, SIDES), tl.arange(0, CHANNELS)
    return tl.load(means + side[None, :] * stride_means_summary + channel[:, None]).to(DTYPE)


@triton.jit
def unit_scores(
    queries, route_k, route_mass, log_count, tile_group, group, there, head, scale,
    stride_key_row, stride_key_head, stride_mass_row, stride_mass_head,
    CHANNELS: tl.constexpr, GROUPS: tl.constexpr, LONGEST: tl.constexpr, UPCAST: tl.constexpr,
):  # fmt: skip
    """Scores of the units of groups by each summary, -inf where there is none, [units, 4]; which units there are."""
    one = tl.load(tile_group + 2 * group, mask=there, other=0)
    last = tl.load(tile_group + 2 * group + 1, mask=there, other=0)
    unit, channel = tl.arange(0, LONGEST)[None, :], tl.arange(0, CHANNELS)[None, None, :]
    own = unit < (last - one)[:, None]
    # The first row of a group is one int64; what differs inside of it fits into 32 bits.
    first = one.to(tl.int64)[:, None]
    keys = route_k + head.to(tl.int64) * stride_key_head + first[:, :, None] * stride_key_row
    keys = tl.load(keys + (unit[:, :, None] * stride_key_row + channel), mask=own[:, :, None], other=0.0)
    keys = tl.reshape(keys, [GROUPS * LONGEST, CHANNELS])
    bias = tl.load(log_count + first + unit, mask=own, other=0.0)
    if route_mass is not None:
        mass = route_mass + head.to(tl.int64) * stride_mass_head + first * stride_mass_row
        bias += tl.load(mass + unit * stride_mass_row, mask=own, other=0.0).to(tl.float32)
    bias, own = tl.reshape(bias, [GROUPS * LONGEST]), tl.reshape(own, [GROUPS * LONGEST])
    if UPCAST:  # The interpreter would multiply bit patterns.
        keys, queries = keys.to(tl.float32), queries.to(tl.float32)
    score = tl.dot(keys, queries, input_precision="ieee") * scale + bias[:, None]
    return tl.where((score == score) & own[:, None], score, float("-inf")), own


@triton.jit
def group_scores(
    queries, route_k, route_mass, log_count, tile_group, group, there, head, scale,
    stride_key_row, stride_key_head, stride_mass_row, stride_mass_head,
    CHANNELS: tl.constexpr, GROUPS: tl.constexpr, LONGEST: tl.constexpr, UPCAST: tl.constexpr,
):  # fmt: skip
    """Scores of groups as integers that keep their order, [groups]."""
    score, _ = unit_scores(
        queries, route_k, route_mass, log_count, tile_group, group, there, head, scale,
        stride_key_row, stride_key_head, stride_mass_row, stride_mass_head, CHANNELS, GROUPS, LONGEST, UPCAST,
    )  # fmt: skip
    return ordered(tl.max(tl.reshape(tl.max(score, 1), [GROUPS, LONGEST]), 1))


@triton.jit
def ordered(x):
    """Integers in the order of numbers."""
    bits = x.to(tl.int32, bitcast=True)
    return bits ^ ((bits >> 31) & 0x7FFFFFFF)
