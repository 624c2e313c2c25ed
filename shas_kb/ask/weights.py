"""What was learned about questions by benchmarks/asking_weights.py, which prints this file's tables."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

SENTENCE = (3.82, 9.4, 3.49, 3.37, 1.39, 1.98, 4.34, 1.07)
"""What each trait of a sentence counts, in the order of `sentences.Traits`."""

HEIGHTS: Mapping[str, tuple[float, ...]] = MappingProxyType(
    {
        "detail": (0.88, -0.36, 0.77, 1.28, -2.31, -0.33, 0.96, -1.95, 0.31, 0.54, -0.89, 0.61, -0.94, 1.11),
        "subject": (-1.86, 0.16, -0.46, 2.19, 1.41, -0.95, -1.31, 1.99, -1.1, 1.88, -0.37, 6.37, -5.01, -0.63),
        "overview": (0.98, 0.2, -0.31, -3.46, 0.9, 1.28, 0.35, -0.05, 0.79, -2.42, 1.25, -6.98, 5.95, -0.48),
    }
)
"""For each height a bias, and what each trait of a question counts, in the order of `heights.Traits`."""

ANSWERED = (-6.22, 3.36, 2.09, -6.0, 15.22, -3.35, 8.03)
"""A bias, and what each term of `answer.terms` counts."""
