"""What was learned about questions by benchmarks/asking_weights.py, which prints this file's tables."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

SENTENCE = (4.35, 9.36, 3.23, 3.1, 1.8, 1.68, 1.15)
"""What each trait of a sentence counts, in the order of `sentences.Traits`."""

HEIGHTS: Mapping[str, tuple[float, ...]] = MappingProxyType(
    {
        "detail": (1.91, -0.21, 1.37, 1.61, -1.6, -0.95, 0.61, -2.34, 0.43, 0.22, -0.28, -1.39, 0.38, -2.2, 0.69),
        "subject": (-2.62, 0.07, -0.94, 2.46, 1.43, -1.05, -1.35, 1.66, 0.27, 1.83, -0.1, -0.2, 7.27, -5.43, -0.46),
        "overview": (0.71, 0.14, -0.43, -4.06, 0.17, 1.99, 0.74, 0.68, -0.7, -2.05, 0.37, 1.59, -7.66, 7.63, -0.23),
    }
)
"""For each height a bias, and what each trait of a question counts, in the order of `heights.Traits`."""

ANSWERED = (-6.71, 3.0, 4.34)
"""A bias; what the best passage's worth counts, and the share of the question's words in one of the best passages."""
