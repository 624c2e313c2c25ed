"""The operator as it is called: what it chooses and refuses, how it is traced, and that it never waits for a device."""

from __future__ import annotations

import subprocess
import sys
import warnings
from dataclasses import replace
from typing import Any

import pytest
import torch
from problems import DEVICE, Problem, problem
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from shas_kb.kernels.attention import Attended, attend, chosen, descend, shas_attention
from shas_kb.kernels.layout import Layout, scores, summaries
from shas_kb.kernels.plan import Plan
from shas_kb.kernels.pyramid import Pyramid

FAST = ["triton", *(["cpu"] if DEVICE == "cpu" else [])]


def run(p: Problem, impl: Any) -> Attended:
    return shas_attention(
        p.q, p.k, p.v, p.route_q, p.route_k, p.layout,
        mass=p.mass, route_mass=p.route_mass, gate=p.gate, impl=impl,
    )  # fmt: skip


def test_auto_says_what_it_chose() -> None:
    assert run(problem([70], dtype=torch.float32), "auto").impl == ("triton" if DEVICE == "cuda" else "cpu")
    assert chosen("auto", torch.device("cuda")) == "triton"
    assert chosen("auto", torch.device("cpu")) == "cpu"


def test_a_named_implementation_is_never_replaced() -> None:
    for impl in ("reference", *FAST):
        assert run(problem([70], dtype=torch.float32), impl).impl == impl
    with pytest.raises(ValueError, match='impl="cpu" must get tensors on the CPU, got cuda'):
        chosen("cpu", torch.device("cuda"))
    with pytest.raises(ValueError, match='impl must be "auto", "reference", "cpu" or "triton", got \'gpu\''):
        chosen("gpu", torch.device("cpu"))  # type: ignore[arg-type]


