"""Documents to entities to categories to domains: what belongs together, how many, and what it is called.

One stage a file, in the order in which the data goes through them: `material` (what a document brings), `words` and
`represent` (its vectors), `attend` (towards its neighbours), `count` (how many concepts), `group` (which units form
one), `seeds`, `sow` and `settle` (what a person wishes comes true), `vocabulary`, `users`, `meaning`, `weights`,
`rank`, `candidate`, `compose`, `titled`, `name` (what one is called), `readable`, `summarise`, `identity` (which nodes
are former ones); `build` puts them together, and `placing` finds a document's place in what was built. Nothing here
knows of files, databases or encoders: what gives phrases vectors is an argument.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shas_kb.organise.bag import Batch, Lexicon
    from shas_kb.organise.build import organise
    from shas_kb.organise.material import Material
    from shas_kb.organise.placing import gist, place
    from shas_kb.organise.seeds import fitting

__all__ = ["Batch", "Lexicon", "Material", "fitting", "gist", "organise", "place"]

_HOMES = {
    "Batch": "bag",
    "Lexicon": "bag",
    "Material": "material",
    "fitting": "seeds",
    "gist": "placing",
    "organise": "build",
    "place": "placing",
}


def __getattr__(name: str) -> object:
    """Import on first use: numpy and scipy cost half a second that `shas-kb --help` must not pay."""
    if name in _HOMES:
        return getattr(import_module(f"shas_kb.organise.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
