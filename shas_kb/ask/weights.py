"""What was learned about questions by benchmarks/asking_weights.py, which prints this file's tables."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

SENTENCE = (4.35, 9.36, 3.23, 3.1, 1.8, 1.68, 1.15)
"""What each trait of a sentence counts, in the order of `sentences.Traits`."""

HEIGHTS: Mapping[str, tuple[float, ...]] = MappingProxyType(
    {
        "detail": (2.01, -0.24, 1.55, 1.57, -1.61, -0.97, 0.6, -2.33, 0.46, 0.24, -0.32, -1.54, 0.42, -2.19, 0.49),
        "subject": (-2.73, 0.09, -1.19, 2.49, 1.42, -1.01, -1.32, 1.65, 0.23, 1.8, -0.04, -0.04, 7.26, -5.46, -0.2),
        "overview": (0.72, 0.15, -0.36, -4.06, 0.19, 1.97, 0.72, 0.68, -0.69, -2.03, 0.36, 1.58, -7.68, 7.65, -0.29),
    }
)
"""For each height a bias, and what each trait of a question counts, in the order of `heights.Traits`."""

ANSWERED = (-6.71, 3.0, 4.34)
"""A bias; what the best passage's worth counts, and the share of the question's words in one of the best passages."""
