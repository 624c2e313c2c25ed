"""Everything a collection holds, in one SQLite file: open it with `Store.open`.

Names load their module when they are first used, so that importing the package costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shas_kb.storage.check import Finding
    from shas_kb.storage.files import FileState
    from shas_kb.storage.store import Store
    from shas_kb.storage.tree import RunFacts
    from shas_kb.storage.vectors import PassageMatrix

__all__ = ["FileState", "Finding", "PassageMatrix", "RunFacts", "Store"]

_MODULES = {
    "FileState": "files",
    "Finding": "check",
    "PassageMatrix": "vectors",
    "RunFacts": "tree",
    "Store": "store",
}


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
