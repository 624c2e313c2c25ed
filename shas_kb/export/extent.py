"""How much of a collection an export holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shas_kb.errors import UsageError
from shas_kb.records import LEVELS, Level

if TYPE_CHECKING:
    from shas_kb.export.related import Weighted

DEPTHS: tuple[Level, ...] = ("domain", "category", "entity", "document")


@dataclass(frozen=True, slots=True)
class Extent:
    """How much of the collection is exported.

    Attributes:
        under: only this node and what is below it: an id or a name.
        depth: the lowest level: with `entity`, no documents; those that are left out still count.
        least_weight: leave out links between what is not parent and child (`also`, `related`) below this, 0 to 1.

    Raises:
        UsageError: no such level, or a weight beyond 0 to 1.
    """

    under: str | None = None
    depth: Level = "document"
    least_weight: float = 0.0

    def __post_init__(self) -> None:
        if self.depth not in DEPTHS:
            raise UsageError(f"depth must be one of {', '.join(DEPTHS)}, got {self.depth}.")
        if not 0 <= self.least_weight <= 1:
            raise UsageError(f"the least weight (--min-weight) must be from 0 to 1, got {self.least_weight:g}.")

    def reaches(self, level: Level) -> bool:
        """Whether what is of this level is exported."""
        return LEVELS.index(level) >= LEVELS.index(self.depth)

    def strong(self, links: Weighted) -> Weighted:
        """Of weighted links, those that are exported."""
        return tuple(link for link in links if link[1] >= self.least_weight)


WHOLE = Extent()
