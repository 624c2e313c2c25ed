"""What was learned about questions by benchmarks/asking_weights.py, which prints this file's tables."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

SENTENCE = (3.67, 9.48, 3.26, 3.44, 1.39, 1.96, 4.35, 1.08)
"""What each trait of a sentence counts, in the order of `sentences.Traits`."""

HEIGHTS: Mapping[str, tuple[float, ...]] = MappingProxyType(
    {
        "detail": (2.03, -0.39, 0.92, 1.38, -1.58, -1.2, -0.05, -1.75, -0.04, 0.33, -0.83, 0.81, -1.07, 1.01),
        "subject": (-2.67, 0.17, -0.61, 2.16, 0.97, -0.04, -0.87, 1.92, -1.14, 1.8, -0.23, 5.97, -4.7, -0.6),
        "overview": (0.64, 0.22, -0.31, -3.54, 0.6, 1.24, 0.92, -0.17, 1.19, -2.14, 1.06, -6.78, 5.77, -0.41),
    }
)
"""For each height a bias, and what each trait of a question counts, in the order of `heights.Traits`."""

ANSWERED = (-6.58, 3.56, 2.09, -5.71, 15.34, -3.07, 9.61)
"""A bias, and what each term of `answer.terms` counts."""
