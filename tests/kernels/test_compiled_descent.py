"""The descent as a GPU of the Hopper generation would get it; compiling needs none."""

from __future__ import annotations

import pytest
import torch

from shas_kb.kernels.plan import Plan
from shas_kb.kernels.pyramid import Pyramid

pytest.importorskip("triton")

from sm90 import Spec, compile_kernels

from shas_kb.kernels.triton.descent import WARPS, constants_of
from shas_kb.kernels.triton.scoring import groups_of

TYPES = """
means:*{0} route_k:*{0} route_mass:*fp32 closed:*i1 top:*i32 bottom:*i32 first:*i32 near:*i32 whole:*i1
tile_full:*i64 tile_mask:*i64 tile_group:*i32 tile_children:*i32 log_count:*fp32
trail_tile:*i32 trail_score:*i32 out_tile:*i32 out_mask:*i64 out_used:*i32
scale:fp32 room:i32 width:i32 stride_means_head:i32 stride_means_block:i32 stride_means_summary:i32
stride_key_row:i32 stride_key_head:i32 stride_mass_row:i32 stride_mass_head:i32
"""
DUE_TYPES = """
means:*{0} route_k:*{0} route_mass:*fp32 whole:*i1 tile_group:*i32 log_count:*fp32 table_tile:*i32 table_used:*i32
out_row:*i32 out_summary:*i32 scale:fp32 width:i32
stride_means_head:i32 stride_means_block:i32 stride_means_summary:i32
stride_key_row:i32 stride_key_head:i32 stride_mass_row:i32 stride_mass_head:i32
"""
NAMES = {torch.bfloat16: "bf16", torch.float16: "fp16", torch.float32: "fp32"}


def spec(tokens: int, levels: int | str, dtype: torch.dtype, channels: int) -> Spec:
    plan = Plan.asking(Pyramid.from_lengths([tokens], 4, levels))
    constants = constants_of(plan.k, plan.widths, plan.longest) | {"CHANNELS": channels, "UPCAST": False}
    kernel = "shas_kb.kernels.triton.descent:shas_descent_kernel"
    return Spec(kernel, TYPES.format(NAMES[dtype]), constants, num_warps=WARPS, num_stages=1)


def due(dtype: torch.dtype, channels: int) -> Spec:
    constants = groups_of(16) | {"CHANNELS": channels, "UPCAST": False}
    kernel = "shas_kb.kernels.triton.descent:shas_due_kernel"
    return Spec(kernel, DUE_TYPES.format(NAMES[dtype]), constants, num_warps=WARPS, num_stages=1)


@pytest.mark.slow
def test_it_compiles_without_spills_and_uses_the_matrix_unit() -> None:
    lengths = (8192, 65_536, 1 << 20)
    bf16 = [spec(tokens, levels, torch.bfloat16, 32) for tokens in lengths for levels in (5, "auto")]
    # Most of them are the same: what the kernel is compiled for hardly depends on the length.
    different = [each for i, each in enumerate(bf16) if each not in bf16[:i]]
    assert len(different) == 3
    exact = spec(65_536, 5, torch.float32, 32)
    reports = compile_kernels([*different, due(torch.bfloat16, 32), exact])
    for report in reports:
        assert report.spills == 0
        assert report.shared < 227 * 1024
    for report in reports[:-1]:
        assert report.wgmma or report.mma
    assert not reports[-1].wgmma and not reports[-1].mma, "float32 in full precision has no matrix instruction"
