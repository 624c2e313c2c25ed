"""What was learned about questions by benchmarks/asking_weights.py, which prints this file's tables."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

SENTENCE = (4.35, 9.36, 3.23, 3.1, 1.8, 1.68, 1.15)
"""What each trait of a sentence counts, in the order of `sentences.Traits`."""

HEIGHTS: Mapping[str, tuple[float, ...]] = MappingProxyType(
    {
        "detail": (0.73, -0.36, 0.55, 1.51, -2.29, -0.58, 0.93, -2.34, -0.82, 0.33, -0.3, 0.91, -1.45, 1.18),
        "subject": (-2.12, 0.26, -0.48, 2.19, 1.55, -0.9, -1.36, 2.19, -0.42, 2.15, -0.57, 6.16, -4.72, -0.68),
        "overview": (1.39, 0.1, -0.08, -3.7, 0.73, 1.48, 0.43, 0.15, 1.24, -2.49, 0.87, -7.07, 6.16, -0.5),
    }
)
"""For each height a bias, and what each trait of a question counts, in the order of `heights.Traits`."""

ANSWERED = (-7.63, 3.42, 4.46)
"""A bias; what the best passage's worth counts, and the share of the question's words in one of the best passages."""
