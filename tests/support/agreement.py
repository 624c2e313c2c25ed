"""Whether an implementation of the attention agrees with the reference, in its output and in all six gradients."""

from __future__ import annotations

import torch
from problems import Problem
from torch import Tensor

from shas_kb.kernels.attention import Attended, Impl, attend, attention_mass, descend
from shas_kb.kernels.layout import Table, summaries


def reference_table(p: Problem) -> Table:
    """What the reference opens for a problem."""
    return descend(
        summaries(p.route_q, p.layout), p.route_k, p.layout, route_mass=p.route_mass, gate=p.gate, impl="reference"
    )


def attended(p: Problem, table: Table, impl: Impl, *, seed: int = 1) -> tuple[Attended, list[Tensor]]:
    """Attention with a random `rho`, and the gradients of all that is given for random ones of output and lse.

    `rho` is only there where the masses are.
    """
    generator = torch.Generator().manual_seed(seed)

    def draw(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator, dtype=torch.float64).to(p.q.device, p.q.dtype)

    rho = draw(*table.tile.shape) / 4
    given = [p.q, p.k, p.v, p.mass, p.gate, None if p.mass is None else rho]
    q, k, v, mass, gate, rho_ = (None if x is None else x.clone().requires_grad_() for x in given)
    assert q is not None and k is not None and v is not None
    seen = attend(q, k, v, p.layout, table, mass=mass, gate=gate, rho=rho_, impl=impl)
    # A row that sees nothing has no finite lse.
    lse = seen.lse.where(seen.lse.isfinite(), 0)
    loss = (seen.out * draw(*seen.out.shape)).sum() + (lse * draw(*seen.lse.shape)).sum()
    asked = [x for x in (q, k, v, mass, gate, rho_) if x is not None]
    # With texts of no tokens alone, nothing depends on anything.
    grads = torch.autograd.grad(loss, asked, materialize_grads=True)
    return seen, list(grads)


def assert_agrees(p: Problem, impl: Impl, tolerance: float, table: Table | None = None) -> None:
    """Check output, lse, gradients and the mass on each tile against the reference in float64."""
    table = reference_table(p) if table is None else table
    seen, grads = attended(p, table, impl)
    exact = p.to(torch.float64)
    expected, its_grads = attended(exact, table, "reference")
    names = ["q", "k", "v", "mass", "gate", "rho"] if p.mass is not None else ["q", "k", "v"]
    pairs = [("out", seen.out, expected.out), ("lse", seen.lse, expected.lse)]
    pairs += [(f"gradient of {name}", one, two) for name, one, two in zip(names, grads, its_grads, strict=True)]
    with torch.no_grad():
        spent = [attention_mass(x.q, x.k, x.layout, s, mass=x.mass, gate=x.gate) for x, s in
                 ((p, seen), (exact, expected))]  # fmt: skip
    pairs.append(("mass", spent[0], spent[1]))
    for name, one, two in pairs:
        # In units of the largest: a sum of many is no more exact than that.
        one, two = one.detach().double(), two.detach().double()
        size = max([1.0, *two[two.isfinite()].abs().flatten().tolist()])
        torch.testing.assert_close(
            one, two, rtol=tolerance, atol=tolerance * size, msg=lambda message, name=name: f"{name}: {message}"
        )
