"""Registration of an implementation with PyTorch, so that autograd, `torch.compile` and `opcheck` know it.

Each implementation gives a forward and a backward over plain tensors, and both become operators of their own, with
shapes for tracing and the gradient formula that binds them; a descent becomes one without gradient. What they get:

    q [queries, heads, channels]; k, v [rows, heads, channels]; mass [rows, heads], gate [queries, heads, levels] in
    logarithms, rho [routing heads, blocks, width], each of them or None; the table and the geometry; `whole`, flat
    fours of ints on the host: query rows and key rows of each text seen whole, from the first to the one after the
    last; the scale of q . k.

The forward gives the output, in the dtype of q, and the natural logarithm of each row's softmax sum, in float32
(float64 where q is), [queries, heads]. The backward gets both and their gradients, and gives those of q, k, v, mass,
gate, rho, in their dtypes; an empty tensor stands for that of None.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import torch
from torch import Tensor

from shas_kb.kernels.layout import Geometry, Layout, Table


class Attend(Protocol):
    """Attention over a table, differentiable: `shas_kb.kernels.attention.attend` once its arguments are checked."""

    def __call__(
        self,
        q: Tensor,
        k: Tensor,
        v: Tensor,
        mass: Tensor | None,
        gate: Tensor | None,
        rho: Tensor | None,
        table: Table,
        layout: Layout,
        scale: float,
    ) -> tuple[Tensor, Tensor]: ...


class Descend(Protocol):
    """A descent: `shas_kb.kernels.attention.descend` once its arguments are checked."""

    def __call__(
        self, means: Tensor, route_k: Tensor, route_mass: Tensor | None, layout: Layout, closed: Tensor | None
    ) -> Table: ...


def register_attention(name: str, forward: Callable[..., Any], backward: Callable[..., Any]) -> Attend:
    """Make `shas_kb::attention_<name>` and its backward.

    Args:
        forward: `(q, k, v, mass, gate, rho, table, geometry, whole, scale) -> (out, lse)`.
        backward: `(grad, grad_lse, out, lse, q, k, v, mass, gate, rho, table, geometry, whole, scale)`, six gradients.
    """

    def run(
        q: Tensor,
        k: Tensor,
        v: Tensor,
        mass: Tensor | None,
        gate: Tensor | None,
        rho: Tensor | None,
        table: Sequence[Tensor],
        geometry: Sequence[Tensor],
        whole: Sequence[int],
        scale: float,
    ) -> tuple[Tensor, Tensor]:
        with torch.autocast(q.device.type, enabled=False):
            out, lse = forward(q, k, v, mass, gate, rho, Table(*table), Geometry(*geometry), whole, scale)
        return out, lse

    def run_backward(
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
        table: Sequence[Tensor],
        geometry: Sequence[Tensor],
        whole: Sequence[int],
        scale: float,
    ) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]:
        inputs = (q, k, v, mass, gate, rho)
        with torch.autocast(q.device.type, enabled=False):
            given = backward(grad, grad_lse, out, lse, *inputs, Table(*table), Geometry(*geometry), whole, scale)
        dq, dk, dv, dmass, dgate, drho = (q.new_empty(0) if each is None else each for each in given)
        return dq, dk, dv, dmass, dgate, drho

    operator = torch.library.custom_op(f"shas_kb::attention_{name}", run, mutates_args=())
    operator_backward = torch.library.custom_op(f"shas_kb::attention_{name}_backward", run_backward, mutates_args=())

    @operator.register_fake
    def _(q: Tensor, *rest: Any) -> tuple[Tensor, Tensor]:
        wide = torch.float64 if q.dtype == torch.float64 else torch.float32
        return q.new_empty(q.shape), q.new_empty(q.shape[:2], dtype=wide)

    @operator_backward.register_fake
    def _(grad: Tensor, grad_lse: Tensor, out: Tensor, lse: Tensor, *inputs: Any) -> tuple[Tensor, ...]:
        return tuple(out.new_empty(0) if each is None else each.new_empty(each.shape) for each in inputs[:6])

    def remember(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, Tensor]) -> None:
        *differentiable, table, geometry, ctx.whole, ctx.scale = inputs
        ctx.save_for_backward(*output, *differentiable, *table, *geometry)

    def differentiate(ctx: Any, grad: Tensor, grad_lse: Tensor) -> tuple[Tensor | list[None] | None, ...]:
        out, lse, *saved = ctx.saved_tensors
        inputs, table, geometry = saved[:6], saved[6 : 6 + len(Table._fields)], saved[6 + len(Table._fields) :]
        grads = operator_backward(grad, grad_lse, out, lse, *inputs, table, geometry, ctx.whole, ctx.scale)
        given = (None if each is None else its for each, its in zip(inputs, grads, strict=True))
        # A list of tensors needs a list, also where there is no gradient; a list of numbers counts as one thing, unless
        # it is empty.
        return *given, [None] * len(table), [None] * len(geometry), None if ctx.whole else [], None

    operator.register_autograd(differentiate, setup_context=remember)

    def attend(
        q: Tensor,
        k: Tensor,
        v: Tensor,
        mass: Tensor | None,
        gate: Tensor | None,
        rho: Tensor | None,
        table: Table,
        layout: Layout,
        scale: float,
    ) -> tuple[Tensor, Tensor]:
        out, lse = operator(q, k, v, mass, gate, rho, list(table), list(layout.geometry), list(layout.whole), scale)
        return out, lse

    return attend


def register_descent(name: str, descent: Callable[..., Table]) -> Descend:
    """Make `shas_kb::descent_<name>`.

    Args:
        descent: `(means, route_k, route_mass, closed, geometry, k, widths, width, longest) -> Table`, the last four
            as in `shas_kb.kernels.plan.Plan`.
    """

    def run(
        means: Tensor,
        route_k: Tensor,
        route_mass: Tensor | None,
        closed: Tensor | None,
        geometry: Sequence[Tensor],
        k: Sequence[int],
        widths: Sequence[int],
        width: int,
        longest: int,
    ) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        with torch.autocast(means.device.type, enabled=False):
            table = descent(means, route_k, route_mass, closed, Geometry(*geometry), k, widths, width, longest)
        return tuple(table)  # type: ignore[return-value]

    operator = torch.library.custom_op(f"shas_kb::descent_{name}", run, mutates_args=())

    @operator.register_fake
    def _(means: Tensor, route_k: Tensor, route_mass: Any, closed: Any, geometry: Any, k: Any, widths: Any, width: int,
          longest: int) -> tuple[Tensor, ...]:  # fmt: skip
        shape = (*means.shape[:2], width)
        tile, best_row, best_summary = (means.new_empty(shape, dtype=torch.int32) for _ in range(3))
        mask, used = means.new_empty(shape, dtype=torch.int64), means.new_empty(shape[:2], dtype=torch.int32)
        return tile, mask, used, best_row, best_summary

    def descend(
        means: Tensor, route_k: Tensor, route_mass: Tensor | None, layout: Layout, closed: Tensor | None
    ) -> Table:
        plan = layout.plan
        return Table(*operator(
            means, route_k, route_mass, closed, list(layout.geometry), list(plan.k), list(plan.widths), plan.width,
            plan.longest,
        ))  # fmt: skip

    return descend
