"""What was learned about questions by benchmarks/asking_weights.py, which prints this file's tables."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

SENTENCE = (4.35, 9.36, 3.23, 3.1, 1.8, 1.68, 1.15)
"""What each trait of a sentence counts, in the order of `sentences.Traits`."""

HEIGHTS: Mapping[str, tuple[float, ...]] = MappingProxyType(
    {
        "detail": (1.29, -0.33, 1.89, 1.66, -1.56, -0.96, 0.56, -2.69, 0.59, 0.37, 0.55, -1.75, 0.49, -2.0),
        "subject": (-2.55, 0.14, -1.43, 2.53, 1.38, -0.96, -1.27, 1.78, 0.17, 1.82, -0.37, -0.01, 7.33, -5.64),
        "overview": (1.26, 0.2, -0.46, -4.18, 0.18, 1.92, 0.7, 0.9, -0.76, -2.19, -0.18, 1.76, -7.82, 7.63),
    }
)
"""For each height a bias, and what each trait of a question counts, in the order of `heights.Traits`."""

ANSWERED = (-6.71, 3.0, 4.34)
"""A bias; what the best passage's worth counts, and the share of the question's words in one of the best passages."""
