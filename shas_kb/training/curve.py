"""A picture of a training, as SVG: what its lessons cost, and how many of their questions found their passage.

Lessons are not equally hard, so each stands beside what it would be with nothing learned; means over ten lessons.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from shas_kb.encoder.training import Outcome

Series = NDArray[np.float64]
WIDTH, HEIGHT, LEFT, TOP, GAP = 640, 200, 56, 36, 60
SMOOTH = 10
"""Lessons in a mean."""
_STYLE = (
    "text{font:12px sans-serif;fill:#444}.title{font-size:14px;fill:#222}.grid{stroke:#ddd}"
    "polyline{fill:none;stroke-width:2}.plain{stroke:#9aa5ad;stroke-dasharray:5 4}.mean{stroke:#0b6fa4}"
    "@media (prefers-color-scheme:dark){rect{fill:#16191d}text,.title{fill:#ccc}.grid{stroke:#333}}"
)


def drawn(outcomes: Sequence[Outcome]) -> str:
    """The picture of a training's lessons."""
    loss, found, plain_loss, plain_found = np.array(outcomes, float).T
    top = 1.05 * max(loss.max(), plain_loss.max())
    panels = (
        _panel("Loss of a lesson", plain_loss, loss, top, TOP),
        _panel("Part of its questions that found their passage", plain_found, found, 1.0, TOP + HEIGHT + GAP),
    )
    whole, high = WIDTH + LEFT + 24, 2 * HEIGHT + GAP + TOP + 40
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {whole} {high}" width="{whole}" height="{high}">'
        f'<style>{_STYLE}</style><rect width="{whole}" height="{high}" fill="#fff"/>{"".join(panels)}'
        f'<text x="{LEFT + WIDTH / 2}" y="{high - 8}" text-anchor="middle">lesson (dashed: with nothing learned)</text>'
        "</svg>\n"
    )


def _panel(title: str, plain: Series, series: Series, top: float, y: int) -> str:
    """Two curves over the lessons, from 0 to `top`: with nothing learned, and as it was learned."""
    x = LEFT + WIDTH * (np.arange(len(series)) + 0.5) / len(series)
    lines = [f'<text class="title" x="{LEFT}" y="{y - 12}">{title}</text>']
    for part in (0.0, 0.25, 0.5, 0.75, 1.0):
        at = y + HEIGHT * (1 - part)
        lines.append(f'<line class="grid" x1="{LEFT}" x2="{LEFT + WIDTH}" y1="{at}" y2="{at}"/>')
        lines.append(f'<text x="{LEFT - 8}" y="{at + 4}" text-anchor="end">{top * part:.2f}</text>')
    lines += [
        f'<text x="{x[lesson - 1]:.1f}" y="{y + HEIGHT + 18}" text-anchor="middle">{lesson}</text>'
        for lesson in sorted({1, (len(series) + 1) // 2, len(series)})
    ]
    for kind, each in (("plain", _mean(plain)), ("mean", _mean(series))):
        points = [f"{a:.1f},{y + HEIGHT * (1 - b / top):.1f}" for a, b in zip(x, each, strict=True)]
        lines.append(f'<polyline class="{kind}" points="{" ".join(points)}"/>')
    return "".join(lines)


def _mean(series: Series) -> list[float]:
    """Each value with those before it, `SMOOTH` together."""
    return [float(series[max(0, end - SMOOTH) : end].mean()) for end in range(1, len(series) + 1)]