@pytest.mark.slow
@pytest.mark.skipif(DEVICE == "cuda", reason="there is a CUDA device")
def test_triton_without_a_gpu_or_its_interpreter_says_what_to_do() -> None:
    program = """
import sys; sys.path.insert(0, "tests/support")
import os; os.environ.pop("TRITON_INTERPRET", None)
import torch
from problems import problem
from shas_kb.kernels.attention import shas_attention
p = problem([70], dtype=torch.float32)
try:
    shas_attention(p.q, p.k, p.v, p.route_q, p.route_k, p.layout, impl="triton")
except ValueError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert "must" in done.stdout and "TRITON_INTERPRET=1" in done.stdout, done.stdout + done.stderr


def without_triton_named() -> list[str]:
    program = "import sys, shas_kb.kernels.attention as a; print([m for m in ('triton',) if m in sys.modules])"
    return [subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.strip()]


def test_triton_is_imported_only_when_it_runs() -> None:
    assert without_triton_named() == ["[]"]


@pytest.mark.parametrize("impl", FAST)
def test_a_router_learns_where_something_was_chosen_and_has_no_part_where_all_is_seen(impl: str) -> None:
    for dense, learns in ((0, True), (500, False)):
        p = problem([300, 65], k=1, levels=3, dense=dense, dtype=torch.float32)
        p = replace(p, route_q=p.route_q.requires_grad_(), q=p.q.requires_grad_())
        run(p, impl).out.square().sum().backward()
        assert p.q.grad is not None and p.q.grad.abs().sum() > 0
        assert (p.route_q.grad is not None) == learns


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"q": torch.zeros(3, 2, 32)}, r"q must be \[92 queries, heads, channels\], got \[3, 2, 32\]"),
        ({"k": torch.zeros(92, 2, 16)}, r"k must be \[92, 2, 32\], got \[92, 2, 16\]"),
        ({"v": torch.zeros(70, 2, 32)}, r"v must be \[92, 2, 32\]"),
        ({"mass": torch.zeros(92, 3)}, r"mass must be \[92, 2\], got \[92, 3\]"),
        ({"gate": torch.zeros(92, 2, 9)}, r"gate must be \[92, 2, 4\], got \[92, 2, 9\]"),
        ({"route_k": torch.zeros(90, 1, 32)}, r"route_k must be \[92 rows, routing heads, channels\]"),
        ({"route_mass": torch.zeros(92, 2)}, r"route_mass must be \[92, 1\], got \[92, 2\]"),
        ({"v": torch.zeros(92, 2, 32, dtype=torch.float64)}, "q, k and v must have one floating dtype"),
        ({"q": torch.zeros(92, 2, 32, device="meta")}, "q must lie on (cpu|cuda:0) like the layout, got meta"),
        ({"route_q": torch.zeros(92, 3, 32), "route_k": torch.zeros(92, 3, 32), "route_mass": None}, "multiple of"),
    ],
)
def test_what_does_not_fit_is_refused(changed: dict[str, Tensor], message: str) -> None:
    moved = {name: x.to(DEVICE) if x is not None and not x.is_meta else x for name, x in changed.items()}
    p = replace(problem([68], dtype=torch.float32), **moved)
    assert p.layout.rows == 92
    with pytest.raises(ValueError, match=message):
        run(p, "reference")


def leaves(p: Problem) -> list[Tensor]:
    given = (p.q, p.k, p.v, p.route_q, p.route_k, p.mass, p.route_mass, p.gate)
    return [x.clone().requires_grad_() for x in given if x is not None]


@pytest.mark.parametrize("impl", FAST)
def test_it_compiles_into_one_graph_forward_and_backward(impl: str) -> None:
    p = problem([150, 20], k=1, levels=3, dtype=torch.float32)

    def loss(*args: Tensor) -> Tensor:
        q, k, v, route_q, route_k, mass, route_mass, gate = args
        seen = shas_attention(
            q, k, v, route_q, route_k, p.layout, mass=mass, route_mass=route_mass, gate=gate, impl=impl  # type: ignore[arg-type]
        )  # fmt: skip
        return seen.out.square().sum() + seen.lse.sum()

    torch._dynamo.reset()
    one, other = leaves(p), leaves(p)
    loss(*one).backward()  # type: ignore[no-untyped-call]
    torch.compile(loss, fullgraph=True, backend="aot_eager")(*other).backward()
    for a, b in zip(one, other, strict=True):
        assert a.grad is not None and b.grad is not None
        torch.testing.assert_close(a.grad, b.grad)


@pytest.mark.parametrize("impl", FAST)
@pytest.mark.parametrize("bare", [False, True])
def test_opcheck(impl: str, bare: bool) -> None:
    p = problem([70, 3], k=1, levels=3, bare=bare, dtype=torch.float32)
    run(p, impl)
    means = summaries(p.route_q, p.layout)
    plan, geometry = p.layout.plan, list(p.layout.geometry)
    descent = getattr(torch.ops.shas_kb, f"descent_{impl}").default
    torch.library.opcheck(
        descent,
        (means, p.route_k, p.route_mass, None, geometry, list(plan.k), list(plan.widths), plan.width, plan.longest),
    )
    table = list(descent(means, p.route_k, p.route_mass, None, geometry, plan.k, plan.widths, plan.width, plan.longest))
    q, k, v = (x.clone().requires_grad_() for x in (p.q, p.k, p.v))
    rho = None if bare else torch.zeros(table[0].shape, device=DEVICE)
    extra = [None if x is None else x.clone().requires_grad_() for x in (p.mass, p.gate, rho)]
    attention = getattr(torch.ops.shas_kb, f"attention_{impl}").default
    torch.library.opcheck(attention, (q, k, v, *extra, table, geometry, list(p.layout.whole), 0.2))


class Waits(TorchDispatchMode):
    """Counts operations that read from the device to the host, or whose result's size is only known there."""

    waiting = (
        "_local_scalar_dense",
        "nonzero",
        "masked_select",
        "unique",
        "unique_consecutive",
        "_unique2",
        "bincount",
    )

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []
        self.operations = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = func.overloadpacket.__name__
        self.operations += 1
        indices = [x for x in args[1] if x is not None] if name in ("index", "index_put") else []
        if name in self.waiting or any(x.dtype in (torch.bool, torch.uint8) for x in indices):
            self.seen.append(name)
        return func(*args, **(kwargs or {}))


