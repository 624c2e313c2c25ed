"""The descent as one Triton kernel. What it means is `shas_kb.kernels.reference.descend`, entry for entry.

A program walks for one query block and one routing head. It notes the tiles that it visits in a **trail** of its own in
global memory, level after level, rising in each level, and beside each what its group was found to be worth:

    [ tiles of the top level | tiles opened below | ... | candidates for the level that is being chosen ]

The groups of the level last visited are appended as candidates. When all are there, or room runs out, they are reduced
in place to those that are always opened and the k best of the others; what remains is the next level. In the end a unit
of the trail is active if no later tile of the trail stands for it.

A worth is one integer, so that comparisons and ties are exact: in its upper half the score, in a form that keeps the
order; in its lower half the summary and the unit to which the score is due.
"""

# Kernels have no types for mypy, and their constants are upper case.
# mypy: disable-error-code="no-untyped-def, untyped-decorator"
# ruff: noqa: N803

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
import triton
import triton.language as tl
from torch import Tensor

from shas_kb.kernels.layout import SUMMARIES, Geometry, Table
from shas_kb.kernels.ops import register_descent
from shas_kb.kernels.pyramid import TILE
from shas_kb.kernels.triton.config import INTERPRETED, on_device, rowwise, validate

ROUTING_CHANNELS = (16, 32, 64)
WARPS = 4
PAIRS = 1024
"""So many pairs of candidates are compared side by side. With many more, registers spill."""

