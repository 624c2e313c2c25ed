"""The descent by Triton kernels. What it means is `shas_kb.kernels.reference.descend`, entry for entry.

A program walks for one query block and one routing head. It notes the tiles that it visits in a **trail** of its own in
global memory, level after level, rising in each level, and beside those that are candidates what their groups score:

    [ tiles of the top level | tiles opened below | ... | candidates for the level that is being chosen ]

The groups of the level last visited are appended as candidates. When all are there, or room runs out, they are reduced
in place to those that are always opened and the k best of the others; what remains is the next level. In the end a unit
of the trail is active if no later tile of the trail stands for it. A score is kept as an integer that keeps its order,
so that ties are exact. To whom it is due is found by a second kernel, for the groups that were opened alone.
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
from shas_kb.kernels.triton.scoring import group_scores, groups_of, load_summaries, ordered, unit_scores

ROUTING_CHANNELS = (16, 32, 64)
WARPS = 4
PAIRS = 1024
"""So many pairs of candidates are compared side by side. With many more, registers spill."""
UNITS = tl.constexpr(TILE)
TILES = tl.constexpr(16)  # Tiles of a trail that are looked at side by side.
LATER = tl.constexpr(PAIRS // TILE)  # Later tiles of a trail, likewise.
DUE = tl.constexpr(SUMMARIES * TILE - 1)  # The bits of a worth that say to whom it is due.

FORCED = tl.constexpr(-0x80000000)  # In the place of a score: the group is always opened, and beats none.
NOTHING = tl.constexpr(-0x8000000000000000)


@triton.jit
def shas_descent_kernel(
    means, route_k, route_mass, closed,
    top, bottom, first, near, whole, tile_full, tile_mask, tile_group, tile_children, log_count,
    trail_tile, trail_score, out_tile, out_mask, out_used,
    scale, room, width,
    stride_means_head, stride_means_block, stride_means_summary, stride_key_row, stride_key_head,
    stride_mass_row, stride_mass_head,
    K: tl.constexpr, LEVELS: tl.constexpr, CHANNELS: tl.constexpr, GROUPS: tl.constexpr, LONGEST: tl.constexpr,
    SLOTS: tl.constexpr, RIVALS: tl.constexpr, UPCAST: tl.constexpr,
):  # fmt: skip
    """Walk for query block `program_id(0)` and routing head `program_id(1)`.

    `K` and `LEVELS` are those of the plan. `GROUPS` groups of at most `LONGEST` units are scored side by side; a level
    to which `K` is a limit never has more than `SLOTS - 64` tiles; a trail has `room` for all.
    """
    block, head = tl.program_id(0), tl.program_id(1)
    program = head.to(tl.int64) * tl.num_programs(0) + block
    trail_tile += program * room
    trail_score += program * room
    unit, nth, slot = tl.arange(0, UNITS), tl.arange(0, TILES), tl.arange(0, GROUPS)
    queries = load_summaries(
        means + head.to(tl.int64) * stride_means_head + block.to(tl.int64) * stride_means_block,
        stride_means_summary, route_k.dtype.element_ty, CHANNELS,
    )  # fmt: skip

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
            after = tl.cumsum(fan, 0)
            # The group at place i of all these tiles' groups is the i - offset of its tile's.
            offset = child - (after - fan)
            groups = tl.sum(fan, 0)
            at += TILES
            for turn in range(0, groups, GROUPS):
                place = turn + slot
                there = place < groups
                its = (after - fan <= place[:, None]) & (place[:, None] < after)
                group = tl.sum(tl.where(its, offset, 0), 1) + place
                score = group_scores(
                    queries, route_k, route_mass, log_count, tile_group, group, there, head, scale,
                    stride_key_row, stride_key_head, stride_mass_row, stride_mass_head,
                    CHANNELS, GROUPS, LONGEST, UPCAST,
                )  # fmt: skip
                forced = (group == always) | ((near_one <= group) & (group < near_last))
                tl.store(trail_tile + seen + found + slot, group, mask=there)
                tl.store(trail_score + seen + found + slot, tl.where(forced, FORCED, score), mask=there)
                tl.debug_barrier()
                found += tl.minimum(groups - turn, GROUPS)
                done = (at >= seen) & (turn + GROUPS >= groups)
                if (found > k) & (done | (found > SLOTS - GROUPS)):
                    found = _reduce(trail_tile + seen, trail_score + seen, found, k, SLOTS, RIVALS)
        at = seen
        seen += found

    used = _write(
        trail_tile, tile_full, tile_mask, tile_children, seen, out_tile + program * width, out_mask + program * width,
        width,
    )  # fmt: skip
    tl.store(out_used + program, used)


@triton.jit
def shas_due_kernel(
    means, route_k, route_mass, whole, tile_group, log_count, table_tile, table_used, out_row, out_summary,
    scale, width,
    stride_means_head, stride_means_block, stride_means_summary, stride_key_row, stride_key_head,
    stride_mass_row, stride_mass_head,
    CHANNELS: tl.constexpr, GROUPS: tl.constexpr, LONGEST: tl.constexpr, UPCAST: tl.constexpr,
):  # fmt: skip
    """To which unit and summary the groups of a block's entries owe their scores. Of equal ones to the first summary,
    and to the first unit for it."""
    block, head = tl.program_id(0), tl.program_id(1)
    entry = (head.to(tl.int64) * tl.num_programs(0) + block) * width
    slot, unit = tl.arange(0, GROUPS), tl.arange(0, LONGEST)
    queries = load_summaries(
        means + head.to(tl.int64) * stride_means_head + block.to(tl.int64) * stride_means_block,
        stride_means_summary, route_k.dtype.element_ty, CHANNELS,
    )  # fmt: skip
    used = tl.load(table_used + head * tl.num_programs(0) + block)
    if tl.load(whole + block):
        used = 0
    for at in range(0, width, GROUPS):
        row, summary = tl.full([GROUPS], -1, tl.int32), tl.zeros([GROUPS], tl.int32)
        if at < used:
            group = tl.load(table_tile + entry + at + slot, mask=at + slot < used, other=0)
            one = tl.load(tile_group + 2 * group)
            there = (at + slot < used) & (one < tl.load(tile_group + 2 * group + 1))
            score, own = unit_scores(
                queries, route_k, route_mass, log_count, tile_group, group, there, head, scale,
                stride_key_row, stride_key_head, stride_mass_row, stride_mass_head, CHANNELS, GROUPS, LONGEST, UPCAST,
            )  # fmt: skip
            best, due = tl.max(ordered(score), 1, return_indices=True)
            best, due = tl.reshape(best, [GROUPS, LONGEST]), tl.reshape(due, [GROUPS, LONGEST])
            worth = (best.to(tl.int64) << 32) | (DUE - due * UNITS - unit[None, :])
            due = DUE - (tl.max(tl.where(tl.reshape(own, [GROUPS, LONGEST]), worth, NOTHING), 1) & DUE).to(tl.int32)
            row = tl.where(there, one + due % UNITS, -1)
            summary = tl.where(there, due // UNITS, 0)
        tl.store(out_row + entry + at + slot, row, mask=at + slot < width)
        tl.store(out_summary + entry + at + slot, summary, mask=at + slot < width)


@triton.jit
def _reduce(tiles, scores, found, k, SLOTS: tl.constexpr, RIVALS: tl.constexpr):
    """Keep, of at most `SLOTS` candidates, those always opened and the k best of the others; returns how many."""
    slot = tl.arange(0, SLOTS)
    tile = tl.load(tiles + slot, mask=slot < found, other=0)
    score = tl.load(scores + slot, mask=slot < found, other=FORCED)
    better = tl.zeros([SLOTS], tl.int32)
    for at in range(0, found, RIVALS):
        rival = at + tl.arange(0, RIVALS)
        its = tl.load(scores + rival, mask=rival < found, other=FORCED)
        tied = (its[None, :] == score[:, None]) & (rival[None, :] < slot[:, None])
        better += tl.sum(((its[None, :] > score[:, None]) | tied).to(tl.int32), 1)
    kept = (slot < found) & ((score == FORCED) | (better < k))
    to = tl.cumsum(kept.to(tl.int32), 0) - 1
    tl.debug_barrier()  # All have read,
    tl.store(tiles + to, tile, mask=kept)
    tl.store(scores + to, score, mask=kept)
    tl.debug_barrier()  # and all may read again.
    return tl.sum(kept.to(tl.int32), 0)


@triton.jit
def _write(trail_tile, tile_full, tile_mask, tile_children, seen, out_tile, out_mask, width):
    """Write what is active in the tiles of a trail as the entries of a table; returns how many there are."""
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
        tl.store(out_tile + to, tile, mask=kept)
        tl.store(out_mask + to, active, mask=kept)
        used += tl.sum(kept.to(tl.int32), 0)
    for at in range(used, width, UNITS):
        rest = at + unit < width
        tl.store(out_tile + at + unit, 0, mask=rest)
        tl.store(out_mask + at + unit, 0, mask=rest)
    return used


def constants_of(k: Sequence[int], widths: Sequence[int], longest: int) -> dict[str, Any]:
    """What the descent kernel is compiled for; lengths of texts change it by powers of two at most."""
    limited = (most for number, most in zip(k, widths, strict=False) if number < most)
    slots: int = triton.next_power_of_2(max(limited, default=0) + TILE)
    return {"K": tuple(k), "LEVELS": len(k) + 1, "SLOTS": slots, "RIVALS": max(PAIRS // slots, 1)} | groups_of(longest)


def descent(
    means: Tensor,
    route_k: Tensor,
    route_mass: Tensor | None,
    closed: Tensor | None,
    geometry: Geometry,
    k: Sequence[int],
    widths: Sequence[int],
    width: int,
    longest: int,
) -> Table:
    """Walk for every query block and routing head. Arguments as in `shas_kb.kernels.ops.register_descent`.

    Raises:
        ValueError: If the routing channels or the dtype of the keys are not among those that the kernel knows.
    """
    heads, blocks, _, channels = means.shape
    validate("route_k", route_k, ROUTING_CHANNELS)
    means, route_k = rowwise(means), rowwise(route_k)
    closed = None if closed is None else closed.contiguous()
    constants = constants_of(k, widths, longest)
    room = width + constants["SLOTS"]

    def empty(*shape: int, dtype: torch.dtype = torch.int32) -> Tensor:
        return torch.empty(heads, blocks, *shape, dtype=dtype, device=means.device)

    table = Table(empty(width), empty(width, dtype=torch.int64), empty(), empty(width), empty(width))
    strides = *means.stride()[:3], *route_k.stride()[:2], *((0, 0) if route_mass is None else route_mass.stride())
    common = {"CHANNELS": channels, "UPCAST": INTERPRETED and route_k.dtype != torch.float32, "num_stages": 1}
    with on_device(means):
        shas_descent_kernel[blocks, heads](
            means, route_k, route_mass, closed,
            geometry.top, geometry.bottom, geometry.first, geometry.near, geometry.whole,
            geometry.tile_full, geometry.tile_mask, geometry.tile_group, geometry.tile_children, geometry.log_count,
            empty(room), empty(room), *table[:3], channels**-0.5, room, width,
            *strides, **constants, **common, num_warps=WARPS,
        )  # fmt: skip
        shas_due_kernel[blocks, heads](
            means, route_k, route_mass, geometry.whole, geometry.tile_group, geometry.log_count,
            table.tile, table.used, table.best_row, table.best_summary, channels**-0.5, width,
            *strides, **groups_of(longest), **common, num_warps=WARPS,
        )  # fmt: skip
    return table


descend = register_descent("triton", descent)
