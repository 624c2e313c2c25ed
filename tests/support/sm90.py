"""Compilation of Triton kernels for sm_90 where there is no GPU: what ptxas makes of them, without running them.

    spec = Spec(
        "shas_kb.kernels.triton.forward:shas_forward_kernel",
        types="q:*bf16 table:*i32 scale:fp32 stride_q:i32 heads:i32",
        constexprs={"CHANNELS": 64, "mass": None},
    )
    [report] = compile_kernels([spec])
    assert report.wgmma and not report.spills

`types` names every argument that is not in `constexprs`; an optional pointer that is None goes into `constexprs`. As in
a launch, pointers count as divisible by 16, and so do integers whose names begin with `stride`, or are in `divisible`.
All specs of a call are compiled by one process of their own, as the tests' own may have the interpreter switched on,
and a kernel that was decorated for it cannot be compiled. One that fails raises RuntimeError with the compiler's words.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib import import_module
from pathlib import Path


@dataclass(frozen=True)
class Spec:
    """A kernel, `module:name`, and how it is launched; see above. A list among the constexprs stands for a tuple."""

    kernel: str
    types: str
    constexprs: Mapping[str, int | float | bool | str | list[int] | None] = field(default_factory=dict)
    num_warps: int = 4
    num_stages: int = 2
    maxnreg: int | None = None
    divisible: Sequence[str] = ()


@dataclass(frozen=True)
class Report:
    """What a kernel compiled to.

    Attributes:
        wgmma: Matrix instructions of Hopper in its PTX.
        mma: Matrix instructions of older kinds.
        registers: Of a thread.
        shared: Shared memory, bytes.
        spill_stores: Bytes that a thread stores because registers do not suffice.
        spill_loads: Bytes that it loads again.
    """

    wgmma: int
    mma: int
    registers: int
    shared: int
    spill_stores: int
    spill_loads: int

    @property
    def spills(self) -> int:
        return self.spill_stores + self.spill_loads


def compile_kernels(specs: Sequence[Spec]) -> list[Report]:
    """Compile kernels for sm_90, in one process of their own.

    Raises:
        RuntimeError: If one does not compile; it says which, and why.
    """
    with tempfile.TemporaryDirectory() as cache:
        env = {name: value for name, value in os.environ.items() if name != "TRITON_INTERPRET"}
        env["TRITON_CACHE_DIR"] = cache
        asked = json.dumps([asdict(spec) for spec in specs])
        done = subprocess.run([sys.executable, __file__], input=asked, capture_output=True, text=True, env=env)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return [Report(**each) for each in json.loads(done.stdout.splitlines()[-1])]


def _compile(spec: Spec) -> Report:
    # Here, as importing Triton costs a second that a test process without it need not spend.
    import triton
    from triton.backends.compiler import GPUTarget
    from triton.compiler import ASTSource

    module, name = spec.kernel.split(":")
    kernel = getattr(import_module(module), name)
    types = dict(pair.split(":", 1) for pair in spec.types.split())
    place = {argument: (i,) for i, argument in enumerate(kernel.arg_names)}
    if set(types) | set(spec.constexprs) != set(place) or set(types) & set(spec.constexprs):
        raise ValueError(f"types and constexprs must name {sorted(place)} once each, "
                         f"got {sorted(types)} and {sorted(spec.constexprs)}")  # fmt: skip
    even = [n for n, t in types.items() if t.startswith("*") or n.startswith("stride") or n in spec.divisible]
    constants = {n: tuple(v) if isinstance(v, list) else v for n, v in spec.constexprs.items()}
    source = ASTSource(
        fn=kernel,
        signature={argument: types.get(argument, "constexpr") for argument in place},
        constexprs={place[argument]: value for argument, value in constants.items()},
        attrs={place[argument]: [["tt.divisibility", 16]] for argument in even},
    )
    options = {"num_warps": spec.num_warps, "num_stages": spec.num_stages, "maxnreg": spec.maxnreg}
    made = triton.compile(source, target=GPUTarget("cuda", 90, 32), options=options)
    words = _assemble(made.asm["ptx"], Path(triton.__file__).parent / "backends" / "nvidia" / "bin" / "ptxas")

    def figure(pattern: str) -> int:
        return max((int(found) for found in re.findall(pattern, words)), default=0)

    return Report(
        wgmma=made.asm["ptx"].count("wgmma.mma_async"),
        mma=made.asm["ptx"].count("mma.sync"),
        registers=figure(r"Used (\d+) registers"),
        shared=made.metadata.shared,
        spill_stores=figure(r"(\d+) bytes spill stores"),
        spill_loads=figure(r"(\d+) bytes spill loads"),
    )


def _assemble(ptx: str, ptxas: Path) -> str:
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "kernel.ptx")
        source.write_text(ptx)
        command = [str(ptxas), "-v", "--gpu-name=sm_90a", str(source), "-o", str(source.with_suffix(".cubin"))]
        return subprocess.run(command, check=True, capture_output=True, text=True).stderr


def _main() -> None:
    reports = []
    for asked in json.load(sys.stdin):
        spec = Spec(**asked)
        try:
            reports.append(asdict(_compile(spec)))
        except Exception as error:
            error.add_note(f"while compiling {spec}")
            raise
    sys.stdout.write(json.dumps(reports))


if __name__ == "__main__":
    _main()
