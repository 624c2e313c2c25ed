"""Rows of all levels are the means of their tokens, and every token's gradient is what its units owe it."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from problems import DEVICE, RAGGED, ragged_pyramid
from torch import Tensor
from torch.autograd import grad

from shas_kb.kernels.pooling import Steps, means
from shas_kb.kernels.pyramid import Pyramid

pytest.importorskip("triton")

from sm90 import Spec, compile_kernels

from shas_kb.kernels.triton import pooling
from shas_kb.kernels.triton.pooling import walk

IMPLS = ("triton", *(["cpu"] if DEVICE == "cpu" else []))
# Of half precision the last place: the interpreter cuts off where a GPU rounds.
TOLERANCE = {torch.float32: 1e-6, torch.bfloat16: 8e-3, torch.float16: 1e-3}
PYRAMIDS = {
    "packed": Pyramid.from_lengths(RAGGED, 4, 5),
    "pairs": Pyramid.from_lengths([150, 7], 2, 9),
    "threes": Pyramid.from_lengths([300, 0, 7], 3, 4),
    "wide": Pyramid.from_lengths([130, 70], 64, 3),
    "ragged": ragged_pyramid([200, 1], 5, 3, seed=2),
    "deep": ragged_pyramid([150, 30], 3, 7, seed=3),
    "alone": Pyramid.from_offsets([[0, 3, 5, 150], [0, 3]], [0, 1], alone=True),
    "one level": Pyramid.from_lengths([10, 3], 4, 1),
    "nothing": Pyramid.from_lengths([0, 0], 4, 3),
}


def draw(*shape: int, dtype: torch.dtype = torch.float32, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed)).to(DEVICE, dtype)


def plain(tokens: Tensor, pyramid: Pyramid) -> Tensor:
    """The meaning: one unit after the other."""
    rows = [tokens[one:last].mean(0) for one, last in pyramid.span.tolist()]
    return torch.stack(rows) if rows else tokens.clone()


def assert_means(tokens: Tensor, pyramid: Pyramid, impl: Any) -> None:
    """Rows and gradients against those in float64; what `torch.empty` gives is NaN meanwhile."""
    steps = Steps.of(pyramid, DEVICE)
    tokens = tokens.detach().requires_grad_()
    exact = tokens.detach().double().requires_grad_()
    given = draw(pyramid.rows, *tokens.shape[1:], dtype=tokens.dtype, seed=1)
    torch.use_deterministic_algorithms(True)
    try:
        rows = means(tokens, steps, impl)
        [slope] = grad(rows, tokens, given)
    finally:
        torch.use_deterministic_algorithms(False)
    assert rows.dtype == slope.dtype == tokens.dtype
    assert torch.equal(rows[: len(tokens)], tokens)
    expected = plain(exact, pyramid)
    limit = TOLERANCE[tokens.dtype]
    torch.testing.assert_close(rows.double(), expected, rtol=limit, atol=limit)
    torch.testing.assert_close(slope.double(), grad(expected, exact, given.double())[0], rtol=limit, atol=limit)


@pytest.mark.parametrize("impl", IMPLS)
@pytest.mark.parametrize("name", list(PYRAMIDS))
def test_rows_are_means_of_tokens(name: str, impl: str) -> None:
    pyramid = PYRAMIDS[name]
    assert_means(draw(int(pyramid.bounds[0, -1]), 2, 20), pyramid, impl)


@pytest.mark.parametrize("busy", [0, 1 << 30])
def test_programs_may_have_more_or_fewer_rows(busy: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pooling, "BUSY", busy)
    for name in ("packed", "deep", "pairs"):
        assert_means(draw(int(PYRAMIDS[name].bounds[0, -1]), 20), PYRAMIDS[name], "triton")


@pytest.mark.parametrize("impl", IMPLS)
@pytest.mark.parametrize("dtype", list(TOLERANCE))
def test_each_dtype_with_more_channels_than_a_program_has(dtype: torch.dtype, impl: str) -> None:
    assert_means(draw(90, 3, 96, dtype=dtype), Pyramid.from_lengths([85, 5], 4, 4), impl)


@pytest.mark.parametrize("impl", IMPLS)
def test_strides_are_what_they_are(impl: str) -> None:
    pyramid = Pyramid.from_lengths([70], 4, 3)
    assert_means(draw(70, 3, 2, 16)[:, 1], pyramid, impl)
    assert_means(draw(2, 16, 70).permute(2, 0, 1), pyramid, impl)
    assert_means(draw(70), pyramid, impl)


@pytest.mark.parametrize("impl", IMPLS)
def test_a_gradient_that_is_one_number_spread_out(impl: str) -> None:
    tokens = draw(70, 16).requires_grad_()
    steps = Steps.of(Pyramid.from_lengths([70], 4, 3), DEVICE)
    [slope] = grad(means(tokens, steps, impl).sum(), tokens)  # type: ignore[arg-type]
    assert torch.allclose(slope.sum(0), torch.full((16,), 70.0 + 18 + 5, device=DEVICE))


def test_in_float64_gradients_are_those_of_finite_differences() -> None:
    steps = Steps.of(ragged_pyramid([9, 4], 3, 3))
    tokens = torch.randn(13, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0), requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: means(x, steps, "cpu"), tokens)


@pytest.mark.parametrize("impl", IMPLS)
def test_the_same_input_gives_the_same_bits(impl: Any) -> None:
    pyramid = Pyramid.from_lengths([150, 3], 4, 5)
    steps, tokens = Steps.of(pyramid, DEVICE), draw(153, 24, dtype=torch.bfloat16).requires_grad_()
    runs = [(rows := means(tokens, steps, impl), *grad(rows.square().sum(), tokens)) for _ in range(3)]
    for again in runs[1:]:
        assert all(torch.equal(one, two) for one, two in zip(runs[0], again, strict=True))


@pytest.mark.parametrize("impl", IMPLS)
def test_it_is_an_operator_and_compiles_into_one_graph(impl: Any) -> None:
    steps = Steps.of(Pyramid.from_lengths([70, 3], 4, 3), DEVICE)
    tokens = draw(73, 24).requires_grad_()
    tree = steps.children, steps.parent, steps.count, list(steps.sizes), list(steps.fans)
    torch.library.opcheck(torch.ops.shas_kb.means.default, (tokens, *tree, impl))

    def loss(x: Tensor) -> Tensor:
        return means(x, steps, impl).square().sum()

    torch._dynamo.reset()
    compiled = torch.compile(loss, fullgraph=True, backend="aot_eager")
    torch.testing.assert_close(*(grad(its(tokens), tokens) for its in (loss, compiled)))


def test_what_does_not_fit_is_refused() -> None:
    steps = Steps.of(Pyramid.from_lengths([70], 4, 3), DEVICE)
    with pytest.raises(ValueError, match=r"tokens must be \[70, ...\] of a floating dtype, got \[69, 8\]"):
        means(draw(69, 8), steps)
    with pytest.raises(ValueError, match=r"tokens must be \[70, ...\] of a floating dtype, got .* torch.int64"):
        means(draw(70, 8).long(), steps)
    with pytest.raises(ValueError, match='impl must be "auto", "cpu" or "triton", got \'gpu\''):
        means(draw(70, 8), steps, "gpu")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="tokens must be float32, bfloat16 or float16"):
        means(draw(70, 8).double(), steps, "triton")


FORWARD = """source:*{0} sums:*fp32 out:*{1} children:*i32 count:*fp32
units:i32 cuts:i32 source_rows:i32 columns:i32 stride_source:i32 stride_out:i32"""
BACKWARD = """grad:*{0} dtokens:*{0} children:*i32 count:*fp32 parent:*i32
units:i32 cuts:i32 columns:i32 stride_grad:i32"""


@pytest.mark.slow
def test_it_compiles_without_spills() -> None:
    module, specs = "shas_kb.kernels.triton.pooling:", []
    for dtype, name in ((torch.bfloat16, "bf16"), (torch.float32, "fp32")):
        for fans, cut in (((4, 4, 4, 4), 3), ((64, 64), 1)):
            constants = walk(fans, 0, cut, dtype, 768)
            warps = constants.pop("num_warps")
            forward, backward = constants | {"COPY": True}, constants | {"ABOVE": len(fans) - cut}
            options: dict[str, Any] = {"num_warps": warps, "num_stages": 1, "divisible": ("columns",)}
            specs += [
                Spec(f"{module}shas_means_kernel", FORWARD.format(name, name), forward, **options),
                Spec(f"{module}shas_means_backward_kernel", BACKWARD.format(name), backward, **options),
            ]
    for its, report in zip(specs, compile_kernels(specs), strict=True):
        assert report.spills == 0 and report.shared == 0, its
