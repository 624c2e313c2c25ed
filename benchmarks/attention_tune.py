"""Which launch of each attention kernel is the fastest on a GPU: for `LAUNCHES` in kernels/triton/config.py.

    python benchmarks/attention_tune.py                        # 16-bit numbers, 32, 64 and 128 channels
    python benchmarks/attention_tune.py --only key_backward

One text of 64 K tokens, heads of a width of 768 channels together, router learning. Of each kernel the launches are
tried one by one, while the other kernels keep theirs; what is timed is the forward or the whole backward. The table is
not written by this program: a new one goes in by hand, and the tests of what compiles hold it.
"""

from __future__ import annotations

import argparse
import sys
from itertools import product
from pathlib import Path

import torch
from attention_case import Case, Problem
from attention_gpu import device_facts, named
from clock import Clock, Figures, said
from report import RESULTS, write_result

from shas_kb.kernels.triton.config import LAUNCHES, Launch

TOKENS, WIDTH = 65_536, 768
STAGE = {"forward": "forward", "query_backward": "backward", "key_backward": "backward"}
REGISTERS = (None, 128, 168)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the result")
    parser.add_argument("--only", default="", help="only kernels whose name holds this")
    options = parser.parse_args()
    if not torch.cuda.is_available():
        sys.exit(f"This needs a CUDA device, and PyTorch {torch.__version__} finds none here.")
    device = torch.device("cuda")
    clock, facts = Clock(device, seconds=0.03, most=8), device_facts(device)
    found: dict[str, Figures] = {}
    for channels in (64, 32, 128):
        case = Case((TOKENS,), heads=WIDTH // channels, channels=channels, routing_heads=2)
        stages = Problem(case, device).stages()
        for kernel, stage in STAGE.items():
            if options.only not in kernel:
                continue
            table, key = LAUNCHES[kernel], (case.dtype.itemsize, channels)
            chosen, tried = table[key], {}
            for warps, depth, registers in product((4, 8) if channels == 128 else (4,), (1, 2, 3), REGISTERS):
                if registers and warps == 8:
                    continue
                table[key] = Launch(warps, depth, registers)
                try:
                    tried[str(tuple(table[key]))] = clock.measure(stages[stage])["ms"]
                except Exception as error:  # noqa: BLE001  One that does not fit into the device is no answer.
                    tried[str(tuple(table[key]))] = said(error)
            table[key] = chosen
            timed = {name: ms for name, ms in tried.items() if isinstance(ms, float)}
            best = min(timed, key=lambda name: timed[name])
            found[f"{kernel}, {channels} channels"] = {"table": str(tuple(chosen)), "best": best, "ms": tried}
            print(f"{kernel:16s} {channels:3d} channels: best {best} {timed[best]:.3f} ms; "
                  f"in the table {tuple(chosen)} {tried[str(tuple(chosen))]} ms", flush=True)  # fmt: skip
    write_result(named("attention_tune", facts), {"device": facts, "tokens": TOKENS, "launches": found}, options.out)


if __name__ == "__main__":
    main()
