"""What kernels/README.md says is so: its code runs, its figures come out, its files are there, its picture is drawn."""

from __future__ import annotations

import json
import re
import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from shas_kb.kernels.descent import walk
from shas_kb.kernels.plan import Plan
from shas_kb.kernels.pyramid import TILE, Pyramid

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "benchmarks" / "results"
README = (ROOT / "kernels" / "README.md").read_text(encoding="utf-8")


def test_its_code_runs() -> None:
    torch.manual_seed(0)
    said: dict[str, Any] = {}
    blocks = re.findall(r"^```python\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
    assert len(blocks) == 2
    for block in blocks:
        exec(compile(block, "kernels/README.md", "exec"), said)


def test_its_numbers_of_keys_come_out() -> None:
    stated = re.findall(r"^\| ([\d,]+) \| (\d)[^|]*\| ([\d,]+) \|$", README, re.MULTILINE)
    assert len(stated) == 5
    for tokens, levels, keys in (tuple(int(number.replace(",", "")) for number in row) for row in stated):
        auto = Pyramid.from_lengths([tokens], levels="auto").levels
        assert auto == levels or levels == 5
        # Half a step of the last digit, and what the random choice of places changes.
        assert keys_a_query(tokens, levels) == pytest.approx(keys, rel=0.01)


def keys_a_query(tokens: int, levels: int) -> float:
    """Active units, on average over some query blocks, where scores are random."""
    pyramid, random = Pyramid.from_lengths([tokens], levels=levels), np.random.default_rng(0)
    plan, tiles = Plan.asking(pyramid, levels=1, dense=0), pyramid.tiles
    counts = []
    for block in random.choice(len(plan.start), 100, replace=False):
        visits = walk(pyramid, 0, plan.k, lambda groups: random.random(len(groups)), near=plan.near[block])
        opened = np.concatenate([visit.tiles for visit in visits[1:]])
        gone = (tiles.group[opened, 1] - tiles.group[opened, 0]).sum()
        counts.append(sum(tiles.length[visit.tiles].sum() for visit in visits) - gone)
    return float(np.mean(counts))


def test_its_figures_of_a_gpu_are_those_of_the_file() -> None:
    cases = json.loads((RESULTS / "attention_gpu-nvidia-h200.json").read_text())["figures"]["cases"]
    rows = re.findall(r"^\| (\d+ K[^|]*) \| (.*) \|$", README, re.MULTILINE)
    assert len(rows) == 8
    for name, stated in rows:
        keys, *stated = (cell.strip() for cell in stated.split("|"))
        assert keys == str(round(cases[name]["keys_a_query"]))
        for (ms, faster), what in zip(batched(stated), ("forward", "backward"), strict=True):
            found = cases[name]["compared"][what]
            assert ms == f"{found['ms']:.3g} ms"
            assert faster == (f"{found['times_faster']:.2f} x" if "times_faster" in found else "")


def batched(cells: list[str]) -> list[list[str]]:
    return [cells[i : i + 2] for i in range(0, len(cells), 2)]


def test_its_figures_of_a_cpu_are_those_of_the_file() -> None:
    sizes = json.loads((RESULTS / "attention_cpu.json").read_text())["figures"]["sizes"]
    rows = re.findall(r"^\| (\d+) thousand \| (.*) \|$", README, re.MULTILINE)
    assert {f"{size} K" for size, _ in rows} == set(sizes)
    for size, stated in rows:
        found = sizes[f"{size} K"]
        faster = [f"{found[what]['times_faster']:.2f} x" for what in ("forward", "backward")]
        assert [cell.strip() for cell in stated.split("|")] == [str(round(found["keys_a_query"])), *faster]


def test_its_figures_of_errors_are_those_of_the_file() -> None:
    errors = json.loads((RESULTS / "approximation.json").read_text())["figures"]["error at 16384 tokens"]
    ways = list(next(iter(errors.values()))["chosen by means"])
    stated = [
        re.findall(r"\d?\.\d{3}", row) for row in re.findall(r"^\| .* \|(?: \d?\.\d{3} \|){7}$", README, re.MULTILINE)
    ]
    measured = [[f"{each['chosen by means'][way]['error']['mean']:.3f}" for each in errors.values()] for way in ways]
    measured = [[figure.removeprefix("0") for figure in row] for row in measured]
    assert len(stated) == 7
    assert all(row in measured for row in stated)


def test_its_table_of_files_is_the_folder() -> None:
    table = re.findall(r"^\|(.*?)\|", README.split("## Files")[1].split("\n## ")[0], re.MULTILINE)
    named = {name for cell in table for name in re.findall(r"`([\w/.]+)`", cell)}
    kernels = ROOT / "kernels"
    assert sorted(named) == sorted(
        str(path.relative_to(kernels)) for path in kernels.rglob("*.py") if path.name != "__init__.py"
    )


def test_its_picture_is_what_the_program_draws() -> None:
    (named,) = re.findall(r"!\[.*\]\((.*)\)", README)
    picture = (ROOT / "kernels" / named).resolve()
    assert picture.stat().st_size < 60_000
    draw = runpy.run_path(str(picture.with_name("draw.py")))
    assert draw["picture"]() == picture.read_text(encoding="utf-8")
    pyramid, _, visits = draw["descend"]()
    assert [visit.level for visit in visits] == [3, 2, 1, 0] and pyramid.tiles.length.max() == TILE
