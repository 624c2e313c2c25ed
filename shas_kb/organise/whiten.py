"""Directions in which things vary that belong together count less (within-class covariance normalisation; Hatch et al.,
Interspeech 2006)."""

from __future__ import annotations

import numpy as np

from shas_kb.organise.material import Array

SCATTER_FLOOR = 0.1


def white(rows: Array, scatter: Array) -> Array:
    """Rows [n, d] with each direction divided by the root of its scatter, floored by a tenth of the mean scatter."""
    spread, directions = np.linalg.eigh(scatter)
    scale = 1.0 / np.sqrt(spread + SCATTER_FLOOR * spread.mean())
    return np.asarray((rows @ directions) * scale)
