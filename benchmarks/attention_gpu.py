"""How fast SHAS attention is on a GPU, its parts and the whole, beside every dense attention that PyTorch has there.

    make gpu                                            # tests on the device first, then this
    python benchmarks/attention_gpu.py --only "64 K"    # some of it

No figure is printed or written unless the tests of the kernels pass on the device. They are not run again for the same
files. `--device cpu --quick --out FOLDER` runs the same program at tiny sizes, to see that it works; it needs no tests.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from importlib.util import find_spec
from itertools import accumulate
from pathlib import Path

import torch
from attention_case import Case, Problem
from clock import Clock, Figures, said
from report import RESULTS, ROOT, write_result
from torch import Tensor
from torch.autograd import grad
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.functional import scaled_dot_product_attention

K = 1024
BACKENDS = {
    "flash": SDPBackend.FLASH_ATTENTION,
    "cudnn": SDPBackend.CUDNN_ATTENTION,
    "efficient": SDPBackend.EFFICIENT_ATTENTION,
}
PATIENCE = 40_000.0  # milliseconds that one dense measurement may take
GREEN = ROOT / ".pytest_cache" / "green-on-gpu"


def cases(quick: bool) -> Iterator[tuple[str, Case]]:
    """All that is measured, by name."""
    if quick:
        small = Case((512,), levels=3, k=1, heads=2, routing_heads=1, channels=32, dtype=torch.float32)
        yield "0.5 K", replace(small, abstraction=True)
        yield "packed, 0.1 to 0.2 K", replace(small, lengths=(100, 200))
        return
    for size in (2, 4, 8, 16, 32, 64, 256):
        yield f"{size} K", Case((size * K,), abstraction=size in (8, 64))
    yield "256 K, levels auto", Case((256 * K,), levels="auto")
    lean = Case((64 * K,), k=1, window=0)
    yield "8 K, lean", replace(lean, lengths=(8 * K,))
    yield "64 K, lean", lean
    yield "256 K, levels auto, lean", replace(lean, lengths=(256 * K,), levels="auto")
    usual = Case((64 * K,))
    yield "64 K, all levels ask", replace(usual, asking=None)
    yield "64 K, 1 routing head", replace(usual, routing_heads=1)
    yield "64 K, 12 routing heads", replace(usual, routing_heads=12)
    yield "64 K, channels 32", replace(usual, channels=32)
    yield "64 K, channels 128", replace(usual, channels=128)
    yield "64 K, float16", replace(usual, dtype=torch.float16)
    yield "64 K, float32", replace(usual, dtype=torch.float32)
    generator = torch.Generator().manual_seed(0)
    packed = tuple(torch.randint(K, 4 * K + 1, (64,), generator=generator).tolist())
    yield "packed, 64 texts of 1 to 4 K", Case(packed, dense=4 * K)
    yield "packed, 64 texts of 1 to 4 K, none whole", Case(packed)
    yield "1024 K", Case((1024 * K,), abstraction=True)
    yield "1024 K, levels auto", Case((1024 * K,), levels="auto")


class Dense:
    """Dense attention by each of PyTorch's backends, measured once for each size, head dimension and dtype."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.known: dict[tuple[object, ...], Figures] = {}
        self.pace: dict[str, float] = {}

    def of(self, case: Case) -> Figures:
        """Milliseconds forward and of a step (forward and backward), for each backend or why there are none.

        Packed texts go through it one by one, and as one nested tensor.
        """
        key = (case.lengths, case.channels, case.dtype)
        if key not in self.known:
            found = {name: self._measured(name, case, nested=False) for name in BACKENDS}
            if len(case.lengths) > 1:
                found |= {f"{name}, nested": self._measured(name, case, nested=True) for name in BACKENDS}
            self.known[key] = found
        return self.known[key]

    def _measured(self, name: str, case: Case, nested: bool) -> Figures:
        work = sum(length**2 for length in case.lengths) * case.channels
        half = case.dtype in (torch.bfloat16, torch.float16)
        expected = self.pace.get(name, 0.0) * work if half else 0.0
        if expected > PATIENCE:
            return {"left_out": f"about {expected / 1000:.0f} s"}
        try:
            with sdpa_kernel(BACKENDS[name]):
                figures = self._timed(case, nested, once=expected > PATIENCE / 10)
        except (RuntimeError, NotImplementedError) as error:
            return {"error": said(error)}
        if half and not nested and "step" in figures:
            self.pace[name] = (figures["forward"]["ms"] + figures["step"]["ms"]) / work
        return figures

    def _timed(self, case: Case, nested: bool, once: bool) -> Figures:
        device = self.clock.device
        generator = torch.Generator(device).manual_seed(0)

        def draw() -> Tensor:
            shape = (case.tokens, case.heads, case.channels)
            return torch.randn(shape, generator=generator, device=device, dtype=case.dtype).requires_grad_()

        q, k, v, given = draw(), draw(), draw(), draw().detach()
        offsets = torch.tensor([0, *accumulate(case.lengths)], device=device)
        nest = partial(torch.nested.nested_tensor_from_jagged, offsets=offsets,
                       min_seqlen=min(case.lengths), max_seqlen=max(case.lengths))  # fmt: skip

        def texts(x: Tensor) -> list[Tensor]:
            """A tensor for each text or one of all, [1 or texts, heads, tokens, channels]."""
            if nested:
                return [nest(x).transpose(1, 2)]
            return [part.transpose(0, 1)[None] for part in torch.split(x, list(case.lengths))]

        last: Sequence[Tensor] = ()

        def forward() -> None:
            nonlocal last
            last = [scaled_dot_product_attention(*each) for each in zip(texts(q), texts(k), texts(v), strict=True)]
            if nested:
                last = [each.transpose(1, 2).values() for each in last]

        def step() -> None:
            nonlocal last
            forward()
            last = grad(last, (q, k, v), [given] if nested else texts(given))

        figures: Figures = {}
        for what, work in (("forward", torch.no_grad()(forward)), ("step", step)):
            timed = self.clock.measure(work, once=once)
            # cuDNN has been seen to give NaN at some lengths: such a time is worth nothing.
            if not all(bool(x.isfinite().all()) for x in last):
                return {"error": f"{what} is not finite"}
            figures[what] = timed
        return figures


