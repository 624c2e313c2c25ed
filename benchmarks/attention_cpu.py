"""How fast SHAS attention is on a CPU, beside dense attention by PyTorch's flash attention on the same tokens.

    python benchmarks/attention_cpu.py [--sizes 1 2 4 8 16 32] [--rounds 5] [--dtype float32]

Summaries, descent and attention; backward with all gradients, the router's too. Levels as means, which in use come from
an abstraction head and its projections, are timed beside, and added in `with_levels`. Texts of up to 4,096 tokens are
seen whole, as by default. All take turns, so that what else the machine does falls on all: a ratio is the median of
those of each round.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from functools import partial

import torch
from attention_case import Case, Problem
from clock import Figures
from report import write_result
from torch import Tensor
from torch.autograd import grad
from torch.nn.functional import scaled_dot_product_attention

from shas_kb.kernels.attention import shas_attention

HEADS, ROUTING_HEADS, CHANNELS = 6, 2, 64


def dense(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """[tokens, heads, channels]."""
    return scaled_dot_product_attention(*(x.transpose(0, 1)[None] for x in (q, k, v)))[0].transpose(0, 1)


def step(forward: Callable[[], Tensor], leaves: list[Tensor], given: Tensor) -> tuple[float, float]:
    """Milliseconds forward and backward."""
    begin = time.perf_counter()
    out = forward()
    between = time.perf_counter()
    grad(out, leaves, given, materialize_grads=True)
    return 1000 * (between - begin), 1000 * (time.perf_counter() - between)


def inference(forward: Callable[[], Tensor]) -> float:
    begin = time.perf_counter()
    with torch.no_grad():
        forward()
    return 1000 * (time.perf_counter() - begin)


def measured(size: int, dtype: torch.dtype, rounds: int) -> Figures:
    """One size, both operators in turns."""
    case = Case((size * 1024,), dense=4096, heads=HEADS, routing_heads=ROUTING_HEADS, channels=CHANNELS, dtype=dtype)
    problem = Problem(case, torch.device("cpu"))
    k, v, route_k = rows = [x.detach().requires_grad_() for x in problem.levels()]
    ask = partial(shas_attention, problem.q, k, v, problem.route_q, route_k, problem.layout)
    ways = {
        "shas": (lambda: ask().out, [problem.q, problem.route_q, *rows], problem.grad),
        "levels": (
            lambda: torch.cat([x.flatten() for x in problem.levels()]),
            problem.leaves[1:3] + problem.leaves[4:],
            torch.cat([torch.randn_like(x).flatten() for x in rows]),
        ),
        "dense": (partial(dense, problem.q, problem.k, problem.v), problem.leaves[:3], problem.grad),
    }
    taken: dict[str, dict[str, list[float]]] = {name: {"forward": [], "backward": []} for name in ways}
    for turn in range(rounds + 1):
        for name, (forward, leaves, given) in ways.items():
            ms = inference(forward)
            _, back = step(forward, leaves, given)
            if turn:  # The first is for warming up.
                taken[name]["forward"].append(ms)
                taken[name]["backward"].append(back)
    figures: Figures = {"keys_a_query": problem.seen()["keys_a_query"]}
    for what in ("forward", "backward"):
        ours, levels, its = (taken[name][what] for name in ways)
        ratios = [b / a for a, b in zip(ours, its, strict=True)]
        whole = [b / (a + c) for a, b, c in zip(ours, its, levels, strict=True)]
        figures[what] = {
            "ms": round(statistics.median(ours), 1),
            "levels_ms": round(statistics.median(levels), 1),
            "dense_ms": round(statistics.median(its), 1),
            "times_faster": round(statistics.median(ratios), 2),
            "spread": [round(min(ratios), 2), round(max(ratios), 2)],
            "with_levels": round(statistics.median(whole), 2),
        }
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1, 2, 4, 8, 16, 32], help="in 1,024 tokens")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--dtype", choices=("float32", "bfloat16"), default="float32")
    options = parser.parse_args()
    torch.manual_seed(0)
    sizes: Figures = {}
    for size in options.sizes:
        sizes[f"{size} K"] = found = measured(size, getattr(torch, options.dtype), options.rounds)
        print(f"{size:3d} K  {found['keys_a_query']:6.0f} keys  " + "   ".join(
            f"{what} {found[what]['ms']:8.1f} ms, dense {found[what]['dense_ms']:8.1f} ms: "
            f"{found[what]['times_faster']:5.2f}x, with levels {found[what]['with_levels']:5.2f}x"
            for what in ("forward", "backward")), flush=True)  # fmt: skip
    case = {"heads": HEADS, "routing_heads": ROUTING_HEADS, "channels": CHANNELS, "threads": torch.get_num_threads()}
    suffix = "" if options.dtype == "float32" else f"-{options.dtype}"
    write_result(f"attention_cpu{suffix}", case | {"rounds": options.rounds, "dtype": options.dtype, "sizes": sizes})


if __name__ == "__main__":
    main()
