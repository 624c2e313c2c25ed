"""Means of all levels by Triton kernels, and their gradients: `shas_kb.kernels.pooling` says what they mean.

A program has one unit of some level, the **cut**, under which there are about 64 rows of the level that is read, and up
to 512 bytes of channels. It walks the tree under the cut: reads its rows once, in order, keeps one running sum a level
in registers, and writes a unit when its children are done. Neighbouring threads have neighbouring channels, so that
they have nothing to exchange, and ragged units cost nothing more. Sums over spans would read a token once for each
level; a kernel for each level would read sums again and launch more often. Levels above the cut are made by the same
kernel from float32 sums of the cuts, a 64th of the rows: two launches do for 4,096 tokens under a top unit.

Backward the same walk goes downwards, in one launch: a program begins with what the units above its cut owe, and a
token gets what all its units owe, each divided by its tokens, and its own.
"""

# Kernels have no types for mypy, and their constants are upper case.
# mypy: disable-error-code="no-untyped-def, untyped-decorator"
# ruff: noqa: N803

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import Any

import torch
import triton
import triton.language as tl
from torch import Tensor

from shas_kb.kernels.triton.config import on_device, rowwise, validate

BYTES = 512
"""Channels of a program, 16 bytes for each thread of its only warp."""
READ = 16
"""Rows that it reads side by side."""
UNDER = 64
"""Rows under a cut, on average at most; a quarter of that where it would not make `BUSY` programs."""
BUSY = 1024


@triton.jit
def shas_means_kernel(
    source, sums, out, children, count, units, cuts, source_rows, columns, stride_source, stride_out,
    DEPTH: tl.constexpr, UNITS: tl.constexpr, FAN: tl.constexpr, CHANNELS: tl.constexpr, COPY: tl.constexpr,
):  # fmt: skip
    """Means of a unit, and of all `DEPTH - 1` levels under it; the level of the cuts begins with row `cuts`.

    Row `source_rows` is the first of `source`, which holds sums of the units below them, or tokens, which are then
    copied. `sums` gets those of the cuts, unless it is None. Row `units` is the first of level 1.
    """
    nth, channel = _part(columns, CHANNELS)
    held = channel < columns
    cut = cuts + nth
    total = _mean(
        source, out, children - units, count - units, cut, cut + 1, source_rows, channel, held,
        stride_source, stride_out, DEPTH, UNITS, FAN, COPY,
    )  # fmt: skip
    if sums is not None:
        tl.store(sums + nth.to(tl.int64) * columns + channel, total, mask=held)


@triton.jit
def _mean(
    source, out, children, count, one, last, source_rows, channel, held, stride_source, stride_out,
    DEPTH: tl.constexpr, UNITS: tl.constexpr, FAN: tl.constexpr, COPY: tl.constexpr,
):  # fmt: skip
    """Write the means of the units `one` to `last`, and of all that are under them; returns their sum, [channels]."""
    total = tl.zeros(channel.shape, tl.float32)
    if DEPTH == 1:
        for at in range(one, last, UNITS):
            unit = at + tl.arange(0, UNITS)
            here = unit < last
            child, end = _children(children, unit, here)
            its = tl.zeros([UNITS, channel.shape[0]], tl.float32)
            for turn in range(0, tl.max(end - child, 0), FAN):
                row = child[:, None] + turn + tl.arange(0, FAN)[None, :]
                mask = (row < end[:, None])[:, :, None] & held[None, None, :]
                read = _place(row - source_rows, channel, stride_source)
                found = tl.load(source + read, mask=mask, other=0.0)
                if COPY:
                    tl.store(out + _place(row, channel, stride_out), found, mask=mask)
                its += tl.sum(found.to(tl.float32), 1)
            mean = its / tl.load(count + unit, mask=here, other=1.0)[:, None]
            to = out + unit.to(tl.int64)[:, None] * stride_out + channel[None, :]
            tl.store(to, mean.to(out.dtype.element_ty), mask=here[:, None] & held[None, :])
            total += tl.sum(its, 0)
    else:
        for unit in range(one, last):
            its = _mean(
                source, out, children, count, tl.load(children + unit), tl.load(children + unit + 1), source_rows,
                channel, held, stride_source, stride_out, DEPTH - 1, UNITS, FAN, COPY,
            )  # fmt: skip
            mean = its / tl.load(count + unit)
            to = out + tl.cast(unit, tl.int64) * stride_out + channel
            tl.store(to, mean.to(out.dtype.element_ty), mask=held)
            total += its
    return total


@triton.jit
def shas_means_backward_kernel(
    grad, dtokens, children, count, parent, units, cuts, columns, stride_grad,
    ABOVE: tl.constexpr, DEPTH: tl.constexpr, UNITS: tl.constexpr, FAN: tl.constexpr, CHANNELS: tl.constexpr,
):  # fmt: skip
    """Gradients of all tokens under a unit, above which there are `ABOVE` levels."""
    nth, channel = _part(columns, CHANNELS)
    held = channel < columns
    count -= units
    cut = cuts + nth
    given = tl.zeros(channel.shape, tl.float32)
    unit = cut
    for _ in tl.static_range(ABOVE):
        unit = tl.load(parent + unit)
        its = tl.load(grad + unit.to(tl.int64) * stride_grad + channel, mask=held, other=0.0)
        given += its.to(tl.float32) / tl.load(count + unit)
    _spread(
        grad, dtokens, children - units, count, cut, cut + 1, given, channel, held, columns, stride_grad,
        DEPTH, UNITS, FAN,
    )  # fmt: skip


