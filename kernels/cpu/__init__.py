"""SHAS attention on a CPU, by PyTorch alone."""

from __future__ import annotations

from shas_kb.kernels.cpu.attention import backward, forward, tile_mass
from shas_kb.kernels.cpu.descent import descent
from shas_kb.kernels.layout import scores, summaries
from shas_kb.kernels.ops import register_attention, register_descent

__all__ = ["attend", "descend", "scores", "summaries", "tile_mass"]

attend = register_attention("cpu", forward, backward)
descend = register_descent("cpu", descent)
