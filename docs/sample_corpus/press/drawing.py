"""Ink: PDF content for lines, shapes and text. Coordinates are in points, from the top left corner, downwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from press.lines import SANS, Line, width

Point = tuple[float, float]


@dataclass
class Canvas:
    """A rectangle to draw on; `content` is what has been drawn."""

    wide: float
    high: float
    content: list[str] = field(default_factory=list)

    def _flip(self, point: Point) -> str:
        return f"{point[0]:.2f} {self.high - point[1]:.2f}"

    def path(
        self,
        points: Sequence[Point],
        *,
        grey: float = 0.0,
        weight: float = 0.7,
        dash: str = "",
        fill: float | None = None,
        stroke: bool = True,
    ) -> None:
        """A line through points; with `fill`, a filled shape, its outline drawn if `stroke`."""
        steps = " ".join(f"{self._flip(point)} {'l' if index else 'm'}" for index, point in enumerate(points))
        paint = "S" if fill is None else "b" if stroke else "f"
        tint = "" if fill is None else f"{fill:g} g "
        self.content.append(f"q {weight:g} w [{dash}] 0 d {grey:g} G {tint}{steps} {paint} Q\n")

    def box(self, x: float, y: float, wide: float, high: float, *, fill: float = 1.0, grey: float = 0.0) -> None:
        """A rectangle."""
        self.path([(x, y), (x + wide, y), (x + wide, y + high), (x, y + high)], fill=fill, grey=grey)

    def circle(self, x: float, y: float, radius: float, *, fill: float = 1.0) -> None:
        """A circle, of four curves."""
        bend = 0.5523 * radius
        corners = [(x + radius, y), (x, y + radius), (x - radius, y), (x, y - radius), (x + radius, y)]
        pulls = [(0, bend), (-bend, 0), (0, -bend), (bend, 0), (0, bend)]
        steps = [f"{self._flip(corners[0])} m"]
        for index in range(4):
            (ax, ay), (bx, by) = corners[index], corners[index + 1]
            first = (ax + pulls[index][0], ay + pulls[index][1])
            second = (bx - pulls[index + 1][0], by - pulls[index + 1][1])
            steps.append(f"{self._flip(first)} {self._flip(second)} {self._flip((bx, by))} c")
        self.content.append(f"q 0.7 w 0 G {fill:g} g {' '.join(steps)} b Q\n")

    def arrow(self, start: Point, end: Point, *, grey: float = 0.0, dash: str = "") -> None:
        """A line with a head."""
        self.path([start, end], grey=grey, dash=dash)
        long = ((end[0] - start[0]) ** 2 + (end[1] - start[1]) ** 2) ** 0.5
        dx, dy = (end[0] - start[0]) / long, (end[1] - start[1]) / long
        foot = (end[0] - 5 * dx, end[1] - 5 * dy)
        self.path(
            [end, (foot[0] - 2 * dy, foot[1] + 2 * dx), (foot[0] + 2 * dy, foot[1] - 2 * dx)], fill=grey, grey=grey
        )

    def label(
        self, x: float, y: float, text: str, *, size: float = 7.5, font: str = SANS, align: float = 0.5, tint: float = 0
    ) -> None:
        """Text on one line; `align` is 0 for left of x, 0.5 for centred on it, 1 for ending there."""
        self.line(x - align * size * width(font, text), y, font, size, text, tint)

    def line(self, x: float, y: float, font: str, size: float, text: str, tint: float = 0) -> None:
        """Text that begins at a place."""
        self.content.append(f"BT {tint:g} g /{font} {size:g} Tf 0 Tw {self._flip((x, y))} Td ({escape(text)}) Tj ET\n")

    def set_line(self, x: float, y: float, line: Line, tint: float = 0) -> None:
        """A line of a paragraph."""
        runs = "".join(f"/{run.font} {run.size:g} Tf {run.rise:g} Ts ({escape(run.text)}) Tj " for run in line.runs)
        self.content.append(f"BT {tint:g} g {line.stretch:.3f} Tw {self._flip((x, y))} Td {runs}ET\n")

    def place(self, drawing: Canvas, x: float, y: float) -> None:
        """Another drawing, its top left corner at a place."""
        self.content.append(f"q 1 0 0 1 {x:.2f} {self.high - y - drawing.high:.2f} cm\n{''.join(drawing.content)}Q\n")


def escape(text: str) -> str:
    """Text as the inside of a PDF string."""
    return text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
