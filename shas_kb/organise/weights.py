"""How much each thing that is known of a phrase tells whether it names a node."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from shas_kb.organise.material import Array

WEIGHTS: Mapping[str, float] = MappingProxyType(
    {
        "contrast": 0.56,
        "said": 0.27,
        "near": 0.81,
        "differ": 0.68,
        "absent": 0.6,
        "titled": 1.17,
        "form": 0.53,
        "meaning": 0.81,
    }
)
"""The weight of the logarithm of each feature.

Learned by `benchmarks/name_weights.py`, and halfway to one: the softmax over a node's phrases is to be that of their
nearness to what people called the node, for chapters, books and folders of public collections and for the nodes of our
trees over them.
"""


def weighed(features: Mapping[str, Array]) -> Array:
    """The score of each phrase, [phrases], out of its features, [phrases] each, all above zero; the best has 1."""
    scores = sum(weight * np.log(features[name]) for name, weight in WEIGHTS.items())
    return np.asarray(np.exp(scores - np.max(scores, initial=-np.inf)))
