"""What was learned about questions by benchmarks/asking_weights.py, which prints this file's tables."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

SENTENCE = (3.67, 9.48, 3.26, 3.44, 1.39, 1.96, 4.35, 1.08)
"""What each trait of a sentence counts, in the order of `sentences.Traits`."""

HEIGHTS: Mapping[str, tuple[float, ...]] = MappingProxyType(
    {
        "detail": (1.49, -0.22, 0.49, 1.66, -1.6, -1.37, 0.12, -1.78, -1.29, -0.04, 0.16, 0.63, -1.28, 1.16),
        "subject": (-2.7, 0.16, -0.5, 2.12, 0.86, 0.13, -0.84, 1.84, -0.4, 2.11, -0.71, 5.97, -4.6, -0.6),
        "overview": (1.21, 0.06, 0.02, -3.78, 0.73, 1.24, 0.72, -0.06, 1.69, -2.07, 0.54, -6.61, 5.88, -0.56),
    }
)
"""For each height a bias, and what each trait of a question counts, in the order of `heights.Traits`."""

ANSWERED = (-6.45, 3.49, 2.19, -5.83, 14.68, -2.96, 9.29)
"""A bias, and what each term of `answer.terms` counts."""
