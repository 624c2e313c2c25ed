"""Sketches of many passages at once, made where their token states are; sketch.py says what they are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from shas_kb.encoder.sketch import directions
from shas_kb.records import Codes, Sketch

GRID = 127
"""Steps from zero to a token's largest channel. On whole numbers a token's products with directions are exact, so that
its signs are the same whatever is beside it."""


def sketched(states: Tensor, pieces: Tensor, tokens: Sequence[int], counts: Sequence[int]) -> list[Sketch]:
    """What each of some passages says.

    Args:
        states: Of their tokens, passage after passage, [tokens, dimension].
        pieces: Likewise, float32 [pieces, dimension].
        tokens: So many has each passage.
        counts: So many pieces has each.
    """
    states = states.float()
    mine = telling(states, torch.tensor(tokens, device=states.device))
    told = states[mine]
    largest = told.abs().amax(dim=1, keepdim=True).clamp_min(1e-30)
    along = torch.round(told * GRID / largest) @ torch.from_numpy(directions(states.shape[1])).to(states.device)
    kept, bounds = mine.cpu().numpy(), np.cumsum([0, *tokens])
    words, ends = _signs(along), np.append(0, np.cumsum(kept))[bounds[1:-1]]
    return [
        Sketch(*its)
        for its in zip(
            np.split(_signs(pieces), np.cumsum(counts)[:-1]),
            np.split(words, ends),
            [np.packbits(each) for each in np.split(kept, bounds[1:-1])],
            strict=True,
        )
    ]


def telling(states: Tensor, tokens: Tensor) -> Tensor:
    """Which tokens are among the longer half of their passage's, [tokens]; of equal ones the first.

    Args:
        states: Float32 [tokens, dimension].
        tokens: So many has each passage, [passages].
    """
    order = torch.argsort(torch.linalg.vector_norm(states, dim=1), descending=True, stable=True)
    passage = torch.repeat_interleave(tokens)
    order = order[torch.argsort(passage[order], stable=True)]  # passage after passage, the longest first in each
    rank = torch.arange(len(states), device=states.device) - (tokens.cumsum(0) - tokens)[passage]
    mine = torch.empty_like(rank, dtype=torch.bool)
    mine[order] = 2 * rank < tokens[passage]
    return mine


def _signs(rows: Tensor) -> Codes:
    return np.packbits((rows >= 0).cpu().numpy(), axis=1)
