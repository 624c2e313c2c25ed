"""How long work takes on a device: medians of many runs from a cold cache, by the device's own events.

What is small is also captured into a CUDA graph and replayed, so that the gaps between its launches are not counted as
work; the time of a plain call stands beside it. Without a GPU the host's clock is read, to try programs out.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import torch

Work = Callable[[], Any]
Figures = dict[str, Any]

CAPTURED_BELOW = 20.0  # milliseconds; above, gaps between launches do not show
FLUSH = 256 << 20  # bytes, more than any L2 cache holds


class Clock:
    """Takes the time of work on one device.

    Args:
        device: `cuda` or `cpu`.
        seconds: How long one measurement may go on, but at least 5 runs (3 without a GPU, or of long work).
        most: At most so many runs.
    """

    def __init__(self, device: torch.device, seconds: float = 0.25, most: int = 40) -> None:
        self.device, self.seconds, self.most = device, seconds, most
        self.gpu = device.type == "cuda"
        self.other = torch.empty(FLUSH if self.gpu else 0, dtype=torch.int8, device=device)

    def measure(self, work: Work, once: bool = False) -> Figures:
        """Median and spread (first and last tenth) of the milliseconds that `work` takes.

        Args:
            once: Run it once only, with nothing before: for what takes seconds and is known to work.
        """
        if once:
            return {"ms": _round(self._once(work)), "runs": 1}
        plain = self._repeat(work)
        if not self.gpu or plain["ms"] > CAPTURED_BELOW:
            return plain
        stream = torch.cuda.current_stream()
        try:
            graph = _captured(work)
        except RuntimeError as error:
            torch.cuda.set_stream(stream)  # What fails inside a capture leaves its stream behind.
            return {**plain, "not_captured": said(error)}
        replayed = self._repeat(graph.replay)
        return {**replayed, "plain_ms": plain["ms"]}

    def peak(self, work: Work) -> float | None:
        """Megabytes that `work` allocates at its peak, beside what is there before; None without a GPU."""
        if not self.gpu:
            return None
        torch.cuda.synchronize()
        torch.cuda.empty_cache()
        before = torch.cuda.memory_allocated()
        torch.cuda.reset_peak_memory_stats()
        work()
        torch.cuda.synchronize()
        return round((torch.cuda.max_memory_allocated() - before) / 2**20, 1)

    def kernels(self, work: Work, most: int = 16) -> dict[str, float]:
        """Milliseconds spent in each kernel that `work` launches, the longest first; nothing without a GPU."""
        if not self.gpu:
            return {}
        work()
        with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CUDA]) as profile:
            work()
            torch.cuda.synchronize()
        spent = {event.key[:80]: event.self_device_time_total / 1000 for event in profile.key_averages()}
        longest = sorted(spent.items(), key=lambda item: -item[1])[:most]
        return {name: _round(milliseconds) for name, milliseconds in longest if milliseconds > 0}

    def matmul_rate(self, dtype: torch.dtype) -> float:
        """Operations a second of one large matrix product in this dtype, on random data."""
        side = 8192 if self.gpu else 256
        one, other = (torch.randn(side, side, device=self.device).to(dtype) for _ in range(2))
        return 2 * side**3 / (self._repeat(lambda: one @ other)["ms"] / 1000)

    def bandwidth(self) -> float:
        """Bytes a second of one large copy, those read and those written."""
        source = torch.randint(0, 127, ((4 << 30) if self.gpu else (1 << 24),), dtype=torch.int8, device=self.device)
        goal = torch.empty_like(source)
        return 2 * source.numel() / (self._repeat(lambda: goal.copy_(source))["ms"] / 1000)

    def _once(self, work: Work) -> float:
        if not self.gpu:
            begin = time.perf_counter()
            work()
            return 1000 * (time.perf_counter() - begin)
        self.other.zero_()
        begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        begin.record()
        work()
        end.record()
        torch.cuda.synchronize()
        return float(begin.elapsed_time(end))

    def _repeat(self, work: Work) -> Figures:
        self._once(work)
        guess = self._once(work)
        least = 5 if self.gpu and guess < 500 else 3
        runs = max(least, min(self.most, int(1000 * self.seconds / max(guess, 1e-3))))
        taken = sorted(self._once(work) for _ in range(runs))
        tenth = len(taken) // 10
        spread = [_round(taken[tenth]), _round(taken[-1 - tenth])]
        return {"ms": _round(statistics.median(taken)), "spread_ms": spread, "runs": runs}


def _captured(work: Work) -> torch.cuda.CUDAGraph:
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        work()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        work()
    return graph


def said(error: Exception) -> str:
    """The first line of an error."""
    return f"{type(error).__name__}: {str(error).strip().splitlines()[0][:200] if str(error).strip() else ''}"


def _round(milliseconds: float) -> float:
    return float(f"{milliseconds:.4g}")
