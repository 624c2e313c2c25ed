"""The benchmark of the kernels runs from end to end, and gives no figures where it should not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

ROOT = Path(__file__).parents[2]
PROGRAM = ROOT / "benchmarks" / "attention_gpu.py"


def run(*words: object) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, str(PROGRAM), *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, env=environment)


@pytest.mark.slow
def test_it_runs_at_tiny_sizes_and_writes_what_it_measured(tmp_path: Path) -> None:
    done = run("--device", "cpu", "--quick", "--out", tmp_path)
    assert done.returncode == 0, done.stderr
    (written,) = tmp_path.iterdir()
    result = json.loads(written.read_text())
    assert written.name == "attention_gpu-cpu.json" and {"command", "commit", "machine"} < set(result)
    alone, packed = result["figures"]["cases"].values()
    stages = {"levels", "summaries", "descent", "scores", "forward", "backward"}
    for case in (alone, packed):
        assert set(case["stages"]) == stages
        assert all(timed["ms"] > 0 and timed["runs"] >= 3 for timed in case["stages"].values())
        assert {"forward", "backward", "step"} == set(case["compared"])
        # What a backend cannot do is said, not left out.
        assert all("step" in each or "error" in each for each in case["dense"].values())
        assert any("step" in each for each in case["dense"].values())
    assert packed["case"]["texts"] == 2 and "flash, nested" in packed["dense"]
    assert {"forward", "step"} == set(alone["abstraction"])


@pytest.mark.slow
@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_without_a_device_it_says_so_before_anything_else() -> None:
    made = subprocess.run(["make", "--no-print-directory", "gpu"], cwd=ROOT, capture_output=True, text=True)
    assert made.returncode and not made.stdout
    assert "This needs a CUDA device" in made.stderr


@pytest.mark.slow
def test_what_was_tried_on_a_cpu_is_never_written_over_real_results() -> None:
    done = run("--device", "cpu", "--quick")
    assert done.returncode and "give another folder" in done.stderr
