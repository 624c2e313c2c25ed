"""The attention kernels as a GPU of the Hopper generation would get them; compiling needs none."""

from __future__ import annotations

import pytest
import torch

pytest.importorskip("triton")

from sm90 import Report, Spec, compile_kernels

from shas_kb.kernels.triton.config import LAUNCHES, constants

WALK = """
start:*i64 length:*i32 tile_start:*i64 tile_level:*i32 table_tile:*i32 table_mask:*i64 table_used:*i32
scale:fp32 shared:i32 width:i32
stride_q_row:i32 stride_q_head:i32 stride_k_row:i32 stride_k_head:i32
stride_bias:i32 stride_gate_row:i32 stride_gate_head:i32 stride_gate_level:i32
"""
VALUES = "stride_v_row:i32 stride_v_head:i32 stride_out_row:i32 stride_out_head:i32"
GRADS = "stride_grad_row:i32 stride_grad_head:i32"
TYPES = {
    "forward": f"""q:*{{0}} k:*{{0}} v:*{{0}} bias:*fp32 gate:*fp32 rho:*fp32 out:*{{0}} lse:*fp32 {WALK} {VALUES}""",
    "mass": f"""q:*{{0}} k:*{{0}} bias:*fp32 gate:*fp32 lse:*fp32 spent:*fp32 {WALK}
        stride_lse_row:i32 stride_lse_head:i32""",
    "query_backward": f"""q:*{{0}} k:*{{0}} v:*{{0}} bias:*fp32 gate:*fp32 rho:*fp32 out:*{{0}} lse:*fp32
        grad:*{{0}} grad_lse:*fp32 dq:*{{0}} dgate:*fp32 drho:*fp32 shift:*fp32 delta:*fp32 {WALK} {VALUES} {GRADS}
        queries:i32 levels:i32 stride_grad_lse_row:i32 stride_grad_lse_head:i32 stride_dq_row:i32 stride_dq_head:i32""",
    "key_backward": f"""q:*{{0}} k:*{{0}} v:*{{0}} bias:*fp32 rho:*fp32 grad:*{{0}} shift:*fp32 delta:*fp32
        dk:*{{0}} dv:*{{0}} dbias:*fp32 part_k:*fp32 part_v:*fp32 part_bias:*fp32
        start:*i64 length:*i32 tile_start:*i64 tile_full:*i64 tile_level:*i32
        entry:*i64 entry_block:*i32 entry_mask:*i64 piece_list:*i64 piece_bounds:*i64 piece_slot:*i64
        scale:fp32 queries:i32 levels:i32 rows:i32 tiles:i32 lists:i32 slots:i32
        stride_q_row:i32 stride_q_head:i32 stride_k_row:i32 stride_k_head:i32 stride_v_row:i32 stride_v_head:i32
        {GRADS} stride_dk_row:i32 stride_dk_head:i32 stride_bias:i32""",
}
PLACES = {"query_backward": "backward", "key_backward": "backward", "forward": "forward", "mass": "forward"}
NAMES = {torch.bfloat16: "bf16", torch.float16: "fp16", torch.float32: "fp32"}


def spec(kernel: str, dtype: torch.dtype, channels: int) -> Spec:
    """A kernel with everything that is optional, as the table of launches has it."""
    warps, stages = LAUNCHES[kernel][dtype.itemsize, channels]
    levels = {"LEVELS": 8} if kernel == "query_backward" else {}
    return Spec(
        f"shas_kb.kernels.triton.{PLACES[kernel]}:shas_{kernel}_kernel",
        TYPES[kernel].format(NAMES[dtype]),
        constants(dtype, channels) | levels | {"UPCAST": False, "STAGES": stages},
        num_warps=warps,
        num_stages=stages,
    )


def compiled(*specs: Spec) -> list[Report]:
    reports = compile_kernels(specs)
    for report in reports:
        assert report.wgmma and not report.mma
        assert report.shared < 227 * 1024
    return reports


@pytest.mark.slow
@pytest.mark.parametrize("kernel", TYPES)
def test_it_compiles_without_spills_and_uses_the_matrix_unit(kernel: str) -> None:
    wanted = [spec(kernel, torch.bfloat16, channels) for channels in (32, 64, 128)]
    for report in compiled(*wanted, spec(kernel, torch.float16, 64)):
        assert report.spills == 0
