"""The ragged geometry of levels: which units of one level a unit of the next abstracts, and which it looks at.

All texts of a batch stand one after another in one matrix a level. A level's texts are given by offsets [texts + 1],
a unit's children by offsets [units + 1]: nothing is padded and no length is assumed.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Step:
    """From one level to the next, for all texts of a batch at once.

    Attributes:
        children: int64 [units + 1]; unit i of the next level abstracts rows children[i] to children[i + 1] of this one.
        texts: int64 [texts + 1]; the rows of this level that belong to each text. Windows end there.
        above: int64 [texts + 1]; the rows of the next level that belong to each text.
    """

    children: Tensor
    texts: Tensor
    above: Tensor

    @property
    def units(self) -> int:
        return len(self.children) - 1

    def to(self, device: torch.device) -> Step:
        return Step(self.children.to(device), self.texts.to(device), self.above.to(device))

    def owner(self) -> Tensor:
        """The unit that abstracts each row of this level: int64 [rows]."""
        return torch.repeat_interleave(self.children.diff())

    def windows(self, ratio: int) -> tuple[Tensor, Tensor, Tensor]:
        """What every unit looks at: its children and about half as many on either side, within its text.

        Returns:
            Three int64 [pairs], ordered by unit and row: the unit, the row of this level, and where in the unit's
            window of 2 `ratio` places it stands. Where a unit has more children than `ratio` (a document's
            passages), those beyond stand in the last place.
        """
        text = torch.repeat_interleave(self.above.diff())  # [units]
        first, last = self.children[:-1], self.children[1:]
        left = torch.maximum(first - ratio // 2, self.texts[text])
        right = torch.minimum(last + (ratio + 1) // 2, self.texts[text + 1])
        unit = torch.repeat_interleave(right - left)
        before = torch.cumsum(right - left, 0) - (right - left)  # pairs of earlier units
        row = torch.arange(len(unit), device=unit.device) - before[unit] + left[unit]
        place = (row - first[unit] + ratio // 2).clamp(max=2 * ratio - 1)
        return unit, row, place


def group(texts: Tensor, ratio: int) -> Step:
    """Abstract `ratio` consecutive units of each text into one; a text's last unit takes what is left."""
    lengths = -(-texts.diff() // ratio)
    above = torch.cat([texts.new_zeros(1), lengths.cumsum(0)])
    text = torch.repeat_interleave(lengths)
    within = torch.arange(len(text), device=texts.device) - above[text]
    return Step(torch.cat([texts[text] + ratio * within, texts[-1:]]), texts, above)


def gather(texts: Tensor) -> Step:
    """Abstract all units of each text into one; no text may be empty."""
    return Step(texts, texts, torch.arange(len(texts), device=texts.device))


def offsets(lengths: Tensor) -> Tensor:
    """Where each of some consecutive stretches begins, and where the last ends: int64 [stretches + 1]."""
    return torch.cat([lengths.new_zeros(1), lengths.cumsum(0)])


def steps(tokens: Tensor, passages: Tensor, ratio: int, depth: int) -> list[Step]:
    """The whole way from tokens to documents.

    Args:
        tokens: int64 [passages]; tokens of each passage.
        passages: int64 [documents]; passages of each document.
        ratio: how many units are abstracted into one inside a passage.
        depth: the level of the passage; `ratio ** depth` tokens must hold every passage.

    Returns:
        `depth` steps within passages, and one from passages to documents.
    """
    texts, way = offsets(tokens), []
    for _ in range(depth):
        way.append(group(texts, ratio))
        texts = way[-1].above
    return [*way, gather(offsets(passages))]
