"""What was learned about questions by benchmarks/asking_weights.py, which prints this file's tables."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

SENTENCE = (3.65, 9.48, 3.25, 3.44, 1.39, 1.96, 4.35, 1.07)
"""What each trait of a sentence counts, in the order of `sentences.Traits`."""

HEIGHTS: Mapping[str, tuple[float, ...]] = MappingProxyType(
    {
        "detail": (0.79, -0.22, 0.46, 1.5, -1.95, -0.92, 0.95, -2.0, -0.97, 0.02, 0.01, 0.17, -0.85, 1.17),
        "subject": (-1.71, 0.19, -0.47, 2.29, 1.44, -0.95, -1.53, 1.97, -0.47, 2.13, -0.77, 6.1, -4.71, -0.68),
        "overview": (0.91, 0.04, 0.01, -3.8, 0.51, 1.87, 0.58, 0.03, 1.44, -2.16, 0.76, -6.27, 5.56, -0.49),
    }
)
"""For each height a bias, and what each trait of a question counts, in the order of `heights.Traits`."""

ANSWERED = (-5.18, 2.28, 3.96, -6.39, 15.37)
"""A bias, and what each term of `answer.terms` counts."""
