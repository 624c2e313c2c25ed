"""Runs of words between which there is no stop word, verb, number or mark: where names of things are found.

No dictionary tells a verb from a noun here, but what stands around it: a verb comes after "to", "can" or "they", or
before "the"; a noun after "the" or "of". Each document votes on its own words.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from shas_kb.reading.stopwords import (
    ADJECTIVE_AFTER,
    DETERMINERS,
    NAMELESS,
    NO_ADVERBS,
    NOUN_AFTER,
    NUMBER_WORDS,
    VERB_AFTER,
    stop_words,
)

LONGEST_WORD = 40


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


IN_WORD = f"[^\\W_]|[{_marks()}\u200c\u200d]"
_TOKEN = re.compile(rf"[^\W\d_](?:{IN_WORD}|(?:[-‐'’.&/](?=[^\W_])))*|[^\s\w]|_|\d[\w.,]*|\n")
_LIKELY_ADVERB = re.compile(r".+(?:ly|n['’]t|['’](?:re|ll|ve|d|m))\Z")
_APOSTROPHE = re.compile(r"['’]")
_LINK = "of"


@dataclass(frozen=True, slots=True)
class _Run:
    """Words that follow one another, and the tokens around them, in small letters ("0" for a number)."""

    before: str
    words: tuple[str, ...]
    after: str


def runs(texts: Iterable[str], language: str) -> list[list[tuple[str, ...]]]:
    """The runs of words of each text; in English without verbs, adjectives by themselves, and what is counted.

    Names held together by "of" ("Bill of Rights") are one run.
    """
    found = [list(_split(text, language)) for text in texts]
    if language != "en":
        return [[run.words for run in text] for text in found]
    verbs = _verbs(chain.from_iterable(found))
    return [list(_linked([part for run in text for part in _nominal(run, verbs)])) for text in found]


def _split(text: str, language: str) -> Iterator[_Run]:
    """Runs between stop words, numbers, and marks."""
    stop, english = stop_words(language), language == "en"
    before, words = "\n", []
    for token in _TOKEN.findall(text):
        lower = token.lower()
        is_word = len(token) > 1 and token[0].isalpha() and len(token) <= LONGEST_WORD
        if is_word and not _is_stop(lower, stop, english):
            word = token.rstrip(".'’&/-‐")
            words.append(word)
            if word == token:
                continue
            lower = token[len(word) :]
        if english and (lower[0].isdigit() or lower in NUMBER_WORDS):
            lower = "0"
        if words:
            yield _Run(before, tuple(words), lower)
            words = []
        before = lower
    if words:
        yield _Run(before, tuple(words), "\n")


def _is_stop(lower: str, stop: frozenset[str], english: bool) -> bool:
    if lower.rstrip(".'’&/-‐") in stop or not english:
        return lower.rstrip(".'’&/-‐") in stop
    if lower in NUMBER_WORDS or lower in NAMELESS or _APOSTROPHE.split(lower)[0] in stop:
        return True
    return lower not in NO_ADVERBS and _LIKELY_ADVERB.match(lower) is not None


def _verbs(found: Iterable[_Run]) -> frozenset[str]:
    """The words that stand in the place of a verb more often than in that of a noun."""
    votes: Counter[str] = Counter()
    for run in found:
        first, last = run.words[0].lower(), run.words[-1].lower()
        if run.after in DETERMINERS:
            votes[last] += 1
        elif len(run.words) > 1 or run.before in NOUN_AFTER:
            votes[last] -= 1
        # a single noun may stand after "to" as well ("to disk")
        if run.before in VERB_AFTER and (run.before != "to" or len(run.words) > 1):
            votes[first] += 1
        elif len(run.words) > 1 and run.before in NOUN_AFTER:
            votes[first] -= 1
    return frozenset(word for word, vote in votes.items() if vote > 0)


def _nominal(run: _Run, verbs: frozenset[str]) -> Iterator[_Run]:
    """What of a run could name things: it is split at verbs; a word that only qualifies, or is counted, is left out."""
    words = run.words
    if run.before == "0" or (len(words) == 1 and run.before in ADJECTIVE_AFTER):
        words = words[1:]
    start = 0
    before = run.before
    for end, word in enumerate((*words, "")):
        if end == len(words) or (word.lower() in verbs and (word.islower() or end == 0)):
            if end > start:
                yield _Run(before, words[start:end], run.after if end == len(words) else "")
            before, start = "", end + 1


def _linked(found: Sequence[_Run]) -> Iterator[tuple[str, ...]]:
    """Runs of words; two of which one ends and one begins with a capital are one if only "of" stands between."""
    words: tuple[str, ...] = ()
    open_end = False
    for run in found:
        if open_end and run.before == _LINK and run.words[0][0].isupper():
            words = (*words, _LINK, *run.words)
        else:
            if words:
                yield words
            words = run.words
        open_end = run.after == _LINK and run.words[-1][0].isupper()
    if words:
        yield words
