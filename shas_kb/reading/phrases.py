"""The words of a document, and the phrases that could name what it is about."""

from __future__ import annotations

import math
import re
import sys
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise

from shas_kb.reading.stopwords import FUNCTION_CHARACTERS, FUNCTION_KANA, NO_ADVERBS, WEAK_WORDS, stop_words

_MOST_TERMS = 4000
_MOST_PHRASES = 300
_LONGEST = 4
_SHORT_TEXT = 4000  # characters up to which a phrase that occurs once counts
_UNSPACED_LONGEST = 6
_LONGEST_WORD = 40


def _marks() -> str:
    """All combining marks as part of a character class: without them, words of Indic and other scripts fall apart."""
    places = [code for code in range(0x300, 0xFE30) if unicodedata.category(chr(code))[0] == "M"]
    spans: list[list[int]] = []
    for code in places:
        if spans and code == spans[-1][1] + 1:
            spans[-1][1] = code
        else:
            spans.append([code, code])
    return "".join(f"{chr(first)}-{chr(last)}" for first, last in spans)


_IN_WORD = f"[^\\W_]|[{_marks()}\u200c\u200d]"
# scripts that write without spaces: Han, kana, and those of South East Asia
_RUN = re.compile(
    "[々〆\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f\u3041-\u3096\u30a1-\u30faー\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]+"
)
_WORD = re.compile(rf"[^\W\d_](?:{_IN_WORD})+")
_TOKEN = re.compile(rf"[^\W\d_](?:{_IN_WORD}|(?:[-‐'’.&/](?=[^\W_])))*|[^\s\w]|\d[\w.,]*|\n")
_LIKELY_ADVERB = re.compile(r".+(?:ly|n['’]t|['’](?:re|ll|ve))\Z")


def terms(text: str, language: str) -> Mapping[str, int]:
    """Count the words of `text`: lower-cased, of two letters or more, without stop words, the 4,000 most frequent.

    In scripts without spaces the pairs of neighbouring characters are counted instead.
    """
    counts = Counter(_WORD.findall(_RUN.sub(" ", text).lower()))
    stop = stop_words(language)
    kept = Counter({word: count for word, count in counts.items() if word not in stop and len(word) <= _LONGEST_WORD})
    for run in _RUN.findall(text):
        kept.update(
            one + other
            for one, other in pairwise(run)
            if one not in FUNCTION_CHARACTERS and other not in FUNCTION_CHARACTERS
        )
    return dict(sorted(kept.items(), key=lambda item: (-item[1], item[0]))[:_MOST_TERMS])


def key_phrases(text: str, language: str, headings: Sequence[str]) -> Mapping[str, int]:
    """Count the phrases of `text` that may be names of things: one to four words as they are written, the best 300.

    Candidates stand between stop words, verbs known as such, and punctuation. A phrase that only occurs within a longer
    one is left to it. Texts without spaces are searched for character sequences that keep together and stand free.

    Args:
        text: a draft's text.
        language: ISO 639-1 code, for the stop words.
        headings: title and headings; what stands there counts even if it occurs once.
    """
    least = 1 if len(text) < _SHORT_TEXT else 2
    found = _spaced(text, language, headings, least)
    runs = _RUN.findall(text)
    if sum(map(len, runs)) > 20:
        for phrase, count in _unspaced(runs, least).items():
            found[phrase] = found.get(phrase, 0) + count
    scored = sorted(found.items(), key=lambda item: (-item[1] * _weight(item[0]), item[0]))
    return dict(scored[:_MOST_PHRASES])


def _weight(phrase: str) -> float:
    """Longer phrases say more than their count does."""
    size = len(phrase) / 2 if _RUN.match(phrase) else phrase.count(" ") + 1
    return 1 + math.log2(max(1.0, size))


def _spaced(text: str, language: str, headings: Sequence[str], least: int) -> dict[str, int]:
    stop = stop_words(language)
    written = Counter(_grams(text, stop, language))
    special = Counter(_grams("\n".join(headings), stop, language))
    forms: dict[str, dict[str, int]] = defaultdict(dict)
    for phrase, count in written.items():
        forms[phrase.lower()][phrase] = count
    named = {phrase.lower() for phrase in special}
    totals = {
        key: total
        for key, variants in forms.items()
        if (total := sum(variants.values())) >= least or (key in named and total)
    }
    kept = _without_parts(totals)
    # of two ways to write it the more common one, and small letters if they are level: headings are no evidence
    return {
        min(forms[key], key=lambda form: (-forms[key][form], sum(map(str.isupper, form)), form)): count
        for key, count in kept.items()
    }


