"""From what a person types to the one thing meant: an id, its beginning, a path, or a name."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from typing import TypeVar

from shas_kb.errors import NotFoundError
from shas_kb.records import Document, Node

SHORTEST_PREFIX = 3
Unit = TypeVar("Unit", Node, Document, Node | Document)


def look_up(wanted: str, units: Sequence[Unit], *, what: str = "under") -> Unit:
    """The one of `units` that `wanted` names.

    Tried in this order, the first that fits wins: the id; the path; the name or title; the same in any case; the
    beginning of an id.

    Args:
        wanted: what the person typed.
        units: the nodes and documents to look among.
        what: how the message calls the thing asked for.

    Raises:
        NotFoundError: nothing is called so (the message names what comes near), or several things are.
    """
    wanted = wanted.strip()
    folded = wanted.casefold()
    ways = (
        [unit for unit in units if unit.id == wanted],
        [unit for unit in units if isinstance(unit, Document) and unit.path == wanted],
        [unit for unit in units if name_of(unit) == wanted],
        [unit for unit in units if name_of(unit).casefold() == folded],
        [unit for unit in units if len(wanted) >= SHORTEST_PREFIX and unit.id.startswith(wanted)],
    )
    found = next((way for way in ways if way), [])
    if len(found) == 1:
        return found[0]
    if found:
        several = ", ".join(f"{unit.id} ({_told(unit)})" for unit in found[:4])
        raise NotFoundError(f"{what} must name one thing, got {wanted!r}, which fits {several}; give an id or a path.")
    raise NotFoundError(f"{what} must name something in the collection, got {wanted!r}; {_advice(wanted, units)}")


def name_of(unit: Node | Document) -> str:
    """The name of a node, the title of a document."""
    return unit.title if isinstance(unit, Document) else unit.name


def called(unit: Unit, units: Sequence[Unit]) -> str:
    """The name or title of one of `units`, quoted; with its id in brackets where others are called the same."""
    same = sum(name_of(other) == name_of(unit) for other in units)
    return f"{name_of(unit)!r} ({unit.id})" if same > 1 else repr(name_of(unit))


def _told(unit: Node | Document) -> str:
    """Which of several that are called the same it is."""
    return unit.path if isinstance(unit, Document) else f"{unit.level} {unit.name!r}, {unit.documents:,} documents"


def _advice(wanted: str, units: Sequence[Node | Document]) -> str:
    names = {name_of(unit).casefold(): name_of(unit) for unit in units}
    folded = wanted.casefold()
    near = get_close_matches(folded, names, n=3, cutoff=0.5)
    near = near or [name for name in names if folded and folded in name][:3]
    if not near:
        return "`shas-kb tree` shows all names, with --json their ids."
    return f"did you mean {' or '.join(repr(names[name]) for name in near)}?"
