"""The four things that an assistant can ask of a collection, each answered by JSON of bounded length."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from shas_kb.ask import ask
from shas_kb.assistant.bounds import fit
from shas_kb.assistant.branch import branch
from shas_kb.assistant.shown import shown
from shas_kb.current import Current
from shas_kb.errors import UsageError
from shas_kb.outline import DEPTHS
from shas_kb.replies import reply_json

if TYPE_CHECKING:
    from shas_kb.records import Level

LONGEST_QUESTION = 4000
"""Characters: more than any model's window holds."""

LONGEST_NAME = 500
"""Characters of an id or a name."""

MOST_HITS = 50
USUAL_HITS = 10

DOCUMENTS_OF_A_HIT = 10
"""Ids that are given with a hit on a node; `show` gives the others."""


class Collection:
    """A collection that is asked by an assistant; for one thread.

    Every method raises UsageError where what it is given is out of bounds, and the errors of what it calls. An empty
    `under` or `depth`, as assistants like to give, counts as none.
    """

    def __init__(self, path: Path) -> None:
        self._current = Current(path)

    def search(self, question: str, levels: Sequence[str], under: str | None, k: int) -> dict[str, Any]:
        """What answers the question, best first: as `query --json` gives it, without the answer."""
        if not 1 <= k <= MOST_HITS:
            raise UsageError(f"k must be from 1 to {MOST_HITS}, got {k}; narrow the question with under or levels.")
        found = self._ask(question, levels, under, k)
        del found["answer"]
        for hit in found["hits"]:
            if more := hit.get("documents", [])[DOCUMENTS_OF_A_HIT:]:
                del hit["documents"][DOCUMENTS_OF_A_HIT:]
                hit["more_documents"] = len(more)
        return fit(found, "Cut to fit: show gives all of a hit by its id, a smaller k gives more of each.")

    def answer(self, question: str, levels: Sequence[str], under: str | None) -> dict[str, Any]:
        """An answer of quotations, and where the question was routed: as `query --json` gives them."""
        found = self._ask(question, levels, under, USUAL_HITS)
        del found["hits"]
        return fit(found, "Cut to fit: search gives the places where it stands, and show all of each.")

    def tree(self, under: str | None, depth: str | None) -> dict[str, Any]:
        """The tree, or the branch of a node, as deep as asked for and as fits."""
        _check_length("under", under, LONGEST_NAME)
        if depth and depth not in DEPTHS:
            raise UsageError(f"depth must be one of {', '.join(DEPTHS)}, got {depth[:LONGEST_NAME]}.")
        with self._current.moment() as moment:
            return branch(moment.outline, moment.outline.root(under), depth or None)

    def show(self, id: str, offset: int) -> dict[str, Any]:
        """One node, document, passage or sentence, from `offset` on."""
        _check_length("the id", id, LONGEST_NAME)
        with self._current.moment() as moment:
            return shown(moment.store, moment.outline, id.strip(), offset)

    def close(self) -> None:
        """Close the database."""
        self._current.close()

    def _ask(self, question: str, levels: Sequence[str], under: str | None, k: int) -> dict[str, Any]:
        _check_length("the question", question, LONGEST_QUESTION)
        _check_length("under", under, LONGEST_NAME)
        with self._current.moment() as moment:
            embed = self._current.encoder(moment)
            wanted = cast("Sequence[Level]", levels)  # `ask` says which of them are none
            return reply_json(ask(moment.store, embed, question, wanted, under or None, k, snapshot=moment.snapshot))


def _check_length(what: str, text: str | None, most: int) -> None:
    if text is not None and len(text) > most:
        raise UsageError(f"{what} must have at most {most:,} characters, got {len(text):,}; give fewer words.")
