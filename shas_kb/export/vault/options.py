"""How a vault is written: what only the obsidian format can be told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Literal, get_args

from shas_kb.errors import UsageError

Flavour = Literal["obsidian", "okf"]
Folders = Literal["tree", "kind"]


@dataclass(frozen=True, slots=True)
class VaultOptions:
    """What a person asked of a vault. What is None stays as it was at the last export into the same folder.

    Attributes:
        flavour: `obsidian` (wikilinks, a canvas, tables), or `okf` (Open Knowledge Format: standard links, indexes).
        folders: notes lie by `tree` (domain/category/entity), or by `kind` (domains, categories, entities, documents).
        link_sources: originals are symbolic links instead of copies.
        write_config: set the colours of the graph view also in a vault that is there.

    Raises:
        UsageError: no such flavour, or no such order of folders.
    """

    flavour: Flavour | None = None
    folders: Folders | None = None
    link_sources: bool | None = None
    write_config: bool = False

    def __post_init__(self) -> None:
        for option, value, choices in (
            ("--flavour", self.flavour, get_args(Flavour)),
            ("--folders", self.folders, get_args(Folders)),
        ):
            if value is not None and value not in choices:
                raise UsageError(f"{option} must be one of {', '.join(choices)}, got {value}; choose one of these.")

    def over(self, earlier: VaultOptions) -> VaultOptions:
        """These options, and where they are silent the earlier ones."""
        silent = {field.name for field in fields(self) if getattr(self, field.name) is None}
        return replace(self, **{name: getattr(earlier, name) for name in silent})

    def remembered(self) -> dict[str, object]:
        """What the next export into the same folder goes on with."""
        return {"flavour": self.flavour, "folders": self.folders, "link_sources": self.link_sources}

    @classmethod
    def recall(cls, read: Mapping[str, object]) -> VaultOptions:
        """From what was `remembered`; what is not in it is by default.

        Raises:
            TypeError: there is something else in it.
        """
        return cls(**{**_DEFAULT.remembered(), **read})  # type: ignore[arg-type]


AS_BEFORE = VaultOptions()
_DEFAULT = VaultOptions("obsidian", "tree", link_sources=False)
