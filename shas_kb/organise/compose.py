"""Names made of phrases: the one that speaks for a whole node, or two or three that together do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations

from shas_kb.organise.candidate import Candidate, within
from shas_kb.organise.script import is_wide
from shas_kb.organise.titled import Parts
from shas_kb.organise.vocabulary import Key, stem

MOST_PARTS = 3
COVERS_ENTITY = 0.5
"""The share of an entity's documents that say what names it."""
COVERS_PAIR = 0.6
"""The share of a node's documents that one of two phrases must speak for."""
COVERS_ABOVE = 0.9
"""The share of the documents of a node with children that say what names it rather than its children do."""
SPREADS_ENOUGH = 0.75
"""The share of a node's documents in children that say what names it."""
TELLS_ENOUGH = 2.0
"""How many times as much as the rest a node says what names it."""
NEARLY_AS_GOOD = 0.7
"""The share of the best score that a phrase must have to name a node in its place."""
GOOD_ENOUGH = 0.5
"""The share of the best score that a phrase must have to name a node beside another."""
FAMILY = 5
"""Words that begin with so many of the same letters are forms of one."""
COVERS_MORE = 0.15
"""The share of documents that a second part of a name must add."""
COVERS_ALONE = 0.7
"""The share of an entity's documents from which on one phrase is enough."""
ADDS = 0.1
"""The share of an entity's documents that a second phrase must add where one is not enough."""


def for_all(candidates: Sequence[Candidate], *, above: bool) -> Iterator[Parts]:
    """The phrases that speak for the whole of a node, of those nearly as good as the best.

    Above entities such a phrase must spread over the children, and tell them from the rest.
    """
    for one in candidates:
        covers = one.said.mean() >= (COVERS_ABOVE if above else COVERS_ENTITY)
        tells = not above or (one.spread >= SPREADS_ENOUGH and one.lift >= TELLS_ENOUGH)
        if covers and tells and one.score >= NEARLY_AS_GOOD * candidates[0].score:
            yield (one.text,)


def completed(names: Iterable[Parts], candidates: Sequence[Candidate], *, mixed: bool = False) -> Iterator[Parts]:
    """Names, those of one phrase with a second where readers miss one (docs/tree/README.md).

    Beside what does not speak for nearly all documents that is the one which adds most. In a node of several children
    (`mixed`), and among words of a script without spaces, which are short and stand for much (网络 is any network), it
    is the next best, whatever it adds.
    """
    by_text = {one.text: one for one in candidates}
    always = mixed or 2 * sum(is_wide(one.text) for one in candidates) >= len(candidates)
    for name in names:
        head = by_text.get(name[0]) if len(name) == 1 else None
        if head is None:
            yield name
        elif second := next_best(candidates, head.text)[1] if always else _complement(candidates, head):
            yield (head.text, second)
        else:
            yield name


def alone(candidates: Iterable[Candidate]) -> Iterator[Parts]:
    """Each phrase by itself."""
    return ((one.text,) for one in candidates)


def _complement(candidates: Sequence[Candidate], head: Candidate) -> str:
    """The good phrase that speaks for most of the documents for which `head` does not; none, if it speaks for nearly
    all of them, or none adds much."""
    covers, best, found = float(head.said.mean()), 0.0, ""
    if covers >= COVERS_ALONE:
        return found
    for one in candidates:
        adds = float((one.said | head.said).mean()) - covers
        good = one.score >= GOOD_ENOUGH * candidates[0].score and adds >= ADDS
        value = round(one.score * (adds + ADDS / 2), 9)
        if good and value > best and not _alike(one.text, head.text):
            best, found = value, one.text
    return found


def joined(heads: Sequence[str]) -> Iterator[Parts]:
    """Names made of those of the children, of as many as can be: none of them is part of another."""
    different = _apart(heads)
    for size in range(min(MOST_PARTS, len(different)), 1, -1):
        yield from combinations(different, size)


def _apart(phrases: Iterable[str]) -> list[str]:
    """The phrases without those that are like an earlier one."""
    found: list[str] = []
    for phrase in phrases:
        if not any(_alike(phrase, other) for other in found):
            found.append(phrase)
    return found


def _alike(one: str, other: str) -> bool:
    """Whether one phrase is part of the other, or has a word of the same family ("colonies", "colonists")."""
    first, second = stem(one), stem(other)
    if within(first, second) or within(second, first) or _initials(first) in second or _initials(second) in first:
        return True
    return any(word[:FAMILY] == second_word[:FAMILY] for word in first for second_word in second if len(word) >= FAMILY)


def _initials(key: Key) -> str:
    return "".join(word[0] for word in key) if len(key) > 1 else ""


def next_best(candidates: Sequence[Candidate], head: str) -> tuple[float, str]:
    """The best of a node's phrases that is not like `head`, and how good it is beside the best."""
    for one in candidates:
        if not _alike(one.text, head):
            return round(one.score / candidates[0].score, 9), one.text
    return 0.0, ""


def paired(candidates: Sequence[Candidate]) -> Iterator[Parts]:
    """Of two phrases that speak for different documents, and together for most, the best."""
    least = GOOD_ENOUGH * candidates[0].score if candidates else 0
    good = [one for one in candidates if one.score >= least and one.lift >= TELLS_ENOUGH]
    found = []
    for first, second in combinations(good, 2):
        both = float((first.said | second.said).mean())
        adds = both - max(float(first.said.mean()), float(second.said.mean()))
        if both >= COVERS_PAIR and adds >= COVERS_MORE and not _alike(first.text, second.text):
            found.append((-round((first.score + second.score) * both, 9), first.text, second.text))
    for _, *parts in sorted(found)[:1]:
        yield tuple(parts)


def own(candidates: Sequence[Candidate]) -> Iterator[Parts]:
    """Names made of a node's own phrases: two for different documents, if the best is not for most; the best alone,
    then narrowed by the next, for a node whose best phrase one above it has; then each alone."""
    if candidates and candidates[0].said.mean() < COVERS_ENTITY:
        yield from paired(candidates)
    apart = _apart(one.text for one in candidates)
    for size in range(1, min(MOST_PARTS, len(apart)) + 1):
        yield tuple(apart[:size])
    yield from alone(candidates)
