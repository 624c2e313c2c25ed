"""What was learned about questions by benchmarks/asking_weights.py, which prints this file's tables."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

SENTENCE = (3.85, 8.91, 4.44, 3.92, 2.04, 1.68, 1.14)
"""What each trait of a sentence counts, in the order of `sentences.Traits`."""

HEIGHTS: Mapping[str, tuple[float, ...]] = MappingProxyType(
    {
        "detail": (0.05, 0.0, 2.16, 1.21, -0.13, -1.42, -0.47, -2.77, -0.01, 0.24, 1.78, 0.08, -0.06, -1.5),
        "subject": (-2.94, -0.49, -0.96, 2.68, 0.28, -0.62, -0.64, 1.56, 0.24, 2.01, -0.17, 0.64, 7.31, -5.51),
        "overview": (2.89, 0.49, -1.2, -3.88, -0.16, 2.04, 1.12, 1.21, -0.23, -2.26, -1.61, -0.71, -7.25, 7.02),
    }
)
"""For each height a bias, and what each trait of a question counts, in the order of `heights.Traits`."""

ANSWERED = (-6.78, 3.06, 4.26)
"""A bias; what the best passage's worth counts, and the share of the question's words in one of the best passages."""