def measured(case: Case, clock: Clock, dense: Dense, ceilings: Figures) -> Figures:
    """All figures of one case."""
    problem = Problem(case, clock.device)
    figures: Figures = {"case": case.facts, **problem.seen(), "errors": problem.check()}
    figures["stages"] = {name: clock.measure(work) for name, work in problem.stages().items()}
    figures["forward"] = clock.measure(torch.no_grad()(problem.operator))
    figures["step"] = clock.measure(problem.step)
    if case.abstraction:
        figures["abstraction"] = abstracted(problem, clock)
    figures["peak_mb"] = {"forward": clock.peak(torch.no_grad()(problem.operator)), "step": clock.peak(problem.step)}
    try:
        figures["kernels"] = clock.kernels(problem.step)
    except RuntimeError as error:
        figures["kernels"] = {"error": said(error)}
    dtype = str(case.dtype).removeprefix("torch.")
    if dtype not in ceilings["matmul"]:
        ceilings["matmul"][dtype] = clock.matmul_rate(case.dtype)
    figures["floor"] = problem.floor(figures["keys_a_query"], ceilings["matmul"][dtype], ceilings["bandwidth"])
    del problem
    figures["dense"] = dense.of(case)
    return figures | compared(figures)


def abstracted(problem: Problem, clock: Clock) -> Figures:
    """How long an abstraction head takes, or why it cannot."""
    try:
        return {name: clock.measure(work) for name, work in problem.abstraction().items()}
    except (RuntimeError, NotImplementedError) as error:
        return {"error": said(error)}


def compared(figures: Figures) -> Figures:
    """How often faster than the fastest dense attention; backward is a step less its forward, for both."""
    done = {name: _taken(each) for name, each in figures["dense"].items() if "step" in each}
    faster: Figures = {}
    for what, ours in _taken(figures).items():
        entry: Figures = {"ms": float(f"{ours:.4g}")}
        if what in figures["floor"]:
            entry["times_the_floor"] = round(ours / figures["floor"][what]["ms"], 2)
        if done:
            best = min(done, key=lambda name: done[name][what])
            entry |= {"fastest_dense": best, "dense_ms": float(f"{done[best][what]:.4g}")}
            entry["times_faster"] = round(done[best][what] / ours, 2)
        faster[what] = entry
    return {"compared": faster}


def _taken(figures: Figures) -> dict[str, float]:
    """Milliseconds forward, backward and of a step: of replayed graphs where both could be captured."""
    both = figures["forward"], figures["step"]
    replayed = all("plain_ms" in each for each in both)
    forward, step = (float(each["ms"] if replayed else each.get("plain_ms", each["ms"])) for each in both)
    return {"forward": forward, "backward": step - forward, "step": step}


