"""What was learned about questions by benchmarks/asking_weights.py, which prints this file's tables."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

SENTENCE = (4.35, 9.36, 3.23, 3.1, 1.8, 1.68, 1.15)
"""What each trait of a sentence counts, in the order of `sentences.Traits`."""

HEIGHTS: Mapping[str, tuple[float, ...]] = MappingProxyType(
    {
        "detail": (1.85, -0.24, 1.25, 1.59, -1.64, -0.9, 0.56, -2.09, -0.56, 0.43, -0.34, -1.5, -0.04, -1.54, 0.76),
        "subject": (-2.73, 0.21, -0.81, 2.1, 1.15, -0.67, -1.16, 2.06, -0.54, 2.08, -0.51, -0.23, 6.59, -4.74, -0.46),
        "overview": (0.88, 0.03, -0.43, -3.69, 0.48, 1.57, 0.6, 0.02, 1.11, -2.51, 0.85, 1.72, -6.55, 6.28, -0.29),
    }
)
"""For each height a bias, and what each trait of a question counts, in the order of `heights.Traits`."""

ANSWERED = (-7.63, 3.42, 4.46)
"""A bias; what the best passage's worth counts, and the share of the question's words in one of the best passages."""
