"""An answer without a language model: sentences quoted with document and page, and for a node what it holds."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from shas_kb.ask.levels import Sentences
from shas_kb.ask.snapshot import Snapshot
from shas_kb.records import NODE_LEVELS, Hit, Level, Node, Quote

MOST = 5
"""Sentences in an answer."""

NOTHING = "Nothing in this collection answers this."

WORDS = 0.3
"""Weight of the question's words beside the cosine, when sentences are chosen."""

NOVELTY = 0.5
"""Weight of being unlike what was quoted (maximal marginal relevance, Carbonell and Goldstein, SIGIR 1998)."""

RELEVANT = 0.75
"""A sentence less relevant than this share of the best one is left out: a short answer rather than a padded one."""

SAME = 0.9
"""Cosine above which two sentences say the same."""


def confidence(nearest: float, covered: float) -> float:
    """How likely the collection answers the question, 0 to 1.

    A logistic rule in two measurements, fitted on questions put to a collection that answers them and others that
    it does not.

    Args:
        nearest: the highest cosine of the question with a passage.
        covered: the share of its words' weight that one passage or the name of one node holds, 0 to 1.
    """
    return 1.0 / (1.0 + math.exp(-(10.6 * nearest + 8.5 * covered - 9.6)))


def quote(sentences: Sentences, most: int) -> list[Quote]:
    """At most `most` sentences that answer, best first, none repeating another."""
    if not sentences.quotes:
        return []
    relevance = (1 - WORDS) * sentences.cosine + WORDS * sentences.covered
    alike = sentences.vectors @ sentences.vectors.T
    nearest = np.zeros(len(relevance))
    open_ = relevance >= RELEVANT * relevance.max()
    taken: list[int] = []
    while open_.any() and len(taken) < most:
        gain = np.where(open_, relevance - NOVELTY * nearest * bool(taken), -np.inf)
        best = int(gain.argmax())
        taken.append(best)
        nearest = np.maximum(nearest, alike[best])
        open_ &= alike[best] < SAME
        open_[best] = False
    return [sentences.quotes[i] for i in sorted(taken, key=lambda i: -relevance[i])]


def compose(snapshot: Snapshot, hits: Sequence[Hit], sentences: Sentences) -> tuple[str, tuple[Quote, ...]]:
    """The answer to a question from what was found: the best node among the hits, quoted sentences, or both.

    Returns:
        The text, and the sentences quoted in it in their order.
    """
    node = next((hit for hit in hits if hit.level in NODE_LEVELS), None)
    detail = any(hit.level not in NODE_LEVELS for hit in hits)
    parts: list[str] = []
    quotes: list[Quote] = []
    if node is not None:
        about, quotes = _about(snapshot, node, 2 if detail else MOST)
        parts.append(about)
    if detail or not quotes:
        said = {quote.text for quote in quotes}
        found = [found for found in quote(sentences, MOST - len(quotes)) if found.text not in said]
        parts += [_cite(snapshot, quote) for quote in found]
        quotes += found
    return "\n".join(parts), tuple(quotes)


def _about(snapshot: Snapshot, hit: Hit, most: int) -> tuple[str, list[Quote]]:
    """A node: its name and size, what it is about, its parts with their sizes, its central documents."""
    node = next(node for node in snapshot.nodes[hit.level] if node.id == hit.id)
    quotes = list(node.summary[:most])
    lines = [f"{node.name} ({node.level}, {_count(node.documents)})"]
    lines += [_cite(snapshot, quote) for quote in quotes]
    if node.level != "entity":
        below: Level = "category" if node.level == "domain" else "entity"
        inside = sorted((part for part in snapshot.nodes[below] if part.parent == node.id), key=_size)
        lines.append("Parts: " + "; ".join(f"{part.name} ({part.documents})" for part in inside) + ".")
    central = [snapshot.documents[snapshot.index[id]].title for id in node.central if id in snapshot.index]
    if central:
        lines.append("Central documents: " + "; ".join(central[:3]) + ".")
    return "\n".join(lines), quotes


def _cite(snapshot: Snapshot, quote: Quote) -> str:
    place = snapshot.index.get(quote.document)
    title = snapshot.documents[place].title if place is not None else quote.document
    page = f", p. {quote.page}" if quote.page else ""
    return f"“{' '.join(quote.text.split())}” ({title}{page})"


def _size(node: Node) -> tuple[int, str]:
    return -node.documents, node.id


def _count(documents: int) -> str:
    return "1 document" if documents == 1 else f"{documents} documents"