def _grams(text: str, stop: frozenset[str], language: str) -> Iterator[str]:
    """Every sequence of up to four words between stop words, once for each place."""
    run: list[str] = []
    english = language == "en"
    for token in _TOKEN.findall(_RUN.sub("\n", text)):
        if len(token) > 1 and token[0].isalpha() and len(token) <= _LONGEST_WORD:
            word = token.rstrip(".'’&/-‐")
            lower = word.lower()
            if lower not in stop and not (english and lower not in NO_ADVERBS and _LIKELY_ADVERB.match(lower)):
                run.append(word)
                if word is token or word == token:
                    continue
        if run:
            yield from _sequences(run)
            run = []
    yield from _sequences(run)


def _sequences(run: Sequence[str]) -> Iterator[str]:
    size = len(run)
    for start in range(size):
        for end in range(start + 1, min(start + _LONGEST, size) + 1):
            phrase = " ".join(run[start:end])
            if len(phrase) > 2 and not (end == start + 1 and phrase.lower() in WEAK_WORDS):
                yield phrase


def _without_parts(totals: Mapping[str, int]) -> dict[str, int]:
    """Leave out what nearly always occurs as part of one longer phrase."""
    longest: Counter[str] = Counter()
    for phrase, count in totals.items():
        words = phrase.split(" ")
        if len(words) > 1:
            for part in (" ".join(words[1:]), " ".join(words[:-1])):
                longest[part] = max(longest[part], count)
    return {phrase: count for phrase, count in totals.items() if longest[phrase] < 0.75 * count}


def _unspaced(runs: Sequence[str], least: int) -> dict[str, int]:
    """Character sequences of 2 to 6 that are words: they cohere within and stand free at both ends.

    Cohesion is the least pointwise mutual information over all ways to divide the sequence; freedom is one less the
    share of the most common neighbour (after Sornlertlamvanich and others, "Automatic corpus-based Thai word
    extraction", COLING 2000).
    """
    least = max(least, 2)
    counts = _frequent(runs, least)
    total = sum(count for sequence, count in counts.items() if len(sequence) == 1)
    most_left: Counter[str] = Counter()
    most_right: Counter[str] = Counter()
    for sequence, count in counts.items():
        if len(sequence) > 1:
            most_left[sequence[1:]] = max(most_left[sequence[1:]], count)
            most_right[sequence[:-1]] = max(most_right[sequence[:-1]], count)
    found: dict[str, int] = {}
    for sequence, count in counts.items():
        size = len(sequence)
        if not 2 <= size <= _UNSPACED_LONGEST or _grammatical(sequence):
            continue
        if most_left[sequence] > 0.75 * count or most_right[sequence] > 0.75 * count:
            continue
        cohesion = min(
            math.log(count * total / (counts[sequence[:cut]] * counts[sequence[cut:]])) for cut in range(1, size)
        )
        if cohesion > 2.0:
            found[sequence] = count
    return found


def _frequent(runs: Iterable[str], least: int) -> dict[str, int]:
    """Counts of sequences, up to one more than the longest, that occur `least` times; of all single characters."""
    kept = list(runs)
    counts: dict[str, int] = dict(Counter(character for run in kept for character in run))
    frequent = set(counts)
    for size in range(2, _UNSPACED_LONGEST + 2):
        found = Counter(
            run[start : start + size]
            for run in kept
            for start in range(len(run) - size + 1)
            if run[start : start + size - 1] in frequent
        )
        frequent = {sys.intern(sequence) for sequence, count in found.items() if count >= least}
        counts.update((sequence, found[sequence]) for sequence in frequent)
        kept = [run for run in kept if len(run) > size]
    return dict(sorted(counts.items()))


def _grammatical(sequence: str) -> bool:
    """Whether it begins or ends with a character that only serves grammar, or holds one that joins two words."""
    edges = (sequence[0], sequence[-1])
    return "的" in sequence or any(edge in FUNCTION_CHARACTERS or edge in FUNCTION_KANA for edge in edges)