def line(name: str, figures: Figures) -> str:
    parts = [f"{name:42s} {figures['keys_a_query']:7.0f} keys"]
    for what in ("forward", "backward"):
        of = figures["compared"][what]
        best = f"{of['times_faster']:7.2f} x {of['fastest_dense']:9s}" if "times_faster" in of else f"{'':19s}"
        parts.append(f"{what} {of['ms']:9.3f} ms {best} {of['times_the_floor']:6.1f} x floor")
    return "   ".join(parts)


def device_facts(device: torch.device) -> Figures:
    if device.type != "cuda":
        return {"name": "cpu"}
    facts = torch.cuda.get_device_properties(device)
    asked = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
    try:
        driver = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.split()[0]
    except (OSError, subprocess.CalledProcessError, IndexError):
        driver = "unknown"
    return {
        "name": facts.name,
        "capability": f"{facts.major}.{facts.minor}",
        "multiprocessors": facts.multi_processor_count,
        "memory_gb": round(facts.total_memory / 2**30),
        "l2_mb": round(facts.L2_cache_size / 2**20),
        "driver": driver,
        "cuda": torch.version.cuda,
        "cudnn": torch.backends.cudnn.version(),
    }


def named(result: str, facts: Figures) -> str:
    """A result's name with that of its device."""
    return f"{result}-{re.sub('[^a-z0-9]+', '-', facts['name'].lower())}"


def green() -> str:
    """Run the tests of the kernels on the device, unless these very files have passed there; the last line they print.

    Raises:
        SystemExit: If one fails, before any figure.
    """
    marked = {path for path in (ROOT / "tests").rglob("test_*.py") if "pytest.mark.gpu" in path.read_text()}
    tests = ["tests/kernels", *sorted(str(path) for path in marked if path.parent.name != "kernels")]
    files = sorted({*(ROOT / "kernels").rglob("*.py"), *(ROOT / "tests" / "kernels").rglob("*.py"), *marked})
    device = f"{torch.cuda.get_device_name()} {torch.__version__}"
    state = hashlib.sha256(b"".join([device.encode(), *(path.read_bytes() for path in files)])).hexdigest()
    if GREEN.exists() and GREEN.read_text().startswith(state):
        return GREEN.read_text().split("\n")[1]
    together = ["-n", str(min(14, os.cpu_count() or 1))] if find_spec("xdist") else []
    # The conftest above tests/kernels imports the whole of shas-kb, which need not be installed here.
    options = ["-q", "--confcutdir=tests/kernels", "-p", "no:benchmark", *together]
    command = [sys.executable, "-m", "pytest", *options, *tests]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=environment)
    assert done.stdout is not None
    last = ""
    for printed in done.stdout:
        print(printed, end="", flush=True)
        last = printed.strip() or last
    if done.wait():
        sys.exit("No figures: the tests of the kernels do not pass on this device.")
    GREEN.parent.mkdir(exist_ok=True)
    GREEN.write_text(f"{state}\n{last}\n")
    return last


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument("--quick", action="store_true", help="tiny sizes, to see that the program works")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the result")
    parser.add_argument("--only", default="", help="only cases whose name holds this")
    parser.add_argument("--tests-only", action="store_true", help="stop after the tests")
    options = parser.parse_args()
    device = torch.device(options.device)
    if device.type == "cpu" and options.out == RESULTS:
        sys.exit("--device cpu only tries the program out: give another folder, --out FOLDER.")
    if device.type == "cuda" and not torch.cuda.is_available():
        sys.exit(f"This needs a CUDA device, and PyTorch {torch.__version__} finds none here.")
    tests = green() if device.type == "cuda" else "not run"
    if options.tests_only:
        return
    begin = time.monotonic()
    facts, clock = device_facts(device), Clock(device)
    ceilings: Figures = {"bandwidth": clock.bandwidth(), "matmul": {}}
    figures: Figures = {"device": facts, "tests": tests, "ceilings": ceilings, "seconds": 0, "cases": {}}
    result = named("attention_gpu", facts)
    dense = Dense(clock)
    for name, case in cases(options.quick):
        if options.only not in name:
            continue
        figures["cases"][name] = measured(case, clock, dense, ceilings)
        figures["seconds"] = round(time.monotonic() - begin)
        print(line(name, figures["cases"][name]), flush=True)
        # After each case, so that a run that is cut off leaves what it had.
        write_result(result, figures, options.out, quiet=True)
    print(f"written: {result}.json")


if __name__ == "__main__":
    main()
