"""What was learned about questions by benchmarks/asking_weights.py, which prints this file's tables."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

SENTENCE = (4.35, 9.36, 3.23, 3.1, 1.8, 1.68, 1.15)
"""What each trait of a sentence counts, in the order of `sentences.Traits`."""

HEIGHTS: Mapping[str, tuple[float, ...]] = MappingProxyType(
    {
        "detail": (0.78, -0.21, 0.49, 1.47, -2.01, -0.84, 1.0, -2.11, -0.93, -0.09, 0.09, 0.64, -1.22, 1.15),
        "subject": (-1.81, 0.18, -0.44, 2.23, 1.59, -0.97, -1.57, 1.95, -0.42, 2.23, -0.76, 6.07, -4.73, -0.71),
        "overview": (1.04, 0.03, -0.05, -3.7, 0.42, 1.81, 0.57, 0.16, 1.35, -2.14, 0.67, -6.71, 5.95, -0.44),
    }
)
"""For each height a bias, and what each trait of a question counts, in the order of `heights.Traits`."""

ANSWERED = (-7.63, 3.42, 4.46)
"""A bias; what the best passage's worth counts, and the share of the question's words in one of the best passages."""
