"""Draw docs/kernels/descent.svg: a real pyramid and one real descent through it.

    python docs/kernels/draw.py

A text of 8,192 tokens in sections on a few topics; units are mean-pooled, and one query block descends as in the
operator (`shas_kb.kernels.descent.walk`), but opens fewer groups than by default, so that the eye can follow.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from shas_kb.kernels.descent import Scores, Visit, walk
from shas_kb.kernels.plan import Plan
from shas_kb.kernels.pyramid import Ints, Pyramid

OUT = Path(__file__).with_name("descent.svg")
TOKENS, BLOCK, CHANNELS, K = 8192, 85, 16, 2
LEFT, WIDTH, TOP, BAR, STEP = 132, 840, 124, 30, 78
STYLE = """
text { font: 13px system-ui, "Segoe UI", sans-serif; fill: #24292f; }
.big { font-size: 17px; font-weight: 600; }
.small { font-size: 12px; fill: #57606a; }
.paper { fill: #ffffff; }
.tile { fill: none; stroke: #6e7781; stroke-width: 1; }
.unseen { fill: none; stroke: #dfe3e8; stroke-width: 1; }
.always { fill: #6e7781; fill-opacity: .18; }
.chosen { fill: #bf8700; fill-opacity: .32; }
.edge { stroke: #ffffff; stroke-opacity: .75; }
.brace { fill: none; stroke: #57606a; }
.asks { fill: none; stroke: #cf222e; stroke-width: 2; }
.mark { fill: #cf222e; }
.l0 { fill: #e36209; } .l1 { fill: #2da44e; } .l2 { fill: #0969da; } .l3 { fill: #8250df; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3; } .small { fill: #9198a1; } .paper { fill: #0d1117; } .edge { stroke: #0d1117; }
  .tile { stroke: #9198a1; } .unseen { stroke: #262c36; } .brace { stroke: #9198a1; }
  .always { fill: #9198a1; fill-opacity: .22; } .chosen { fill: #d29922; fill-opacity: .38; }
  .asks { stroke: #ff7b72; } .mark { fill: #ff7b72; }
  .l0 { fill: #f0883e; } .l1 { fill: #3fb950; } .l2 { fill: #58a6ff; } .l3 { fill: #bc8cff; }
}
"""


def descend() -> tuple[Pyramid, Plan, list[Visit]]:
    """The descent of one query block; what it looks for lies in its own section and in two others on its topic."""
    random = np.random.default_rng(1)
    topics = random.standard_normal((5, CHANNELS))
    lengths = np.array([300, 840, 1220, 660, 480, 1120, 600, 380, 1640, 952])
    section = np.repeat([0, 1, 2, 3, 0, 4, 1, 3, 2, 4], lengths)
    units = [topics[section] + random.standard_normal((TOKENS, CHANNELS))]
    pyramid = Pyramid.from_lengths([TOKENS], levels=4)
    for offsets in pyramid.offsets:
        units.append(np.add.reduceat(units[-1], offsets[:-1]) / np.diff(offsets)[:, None])
    keys, log_count = np.concatenate(units), np.log(np.diff(pyramid.span)[:, 0])
    plan = Plan.asking(pyramid, K, levels=1, dense=0)
    summaries = units[0][BLOCK * 64 : BLOCK * 64 + 64].reshape(4, 16, CHANNELS).mean(1)

    def score(groups: Ints) -> Scores:
        rows = [np.arange(*pyramid.tiles.group[group]) for group in groups]
        return np.array([(summaries @ keys[each].T / CHANNELS**0.5 + log_count[each]).max() for each in rows])

    return pyramid, plan, walk(pyramid, 0, plan.k, score, near=plan.near[BLOCK])


def picture() -> str:
    """The whole SVG."""
    pyramid, plan, found = descend()
    visits = {visit.level: visit for visit in found}
    height = TOP + STEP * pyramid.levels + 66
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1000 {height}" role="img" '
        'aria-label="A pyramid of four levels, and the units of it that one query block sees">',
        f"<style>{STYLE}</style>",
        f'<rect class="paper" width="1000" height="{height}" rx="8"/>',
        *_heading(),
        *_braces(pyramid, visits),
        *_opened(pyramid, plan, visits),
        *_levels(pyramid, visits),
        *_cover(pyramid, visits),
        "</svg>\n",
    ]
    return "\n".join(parts)


def _x(token: float) -> float:
    return LEFT + token * WIDTH / TOKENS


def _y(level: int) -> float:
    return TOP + (3 - level) * STEP


def _held(pyramid: Pyramid, tile: int) -> Ints:
    """First row of a tile, and the row after its last."""
    start = int(pyramid.tiles.start[tile])
    return np.array([start, start + int(pyramid.tiles.length[tile])])


def _span(pyramid: Pyramid, rows: Ints) -> tuple[int, int]:
    """First token under these rows, and the token after the last."""
    return int(pyramid.span[rows[0], 0]), int(pyramid.span[rows[1] - 1, 1])


def _box(name: str, span: tuple[float, float], y: float, height: float) -> str:
    one, last = _x(span[0]), _x(span[1])
    return f'<rect class="{name}" x="{one:.5g}" y="{y:.5g}" width="{last - one:.4g}" height="{height:.4g}"/>'


def _text(x: float, y: float, words: str, name: str = "", anchor: str = "start") -> str:
    return f'<text class="{name}" x="{x:.5g}" y="{y:.5g}" text-anchor="{anchor}">{words}</text>'


def _row(items: list[tuple[str, str]], y: float) -> Iterator[str]:
    """Coloured squares, each with words after it."""
    x: float = LEFT
    for name, words in items:
        yield f'<rect class="{name}" x="{x:.5g}" y="{y - 10:.5g}" width="14" height="11"/>'
        yield _text(x + 20, y, words, "small")
        x += 40 + 6.1 * len(words)


def _heading() -> Iterator[str]:
    yield _text(LEFT, 30, "One query block descends from coarse to fine", "big")
    yield from _row([
        ("always", "opened always: its own place, the first"), ("chosen", f"opened by score: the best {K} of a level"),
        ("tile", "visited"), ("unseen", "not visited"),
    ], 54)  # fmt: skip


def _braces(pyramid: Pyramid, visits: dict[int, Visit]) -> Iterator[str]:
    """What is a tile, and what is a group, over the top level."""
    first, last = np.arange(*pyramid.tile_bounds[3])[[0, -1]]
    opened = next(tile for tile in visits[2].tiles if pyramid.tiles.parent[tile] == last)
    for rows, words in ((_held(pyramid, first), "a tile: 64 units"),
                        (pyramid.tiles.group[opened], "a group: 16 units, which open into one tile")):  # fmt: skip
        left, right = (_x(token) for token in _span(pyramid, rows))
        yield f'<path class="brace" d="M{left + 2:.5g} {TOP - 6}v-6H{right - 2:.5g}v6"/>'
        yield _text((left + right) / 2, TOP - 18, words, "small", "middle")


def _opened(pyramid: Pyramid, plan: Plan, visits: dict[int, Visit]) -> Iterator[str]:
    """A shaft from each opened group to the tile into which it opens."""
    for level, visit in visits.items():
        if level == pyramid.levels - 1:
            continue
        first, (one, last) = pyramid.tile_bounds[level, 0], plan.near[BLOCK, level]
        for tile in visit.tiles:
            name = "always" if tile == first or one <= tile < last else "chosen"
            yield _box(name, _span(pyramid, pyramid.tiles.group[tile]), _y(level + 1), STEP)


def _active(pyramid: Pyramid, visits: dict[int, Visit]) -> Iterator[tuple[int, Ints]]:
    """Level and rows of what stays active: the groups that are not opened, and the tiles of level 0."""
    for level, visit in visits.items():
        for tile in visit.tiles:
            if level == 0:
                yield 0, _held(pyramid, tile)
            for child in range(*pyramid.tiles.children[tile]):
                if child not in visits[level - 1].tiles:
                    yield level, pyramid.tiles.group[child]


def _levels(pyramid: Pyramid, visits: dict[int, Visit]) -> Iterator[str]:
    tiles = pyramid.tiles
    for level in range(pyramid.levels):
        count = int(np.diff(pyramid.bounds[level])[0])
        yield _text(LEFT - 14, _y(level) + 13, f"level {level}", "big", "end")
        under = "tokens" if level == 0 else f"units of {4**level}"
        yield _text(LEFT - 14, _y(level) + 28, f"{count:,} {under}", "small", "end")
    for level, rows in _active(pyramid, visits):
        yield _box(f"l{level}", _span(pyramid, rows), _y(level), BAR)
        if level >= 2:
            lines = (f"M{_x(pyramid.span[row, 0]):.5g} {_y(level):.5g}v{BAR}" for row in range(rows[0] + 1, rows[1]))
            yield f'<path class="edge" stroke-width="{(level - 1) * 0.4:.2g}" d="{"".join(lines)}"/>'
    seen = {tile for visit in visits.values() for tile in visit.tiles.tolist()}
    for tile in sorted(range(len(tiles.start)), key=lambda tile: tile in seen):
        name = "tile" if tile in seen else "unseen"
        yield _box(name, _span(pyramid, _held(pyramid, tile)), _y(int(tiles.level[tile])), BAR)
    yield _box("asks", (BLOCK * 64, BLOCK * 64 + 64), _y(0) - 4, BAR + 8)


def _cover(pyramid: Pyramid, visits: dict[int, Visit]) -> Iterator[str]:
    """All that is active in one line, and its numbers."""
    y, asks = _y(0) + BAR + 50, _x(BLOCK * 64 + 32)
    yield f'<path class="mark" d="M{asks:.5g} {_y(0) + BAR + 8}l5 9h-10z"/>'
    yield _text(asks, _y(0) + BAR + 32, "the query block, 64 tokens", "small", "middle")
    yield _text(LEFT - 14, y + 16, "it sees", "big", "end")
    units = dict.fromkeys(range(pyramid.levels), 0)
    for level, rows in _active(pyramid, visits):
        units[level] += int(rows[1] - rows[0])
        yield _box(f"l{level}", _span(pyramid, rows), y, 22)
    counts = [(f"l{level}", f"{units[level]} {f'units of {4**level}' if level else 'tokens'}") for level in units]
    yield from _row(counts, y + 44)
    yield _text(_x(TOKENS), y + 44, f"every token once: {sum(units.values()):,} units for {TOKENS:,} tokens", "", "end")


if __name__ == "__main__":
    OUT.write_text(picture(), encoding="utf-8")
