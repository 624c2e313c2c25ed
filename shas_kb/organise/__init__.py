"""Documents to entities to categories to domains: what belongs together, how many, and what it is called.

One stage a file, in the order in which the data goes through them: `material` (what a document brings), `represent`
(its vector), `attend` (towards its neighbours), `count` (how many concepts), `group` (which units form one), `name`,
`summarise`; `build` puts them together. Nothing here knows of files, databases or encoders.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shas_kb.organise.bag import Lexicon
    from shas_kb.organise.build import organise
    from shas_kb.organise.material import Material

__all__ = ["Lexicon", "Material", "organise"]


def __getattr__(name: str) -> object:
    """Import on first use: numpy and scipy cost half a second that `shas-kb --help` must not pay."""
    if name == "organise":
        from shas_kb.organise.build import organise

        return organise
    if name == "Lexicon":
        from shas_kb.organise.bag import Lexicon

        return Lexicon
    if name == "Material":
        from shas_kb.organise.material import Material

        return Material
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
