"""Figures whose data stand in the article: bars, curves, marks, events, boxes and arrows, bands.

A chart takes its rows, the name of its axis and the width it may fill, and returns its drawing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from math import floor, log10

from press.drawing import Canvas
from press.lines import SANS, SANS_BOLD, Atom, Line, Run, break_lines, width

Rows = Sequence[Sequence[str]]
SMALL = 6.8
LEAD = 8.4
DASHES = ("", "4 2", "1 2", "6 2 1 2")


def wrap(text: str, wide: float, font: str = SANS, size: float = SMALL) -> list[Line]:
    """A text as lines of at most this width."""
    return break_lines([Atom((Run(font, size, word),)) for word in text.split()], wide, justify=False) if text else []


def widest(texts: Iterable[str], font: str = SANS) -> float:
    return max((SMALL * width(font, text) for text in texts), default=0.0)


def set_text(canvas: Canvas, x: float, y: float, deep: float, text: Sequence[Line], *, across: float = 0.0) -> None:
    """Lines below one another in the middle of a height `deep`; with a width `across`, each in the middle of it."""
    for number, line in enumerate(text):
        shift = (across - sum(run.width for run in line.runs)) / 2 if across else 0.0
        canvas.set_line(x + shift, y + (deep - len(text) * LEAD) / 2 + LEAD * number + 6.6, line)


def number_of(cell: str) -> float:
    return float(cell.replace(",", ""))


def ticks(low: float, high: float, about: int) -> list[float]:
    """Round values from `low` to `high`, some four of them."""
    rough = (high - low) / about or 1.0
    unit = 10.0 ** floor(log10(rough))
    step = next(unit * factor for factor in (1, 2, 2.5, 5, 10) if unit * factor >= rough)
    first = floor(low / step + 1e-9)
    return [round(step * (first + number), 10) for number in range(100) if step * (first + number) <= high + 1e-9]


def figure(value: float) -> str:
    """A number on an axis; a whole one from 1000 to 2100 is most likely a year."""
    if value in range(1000, 2101):
        return f"{value:.0f}"
    return f"{value:,g}" if abs(value) < 1e6 else f"{value:.3g}"


def bars(rows: Rows, axis: str, wide: float) -> Canvas:
    """A horizontal bar for each row, its value at its end."""
    room = min(widest(row[0] for row in rows), wide * 0.42)
    names = [wrap(row[0], room + 0.1) for row in rows]
    values = [number_of(row[1]) for row in rows]
    left, right = room + 6, wide - widest(row[1] for row in rows) - 6
    high = sum(max(len(name) * LEAD, 11) + 4 for name in names) + 14
    canvas, y = Canvas(wide, high), 4.0
    for name, value, row in zip(names, values, rows, strict=True):
        deep = max(len(name) * LEAD, 11)
        set_text(canvas, 0, y, deep, name)
        end = left + max((right - left) * value / (max(values) or 1), 0.5)
        canvas.box(left, y + deep / 2 - 4.5, end - left, 9, fill=0.7)
        canvas.label(end + 3, y + deep / 2 + 2.4, row[1], size=SMALL, align=0)
        y += deep + 4
    canvas.path([(left, 0), (left, y)])
    canvas.label(left, y + 7, axis, size=SMALL, align=0)
    return canvas


def plot(rows: Rows, axis: str, wide: float, *, joined: bool) -> Canvas:
    """Series over a common x: curves, or marks."""
    (across, *names), *data = rows
    points = [
        [(number_of(row[0]), number_of(row[number])) for row in data if number < len(row) and row[number]]
        for number in range(1, len(names) + 1)
    ]
    xs, ys = [x for series in points for x, _ in series], [y for series in points for _, y in series]
    least, most = min(ys), max(ys)
    base = 0.0 if 0 <= least < 0.6 * most else least - 0.06 * (most - least)
    y_ticks, x_ticks = ticks(base, most, 4), ticks(min(xs), max(xs), 5)
    base = min(base, y_ticks[0]) if base else 0.0
    left, right = widest(map(figure, y_ticks)) + 8, wide - 8
    legend = len(names) > 1
    top, bottom = 14.0, 14.0 + min(0.55 * wide, 120)
    canvas = Canvas(wide, bottom + 24 + (LEAD + 1) * len(names) * legend)

    def place(x: float, y: float) -> tuple[float, float]:
        span, tall = max(xs) - min(xs) or 1.0, most - base or 1.0
        return left + 4 + (right - left - 4) * (x - min(xs)) / span, bottom - (bottom - top - 4) * (y - base) / tall

    canvas.path([(left, top), (left, bottom), (right, bottom)])
    canvas.label(left, top - 6, axis, size=SMALL, align=0)
    canvas.label(right, bottom + 19, across, size=SMALL, align=1)
    for value in y_ticks:
        if value >= base:
            canvas.label(left - 5, place(0, value)[1] + 2.4, figure(value), size=SMALL, align=1)
            canvas.path([(left - 2.5, place(0, value)[1]), (left, place(0, value)[1])])
    for value in x_ticks:
        if value >= min(xs):
            canvas.label(place(value, 0)[0], bottom + 10, figure(value), size=SMALL)
            canvas.path([(place(value, 0)[0], bottom), (place(value, 0)[0], bottom + 2.5)])
    for number, (series, name) in enumerate(zip(points, names, strict=True)):
        dash, shade = DASHES[number % 4], (0.0, 0.45, 0.0, 0.6)[number % 4]
        spots = [place(x, y) for x, y in series]
        y = bottom + 28 + (LEAD + 1) * number
        keys = [(left, y - 2.4), (left + 18, y - 2.4)] if joined else [(left + 9, y - 2.4)]
        for drawn in (spots, keys) if legend else (spots,):
            if joined:
                canvas.path(drawn, weight=1.1, dash=dash, grey=shade)
            else:
                for x, height in drawn:
                    canvas.circle(x, height, 1.9, fill=(0.0, 1.0, 0.6, 0.8)[number % 4])
        if legend:
            canvas.label(left + 22, y, name, size=SMALL, align=0)
    return canvas


def lines(rows: Rows, axis: str, wide: float) -> Canvas:
    """Curves."""
    return plot(rows, axis, wide, joined=True)


def points(rows: Rows, axis: str, wide: float) -> Canvas:
    """Marks."""
    return plot(rows, axis, wide, joined=False)


def timeline(rows: Rows, _: str, wide: float) -> Canvas:
    """Dates along a line, what happened beside them."""
    left = widest((row[0] for row in rows), SANS_BOLD) + 12
    events = [wrap(row[1], wide - left - 8) for row in rows]
    canvas = Canvas(wide, sum(len(event) * LEAD + 6 for event in events) + 4)
    canvas.path([(left - 4, 2), (left - 4, canvas.high - 4)], grey=0.5)
    y = 2.0
    for row, event in zip(rows, events, strict=True):
        canvas.label(left - 10, y + 6.8, row[0], size=SMALL, font=SANS_BOLD, align=1)
        canvas.circle(left - 4, y + 4.4, 2.2, fill=0.2)
        for line in event:
            canvas.set_line(left + 4, y + 6.8, line)
            y += LEAD
        y += 6
    return canvas


def flow(rows: Rows, _: str, wide: float) -> Canvas:
    """Boxes one below the other. Arrows to the next run between them, others beside them: forwards right, back left."""
    names = list(dict.fromkeys(name for row in rows for name in (row[0], row[2])))
    arrows = [(names.index(row[0]), names.index(row[2]), row[1]) for row in rows]
    beside: dict[int, list[tuple[int, int, str]]] = {1: [], -1: []}
    for start, end, text in arrows:
        if end != start + 1:
            beside[1 if end > start else -1].append((start, end, text))
    rooms = {
        side: widest(text for _, _, text in found) + 12 + 7 * len(found) if found else 2.0
        for side, found in beside.items()
    }
    boxes = [wrap(name, max(wide - sum(rooms.values()), 70) - 10, SANS_BOLD) for name in names]
    inner = max(line.runs[0].width for box in boxes for line in box) + 16
    slack = max(wide - sum(rooms.values()) - inner, 0.0)
    left, right = rooms[-1] + slack / 2, rooms[-1] + slack / 2 + inner
    gap, deep = 20.0, max(len(box) for box in boxes) * LEAD + 8
    canvas = Canvas(wide, len(names) * (deep + gap) - gap + 6)
    tops = [2 + number * (deep + gap) for number in range(len(names))]
    for top, box in zip(tops, boxes, strict=True):
        canvas.box(left, top, inner, deep, fill=0.92)
        set_text(canvas, left, top, deep, box, across=inner)
    for start, end, text in arrows:
        if end == start + 1:
            middle = (left + right) / 2
            canvas.arrow((middle, tops[start] + deep), (middle, tops[end]))
            canvas.label(middle + 5, tops[start] + deep + gap / 2 + 2.4, text, size=SMALL, align=0)
    for side, found in beside.items():
        edge, text_room = (right if side > 0 else left), widest(text for _, _, text in found) + 8
        for number, (start, end, text) in enumerate(found):
            lane = edge + side * (text_room + 7 * number)
            leave = tops[start] + (deep * 0.7 if side > 0 else deep * 0.35)
            arrive = tops[end] + (deep * 0.3 if side > 0 else deep * 0.65) + (deep * 0.2 if start == end else 0)
            canvas.path([(edge, leave), (lane, leave), (lane, arrive)])
            canvas.arrow((lane, arrive), (edge, arrive))
            canvas.label(edge + side * 4, leave - 2.5, text, size=SMALL, align=0 if side > 0 else 1)
    return canvas


def cycle(rows: Rows, axis: str, wide: float) -> Canvas:
    """Boxes that lead from one to the next, and the last to the first."""
    names = [row[0] for row in rows]
    follows = [*names[1:], names[0]]
    return flow([(row[0], row[1], follow) for row, follow in zip(rows, follows, strict=True)], axis, wide)


def layers(rows: Rows, _: str, wide: float) -> Canvas:
    """Bands from top to bottom, darker as they go down; a name at the left, a remark at the right."""
    room = min(widest((row[0] for row in rows), SANS_BOLD), wide * 0.4)
    names = [wrap(row[0], room + 0.1, SANS_BOLD) for row in rows]
    remarks = [wrap(row[1] if len(row) > 1 else "", wide - room - 22) for row in rows]
    deeps = [max(len(name), len(remark), 1) * LEAD + 9 for name, remark in zip(names, remarks, strict=True)]
    canvas, y = Canvas(wide, sum(deeps) + 4), 1.0
    for number, (name, remark, deep) in enumerate(zip(names, remarks, deeps, strict=True)):
        canvas.box(0.5, y, wide - 1, deep, fill=0.98 - 0.26 * number / max(len(rows) - 1, 1), grey=0.4)
        set_text(canvas, 7, y, deep, name)
        set_text(canvas, room + 15, y, deep, remark)
        y += deep
    return canvas


CHARTS: dict[str, Callable[[Rows, str, float], Canvas]] = {
    "bars": bars,
    "lines": lines,
    "points": points,
    "timeline": timeline,
    "flow": flow,
    "cycle": cycle,
    "layers": layers,
}
