"""Full names for parts of names: "Richard Nixon" for "Nixon", where a collection leaves no doubt who is meant."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from shas_kb.organise.vocabulary import Key, Vocabulary

ONE_BEARER = 0.7
"""The share of all full names with a part that must be one and the same."""
TOGETHER = 0.25
"""The share of the documents saying a part that must say the full name as well."""


def full_names(words: Vocabulary) -> Mapping[int, int]:
    """The phrase that is the full name of another, by their columns in the vocabulary."""
    column = {key: j for j, key in enumerate(words.keys)}
    bearers: dict[Key, list[int]] = {}
    for j, key in enumerate(words.keys):
        part = column.get(key[-1:]) if len(key) > 1 and _proper(words.written[j]) else None
        if part is not None and _proper(words.written[part]):
            bearers.setdefault(key[-1:], []).append(j)
    says = words.rates.tocsc()
    documents = np.diff(says.indptr)
    found = {}
    for name, full in bearers.items():
        part = column[name]
        best = max(full, key=lambda j: (documents[j], -j))
        both = np.intersect1d(*(says.indices[says.indptr[j] : says.indptr[j + 1]] for j in (part, best))).size
        if documents[best] >= ONE_BEARER * documents[full].sum() and both >= TOGETHER * documents[part]:
            found[part] = best
    return found


def _proper(written: str) -> bool:
    return all(word[0].isupper() for word in written.split()) and "/" not in written
