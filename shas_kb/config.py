"""What can be set: small frozen dataclasses that check themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from shas_kb.errors import UsageError

WORD_BITS = 128
"""In which a collection keeps a telling token: a multiple of 8. More hardly find more."""

WORDS_COUNT, PASSAGE_COUNTS, DOCUMENT_COUNTS, TITLE_COUNTS = 1.5, 0.3, 0.2, 0.15
"""What a passage is worth to a question is the cosine of its best piece, and this much of what its words say to each
word of the question, of its own cosine, of that of its document's nearest passage, and of the share of the question
that its document's title draws. Picked among a few by what benchmarks/finding.py counts."""
LEXICAL_COUNTS = 0.8
"""What the share of the best BM25 score counts beside that. Picked among .4 to 1 in the same way: less is a little
better in English, and far worse in a language of which the model knows little."""
TITLE_TEMPERATURE = 0.05
"""Of the softmax over cosines of titles that gives these shares: one title draws much of a question only if it stands
out among all of them. Picked among .02, .05 and .1 in the same way."""

VAULT_MANIFESTS = (".shas-kb-manifest.json", ".shas-kb-manifest.next.json")
"""Where an exported vault says what was written, and where one says it whose export is at work."""

WEAK_NODE, WEAK_PLACE = 0.15, 0.5
"""The confidence of a node, and the weight of a document in its own entity, below which the tree itself is unsure."""

LESSONS = 150
"""Of a training."""

FORM = 4
"""Of trees: with another number, the next ingest builds a collection's tree again."""
FORMER_RATIOS, NATURAL_SINCE = (10.0, 3.0, 2.0), 3
"""What stood with trees of earlier forms for which nobody asked for ratios."""


@dataclass(frozen=True, slots=True)
class TreeConfig:
    """How the tree is built.

    Counts left at None are chosen by the data around `ratios`: documents an entity, entities a category, categories a
    domain. None are the natural ratios, 10, 3 and 2 for some 150 documents; larger collections have more of each.
    """

    entities: int | None = None
    categories: int | None = None
    domains: int | None = None
    ratios: tuple[float, float, float] | None = None
    seed: int = 0

    def as_dict(self) -> dict[str, object]:
        """The configuration as it is stored with a run: what JSON gives back equals it."""
        return {**asdict(self), "ratios": list(self.ratios) if self.ratios else None, "form": FORM}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> TreeConfig:
        """The configuration that `as_dict` gave."""
        known = {name: value for name, value in stored.items() if name != "form"}
        ratios = stored["ratios"]
        if tuple(ratios or ()) == FORMER_RATIOS and stored.get("form", 0) < NATURAL_SINCE:
            ratios = None
        return cls(**{**known, "ratios": tuple(ratios) if ratios else None})

    def __post_init__(self) -> None:
        for name in ("entities", "categories", "domains"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise UsageError(f"{name} must be at least 1, got {value}; leave it out to let the data choose.")
        ratios = (2.0, 2.0, 2.0) if self.ratios is None else self.ratios
        if len(ratios) != 3 or any(not 1 < ratio < float("inf") for ratio in ratios):
            given = ",".join(f"{ratio:g}" for ratio in ratios)
            raise UsageError(
                f"ratios must be three numbers above 1 like 10,3,2, got {given}; leave it out for the default."
            )
        known = [value for value in (self.entities, self.categories, self.domains) if value is not None]
        if known != sorted(known, reverse=True):
            raise UsageError(
                f"counts must not grow upwards (entities >= categories >= domains), got {known}; lower the later ones."
            )


@dataclass(frozen=True, slots=True)
class GrowthConfig:
    """When a tree takes documents in without being built again: a collection of at least `documents`, as long as its
    drift is at most `drift`. Smaller collections are always built again, so that the same documents give the same
    tree."""

    documents: int = 2000
    drift: float = 0.2

    def __post_init__(self) -> None:
        if self.documents < 1:
            raise UsageError(f"documents must be at least 1, got {self.documents}; the default is 2000.")
        if not 0 <= self.drift <= 1:
            raise UsageError(f"drift must be from 0 to 1, got {self.drift:g}; the default is 0.2.")


@dataclass(frozen=True, slots=True)
class ReadConfig:
    """How files are read. `seconds` and `megabytes` limit the reading of one file; `window` is in word pieces."""

    tokenizer: str
    window: int = 254
    ocr: bool = False
    workers: int = 0
    seconds: float = 120.0
    megabytes: int = 2048

    def __post_init__(self) -> None:
        if self.window < 8:
            raise UsageError(f"window must be at least 8 word pieces, got {self.window}; choose another model.")
        if self.workers < 0:
            raise UsageError(f"workers must not be negative, got {self.workers}; 0 means one for each core.")


@dataclass(frozen=True, slots=True)
class DrawConfig:
    """What drawing one page of a PDF may take."""

    seconds: float = 15.0
    megabytes: int = 1024

    def __post_init__(self) -> None:
        if self.seconds <= 0 or self.megabytes < 1:
            raise UsageError(
                f"a page must have time and memory to be drawn, got {self.seconds:g} s and {self.megabytes} MB."
            )
