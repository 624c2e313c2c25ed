"""An answer without a language model: sentences quoted with document and page, and for a node what it holds."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from shas_kb.ask.sentences import Sentences
from shas_kb.ask.snapshot import Snapshot
from shas_kb.ask.wanted import is_whole
from shas_kb.ask.weights import ANSWERED
from shas_kb.ask.words import stems
from shas_kb.organise.readable import readable
from shas_kb.records import Level, Node, Quote

MOST, FEW, BESIDE = 5, 1, 1
"""Sentences in an answer; of a node in one that has details too; and from anywhere beside a node where no detail seems
to be asked for: who asks for one in the words by which a node is called seems to ask for the node."""

NOTHING = "Nothing in this collection answers this."
PERHAPS = "Nothing in this collection answers this for certain; nearest to it:"
PERHAPS_ABOUT = "What comes nearest to this in the collection:"
"""The same, where an answer tells a node: of what is asked in general there is more and less, not yes or no."""

SURE, PERHAPS_SURE = 0.5, 0.3
"""Confidence below which an answer says that it is not certain, and below which there is none."""

RELEVANT = 6.0
"""A sentence that is less relevant than the best one by so much is left out, as it is e^6 times less likely to answer:
a short answer rather than a padded one."""

SAME = 0.6
"""Of the words of two sentences, the share that they have in common from which on they say the same."""


class Support(NamedTuple):
    """What speaks for a collection answering a question, in figures.

    `worth` is what the best passage is worth to it, see retrieve.py; `covered` the share of its words' weight that one
    of the best passages holds, or a node's name and key phrases; `overview` the probability that it asks for an
    overview, which no single passage answers; `near` the cosine of the nearest category, or what the name and key
    phrases of a node hold, or a document's title, if that is more; `unknown` the share of it that the model does not
    know, to which all texts of a script look alike, so that only its words count.
    """

    worth: float
    covered: float
    overview: float
    near: float
    unknown: float


def confidence(support: Support) -> float:
    """How likely the collection answers the question, 0 to 1; what is near counts as far as an overview is asked for.

    A logistic rule, learned on questions that collections answer, on the same with the document or node hidden that
    answers them, and on questions that nothing answers (benchmarks/asking_weights.py).
    """
    bias, *weights = ANSWERED
    score = bias + sum(weight * trait for weight, trait in zip(weights, terms(support), strict=True))
    return 1.0 / (1.0 + math.exp(-score))


def terms(support: Support) -> tuple[float, ...]:
    """What the rule is linear in."""
    worth, covered, overview, near, unknown = support
    return worth, covered, overview, overview * near, unknown, unknown * covered


def quote(sentences: Sentences, most: int) -> list[Quote]:
    """At most `most` sentences that answer, best first, none repeating another."""
    ranking = sentences.ranking
    taken: dict[Quote, frozenset[str]] = {}
    for place, relevance in zip(ranking.rows.tolist(), ranking.scores.tolist(), strict=True):
        if len(taken) == most or relevance < ranking.scores[0] - RELEVANT:
            break
        said = stems(sentences.quotes[place].text)
        if not _again(said, taken.values()):
            taken[sentences.quotes[place]] = said
    return list(taken)


def quote_each(snapshot: Snapshot, sentences: Sentences, most: int) -> list[Quote]:
    """At most `most` sentences that tell what a node says to a question, best first, none repeating another.

    They can stand alone (where none can, they are whole), no two are of one document, and no entity has more than its
    share, as what a node tells is not in one place.
    """
    return _each(snapshot, sentences, most, readable) or _each(snapshot, sentences, most, is_whole)


def _each(snapshot: Snapshot, sentences: Sentences, most: int, fits: Callable[[str], bool]) -> list[Quote]:
    homes = snapshot.home["entity"][[snapshot.index[found.document] for found in sentences.quotes]].tolist()
    share = math.ceil(most / max(1, len(set(homes))))
    taken: dict[Quote, frozenset[str]] = {}
    told: Counter[int] = Counter()
    for place in sentences.ranking.rows.tolist():
        found, home = sentences.quotes[place], homes[place]
        if len(taken) == most:
            break
        if told[home] == share or any(found.document == other.document for other in taken):
            continue
        if fits(found.text.strip()) and not _again(said := stems(found.text), taken.values()):
            taken[found] = said
            told[home] += 1
    return list(taken)


def _again(said: frozenset[str], taken: Iterable[frozenset[str]]) -> bool:
    """Whether a sentence of these words says what one of those says."""
    return any(len(said & other) >= SAME * len(said | other) for other in taken)


def compose(
    snapshot: Snapshot,
    nodes: Sequence[Node],
    about: Sentences | None,
    detail: Sentences | None,
    sure: float,
    *,
    beside: bool = False,
) -> tuple[str, tuple[Quote, ...]]:
    """The answer to a question: nodes, quoted sentences, or both.

    Args:
        snapshot: for names.
        nodes: the best one, where the question asks for one; several, where it is about everything.
        about: sentences from its documents that say something to the question; without any, those by which the tree
            tells what a node is about.
        detail: sentences from anywhere, where it asks for a detail or may do so.
        beside: it seems to ask for the node alone.
        sure: how likely the collection answers at all.

    Returns:
        The text, and the sentences quoted in it in their order. If it is not `sure`, the text says so first; if it is
        not at all, there is no other.
    """
    if sure < PERHAPS_SURE:
        return NOTHING, ()
    parts: list[str] = [] if sure >= SURE else [PERHAPS_ABOUT if nodes else PERHAPS]
    quotes: list[Quote] = []
    for node in nodes[:MOST]:
        most = 1 if len(nodes) > 1 else MOST if detail is None else MOST - BESIDE if beside else FEW
        its = (quote_each(snapshot, about, most) if about is not None else []) or list(node.summary[:most])
        parts.append(_told(snapshot, node, its))
        quotes += its
    if detail is not None:
        said = {quote.text for quote in quotes}
        fits = [each for each in quote(detail, MOST) if is_whole(each.text) or not beside]
        found = [each for each in fits if each.text not in said][: max(0, MOST - len(quotes))]
        parts += [_cite(snapshot, each) for each in found]
        quotes += found
    return "\n".join(parts), tuple(quotes)


def _told(snapshot: Snapshot, node: Node, quotes: Sequence[Quote]) -> str:
    """A node: its name and size, what is said, its parts with their sizes, its central documents."""
    lines = [f"{node.name} ({node.level}, {_count(node.documents)})"]
    lines += [_cite(snapshot, quote) for quote in quotes]
    if node.level != "entity":
        below: Level = "category" if node.level == "domain" else "entity"
        inside = sorted((part for part in snapshot.nodes[below] if part.parent == node.id), key=_size)
        lines.append("Parts: " + "; ".join(f"{part.name} ({part.documents})" for part in inside) + ".")
    central = [snapshot.documents[snapshot.index[id]].title for id in node.central if id in snapshot.index]
    if central:
        lines.append("Central documents: " + "; ".join(central[:3]) + ".")
    return "\n".join(lines)


def _cite(snapshot: Snapshot, quote: Quote) -> str:
    place = snapshot.index.get(quote.document)
    title = snapshot.documents[place].title if place is not None else quote.document
    page = f", p. {quote.page}" if quote.page else ""
    return f"“{' '.join(quote.text.split())}” ({title}{page})"


def _size(node: Node) -> tuple[int, str]:
    return -node.documents, node.id


def _count(documents: int) -> str:
    return "1 document" if documents == 1 else f"{documents} documents"
