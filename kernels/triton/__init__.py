"""SHAS attention by Triton's kernels."""

from __future__ import annotations

from shas_kb.kernels.ops import register_attention
from shas_kb.kernels.triton.backward import backward
from shas_kb.kernels.triton.descent import descend
from shas_kb.kernels.triton.forward import forward, tile_mass
from shas_kb.kernels.triton.routing import scores, summaries

__all__ = ["attend", "descend", "scores", "summaries", "tile_mass"]

attend = register_attention("triton", forward, backward)
