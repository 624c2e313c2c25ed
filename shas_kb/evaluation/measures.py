"""Figures of what was found: recall and nDCG of a list, and how far weights can be taken for probabilities."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence

import numpy as np

DEPTHS = (1, 5, 10)
BINS = 10


def scores(places: Sequence[Hashable | None], right: int) -> dict[str, float]:
    """Figures of one list.

    Args:
        places: what is right at each place, best first; None for what is not. What stands there twice counts once.
        right: how many right things there are, at least 1.

    Returns:
        `recall@k`, 1 if something right is among the first k; `share@5`, the part of what is right that is among five;
        and `ndcg@10` (Järvelin and Kekäläinen, "Cumulated gain-based evaluation of IR techniques", TOIS 2002), all
        gains being 1.
    """
    seen: set[Hashable] = set()
    first: list[int] = []
    for place, found in enumerate(places[: max(DEPTHS)]):
        if found is not None and found not in seen:
            seen.add(found)
            first.append(place)
    ideal = sum(1 / math.log2(place + 2) for place in range(min(right, max(DEPTHS))))
    among = {depth: sum(place < depth for place in first) for depth in DEPTHS}
    return {f"recall@{depth}": float(among[depth] > 0) for depth in DEPTHS} | {
        "share@5": among[5] / right,
        "ndcg@10": sum(1 / math.log2(place + 2) for place in first) / ideal,
    }


def mean_scores(every: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """The mean of each figure, and how many lists it is of."""
    names = every[0] if every else {}
    means = {name: round(float(np.mean([each[name] for each in every])), 4) for name in names}
    return {"questions": len(every), **means}


def calibration(said: Sequence[float], right: Sequence[bool]) -> dict[str, object]:
    """How far probabilities that were said are from what came true.

    The expected calibration error (Guo et al., "On calibration of modern neural networks", arXiv 1706.04599) in `BINS`
    bins of equal width, and what was said and came true in each bin that is not empty.

    Args:
        said: probabilities, 0 to 1.
        right: whether each came true.
    """
    probabilities, came = np.asarray(said, float), np.asarray(right, float)
    bins = np.minimum((probabilities * BINS).astype(int), BINS - 1)
    table = [
        {
            "questions": int(inside.sum()),
            "said": round(float(probabilities[inside].mean()), 3),
            "came true": round(float(came[inside].mean()), 3),
        }
        for inside in (bins == each for each in range(BINS))
        if inside.any()
    ]
    gaps = [abs(float((probabilities - came)[bins == each].sum())) for each in range(BINS)]
    return {"questions": len(said), "error": round(sum(gaps) / max(len(said), 1), 4), "bins": table}


def share(values: Sequence[bool]) -> dict[str, float]:
    """The part that is true, and of how many."""
    return {"questions": len(values), "share": round(float(np.mean(values)), 4) if values else 0.0}
