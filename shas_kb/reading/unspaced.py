"""Words of scripts that write without spaces, found in one text by itself, without a dictionary."""

from __future__ import annotations

import math
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Sequence

from shas_kb.reading.characters import (
    COUNTING_CHARACTERS,
    FUNCTION_CHARACTERS,
    FUNCTION_KANA,
    FUNCTION_WORDS,
    LEADING_CHARACTERS,
    MEASURES,
    NUMERALS,
    PLACING_CHARACTERS,
    WORDS_OF_THIS,
)

Neighbours = dict[str, tuple[int, int, int]]

# scripts that write without spaces: Han, kana, and those of South East Asia
UNSPACED = re.compile(
    "[々〆\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f\u3041-\u3096\u30a1-\u30faー\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]+"
)
_COUNTED_RUN = re.compile(rf"(?P<count>(?:\d|\$|\b[a-z]) ?)?(?P<run>{UNSPACED.pattern})")
_LONGEST = 6
_FEWEST = 20  # characters, from which a text has enough to tell words by
_COHERES = 2.0
_FREE = 0.75
_FREE_OF_TWO = 0.9
_ALONE = 1.3
_COUNTED = 0.6
_NUMBERED = re.compile(rf"[{''.join(sorted(NUMERALS))}]+[{''.join(sorted(MEASURES))}]")


def unspaced_words(text: str, least: int) -> dict[str, int]:
    """Character sequences of 2 to 6 that are words: they cohere within and stand free at both ends.

    Cohesion is the least pointwise mutual information over all ways to divide the sequence; freedom is one less the
    share of the most common neighbour (after Sornlertlamvanich and others, "Automatic corpus-based Thai word
    extraction", COLING 2000). What mostly follows a number begins with a measure word ("条边" in "三条边"): no word.

    Args:
        text: any text; what is in other scripts divides it.
        least: how often a word must occur; at least twice.
    """
    found = list(_COUNTED_RUN.finditer(text))
    runs = [match["run"] for match in found]
    if sum(map(len, runs)) <= _FEWEST:
        return {}
    counts = _frequent(runs, max(least, 2))
    total = sum(count for sequence, count in counts.items() if len(sequence) == 1)
    left, right = _neighbours(counts)
    counted = _counted(found)
    words: dict[str, int] = {}
    for sequence, count in counts.items():
        size = len(sequence)
        if not 2 <= size <= _LONGEST or _grammatical(sequence) or counted[sequence] > _COUNTED * count:
            continue
        if any(_bound(side[sequence], count) for side in (left, right)):
            continue
        if sequence[0] in LEADING_CHARACTERS and counts[sequence[1:]] > _ALONE * count:
            continue
        cohesion = min(
            math.log(count * total / (counts[sequence[:cut]] * counts[sequence[cut:]])) for cut in range(1, size)
        )
        if cohesion > _COHERES:
            words[sequence] = count
    return words


def _neighbours(counts: Counter[str]) -> tuple[Neighbours, Neighbours]:
    """How often the most common neighbour of each sequence stands before it, and the two most common that are no
    characters of grammar, which stand beside anything; and after it."""
    left: Neighbours = defaultdict(lambda: (0, 0, 0))
    right: Neighbours = defaultdict(lambda: (0, 0, 0))
    for sequence, count in counts.items():
        if len(sequence) < 3:
            continue
        for side, part, neighbour in ((left, sequence[1:], sequence[0]), (right, sequence[:-1], sequence[-1])):
            most, first, second = side[part]
            if neighbour not in FUNCTION_CHARACTERS:
                first, second = (count, first) if count > first else (first, max(second, count))
            side[part] = (max(most, count), first, second)
    return left, right


def _bound(neighbours: tuple[int, int, int], count: int) -> bool:
    """Whether a sequence hardly ever stands without one neighbour, or one of two ("民委员会": "居民...", "村民...")."""
    most, first, second = neighbours
    return most > _FREE * count or first + second > _FREE_OF_TWO * count


def _counted(found: Sequence[re.Match[str]]) -> Counter[str]:
    """How often a number, or what points ("this", "each"), stands before each sequence."""
    counted: Counter[str] = Counter()
    for match in found:
        run = match["run"]
        starts = [i + 1 for i, character in enumerate(run) if character in COUNTING_CHARACTERS]
        for start in [0, *starts] if match["count"] else starts:
            counted.update(run[start : start + size] for size in range(2, min(_LONGEST, len(run) - start) + 1))
    return counted


def _frequent(runs: Sequence[str], least: int) -> Counter[str]:
    """Counts of sequences, up to one more than the longest, that occur `least` times; of all single characters."""
    kept = list(runs)
    counts = Counter(character for run in kept for character in run)
    frequent = set(counts)
    for size in range(2, _LONGEST + 2):
        found = Counter(
            run[start : start + size]
            for run in kept
            for start in range(len(run) - size + 1)
            if run[start : start + size - 1] in frequent
        )
        frequent = {sys.intern(sequence) for sequence, count in found.items() if count >= least}
        counts.update({sequence: found[sequence] for sequence in frequent})
        kept = [run for run in kept if len(run) > size]
    return Counter(dict(sorted(counts.items())))


def _grammatical(sequence: str) -> bool:
    """Whether it is or touches what only serves grammar, or counts, or joins two words."""
    first, last = sequence[0], sequence[-1]
    if "的" in sequence or sequence in FUNCTION_WORDS or _NUMBERED.search(sequence):
        return True
    if any(edge in FUNCTION_CHARACTERS or edge in FUNCTION_KANA for edge in (first, last)):
        return True
    if first == "本" and sequence not in WORDS_OF_THIS:
        return True
    if len(sequence) == 2:
        return False
    return last in PLACING_CHARACTERS or sequence[:2] in FUNCTION_WORDS or sequence[-2:] in FUNCTION_WORDS
