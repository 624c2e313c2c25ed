"""Draw what the encoder makes of the sample corpus: levels.svg, attention.svg and emerging.svg, beside this file.

    python docs/encoder/draw.py

Ingests `sample_corpus/`, takes the units of every level of every document, asks some questions of the test half, and
trains on the corpus's own texts; all in two to three minutes. On one machine the same bytes every time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from itertools import groupby
from math import log2
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import wrap

import numpy as np
from measure import FIRST, TOP, Descent, Emerging, Map, Row, Series, attention, collection, emerging, maps
from rich.console import Console

from shas_kb.config import TITLE_TEMPERATURE

HERE = Path(__file__).resolve().parent
LEFT, WIDTH = 24, 952
STYLE = """
text { font: 13px system-ui, "Segoe UI", sans-serif; fill: #24292f; }
.big { font-size: 19px; font-weight: 600; } .head { font-size: 15px; font-weight: 600; }
.small { font-size: 12px; fill: #57606a; } .tiny { font-size: 11px; fill: #57606a; }
.halo { font-size: 11px; font-weight: 600; paint-order: stroke; stroke: #ffffff; stroke-width: 3.5px; }
.strong { font-weight: 600; } .quote { font-size: 12px; font-style: italic; fill: #57606a; }
.paper { fill: #ffffff; } .frame { fill: #f6f8fa; } .grid { stroke: #d0d7de; fill: none; } .bed { fill: #eaeef2; }
.told { fill: #57606a; fill-opacity: .55; } .mark { stroke: #cf222e; stroke-width: 2; }
.line { fill: none; stroke-width: 2.5; } .dots circle { stroke: #f6f8fa; stroke-width: .7; }
.c0 { fill: #0969da; } .c1 { fill: #d4542b; } .c2 { fill: #8250df; } .c3 { fill: #1098ad; } .c4 { fill: #c99700; }
.s0 { stroke: #0969da; } .s1 { stroke: #d4542b; } .s2 { stroke: #8250df; }
.right { fill: #1a7f37; } .wrong { fill: #8c959f; } .pale { fill-opacity: .35; } .router { fill: #8250df; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3; } .small, .tiny, .quote { fill: #9198a1; } .halo { stroke: #161b22; }
  .paper { fill: #0d1117; } .frame { fill: #161b22; } .grid { stroke: #30363d; } .bed { fill: #21262d; }
  .told { fill: #9198a1; } .mark { stroke: #ff7b72; } .dots circle { stroke: #161b22; }
  .c0 { fill: #58a6ff; } .c1 { fill: #ff7b54; } .c2 { fill: #bc8cff; } .c3 { fill: #39c5cf; } .c4 { fill: #e3b341; }
  .s0 { stroke: #58a6ff; } .s1 { stroke: #ff7b54; } .s2 { stroke: #bc8cff; }
  .right { fill: #3fb950; } .wrong { fill: #6e7681; } .router { fill: #bc8cff; }
}
"""


def _text(x: float, y: float, words: str, name: str = "", anchor: str = "start") -> str:
    return f'<text class="{name}" x="{x:.5g}" y="{y:.5g}" text-anchor="{anchor}">{escape(words)}</text>'


def _box(name: str, x: float, y: float, width: float, height: float, more: str = "") -> str:
    return f'<rect class="{name}" x="{x:.5g}" y="{y:.5g}" width="{width:.4g}" height="{height:.4g}"{more}/>'


def _line(name: str, spots: Sequence[tuple[float, float]]) -> str:
    return f'<path class="{name}" d="M{"L".join(f"{x:.5g} {y:.5g}" for x, y in spots)}"/>'


def _percent(part: float) -> str:
    return f"{part:.0%}" if part >= 0.01 or part == 0 else "<1%"


def _cut(words: str, most: int) -> str:
    """The beginning of a text, in so many characters."""
    return words if len(words) <= most else words[: most - 1].rstrip(" ,.:;–-") + "…"


def _page(height: float, label: str, parts: Iterator[str]) -> str:
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1000 {height:.5g}" role="img" aria-label="{label}">',
        f"<style>{STYLE}</style>",
        _box("paper", 0, 0, 1000, height, ' rx="8"'),
        *parts,
        "</svg>\n",
    ])  # fmt: skip


# What each level stands for

CELL, MAP, DEEP, TALL = 324, 304, 236, 322
"""From one map to the next; a map's width and height; from one row of maps to the next."""
TOLD = ("category", "entity")
Truth = Mapping[str, Mapping[str, str]]


def levels(found: Sequence[Map], truth: Truth) -> str:
    """Maps of the units of every level."""
    return _page(134 + 2 * TALL, "The units of five levels, coloured by category", _levels(found, truth))


def _levels(found: Sequence[Map], truth: Truth) -> Iterator[str]:
    documents = Counter(place["category"] for place in truth.values())
    colour = {name: f"c{number}" for number, name in enumerate(sorted(documents))}
    yield _text(LEFT, 38, "The higher the level, the more a unit stands for one subject", "big")
    words = f"Units of all {len(truth)} documents of the sample corpus; those that are alike lie near each other."
    yield _text(LEFT, 60, f"{words} Colours are true categories,", "small")
    yield _text(LEFT, 77, "which the encoder is not told:", "small")
    x: float = LEFT + 216
    for name, kind in colour.items():
        yield f'<circle class="{kind}" cx="{x:.5g}" cy="73" r="5"/>'
        yield _text(x + 11, 77, f"{name} ({documents[name]})", "small")
        x += 62 + 7 * len(name)
    for number, each in enumerate(found):
        x, y = LEFT + CELL * (number % 3), 114 + TALL * (number // 3)
        yield from _map(each, truth, colour, x, y, MAP if each.tokens else MAP + CELL)
    x, y = LEFT + 2 * CELL, 114 + TALL + DEEP + 28
    chances = ", ".join(f"{kind} {_percent(found[-1].chance[kind])}" for kind in TOLD)
    for line, words in enumerate((
        "Bars: the part of units whose nearest one in",
        "another document lies in the same; red: by",
        f"chance ({chances}). Of a level",
        f"up to {max(each.asked for each in found):,} units, evenly taken.",
    )):  # fmt: skip
        yield _text(x, y + 16 * line, words, "small")


def _map(found: Map, truth: Truth, colour: Mapping[str, str], x: float, y: float, width: float) -> Iterator[str]:
    """One level: its name, its units, and what lies near what."""
    yield _text(x, y, found.name, "head")
    of = f"up to {found.tokens} tokens" if found.tokens else "all its passages; names are true entities"
    yield _text(x + width, y, f"{of} · {found.units:,} units", "small", "end")
    yield _box("frame", x, y + 10, width, DEEP, ' rx="6"')
    spots = np.array([x + 18, y + 28]) + found.spots * [width - 36, DEEP - 36]
    yield '<g class="dots">'
    for (a, b), path in zip(spots, found.of, strict=True):
        kind, size = colour[truth[path]["category"]], 3 if found.tokens else 4.5
        yield f'<circle class="{kind}" cx="{a:.4g}" cy="{b:.4g}" r="{size}"/>'
    yield "</g>"
    if not found.tokens:
        yield from _entities(spots, [truth[path]["entity"] for path in found.of], (x, y + 10, x + width, y + 10 + DEEP))
    for row, kind in enumerate(TOLD):
        at, long = y + DEEP + 18 + 19 * row, MAP - 146
        yield _text(x, at + 12, f"same {kind}", "small")
        yield _box("bed", x + 98, at + 2, long, 12, ' rx="2"')
        yield _box("told", x + 98, at + 2, long * found.same[kind], 12, ' rx="2"')
        yield _line("mark", [(x + 98 + long * found.chance[kind], at), (x + 98 + long * found.chance[kind], at + 16)])
        yield _text(x + MAP, at + 13, _percent(found.same[kind]), "strong", "end")


def _entities(spots: Series, entities: Sequence[str], frame: tuple[float, float, float, float]) -> Iterator[str]:
    """The names of the entities, each near the middle of its documents, where it hides least."""
    of = np.array(entities)
    hidden = np.hstack([spots, np.full_like(spots, 6.0)])  # middles, and half of width and height
    for name in sorted(set(entities)):
        middle, half = np.median(spots[of == name], axis=0), np.array([3.6 * len(name) + 3, 7.0])
        steps = np.stack(np.meshgrid(np.arange(-90, 91, 6), np.arange(-72, 73, 4)), axis=-1).reshape(-1, 2)
        tries = np.clip(middle + steps, np.array(frame[:2]) + half, np.array(frame[2:]) - half)
        over = half + hidden[:, 2:] - np.abs(tries[:, None] - hidden[:, :2])  # [tries, hidden, 2]
        weights = np.where(hidden[:, 2] > 6, 9.0, 1.0)  # of a name, and of a spot
        cost = np.clip(over, 0, 8).prod(axis=2) @ weights + np.abs(tries - middle) @ [0.35, 0.7]
        a, b = tries[cost.argmin()]
        hidden = np.vstack([hidden, [a, b, *half]])
        yield _text(a, b + 4, name, "halo", "middle")


# How a question's attention lies over the levels

BAR, LONG, STEP, ROUTER = 140, 356, 24, 806
FINEST = 2.5
"""A share narrower than this is drawn with the rest."""


def attended(found: Sequence[Descent]) -> str:
    """One panel a question."""
    heights = [62 + 18 * len(_question(each)) + STEP * len(each.rows) for each in found]
    return _page(120 + sum(heights), "Attention of four questions over six levels", _attended(found, heights))


def _attended(found: Sequence[Descent], heights: Sequence[int]) -> Iterator[str]:
    yield _text(LEFT, 38, "Where a question looks, from the domain down to the clause", "big")
    words = "Each bar is a question’s attention over all units of a level, largest first: the softmax of cosines"
    yield _text(LEFT, 60, f"{words} at temperature {TITLE_TEMPERATURE}.", "small")
    x: float = LEFT
    for name, words, wide in (
        ("right", "holds what is asked for, or lies in it", 278),
        ("wrong", "anything else", 118),
        ("right pale", "", 16),
        ("wrong pale", "small ones, added up", 176),
        ("router", "what the router gives to answers of this height", 0),
    ):
        yield _box(name, x, 74, 14, 11)
        yield _text(x + 20, 84, words, "small")
        x += wide
    for at, words, anchor in (
        (LEFT, "units", "start"),
        (BAR - 12, "level", "end"),
        (BAR, "attention", "start"),
        (BAR + LONG + 46, "right", "end"),
        (BAR + LONG + 72, "the largest", "start"),
        (ROUTER, "router", "start"),
    ):
        yield _text(at, 110, words, "tiny", anchor)
    y = 118.0
    for each, height in zip(found, heights, strict=True):
        yield from _asked(each, y)
        y += height


def _question(found: Descent) -> list[str]:
    return wrap(found.question.text, 92)


def _asked(found: Descent, y: float) -> Iterator[str]:
    """One question, and a bar for each level."""
    yield _line("grid", [(LEFT, y), (LEFT + WIDTH, y)])
    yield _text(BAR - 12, y + 28, found.question.height, "small", "end")
    lines = _question(found)
    for number, line in enumerate(lines):
        yield _text(BAR, y + 28 + 18 * number, line, "head")
    y += 24 + 18 * len(lines)
    for number, row in enumerate(found.rows):
        yield from _row(row, y + STEP * number)
    yield _text(BAR, y + STEP * len(found.rows) + 8, f"nearest piece: “{_cut(found.piece, 106)}”", "quote")


def _row(row: Row, y: float) -> Iterator[str]:
    """The units of one level as a bar, the largest by name, and the router's weight of this height."""
    yield _text(BAR - 12, y + 12, row.level, "", "end")
    yield _text(LEFT, y + 12, f"{len(row.share):,}", "tiny")
    x: float = BAR
    wide = row.share * LONG >= FINEST
    for share, right in zip(row.share[wide], row.right[wide], strict=True):
        yield _box("right" if right else "wrong", x, y, share * LONG - 1, 15)
        x += share * LONG
    for name, which in (("right", ~wide & row.right), ("wrong", ~wide & ~row.right)):
        rest = float(row.share[which].sum()) * LONG
        if rest > 1:
            yield _box(f"{name} pale", x, y, rest - 1, 15)
        x += rest
    x = BAR + LONG
    yield _text(x + 46, y + 12, _percent(float(row.share[row.right].sum())), "strong", "end")
    yield _box("right" if row.right[0] else "wrong", x + 58, y + 4, 8, 8, ' rx="4"')
    yield _text(x + 72, y + 12, _cut(row.first, 34), "small")
    height, weight = row.height
    yield _box("bed", ROUTER, y + 1, 76, 13, ' rx="2"')
    if weight >= 0.005:
        yield _box("router", ROUTER, y + 1, 76 * weight, 13, ' rx="2"')
    words = _percent(weight) if height == row.level else f"{_percent(weight)} {height}"
    yield _text(ROUTER + 84, y + 12, words, "tiny")


# What a training changes

STRIP, THICK = 150, 17
"""A strip's width and height."""


def emerged(found: Emerging) -> str:
    """Strips of words over lessons, and what comes of them."""
    most = max(len(words) for _, words in found.words)
    bottom = 198 + THICK * most
    return _page(bottom + 302, "What words count over a training", _emerged(found, bottom))


def _emerged(found: Emerging, bottom: float) -> Iterator[str]:
    lessons = found.lessons[-1]
    yield _text(LEFT, 38, f"Concepts emerge: what the words of a question count, over {lessons} lessons", "big")
    yield _text(LEFT, 60, "Learned without labels, from questions made of the corpus's own texts; "
                "these here are of the test half, from which nothing is learned.", "small")  # fmt: skip
    for number, (question, words) in enumerate(found.words):
        x = LEFT + CELL * number
        for line, part in enumerate(wrap(question.text, 36)):
            yield _text(x, 90 + 16 * line, part, "strong")
        yield from _strips(words, found.lessons, x, 122)
    yield from _scale(bottom - 44)
    yield from _curves(found, bottom + 22)


def _strips(words: Sequence[tuple[str, Series]], lessons: Sequence[int], x: float, y: float) -> Iterator[str]:
    """What each word counts, against the beginning."""
    left = x + 78
    edges = np.linspace(left, left + STRIP, len(lessons) + 1)
    yield '<g shape-rendering="crispEdges">'
    for row, (word, counts) in enumerate(words):
        at = y + THICK * row
        yield _text(left - 7, at + 12, _cut(word, 11), "small" if word == "marks" else "", "end")
        yield _box("bed", left, at, STRIP, THICK - 2)
        start = 0
        for (name, depth), run in groupby(_heat(count / counts[0]) for count in counts):
            end = start + len(list(run))
            if depth:
                wide = edges[end] - edges[start]
                yield _box(name, edges[start], at, wide, THICK - 2, f' fill-opacity="{depth:.2g}"')
            start = end
        yield _text(left + STRIP + 8, at + 12, f"{counts[0]:.0%} → {counts[-1]:.0%}", "tiny")
    yield "</g>"
    bottom = y + THICK * len(words) + 11
    yield _text(left, bottom, "0", "tiny")
    yield _text(left + STRIP, bottom, f"{lessons[-1]} lessons", "tiny", "end")


def _heat(ratio: float) -> tuple[str, float]:
    """Colour and depth, in steps of a twentieth; full where a word counts twice or half as much."""
    power = log2(ratio)
    return ("c1" if power > 0 else "c0"), round(min(abs(power), 1.0) * 20) / 20


def _scale(y: float) -> Iterator[str]:
    """Which colour means what."""
    yield _text(LEFT, y + 11, "a word counts, against the beginning:", "small")
    x = LEFT + 344
    yield _text(x - 8, y + 11, "half or less", "small", "end")
    for power in np.linspace(-1, 1, 11):
        name, depth = _heat(2.0**power)
        yield _box("bed", x, y, 18, 13) + _box(name, x, y, 18, 13, f' fill-opacity="{depth:.2g}"')
        x += 18
    yield _text(x + 8, y + 11, "twice or more", "small")
    yield _text(LEFT + WIDTH, y + 11, "marks: punctuation, begin and end", "small", "end")


def _curves(found: Emerging, y: float) -> Iterator[str]:
    """What comes of it, over the lessons."""
    left, width, height = LEFT + 36, 560, 210
    yield _text(LEFT, y, f"What comes of it, over {found.asked} questions of the test half", "head")
    top = y + 18
    for part in (0, 0.25, 0.5, 0.75, 1):
        level = top + height * (1 - part)
        yield _line("grid", [(left, level), (left + width, level)])
        yield _text(left - 8, level + 4, f"{part:.0%}", "tiny", "end")
    for lesson in found.lessons[::5]:
        yield _text(left + width * lesson / found.lessons[-1], top + height + 18, str(lesson), "tiny", "middle")
    for number, (series, words) in enumerate((
        (found.subject, "of a question's weight lies on its subject's words"),
        (found.entity, f"of the first {TOP} passages lie in the right entity"),
        (found.document, f"of {found.details} details: document in the first {FIRST} passages"),
    )):  # fmt: skip
        kind = (1, 2, 0)[number]
        spots = [
            (left + width * lesson / found.lessons[-1], top + height * (1 - float(part)))
            for lesson, part in zip(found.lessons, series, strict=True)
        ]
        yield _line(f"line s{kind}", spots)
        last = spots[-1][1]
        yield f'<circle class="c{kind}" cx="{spots[-1][0]:.5g}" cy="{last:.5g}" r="4"/>'
        yield _text(spots[-1][0] + 14, last, f"{series[0]:.1%} → {series[-1]:.1%}", "strong")
        yield _text(spots[-1][0] + 14, last + 16, words, "small")
    yield _text(left + width / 2, top + height + 36, "lessons", "small", "middle")


def main() -> None:
    tell = Console(stderr=True, highlight=False).print
    tell("Ingesting the sample corpus")
    with TemporaryDirectory() as folder, collection(Path(folder)) as found:
        tell("Units of every level")
        (HERE / "levels.svg").write_text(levels(maps(found), found.truth), encoding="utf-8")
        tell("Questions over the levels")
        (HERE / "attention.svg").write_text(attended(attention(found)), encoding="utf-8")
        tell("Training")
        (HERE / "emerging.svg").write_text(emerged(emerging(found)), encoding="utf-8")


if __name__ == "__main__":
    main()
