"""Rows of all levels as the means of their tokens: what an abstraction head starts as, and the simplest pyramid.

    steps = Steps.of(pyramid, device)  # once for all texts of these lengths
    rows = means(tokens, steps)        # [rows, ...] from [tokens, ...], differentiable

On a GPU by Triton's kernels, elsewhere by PyTorch, level after level. Both add in float32; PyTorch in float64 where
tokens are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from itertools import accumulate
from types import ModuleType
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from shas_kb.kernels.pyramid import Pyramid

Impl = Literal["auto", "cpu", "triton"]


@dataclass(frozen=True, eq=False)
class Steps:
    """The tree of a pyramid's units on a device. Units are rows of all levels from 1 up, in order.

    Attributes:
        children: First child of each unit, as a row; a unit's last child is before the first of the next unit, and one
            more closes the last, int32 [units + 1].
        parent: Parent of each row below the top level, as a row, int32.
        count: Tokens under each unit, float32 [units].
        sizes: Rows of each level, level 0 first.
        fans: Most children of a unit, for each level from 1 up.
    """

    children: Tensor
    parent: Tensor
    count: Tensor
    sizes: tuple[int, ...]
    fans: tuple[int, ...]

    @classmethod
    def of(cls, pyramid: Pyramid, device: torch.device | str = "cpu") -> Steps:
        """Copy a pyramid's tree to a device."""
        sizes = np.diff(pyramid.bounds[:, [0, -1]])[:, 0]
        first = np.cumsum(sizes) - sizes
        fans = [np.diff(offset) for offset in pyramid.offsets]
        # The last offset of a level is where the next level's children begin.
        children = [offset[:-1] + row for offset, row in zip(pyramid.offsets, first, strict=False)]
        parent = np.repeat(np.arange(sizes[0], pyramid.rows), np.concatenate([*fans, np.zeros(0, np.int64)]))
        count = np.diff(pyramid.span[sizes[0] :])[:, 0]
        return cls(
            children=torch.from_numpy(np.concatenate([*children, first[-1:]]).astype(np.int32)).to(device),
            parent=torch.from_numpy(parent.astype(np.int32)).to(device),
            count=torch.from_numpy(count.astype(np.float32)).to(device),
            sizes=tuple(sizes.tolist()),
            fans=tuple(int(fan.max(initial=1)) for fan in fans),
        )


def means(tokens: Tensor, steps: Steps, impl: Impl = "auto") -> Tensor:
    """Tokens and the means of the tokens under every unit, as one matrix of rows.

    Args:
        tokens: [tokens, ...].
        impl: `"auto"` takes Triton's kernels on a GPU and PyTorch, `"cpu"`, elsewhere; that one runs on any device.

    Returns:
        [rows, ...], in the dtype of the tokens.

    Raises:
        ValueError: If there are not as many tokens as the pyramid has, or `impl` cannot run on them.
    """
    if not tokens.ndim or len(tokens) != steps.sizes[0] or not tokens.is_floating_point():
        raise ValueError(f"tokens must be [{steps.sizes[0]}, ...] of a floating dtype, "
                         f"got {list(tokens.shape)} of {tokens.dtype}")  # fmt: skip
    if impl not in ("auto", "cpu", "triton"):
        raise ValueError(f'impl must be "auto", "cpu" or "triton", got {impl!r}')
    if impl == "auto":
        impl = "triton" if tokens.is_cuda else "cpu"
    if len(steps.sizes) == 1:
        return tokens.clone()
    tree = steps.children, steps.parent, steps.count, list(steps.sizes), list(steps.fans)
    rows: Tensor = _means(tokens[:, None].flatten(1), *tree, impl)
    return rows.view(len(rows), *tokens.shape[1:])


@torch.library.custom_op("shas_kb::means", mutates_args=())
def _means(
    tokens: Tensor,
    children: Tensor,
    parent: Tensor,
    count: Tensor,
    sizes: Sequence[int],
    fans: Sequence[int],
    impl: str,
) -> Tensor:
    if impl == "triton":
        rows: Tensor = _triton().forward(tokens, children, count, sizes, fans)
        return rows
    first = [0, *accumulate(sizes)]
    sums, found = _wide(tokens), [tokens]
    for level in range(1, len(sizes)):
        one, last = first[level] - sizes[0], first[level + 1] - sizes[0]
        offsets = children[one : last + 1] - first[level - 1]
        sums = torch.segment_reduce(sums, "sum", offsets=offsets, axis=0, unsafe=True)
        found.append((sums / count[one:last, None]).to(tokens.dtype))
    return torch.cat(found)


@torch.library.custom_op("shas_kb::means_backward", mutates_args=())
def _means_backward(
    grad: Tensor,
    children: Tensor,
    parent: Tensor,
    count: Tensor,
    sizes: Sequence[int],
    fans: Sequence[int],
    impl: str,
) -> Tensor:
    if impl == "triton":
        dtokens: Tensor = _triton().backward(grad, children, parent, count, sizes, fans)
        return dtokens
    first = [0, *accumulate(sizes)]
    by_level, counts = torch.split(_wide(grad), list(sizes)), torch.split(count, list(sizes[1:]))
    given: Tensor = by_level[-1] / counts[-1][:, None]
    for level in range(len(sizes) - 2, -1, -1):
        above = parent[first[level] : first[level + 1]] - first[level + 1]
        own = by_level[level] if level == 0 else by_level[level] / counts[level - 1][:, None]
        given = own + given[above]
    return given.to(grad.dtype)


@_means.register_fake
def _(tokens: Tensor, children: Tensor, parent: Tensor, count: Tensor, sizes: Sequence[int], *rest: Any) -> Tensor:
    return tokens.new_empty(sum(sizes), tokens.shape[1])


@_means_backward.register_fake
def _(grad: Tensor, children: Tensor, parent: Tensor, count: Tensor, sizes: Sequence[int], *rest: Any) -> Tensor:
    return grad.new_empty(sizes[0], grad.shape[1])


def _remember(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    _, *tree, ctx.sizes, ctx.fans, ctx.impl = inputs
    ctx.save_for_backward(*tree)


def _differentiate(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
    dtokens = _means_backward(grad, *ctx.saved_tensors, ctx.sizes, ctx.fans, ctx.impl)
    return dtokens, *(None,) * 6


_means.register_autograd(_differentiate, setup_context=_remember)


def _triton() -> ModuleType:
    return import_module("shas_kb.kernels.triton.pooling")


def _wide(values: Tensor) -> Tensor:
    """In the precision in which is added."""
    return values if values.dtype in (torch.float32, torch.float64) else values.float()
