"""Directions in which things vary that belong together count less (within-class covariance normalisation; Hatch et al.,
Interspeech 2006)."""

from __future__ import annotations

import numpy as np

from shas_kb.organise.material import Array

SCATTER_FLOOR = 0.1


def whitening(scatter: Array) -> Array:
    """What rows [n, d] are multiplied with, [d, d], so that each direction is divided by the root of its scatter,
    floored by a tenth of the mean scatter."""
    spread, directions = np.linalg.eigh(scatter)
    return np.asarray(directions / np.sqrt(spread + SCATTER_FLOOR * spread.mean()))
