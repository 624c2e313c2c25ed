"""Lists of documents, where documents and not passages are to be found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from shas_kb.evaluation.evaluate import Asked
from shas_kb.evaluation.ways import Found
from shas_kb.records import Level

OURS: Mapping[str, tuple[Level, ...]] = {"shas-kb": ("document",), "shas-kb, passages only": ("passage",)}
"""How `ask` is asked for documents: for these, and for passages, ten of which may be of fewer documents."""


def of_documents(asked: Sequence[Asked]) -> list[Asked]:
    """Each document once in each list, where the best of it stood."""
    return [replace(each, found={way: _best(found) for way, found in each.found.items()}) for each in asked]


def _best(found: Sequence[Found]) -> list[Found]:
    best: dict[str, Found] = {}
    for each in found:
        best.setdefault(each.document, each)
    return list(best.values())