def test_nothing_waits_for_the_device() -> None:
    p = problem([200, 30], k=1, levels=4, dtype=torch.float32, threshold=0.1)
    from shas_kb.kernels.triton.backward import backward
    from shas_kb.kernels.triton.descent import descent
    from shas_kb.kernels.triton.forward import forward

    plan, layout = p.layout.plan, p.layout
    args = [*leaves(p)[:3], *(None,) * 3]
    with Waits() as waits:
        means = summaries(p.route_q, layout)
        closed = torch.zeros(1, layout.blocks, layout.levels, dtype=torch.bool, device=DEVICE)
        table = descent(
            means, p.route_k, p.route_mass, closed, layout.geometry, plan.k, plan.widths, plan.width, plan.longest
        )
        rho = scores(means, p.route_k, p.route_mass, table, layout)
        inputs = (p.q, p.k, p.v, p.mass, p.gate, rho, table, layout.geometry, list(layout.whole), 0.2)
        out, lse = forward(*inputs)
        backward(out, lse, out, lse, *inputs)
    assert waits.operations > 20, "operations inside are seen"
    assert waits.seen == []
    with Waits() as outside:
        q, k, v = args[:3]
        table = descend(means, p.route_k, layout, gate=p.gate, impl="triton")
        attend(q, k, v, layout, table, gate=p.gate, rho=rho, impl="triton").out.sum().backward()
    assert outside.seen == []
    with Waits() as counting:
        torch.ones(2)[torch.tensor([True, False])].sum().item()
    assert counting.seen == ["index", "_local_scalar_dense"], "it does count"


@pytest.mark.gpu
@pytest.mark.skipif(DEVICE == "cpu", reason="needs a CUDA device")
def test_nothing_waits_for_a_real_device() -> None:
    p = problem([5000, 300], k=2, dtype=torch.bfloat16)
    run(p, "triton")
    torch.cuda.synchronize()
    try:
        with warnings.catch_warnings(action="ignore"):  # That this mode is young.
            torch.cuda.set_sync_debug_mode("error")
        args = leaves(p)
        seen = shas_attention(*args[:5], p.layout, mass=args[5], route_mass=args[6], gate=args[7])
        seen.out.sum().backward()
    finally:
        torch.cuda.set_sync_debug_mode("default")


@pytest.mark.gpu
@pytest.mark.skipif(DEVICE == "cpu", reason="needs a CUDA device")
def test_a_million_tokens_on_a_device() -> None:
    """Rows beyond 2**31 elements are addressed, forward and backward."""
    pyramid = Pyramid.from_lengths([(1 << 20) + 4096, 1 << 20], levels=7)
    layout = Layout.of(Plan.asking(pyramid, 4, levels=1, dense=0), DEVICE)

    def draw(rows: int, heads: int, channels: int) -> Tensor:
        return torch.randn(rows, heads, channels, dtype=torch.bfloat16, device=DEVICE, requires_grad=True)

    q, route_q = draw(layout.queries, 12, 64), draw(layout.queries, 1, 32)
    k, v, route_k = draw(layout.rows, 12, 64), draw(layout.rows, 12, 64), draw(layout.rows, 1, 32)
    assert k.numel() > 1 << 31
    seen = shas_attention(q, k, v, route_q, route_k, layout)
    seen.out.backward(torch.randn_like(seen.out))
    for x in (q, k, v, route_q):
        assert x.grad is not None and x.grad.isfinite().all() and x.grad[-1].any()
