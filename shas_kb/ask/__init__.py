"""Asking: from a question to what answers it, at the height at which it was asked.

    snapshot.py   the collection in memory: vectors, tree, who lies under whom
    words.py      the words of a question, and how much each says in this collection
    retrieve.py   dense and lexical search of the passages, and both together
    likely.py     in a large collection, the passages that this looks at; by their signs (signs.py)
    ranking.py    rankings, and several of them as one
    sentences.py  their sentences, by what is asked for (wanted.py)
    levels.py     units of every level ranked by that evidence
    heights.py    what tells at which height a question is asked
    router.py     which levels a question is for; clauses.py, whether it is two questions
    choosing.py   the levels interleaved; hits.py, texts and places filled in
    answer.py     sentences quoted with their source
    weights.py    what was learned for these
    reasons.py    why it was routed so, in words
    asking.py     the whole of it
    llm.py        the answer in a language model's words, where a person names an endpoint

Nothing here imports torch: a question must be answered well within a second of the process's start.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from shas_kb.ask.asking import ask
    from shas_kb.ask.snapshot import Snapshot

__all__ = ["Snapshot", "ask"]


def __getattr__(name: str) -> Any:
    if name == "ask":
        from shas_kb.ask.asking import ask

        return ask
    if name == "Snapshot":
        from shas_kb.ask.snapshot import Snapshot

        return Snapshot
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
