"""Attention over a table on a CPU: what a few query blocks see is gathered, and is dense attention from there on.

PyTorch's own flash attention does it, forward and backward, for chunks of query blocks and for texts seen whole. What
it lacks are channels beside those of a head:

- one for each level adds the gates to the logits: [gates] . [one at the unit's level];
- one that is constant in the queries adds a bias that stands in the keys, cheaper than a mask does. Its gradient in the
  keys is that of the bias: the gradients of the logits, summed over the queries. It carries the gradient of lse too, as
  all that the backward takes from the output is its product with the gradient.

Chunks are computed in float32 (float64 where q is), texts seen whole in the dtype of q. `rho` must be zero for these.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import one_hot, pad

from shas_kb.kernels.cpu.gathering import Chunk, chunks
from shas_kb.kernels.layout import Geometry, Layout, Table

_flash = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu
_flash_backward = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu_backward

ALIGNED = 8
"""Channels come in multiples of so many, which matrix products like better."""
CLOSED = -1e30
"""A gate of 0, in logarithms: with an infinite one, its product with the zeros of other levels would be NaN."""


def forward(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    mass: Tensor | None,
    gate: Tensor | None,
    rho: Tensor | None,
    table: Table,
    geometry: Geometry,
    whole: Sequence[int],
    scale: float,
) -> tuple[Tensor, Tensor]:
    """Output and lse; see `shas_kb.kernels.ops.register_attention`."""
    channels, wide, alone = q.shape[2], _wide(q), _alone(whole, q)
    out, lse = torch.empty_like(q), torch.full(q.shape[:2], -torch.inf, dtype=wide)
    if sum(asking.stop - asking.start for asking, _ in _texts(whole)) < len(q):
        out.zero_()
    for asking, held in _texts(whole):
        its, sums = _flash(*_heads_first(q[asking], k[held], v[held]), attn_mask=_bias(mass, held, wide), scale=scale)
        if alone:
            out, lse = its[0].transpose(0, 1).contiguous(), sums[0].T.contiguous()
        else:
            out[asking], lse[asking] = its[0].transpose(0, 1), sums[0].T
        if gate is not None:
            # One number for all that a row sees: it cancels in the output, unless it is all.
            lse[asking] += gate[asking, :, 0]
            out[asking] = out[asking].masked_fill((lse[asking] == -torch.inf)[..., None], 0)
    for head in _heads(q, k, mass, gate, rho, table, geometry, scale, ~geometry.whole, summed=False):
        values = head.join(v[:, head.nth])
        for chunk in head.chunks:
            keys, bias = head.seen(chunk)
            its, sums = _flash(
                _taken(head.queries, chunk.row), keys, _taken(values, chunk.unit), attn_mask=bias, scale=1.0
            )
            row, its, sums = chunk.owned(chunk.row), its[..., :channels].transpose(1, 2), sums.transpose(1, 2)
            if gate is not None:
                nothing = sums < CLOSED / 2
                its, sums = its.masked_fill(nothing[..., None], 0), sums.masked_fill(nothing, -torch.inf)
            out[:, head.nth].index_copy_(0, row, chunk.owned(its).to(q.dtype))
            lse[:, head.nth].index_copy_(0, row, chunk.owned(sums))
    return out, lse


def backward(
    grad: Tensor,
    grad_lse: Tensor,
    out: Tensor,
    lse: Tensor,
    q: Tensor,
    k: Tensor,
    v: Tensor,
    mass: Tensor | None,
    gate: Tensor | None,
    rho: Tensor | None,
    table: Table,
    geometry: Geometry,
    whole: Sequence[int],
    scale: float,
) -> tuple[Tensor | None, ...]:
    """Gradients of the six inputs; see `shas_kb.kernels.ops.register_attention`."""
    channels, wide, alone = q.shape[2], _wide(q), _alone(whole, q)
    lse = lse.masked_fill(lse == -torch.inf, torch.inf)  # Of what has no weight nothing has a gradient.
    dq, dk, dv = (x.new_zeros(0) if alone else torch.zeros_like(x, dtype=wide) for x in (q, k, v))
    dmass, dgate, drho = (None if x is None else torch.zeros_like(x, dtype=wide) for x in (mass, gate, rho))
    summed = mass is not None or bool(grad_lse.any())
    for asking, held in _texts(whole):
        own = lse[asking] if gate is None else lse[asking] - gate[asking, :, 0].to(wide).clamp(min=CLOSED)
        join = _Joining(channels, 0, summed, q.dtype)
        given = (
            join(grad[asking], 1.0), join(q[asking], 1 / scale), join(k[held]), join(v[held]),
            join(out[asking], -grad_lse[asking]),
        )  # fmt: skip
        found = _flash_backward(
            *_heads_first(*given), own.T[None].to(wide), 0.0, False, attn_mask=_bias(mass, held, wide), scale=scale
        )
        one, two, three = (x[0].transpose(0, 1) for x in found)
        if dmass is not None:
            dmass[held] += two[..., channels]
        one, two, three = (x[..., :channels] for x in (one, two, three))
        if alone:
            after = 0, 0, 0, 0, held.start, len(k) - held.stop
            dq, dk, dv = one.contiguous(), pad(two, after), pad(three, after)
        else:
            dq[asking] = one
            dk[held] += two
            dv[held] += three
        if dgate is not None:
            dgate[asking, :, 0] = grad_lse[asking]
    for head in _heads(q, k, mass, gate, rho, table, geometry, scale, ~geometry.whole, summed or rho is not None):
        nth = head.nth
        values = head.join(v[:, nth])
        grads, outs = head.join(grad[:, nth], 1.0), head.join(out[:, nth], -grad_lse[:, nth])
        dkeys, dvalues = torch.zeros_like(head.keys).flatten(1), torch.zeros_like(head.keys).flatten(1)
        sums = lse[:, nth].to(wide)
        for chunk in head.chunks:
            row, unit = chunk.owned(chunk.row), chunk.unit.flatten()
            (keys, bias), its_grads = head.seen(chunk), _taken(grads, chunk.row)
            if not chunk.full:
                its_grads.masked_fill_(~chunk.own[:, None, :, None], 0)
            given = (
                its_grads,
                _taken(head.queries, chunk.row),
                keys,
                _taken(values, chunk.unit),
                _taken(outs, chunk.row),
            )
            found = _flash_backward(*given, _taken(sums, chunk.row), 0.0, False, attn_mask=bias, scale=1.0)
            one, two, three = (x.transpose(1, 2) for x in found)
            one = chunk.owned(one)
            dq[:, nth].index_copy_(0, row, one[..., :channels].mul_(scale))
            dkeys.index_add_(0, unit, two.flatten(0, 1).flatten(1))
            dvalues.index_add_(0, unit, three.flatten(0, 1).flatten(1))
            if dgate is not None:
                dgate[:, nth].index_copy_(0, row, one[..., head.join.gates])
            if drho is not None:
                drho[head.routing].view(-1).index_add_(0, chunk.entry.flatten(), two[..., channels].sum(-1).flatten())
        dkeys, dvalues = dkeys.view_as(head.keys), dvalues.view_as(head.keys)
        dk[:, nth] += dkeys[..., :channels]
        dv[:, nth] += dvalues[..., :channels]
        if dmass is not None:
            dmass[:, nth] += dkeys[..., channels]
    return tuple(
        None if found is None or its is None else found.to(its.dtype)
        for found, its in zip((dq, dk, dv, dmass, dgate, drho), (q, k, v, mass, gate, rho), strict=True)
    )


def tile_mass(
    q: Tensor,
    k: Tensor,
    mass: Tensor | None,
    gate: Tensor | None,
    lse: Tensor,
    table: Table,
    layout: Layout,
    scale: float,
) -> Tensor:
    """Softmax mass on each tile of a table. See `shas_kb.kernels.attention.attention_mass`."""
    spent = torch.zeros(table.tile.shape)
    everyone = torch.ones_like(layout.geometry.whole)
    for head in _heads(q, k, mass, gate, None, table, layout.geometry, scale, everyone, summed=False):
        for chunk in head.chunks:
            sums = _taken(lse[:, head.nth], chunk.row)
            sums = sums.masked_fill(~chunk.own[:, None] | (sums == -torch.inf), torch.inf)
            keys, bias = head.seen(chunk)
            logits = _taken(head.queries, chunk.row) @ keys.mT
            logits = logits.add_(0 if bias is None else bias).sub_(sums[..., None])
            for share in logits.exp_().sum(2).float().unbind(1):
                spent[head.routing].view(-1).index_add_(0, chunk.entry.flatten(), share.flatten())
    return spent


@dataclass(frozen=True, eq=False)
class _Joining:
    """Joins to the channels of a head one for sums, if it is wanted, and one for each gate."""

    channels: int
    levels: int
    summed: bool
    dtype: torch.dtype

    @property
    def gates(self) -> slice:
        """The channels of the gates; that of the sums is the one before."""
        first = self.channels + self.summed
        return slice(first, first + self.levels)

    def __call__(self, x: Tensor, sums: Tensor | float = 0.0, gates: Tensor | float = 0.0) -> Tensor:
        """[..., channels] to [..., all channels]."""
        width = self.channels + -(-(self.summed + self.levels) // ALIGNED) * ALIGNED
        if width == self.channels:
            return x.to(self.dtype)
        joined = x.new_empty((*x.shape[:-1], width), dtype=self.dtype)
        joined[..., : self.channels] = x
        if self.summed:
            joined[..., self.channels] = sums
        joined[..., self.gates] = gates
        joined[..., self.gates.stop :] = 0
        return joined


class _Head(NamedTuple):
    """What is common to the chunks of one routing head.

    Attributes:
        nth: The heads that share it.
        routing: Which it is.
        chunks: The query blocks.
        join: Of channels.
        queries: Times `scale`, so that it rounds no bias, [queries, heads, all channels].
        keys: [rows, heads, all channels].
        units: Bias of each unit, [rows, heads or 1 for all].
        entries: Bias of each entry of the table, through all blocks, or None.
    """

    nth: slice
    routing: int
    chunks: Sequence[Chunk]
    join: _Joining
    queries: Tensor
    keys: Tensor
    units: Tensor
    entries: Tensor | None

    def seen(self, chunk: Chunk) -> tuple[Tensor, Tensor | None]:
        """Keys of what blocks see, [blocks, heads, seen, all channels], and what is added to the logits.

        That is in the keys where they have a channel for sums, or else [blocks, heads or 1 for all, 1, seen]. What is
        not a block's own has -inf: its gradients are 0, but for NaN in that channel of the queries, which no one reads.
        """
        keys = _taken(self.keys, chunk.unit)
        bias = keys[..., self.join.channels] if self.join.summed else _taken(self.units, chunk.unit)
        if self.entries is not None:
            bias += self.entries.index_select(0, chunk.entry.flatten()).view(chunk.entry.shape)[:, None]
        bias.masked_fill_(~chunk.held[:, None], -torch.inf)
        return keys, None if self.join.summed else bias[:, :, None]


def _heads(
    q: Tensor,
    k: Tensor,
    mass: Tensor | None,
    gate: Tensor | None,
    rho: Tensor | None,
    table: Table,
    geometry: Geometry,
    scale: float,
    asked: Tensor,
    summed: bool,
) -> Iterator[_Head]:
    """All routing heads, for the blocks that are asked for."""
    if not asked.any():
        return
    wide, shared = _wide(q), q.shape[1] // len(table.tile)
    join = _Joining(q.shape[2], 0 if gate is None else gate.shape[2], summed, wide)
    its_level: Tensor | float = 0.0
    if gate is not None:
        tile = torch.searchsorted(geometry.tile_start, torch.arange(len(k)), right=True) - 1
        its_level = one_hot(geometry.tile_level[tile].long(), join.levels)[:, None].to(wide)
    log_count = geometry.log_count[:, None]
    for routing in range(len(table.tile)):
        nth = slice(routing * shared, (routing + 1) * shared)
        gates = 0.0 if gate is None else gate[:, nth].to(wide).clamp(min=CLOSED)
        units = log_count.to(wide) if mass is None else (log_count + mass[:, nth]).to(wide)
        yield _Head(
            nth, routing, list(chunks(table, geometry, asked.nonzero()[:, 0], routing, shared)), join,
            queries=join(q[:, nth].to(wide) * scale, 1.0, gates), keys=join(k[:, nth], units, its_level), units=units,
            entries=None if rho is None else rho[routing].flatten().to(wide),
        )  # fmt: skip


def _taken(x: Tensor, row: Tensor) -> Tensor:
    """x[row] with heads first, several times as fast: [rows, heads, ...] to [blocks, heads, of a block, ...]."""
    return x.index_select(0, row.flatten()).view(*row.shape, *x.shape[1:]).transpose(1, 2)


def _wide(q: Tensor) -> torch.dtype:
    return torch.float64 if q.dtype == torch.float64 else torch.float32


def _texts(whole: Sequence[int]) -> Iterator[tuple[slice, slice]]:
    """Queries and tokens of each text that is seen whole and holds anything."""
    for first, last, one, end in zip(*(iter(whole),) * 4, strict=True):
        if one < end:
            yield slice(first, last), slice(one, end)


def _alone(whole: Sequence[int], q: Tensor) -> bool:
    """Whether one text seen whole has all queries, so that what is found for it need not be put among others."""
    return len(whole) == 4 and whole[1] - whole[0] == len(q) and whole[2] < whole[3]


def _heads_first(*tensors: Tensor) -> Iterator[Tensor]:
    """[rows, heads, channels] to [1, heads, rows, channels]."""
    return (x.transpose(0, 1)[None] for x in tensors)


def _bias(mass: Tensor | None, held: slice, dtype: torch.dtype) -> Tensor | None:
    """Bias of the tokens of a text, [1, heads, 1, tokens]."""
    return None if mass is None else mass[held].T[None, :, None].to(dtype)
