"""The figures of the sample corpus, drawn by code. Each takes the width it may fill and returns its drawing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import exp, sqrt

from press.drawing import Canvas
from press.lines import SANS_BOLD


def raft_states(wide: float) -> Canvas:
    """Follower, candidate, leader, and what takes a server from one to the next."""
    canvas = Canvas(wide, 112)
    radius, y = 25.0, 52.0
    places = [radius + 2, wide / 2, wide - radius - 2]
    for x, name in zip(places, ("Follower", "Candidate", "Leader"), strict=True):
        canvas.circle(x, y, radius, fill=0.92)
        canvas.label(x, y + 2.5, name, font=SANS_BOLD, size=7)
    for left, right, text in ((0, 1, "timeout"), (1, 2, "majority")):
        canvas.arrow((places[left] + radius, y), (places[right] - radius, y))
        canvas.label((places[left] + places[right]) / 2, y - 5, text, size=6.5)
    bottom = y + radius + 16
    canvas.path([(places[2], y + radius), (places[2], bottom), (places[0], bottom)])
    canvas.arrow((places[0], bottom), (places[0], y + radius))
    canvas.path([(places[1], y + radius), (places[1], bottom)])
    canvas.label(wide / 2, bottom + 10, "a higher term, or another leader", size=6.5)
    top = y - radius - 12
    canvas.path([(places[1] - 9, y - radius + 2), (places[1] - 9, top), (places[1] + 9, top)])
    canvas.arrow((places[1] + 9, top), (places[1] + 9, y - radius + 2))
    canvas.label(places[1], top - 4, "split vote: new term", size=6.5)
    return canvas


def paxos_messages(wide: float) -> Canvas:
    """One proposer, three acceptors, two rounds of question and answer."""
    canvas = Canvas(wide, 150)
    rows = [22.0, 62.0, 92.0, 122.0]
    left = 50.0
    for y, name in zip(rows, ("Proposer", "Acceptor 1", "Acceptor 2", "Acceptor 3"), strict=True):
        canvas.label(left - 6, y + 2.5, name, size=7, align=1)
        canvas.path([(left, y), (wide, y)], grey=0.6)
    step = (wide - left) / 4.4
    for phase, (name, up) in enumerate((("prepare", False), ("promise", True), ("accept", False), ("accepted", True))):
        x = left + 4 + phase * step * 1.06
        canvas.label(x + step / 2, 12, name, size=7)
        for number, y in enumerate(rows[1:]):
            if up and number == 2:
                continue
            start, end = (x, rows[0]), (x + step * (0.55 + 0.14 * number), y)
            canvas.arrow(
                *((end[0] - step * 0.5, y), (x + step * (0.75 + 0.14 * number), rows[0])) if up else (start, end)
            )
    canvas.label(wide, 141, "time", size=6.5, align=1)
    canvas.arrow((wide - 50, 138.5), (wide - 20, 138.5))
    return canvas


def byzantine_worlds(wide: float) -> Canvas:
    """A general and two lieutenants, twice: who lies differs, what A hears does not."""
    canvas = Canvas(wide, 128)
    for centre, liar, order in ((wide * 0.25, "B", "attack"), (wide * 0.75, "General", "retreat")):
        places = {"General": (centre, 24.0), "A": (centre - 55, 98.0), "B": (centre + 55, 98.0)}
        canvas.arrow((centre - 12, 40), (centre - 46, 82))
        canvas.arrow((centre + 12, 40), (centre + 46, 82))
        canvas.arrow((centre + 38, 98), (centre - 38, 98))
        canvas.label(centre - 38, 60, "attack", size=7, align=1)
        canvas.label(centre + 38, 60, order, size=7, align=0)
        canvas.label(centre, 110, "“he said retreat”", size=7)
        for name, (x, y) in places.items():
            canvas.circle(x, y, 16, fill=0.75 if name == liar else 1.0)
            canvas.label(x, y + 2.5, name, size=6.5 if name == "General" else 8, font=SANS_BOLD)
    canvas.path([(wide / 2, 8), (wide / 2, 120)], grey=0.7, dash="2 2")
    return canvas


def lsm_levels(wide: float) -> Canvas:
    """A memtable and three levels of sorted files, each wider than the one above."""
    canvas = Canvas(wide, 136)
    left = 50.0
    room = wide - left - 2
    canvas.label(left - 8, 17, "memory", align=1)
    canvas.box(left, 6, room * 0.3, 16, fill=0.75)
    canvas.label(left + room * 0.15, 16.5, "memtable", size=6.5)
    canvas.path([(0, 32), (wide, 32)], grey=0.5, dash="3 2")
    canvas.label(wide, 29, "flush", size=6.5, align=1)
    for level, (files, share) in enumerate(((3, 0.3), (4, 0.5), (8, 1.0))):
        y = 44 + level * 34
        canvas.label(left - 8, y + 11, f"level {level}", align=1)
        each = room * share / files
        for number in range(files):
            shift = (number % 2) * 5 if level == 0 else 0
            canvas.box(left + number * each, y + shift, each + (10 if level == 0 else -3), 14, fill=0.92)
        if level < 2:
            canvas.arrow((left + room * share * 0.6, y + 20), (left + room * share * 0.6, y + 32))
            canvas.label(left + room * share * 0.6 + 6, y + 29, "merge", size=6.5, align=0)
    return canvas


def axes(canvas: Canvas, left: float, bottom: float, right: float, top: float) -> None:
    """Two axes."""
    canvas.path([(left, top), (left, bottom), (right, bottom)])


def heating_weeks(wide: float) -> Canvas:
    """Sea temperature over a summer of 26 weeks, and the heating weeks that it adds up to."""
    canvas = Canvas(wide, 174)
    left, right = 16.0, wide - 4
    excess = [2.6 * exp(-(((week - 12) / 5) ** 2)) - 0.7 for week in range(27)]
    hot = [value if value >= 1 else 0.0 for value in excess]
    sums = [sum(hot[max(week - 11, 0) : week + 1]) for week in range(27)]

    def x(week: float) -> float:
        return left + (right - left) * week / 26

    axes(canvas, left, 78, right, 8)
    area = [(x(week), 78 - 20 * (1 + value)) for week, value in enumerate(excess)]
    warm = [(x(week), 78 - 20 * (1 + value)) for week, value in enumerate(excess) if value >= 1]
    canvas.path([(warm[0][0], 38), *warm, (warm[-1][0], 38)], fill=0.75, stroke=False)
    canvas.path(area, weight=1.2)
    for height, name in ((0, "warmest month"), (1, "threshold (+1 degree)")):
        canvas.path([(left, 78 - 20 * (1 + height)), (right, 78 - 20 * (1 + height))], dash="2 2", grey=0.4)
        canvas.label(left + 4, 75.5 - 20 * (1 + height), name, size=6, align=0)
    axes(canvas, left, 152, right, 92)
    canvas.path([(x(week), 152 - 4.2 * value) for week, value in enumerate(sums)], weight=1.2)
    for value in (4, 8, 12):
        canvas.label(left - 4, 154 - 4.2 * value, str(value), size=6.5, align=1)
        canvas.path([(left, 152 - 4.2 * value), (left + 3, 152 - 4.2 * value)])
    canvas.label(left + 4, 13, "sea temperature", size=6.5, align=0)
    canvas.label(left + 4, 97, "degree heating weeks", size=6.5, align=0)
    for week in range(0, 27, 4):
        canvas.label(x(week), 161, str(week), size=6.5)
    canvas.label((left + right) / 2, 170, "week", size=6.5)
    return canvas


def transect_line(wide: float) -> Canvas:
    """A hundred metres of tape: four segments of twenty, gaps of five."""
    canvas = Canvas(wide, 74)
    left, right = 12.0, wide - 16

    def x(metres: float) -> float:
        return left + (right - left) * metres / 100

    for number, start in enumerate((0, 25, 50, 75)):
        canvas.box(x(start), 24, x(start + 20) - x(start), 22, fill=0.85)
        canvas.label(x(start + 10), 18, f"segment {number + 1}")
        for end in (start, start + 20):
            canvas.path([(x(end), 46), (x(end), 52)])
            canvas.label(x(end), 60, str(end), size=7)
    canvas.path([(x(0), 35), (x(100), 35)], weight=1.2)
    canvas.path([(x(100), 46), (x(100), 52)])
    canvas.label(x(100), 60, "100", size=7)
    canvas.label(x(50), 72, "metres along the tape", size=7)
    return canvas


def spawning_nights(wide: float) -> Canvas:
    """Eleven nights from the full moon on, with a bar for each."""
    canvas = Canvas(wide, 104)
    left, right = 6.0, wide - 6
    step = (right - left) / 11
    heights = (0, 2, 8, 30, 48, 40, 22, 8, 3, 0, 0)
    for night, high in enumerate(heights):
        x = left + step * (night + 0.5)
        if high:
            canvas.box(x - step * 0.32, 74 - high, step * 0.64, high, fill=0.55)
        canvas.label(x, 84, str(night), size=7)
    canvas.path([(left, 74), (right, 74)])
    canvas.circle(left + step * 0.5, 54, 7, fill=1.0)
    canvas.label(left, 42, "full moon", size=7, align=0)
    canvas.label(wide / 2, 97, "nights after full moon", size=7)
    return canvas


def resonance(wide: float) -> Canvas:
    """The response of a damped oscillator over the period of what drives it."""
    canvas = Canvas(wide, 140)
    left, right, bottom, top = 30.0, wide - 8, 112.0, 10.0
    natural, quality = 13.3, 5.0

    def gain(period: float) -> float:
        ratio = natural / period
        return 1 / sqrt((1 - ratio**2) ** 2 + (ratio / quality) ** 2)

    def x(period: float) -> float:
        return left + (right - left) * (period - 6) / 18

    axes(canvas, left, bottom, right, top)
    periods: Sequence[float] = [6 + index / 10 for index in range(181)]
    canvas.path([(x(period), bottom - 18 * gain(period)) for period in periods], weight=1.2)
    canvas.path([(x(12.42), bottom), (x(12.42), top)], dash="3 2", grey=0.4)
    canvas.label(x(12.42) - 4, top + 5, "12.42 h", size=7, align=1)
    for period in range(6, 25, 3):
        canvas.label(x(period), bottom + 10, str(period), size=7)
    for value in range(1, 6):
        canvas.label(left - 5, bottom - 18 * value + 2.5, str(value), size=7, align=1)
        canvas.path([(left, bottom - 18 * value), (left + 3, bottom - 18 * value)])
    canvas.label((left + right) / 2, bottom + 22, "period of the forcing, hours", size=7)
    canvas.label(left + 6, top + 5, "amplification", size=7, align=0)
    return canvas


FIGURES: dict[str, Callable[[float], Canvas]] = {
    draw.__name__: draw
    for draw in (
        raft_states,
        paxos_messages,
        byzantine_worlds,
        lsm_levels,
        heating_weeks,
        transect_line,
        spawning_nights,
        resonance,
    )
}