UNITS = tl.constexpr(TILE)
GROUPS = tl.constexpr(TILE)  # A tile has no more groups than units.
FAN = tl.constexpr(8)  # Groups of a tile that are taken side by side.
LATER = tl.constexpr(PAIRS // TILE)  # Later tiles of a trail, likewise.
SIDES = tl.constexpr(SUMMARIES)
ROWS = tl.constexpr(16)  # Of a matrix product; it is no faster with fewer.
DUE = tl.constexpr(SUMMARIES * TILE - 1)  # The bits of a worth that say to whom it is due.

# Scores that are none, in their place among those that are.
TAINTED = tl.constexpr(0x7FFFFFFF)  # A unit's score is NaN: it must win within its group,
LOWEST = tl.constexpr(-0x7FFFFFFF)  # and its group must lose against all others.
FORCED = tl.constexpr(-0x80000000)  # The group is always opened, and beats none.
NOTHING = tl.constexpr(-0x8000000000000000)


@triton.jit
def shas_descent_kernel(
    means, route_k, route_mass, closed,
    top, bottom, first, near, whole, tile_start, tile_full, tile_mask, tile_group, tile_children, log_count,
    trail_tile, trail_worth, out_tile, out_mask, out_used, out_row, out_summary,
    scale, room, width,
    stride_means_head, stride_means_block, stride_means_summary, stride_key_row, stride_key_head,
    stride_mass_row, stride_mass_head,
    K: tl.constexpr, LEVELS: tl.constexpr, CHANNELS: tl.constexpr, TILES: tl.constexpr, SLOTS: tl.constexpr,
    RIVALS: tl.constexpr, UPCAST: tl.constexpr,
):  # fmt: skip
    """Walk for query block `program_id(0)` and routing head `program_id(1)`.

    `K` and `LEVELS` are those of the plan. `TILES` tiles are scored side by side; a level to which `K` is a limit never
    has more than `SLOTS - 64` tiles; a trail has `room` for all.
    """
    block, head = tl.program_id(0), tl.program_id(1)
    program = head.to(tl.int64) * tl.num_programs(0) + block
    trail_tile += program * room
    trail_worth += program * room
    unit, channel, nth = tl.arange(0, UNITS), tl.arange(0, CHANNELS), tl.arange(0, TILES)

    # Rows beyond the summaries repeat them, and of equal ones the first wins.
    side = tl.arange(0, ROWS) % SIDES
    means += head.to(tl.int64) * stride_means_head + block.to(tl.int64) * stride_means_block
    queries = tl.load(means + side[None, :] * stride_means_summary + channel[:, None])
    queries = queries.to(route_k.dtype.element_ty)

    lowest = 0
    if closed is not None:
        for each in tl.static_range(LEVELS - 1):
            lowest = tl.where(tl.load(closed + program * LEVELS + each), each + 1, lowest)
    if tl.load(whole + block):
        lowest = LEVELS - 1
        top = bottom
    root = tl.load(top + 2 * block)
    roots = tl.load(top + 2 * block + 1) - root
    for at in range(0, roots, UNITS):
        tl.store(trail_tile + at + unit, root + at + unit, mask=at + unit < roots)
    tl.debug_barrier()

    at = 0
    seen = roots
    for step in range(1, LEVELS - lowest):
        level = LEVELS - 1 - step
        k = 0
        for each in tl.static_range(LEVELS - 1):
            k = tl.where(level == each, K[each], k)
        always = tl.load(first + block * LEVELS + level)
        near_one = tl.load(near + 2 * (block * LEVELS + level))
        near_last = tl.load(near + 2 * (block * LEVELS + level) + 1)
        found = 0
        while at < seen:
            here = at + nth < seen
            tile = tl.load(trail_tile + at + nth, mask=here, other=0)
            child = tl.load(tile_children + 2 * tile)
            fan = tl.where(here, tl.load(tile_children + 2 * tile + 1) - child, 0)
            # Only as many tiles as there is room for the groups of.
            before = tl.cumsum(fan, 0)
            here &= before <= GROUPS
            fan = tl.where(here, fan, 0)
            before -= fan

            start = tl.load(tile_start + tile)
            full = tl.load(tile_full + tile, mask=here, other=0)
            worth = _worth(
                queries, route_k, route_mass, log_count, start, full, head, scale,
                stride_key_row, stride_key_head, stride_mass_row, stride_mass_head, CHANNELS, TILES, UPCAST,
            )  # fmt: skip
            for turn in range(0, tl.max(fan, 0), FAN):
                place = turn + tl.arange(0, FAN)[None, :]
                group, there = child[:, None] + place, place < fan[:, None]
                one = (tl.load(tile_group + 2 * group, mask=there, other=0) - start[:, None]).to(tl.int32)
                last = (tl.load(tile_group + 2 * group + 1, mask=there, other=0) - start[:, None]).to(tl.int32)
                held = (one[:, :, None] <= unit) & (unit < last[:, :, None])  # [tiles, groups, units]
                best = tl.max(tl.where(held, worth[:, None, :], NOTHING), 2)
                score = best >> 32
                score = tl.where(score == TAINTED, LOWEST, score)
                forced = (group == always) | ((near_one <= group) & (group < near_last))
                score = tl.where(forced, FORCED, score)
                to = seen + found + before[:, None] + place
                tl.store(trail_tile + to, group, mask=there)
                tl.store(trail_worth + to, (score << 32) | (DUE - (best & DUE) - one), mask=there)
            tl.debug_barrier()
            at += tl.sum(here.to(tl.int32), 0)
            found += tl.sum(fan, 0)
            if (found > k) & ((at >= seen) | (found > SLOTS - GROUPS)):
                found = _reduce(trail_tile + seen, trail_worth + seen, found, k, SLOTS, RIVALS)
        seen += found

    used = _write(
        trail_tile, trail_worth, tile_full, tile_mask, tile_group, tile_children, seen, roots,
        out_tile, out_mask, out_row, out_summary, program * width, width,
    )  # fmt: skip
    tl.store(out_used + program, used)


@triton.jit
def _worth(
    queries, route_k, route_mass, log_count, start, full, head, scale,
    stride_key_row, stride_key_head, stride_mass_row, stride_mass_head,
    CHANNELS: tl.constexpr, TILES: tl.constexpr, UPCAST: tl.constexpr,
):  # fmt: skip
    """What each unit of some tiles is worth to the summary that values it most, [tiles, units].

    In its lower half, `DUE` less 64 times the summary less the unit, so that of equal scores the first is the greatest.
    """
    unit, channel = tl.arange(0, UNITS), tl.arange(0, CHANNELS)
    row = tl.reshape(start[:, None] + unit[None, :], [TILES * UNITS])
    own = tl.reshape((full[:, None] >> unit[None, :]) & 1, [TILES * UNITS]) != 0
    keys = route_k + row[:, None] * stride_key_row + head * stride_key_head + channel[None, :]
    keys = tl.load(keys, mask=own[:, None], other=0.0)
    bias = tl.load(log_count + row, mask=own, other=0.0)
    if route_mass is not None:
        mass = tl.load(route_mass + row * stride_mass_row + head * stride_mass_head, mask=own, other=0.0)
        bias += mass.to(tl.float32)
    if UPCAST:  # The interpreter would multiply bit patterns.
        keys, queries = keys.to(tl.float32), queries.to(tl.float32)
    score = tl.dot(keys, queries, input_precision="ieee") * scale + bias[:, None]
    bits = score.to(tl.int32, bitcast=True)
    ordered = tl.where(score == score, bits ^ ((bits >> 31) & 0x7FFFFFFF), TAINTED)
    best, summary = tl.max(ordered, 1, return_indices=True)
    best, summary = tl.reshape(best, [TILES, UNITS]), tl.reshape(summary, [TILES, UNITS])
    return (best.to(tl.int64) << 32) | (DUE - summary * UNITS - unit[None, :])


@triton.jit
def _reduce(tiles, worths, found, k, SLOTS: tl.constexpr, RIVALS: tl.constexpr):
    """Keep, of at most `SLOTS` candidates, those always opened and the k best of the others; returns how many."""
    slot = tl.arange(0, SLOTS)
    tile = tl.load(tiles + slot, mask=slot < found, other=0)
    worth = tl.load(worths + slot, mask=slot < found, other=NOTHING)
    score = worth >> 32
    better = tl.zeros([SLOTS], tl.int32)
    for at in range(0, found, RIVALS):
        rival = at + tl.arange(0, RIVALS)
        its = tl.load(worths + rival, mask=rival < found, other=NOTHING) >> 32
        tied = (its[None, :] == score[:, None]) & (rival[None, :] < slot[:, None])
        better += tl.sum(((its[None, :] > score[:, None]) | tied).to(tl.int32), 1)
    kept = (slot < found) & ((score == FORCED) | (better < k))
    to = tl.cumsum(kept.to(tl.int32), 0) - 1
    tl.debug_barrier()  # All have read,
    tl.store(tiles + to, tile, mask=kept)
    tl.store(worths + to, worth, mask=kept)
    tl.debug_barrier()  # and all may read again.
    return tl.sum(kept.to(tl.int32), 0)


@triton.jit
def _write(
    trail_tile, trail_worth, tile_full, tile_mask, tile_group, tile_children, seen, roots,
    out_tile, out_mask, out_row, out_summary, begin, width,
):  # fmt: skip
    """Write what is active in the tiles of a trail as the entries of a table; returns how many there are."""
    out_tile += begin
    out_mask += begin
    out_row += begin
    out_summary += begin
    unit = tl.arange(0, UNITS)
    used = 0
    for at in range(0, seen, UNITS):
        here = at + unit < seen
        tile = tl.load(trail_tile + at + unit, mask=here, other=0)
        one = tl.load(tile_children + 2 * tile, mask=here, other=0)
        last = tl.load(tile_children + 2 * tile + 1, mask=here, other=0)
        active = tl.load(tile_full + tile, mask=here, other=0)
        for behind in range(at, seen, LATER):
            later = behind + tl.arange(0, LATER)
            opened = tl.load(trail_tile + later, mask=later < seen, other=-1)
            bits = tl.load(tile_mask + opened, mask=later < seen, other=0)
            stands = (one[:, None] <= opened[None, :]) & (opened[None, :] < last[:, None])
            active -= tl.sum(tl.where(stands, bits[None, :], 0), 1)
        kept = active != 0
        to = used + tl.cumsum(kept.to(tl.int32), 0) - 1
        chosen = here & (at + unit >= roots)
        due = tl.load(trail_worth + at + unit, mask=chosen, other=0).to(tl.int32) & DUE
        row = tl.load(tile_group + 2 * tile, mask=chosen, other=-1) + due % UNITS
        tl.store(out_tile + to, tile, mask=kept)
        tl.store(out_mask + to, active, mask=kept)
        tl.store(out_row + to, row, mask=kept)
        tl.store(out_summary + to, due // UNITS, mask=kept)
        used += tl.sum(kept.to(tl.int32), 0)
    for at in range(used, width, UNITS):
        rest = at + unit < width
        tl.store(out_tile + at + unit, 0, mask=rest)
        tl.store(out_mask + at + unit, 0, mask=rest)
        tl.store(out_row + at + unit, -1, mask=rest)
        tl.store(out_summary + at + unit, 0, mask=rest)
    return used


def constants_of(k: Sequence[int], widths: Sequence[int], channels: int, dtype: torch.dtype) -> dict[str, Any]:
    """What the kernel is compiled for; lengths of texts change it by powers of two at most."""
    limited = (most for number, most in zip(k, widths, strict=False) if number < most)
    slots: int = triton.next_power_of_2(max(limited, default=0) + TILE)
    return {
        "K": tuple(k),
        "LEVELS": len(k) + 1,
        "CHANNELS": channels,
        "TILES": 4 if channels * dtype.itemsize <= 128 else 2,
        "SLOTS": slots,
        "RIVALS": max(PAIRS // slots, 1),
        "UPCAST": INTERPRETED and dtype != torch.float32,
    }


def descent(
    means: Tensor,
    route_k: Tensor,
    route_mass: Tensor | None,
    closed: Tensor | None,
    geometry: Geometry,
    k: Sequence[int],
    widths: Sequence[int],
    width: int,
) -> Table:
    """Walk for every query block and routing head. Arguments as in `shas_kb.kernels.ops.register_descent`.

    Raises:
        ValueError: If the routing channels or the dtype of the keys are not among those that the kernel knows.
    """
    heads, blocks, _, channels = means.shape
    validate("route_k", route_k, ROUTING_CHANNELS)
    means, route_k = rowwise(means), rowwise(route_k)
    closed = None if closed is None else closed.contiguous()
    constants = constants_of(k, widths, channels, route_k.dtype)
    room = width + constants["SLOTS"]

    def empty(*shape: int, dtype: torch.dtype = torch.int32) -> Tensor:
        return torch.empty(heads, blocks, *shape, dtype=dtype, device=means.device)

    table = Table(empty(width), empty(width, dtype=torch.int64), empty(), empty(width), empty(width))
    with on_device(means):
        shas_descent_kernel[blocks, heads](
            means, route_k, route_mass, closed,
            geometry.top, geometry.bottom, geometry.first, geometry.near, geometry.whole, geometry.tile_start,
            geometry.tile_full, geometry.tile_mask, geometry.tile_group, geometry.tile_children, geometry.log_count,
            empty(room), empty(room, dtype=torch.int64), *table, channels**-0.5, room, width,
            *means.stride()[:3], *route_k.stride()[:2], *((0, 0) if route_mass is None else route_mass.stride()),
            **constants, num_warps=WARPS, num_stages=1,
        )  # fmt: skip
    return table


descend = register_descent("triton", descent)
