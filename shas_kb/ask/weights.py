"""What was learned about questions by benchmarks/asking_weights.py, which prints this file's tables."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

SENTENCE = (3.66, 9.49, 3.25, 3.44, 1.39, 1.96, 4.35, 1.08)
"""What each trait of a sentence counts, in the order of `sentences.Traits`."""

HEIGHTS: Mapping[str, tuple[float, ...]] = MappingProxyType(
    {
        "detail": (1.21, -0.4, 0.84, 1.29, -1.97, -0.65, 0.73, -2.01, 0.27, 0.47, -0.94, 0.47, -0.74, 1.03),
        "subject": (-1.76, 0.15, -0.6, 2.3, 1.44, -1.04, -1.39, 2.02, -1.1, 1.98, -0.52, 6.33, -5.09, -0.6),
        "overview": (0.55, 0.25, -0.25, -3.59, 0.52, 1.69, 0.65, -0.01, 0.83, -2.44, 1.46, -6.8, 5.83, -0.43),
    }
)
"""For each height a bias, and what each trait of a question counts, in the order of `heights.Traits`."""

ANSWERED = (-5.26, 2.32, 3.87, -6.14, 15.48)
"""A bias, and what each term of `answer.terms` counts."""
