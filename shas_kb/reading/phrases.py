"""The words of a document, and the phrases that could name what it is about."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise

from shas_kb.reading.characters import FUNCTION_CHARACTERS
from shas_kb.reading.runs import IN_WORD, LONGEST_WORD, runs
from shas_kb.reading.stopwords import LANGUAGES, WEAK_WORDS, stop_words
from shas_kb.reading.unspaced import UNSPACED, unspaced_words

_MOST_TERMS = 4000
_MOST_PHRASES = 300
_LONGEST = 4
_SHORT_TEXT = 20_000  # characters up to which what occurs once counts: words, and runs that stand by themselves
_LONGEST_ONCE = 3
_BOUND = 0.75  # of its uses: a phrase is a part of a longer one
_WORD = re.compile(rf"[^\W\d_](?:{IN_WORD})+")
_PARTICIPLE = re.compile(r"[a-z]+[^\We]ed\Z")
# commands of TeX, with what they only refer to
_TEX = re.compile(
    r"\\(?:begin|end|ref|eqref|label|cite[a-z]*|includegraphics|input)\*?(?:\[[^\]]*\])?\{[^{}]*\}|(?<![\w:\\])\\[A-Za-z]+"
)
_POSSESSIVE = re.compile(r"['’]s?\Z")


def terms(text: str, language: str) -> Mapping[str, int]:
    """Count the words of `text`: lower-cased, of two letters or more, without stop words, the 4,000 most frequent.

    In scripts without spaces the pairs of neighbouring characters are counted instead.
    """
    counts = Counter(_WORD.findall(UNSPACED.sub(" ", text).lower()))
    stop = stop_words(language)
    kept = Counter({word: count for word, count in counts.items() if word not in stop and len(word) <= LONGEST_WORD})
    for run in UNSPACED.findall(text):
        kept.update(
            one + other
            for one, other in pairwise(run)
            if one not in FUNCTION_CHARACTERS and other not in FUNCTION_CHARACTERS
        )
    return dict(sorted(kept.items(), key=lambda item: (-item[1], item[0]))[:_MOST_TERMS])


def key_phrases(text: str, language: str, headings: Sequence[str]) -> Mapping[str, int]:
    """Count the phrases of `text` that may be names of things: one to four words as they are written, the best 300.

    Candidates stand between stop words, verbs, and punctuation. A phrase that only occurs within a longer one is left
    to it; one that occurs once counts in short texts, if it is a word or no part of a longer one. Texts without spaces
    are searched for character sequences that keep together and stand free. Of phrases that count the same, those that
    come first in the text are better: it begins with what it is about.

    Args:
        text: a draft's prose.
        language: ISO 639-1 code, for the stop words.
        headings: title and headings; what stands there counts even if it occurs once.
    """
    least = 1 if len(text) < _SHORT_TEXT else 2
    found = _spaced(text, language, headings, least)
    for phrase, count in unspaced_words(text, least).items():
        found[phrase] = found.get(phrase, 0) + count
    scored = sorted(found.items(), key=lambda item: -item[1] * _weight(item[0]))
    return dict(scored[:_MOST_PHRASES])


def _weight(phrase: str) -> float:
    """Longer phrases say more than their count does."""
    size = len(phrase) / 2 if UNSPACED.match(phrase) else phrase.count(" ") + 1
    return 1 + math.log2(max(1.0, size))


def _spaced(text: str, language: str, headings: Sequence[str], least: int) -> dict[str, int]:
    # in texts without spaces, what stands between them is mostly English
    texts = [_TEX.sub("\n", UNSPACED.sub("\n", one)) for one in (text, *headings)]
    body, *heads = runs(texts, language if language in LANGUAGES else "en")
    forms: dict[str, dict[str, int]] = defaultdict(dict)
    for phrase, count in Counter(_grams(body)).items():
        forms[phrase.lower()][phrase] = count
    alone = {" ".join(run).lower() for run in body if len(run) <= _LONGEST_ONCE}
    named = {phrase.lower() for head in heads for phrase in _grams(head)}
    totals = {
        key: total
        for key, variants in forms.items()
        if (total := sum(variants.values())) >= 2 or key in named or (least == 1 and (" " not in key or key in alone))
    }
    kept = _without_parts(totals)
    # of two ways to write it the more common one, and small letters if they are level: headings are no evidence
    return {
        min(forms[key], key=lambda form: (-forms[key][form], sum(map(str.isupper, form)), form)): count
        for key, count in kept.items()
    }


def _grams(found: Iterable[Sequence[str]]) -> Iterator[str]:
    """Every sequence of up to four words of each run, once for each place; it begins and ends with a word that could
    stand alone."""
    for run in found:
        size = len(run)
        for start in range(size):
            for end in range(start + 1, min(start + _LONGEST, size) + 1):
                if "of" in (run[start], run[end - 1]) or (end > start + 1 and _PARTICIPLE.match(run[end - 1])):
                    continue
                phrase = _POSSESSIVE.sub("", " ".join(run[start:end]))
                if len(phrase) > 2 and not (end == start + 1 and phrase.lower() in WEAK_WORDS):
                    yield phrase


def _without_parts(totals: Mapping[str, int]) -> dict[str, int]:
    """Leave out what nearly always occurs as part of one longer phrase; what occurs once is no evidence."""
    longest: Counter[str] = Counter()
    for phrase, count in totals.items():
        words = phrase.split(" ")
        if len(words) > 1 and count > 1:
            for part in (" ".join(words[1:]).removeprefix("of "), " ".join(words[:-1]).removesuffix(" of")):
                longest[part] = max(longest[part], count)
    return {phrase: count for phrase, count in totals.items() if longest[phrase] < _BOUND * count}
