"""What kernels/README.md says is so: its code runs, its figures come out, its files are there, its picture is drawn."""

from __future__ import annotations

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