@triton.jit
def _spread(
    grad, dtokens, children, count, one, last, given, channel, held, columns, stride_grad,
    DEPTH: tl.constexpr, UNITS: tl.constexpr, FAN: tl.constexpr,
):  # fmt: skip
    """Write the gradients of the tokens of units `one` to `last`, which get `given` from above, [channels]."""
    if DEPTH == 1:
        for at in range(one, last, UNITS):
            unit = at + tl.arange(0, UNITS)
            here = unit < last
            child, end = _children(children, unit, here)
            its = grad + unit.to(tl.int64)[:, None] * stride_grad + channel[None, :]
            its = tl.load(its, mask=here[:, None] & held[None, :], other=0.0).to(tl.float32)
            its = its / tl.load(count + unit, mask=here, other=1.0)[:, None] + given[None, :]
            for turn in range(0, tl.max(end - child, 0), FAN):
                row = child[:, None] + turn + tl.arange(0, FAN)[None, :]
                mask = (row < end[:, None])[:, :, None] & held[None, None, :]
                own = tl.load(grad + _place(row, channel, stride_grad), mask=mask, other=0.0).to(tl.float32)
                slope = (own + its[:, None, :]).to(dtokens.dtype.element_ty)
                tl.store(dtokens + _place(row, channel, columns), slope, mask=mask)
    else:
        for unit in range(one, last):
            its = tl.load(grad + tl.cast(unit, tl.int64) * stride_grad + channel, mask=held, other=0.0)
            its = its.to(tl.float32) / tl.load(count + unit) + given
            _spread(
                grad, dtokens, children, count, tl.load(children + unit), tl.load(children + unit + 1), its,
                channel, held, columns, stride_grad, DEPTH - 1, UNITS, FAN,
            )  # fmt: skip


@triton.jit
def _part(columns, CHANNELS: tl.constexpr):
    """Which cut and channels a program has. All channels of a cut come one after the other, as they lie in memory."""
    parts = tl.cdiv(columns, CHANNELS)
    return tl.program_id(0) // parts, tl.program_id(0) % parts * CHANNELS + tl.arange(0, CHANNELS)


@triton.jit
def _children(children, unit, here):
    """First child of each unit and the one after its last; none where it is not here."""
    return tl.load(children + unit, mask=here, other=0), tl.load(children + unit + 1, mask=here, other=0)


@triton.jit
def _place(row, channel, stride):
    """Where [units, children] rows have their channels, [units, children, channels]."""
    return row.to(tl.int64)[:, :, None] * stride + channel[None, None, :]


def walk(fans: Sequence[int], base: int, cut: int, dtype: torch.dtype, columns: int) -> dict[str, Any]:
    """What a kernel is compiled for that walks from level `cut` to `base`; `fans` are most children of each level."""
    fan = min(triton.next_power_of_2(fans[base]), READ)
    above = fans[base + 1] if cut > base + 1 else 1
    units = min(triton.next_power_of_2(above), READ // fan)
    channels = min(triton.next_power_of_2(columns), BYTES // dtype.itemsize)
    return {"DEPTH": cut - base, "UNITS": units, "FAN": fan, "CHANNELS": channels, "num_warps": 1}


def cut_of(sizes: Sequence[int], base: int, parts: int) -> int:
    """The level of the cuts over level `base`; `sizes` are units of each level, and a cut has `parts` programs."""
    cut = base + 1
    under = UNDER if sizes[base] * parts >= UNDER * BUSY else UNDER // 4
    while cut + 1 < len(sizes) and sizes[base] <= under * sizes[cut + 1]:
        cut += 1
    return cut


def forward(tokens: Tensor, children: Tensor, count: Tensor, sizes: Sequence[int], fans: Sequence[int]) -> Tensor:
    """Means of all levels, [rows, channels]; arguments as in `shas_kb.kernels.pooling.Steps`, two levels at least.

    Raises:
        ValueError: If the kernels do not know the dtype of the tokens, or these do not lie on a GPU.
    """
    columns = tokens.shape[1]
    validate("tokens", tokens)
    tokens, first = rowwise(tokens), first_rows(sizes)
    out = tokens.new_empty(sum(sizes), columns)
    base, source = 0, tokens
    with on_device(tokens):
        while base + 1 < len(sizes) and out.numel():
            cut = cut_of(sizes, base, triton.cdiv(columns * source.element_size(), BYTES))
            constants = walk(fans, base, cut, source.dtype, columns)
            sums = tokens.new_empty(sizes[cut], columns, dtype=torch.float32) if cut + 1 < len(sizes) else None
            shas_means_kernel[(sizes[cut] * triton.cdiv(columns, constants["CHANNELS"]),)](
                source, sums, out, children, count, sizes[0], first[cut], first[base], columns,
                source.stride(0), out.stride(0), **constants, COPY=base == 0,
            )  # fmt: skip
            base, source = cut, tokens if sums is None else sums
    return out


def backward(
    grad: Tensor, children: Tensor, parent: Tensor, count: Tensor, sizes: Sequence[int], fans: Sequence[int]
) -> Tensor:
    """Gradients of the tokens, [tokens, channels], from those of all rows."""
    columns, grad = grad.shape[1], rowwise(grad)
    cut = cut_of(sizes, 0, triton.cdiv(columns * grad.element_size(), BYTES))
    dtokens = grad.new_empty(sizes[0], columns)
    constants = walk(fans, 0, cut, grad.dtype, columns)
    with on_device(grad):
        if dtokens.numel():
            shas_means_backward_kernel[(sizes[cut] * triton.cdiv(columns, constants["CHANNELS"]),)](
                grad, dtokens, children, count, parent, sizes[0], first_rows(sizes)[cut], columns, grad.stride(0),
                ABOVE=len(sizes) - 1 - cut, **constants,
            )  # fmt: skip
    return dtokens


def first_rows(sizes: Sequence[int]) -> list[int]:
    """The first row of each level."""
    return [0, *accumulate(sizes)][:-1]
