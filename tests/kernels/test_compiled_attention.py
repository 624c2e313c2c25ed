"""The attention kernels as a GPU of the Hopper generation would get them; compiling needs none."""

from __future__ import annotations

import pytest
import torch

pytest.importorskip("triton")

from sm90 import Spec, compile_kernels

from shas_kb.kernels.triton.config import launch

TILES, LINES = "tensordesc<{0}[64,{1}]>", "tensordesc<fp32[1,64]>"
WALK = """
start:*i64 length:*i32 tile_level:*i32 table_tile:*i32 table_start:*i64 table_mask:*i64 table_used:*i32
scale:fp32 shared:i32 width:i32 stride_bias:i32 stride_gate_row:i32 stride_gate_head:i32 stride_gate_level:i32
"""
TYPES = {
    "forward": f"""q:{TILES} k:{TILES} v:{TILES} bias:{LINES} gate:*fp32 rho:*fp32 out:*{{0}} lse:*fp32 {WALK}
        stride_out_row:i32 stride_out_head:i32""",
    "mass": f"""q:{TILES} k:{TILES} bias:{LINES} gate:*fp32 lse:*fp32 spent:*fp32 {WALK}
        stride_lse_row:i32 stride_lse_head:i32""",
    "query_backward": f"""q:{TILES} k:{TILES} v:{TILES} bias:{LINES} gate:*fp32 rho:*fp32 out:{TILES} lse:*fp32
        grad:{TILES} grad_lse:*fp32 dq:*{{0}} dgate:*fp32 drho:*fp32 shift:*fp32 delta:*fp32 {WALK}
        levels:i32 stride_grad_lse_row:i32 stride_grad_lse_head:i32 stride_dq_row:i32 stride_dq_head:i32""",
    "key_backward": f"""q:{TILES} k:{TILES} v:{TILES} bias:*fp32 rho:*fp32 grad:{TILES} shift:{LINES} delta:{LINES}
        dk:*{{0}} dv:*{{0}} dbias:*fp32 part_k:*fp32 part_v:*fp32 part_bias:*fp32
        tile_start:*i64 tile_full:*i64 tile_level:*i32
        entry:*i64 entry_block:*i32 entry_mask:*i64 entry_start:*i64
        piece_list:*i64 piece_bounds:*i64 piece_slot:*i64
        scale:fp32 levels:i32 rows:i32 tiles:i32 lists:i32 slots:i32
        stride_dk_row:i32 stride_dk_head:i32 stride_bias:i32""",
}
PLACES = {"query_backward": "backward", "key_backward": "backward", "forward": "forward", "mass": "forward"}
NAMES = {torch.bfloat16: "bf16", torch.float16: "fp16", torch.float32: "fp32"}


# What a lean kernel does not get, and then is not there.
OPTIONAL = {"gate": None, "dgate": None, "dbias": None, "part_bias": None} | dict.fromkeys(
    ("stride_bias", "stride_gate_row", "stride_gate_head", "stride_gate_level"), 0
)


def spec(kernel: str, dtype: torch.dtype, channels: int, lean: bool = False) -> Spec:
    """A kernel with everything that is optional or without, as it is launched."""
    options = launch(kernel, dtype, channels, lean) | {"UPCAST": False}
    options |= {"LEVELS": 1 if lean else 8} if kernel == "query_backward" else {}
    types = TYPES[kernel].format(NAMES[dtype], channels).split()
    if lean:
        options |= {name: OPTIONAL[name] for name in (each.split(":")[0] for each in types) if name in OPTIONAL}
        types = [each for each in types if each.split(":")[0] not in OPTIONAL]
    chosen = {name: options.pop(name) for name in ("num_warps", "num_stages", "maxnreg")}
    return Spec(
        f"shas_kb.kernels.triton.{PLACES[kernel]}:shas_{kernel}_kernel", " ".join(types), options, **chosen
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("kernel", TYPES)
def test_it_compiles_without_spills_and_uses_the_matrix_unit(kernel: str) -> None:
    half = [(torch.bfloat16, 32), (torch.bfloat16, 64), (torch.bfloat16, 128), (torch.float16, 64)]
    specs = [spec(kernel, *each) for each in half] + [spec(kernel, torch.bfloat16, 64, lean=True)]
    reports = compile_kernels(specs)
    for report in reports:
        assert report.wgmma and not report.mma
        assert report.shared < 227 * 1024
    # With so few registers a lean one spills some bytes, and is faster, as one program more runs at the same time.
    limited = specs[-1].maxnreg is not None
    assert [report.spills for report in reports[: -1 if limited else None]] == [0] * (len(specs) - limited)
    assert reports[-1].spills <= 160


LISTS = {
    "number": "tile:*i32 mask:*i64 number:*i32 entries:i32 of_head:i32 tiles:i32 lists:i32",
    "count": "edges:*i64 count:*i64 lists:i32 piece:i32",
    "cut": """edges:*i64 count:*i64 ends:*i64 piece_list:*i64 piece_bounds:*i64 piece_slot:*i64 list_slots:*i64
        lists:i32 pieces:i32 piece:i32""",
    "entry": "table_mask:*i64 entry:*i64 block:*i32 mask:*i64 entries:i32 blocks:i32 width:i32",
}


@pytest.mark.slow
def test_what_turns_a_table_round_compiles_without_spills() -> None:
    module = "shas_kb.kernels.triton.lists:shas_"
    specs = [
        Spec(f"{module}{each}_kernel", types, {"STEPS": 17} if each == "cut" else {}) for each, types in LISTS.items()
    ]
    assert [report.spills for report in compile_kernels(specs)] == [0] * len(specs)
