"""The phrases a collection could name its nodes with, and how much each document says them.

Variants of one phrase (case, singular and plural, hyphens) are one entry, shown in the way it is written most often.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from scipy import sparse

from shas_kb.organise.material import Material

LONGEST = 4
BOILERPLATE = frozenset(
    """abstract access acknowledgement acknowledgment address al answer answers appendix article author background bibliography
    book box chapter chapters choice click com conclusion conclusions contents copyright course credit critical thinking data
    date day days definition discussion document documents download edition email et etc example examples exercise exercises
    fact fig figure figures file following full further general good guide handout html http https image images important index
    information instruction instructions intext introduction issue item items key kind learning lesson line link list lot
    materials method methods module names new note notes number numbers objective objectives org overview page pages paper
    paragraph part parts pdf people person photo point points preface problem problems publisher question questions reader
    reading readings reference references related report result results review reviews section sections see sheet source sources
    standards statement step steps student students study summary table tables teacher term terms text thing things time times
    title topic topics total transcript type types unit units use various version video volume way ways web website
    word words work www year years""".split()
)
_WORD = re.compile(r"[^\W_]+")
_WIDE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """`keys` are the phrases as tuples of stems, `written` how they are shown, `rates` [n, phrases] the root of the log of
    how often each document says them (a phrase of its title counts more)."""

    keys: tuple[tuple[str, ...], ...]
    written: tuple[str, ...]
    rates: sparse.csr_matrix


def vocabulary(materials: Sequence[Material]) -> Vocabulary:
    """The phrases that at least two documents use (all of them, where there are only a few documents)."""
    spread = Counter(chain.from_iterable(material.phrases for material in materials))
    stems = {phrase: stem(phrase) for phrase in spread}
    together: Counter[tuple[str, ...]] = Counter()
    for phrase, documents in spread.items():
        together[stems[phrase]] += documents
    least = 2 if len(materials) > 4 else 1
    keys = sorted(key for key, documents in together.items() if documents >= least and usable(key))
    column = {key: j for j, key in enumerate(keys)}
    forms: list[Counter[str]] = [Counter() for _ in keys]
    counts: defaultdict[tuple[int, int], float] = defaultdict(float)
    for i, material in enumerate(materials):
        for phrase, count in material.phrases.items():
            j = column.get(stems[phrase])
            if j is not None:
                counts[i, j] += count
                forms[j][phrase] += count
        title = stem(material.title)
        for start in range(len(title)):
            for end in range(start + 1, min(start + LONGEST, len(title)) + 1):
                j = column.get(title[start:end])
                if j is not None:
                    counts[i, j] = 2 * counts[i, j] + 2
    at = np.array(list(counts), dtype=np.int64).reshape(-1, 2)
    values = np.sqrt(np.log1p(np.array(list(counts.values()))))
    rates = sparse.csr_matrix((values, (at[:, 0], at[:, 1])), shape=(len(materials), len(keys)))
    return Vocabulary(tuple(keys), tuple(shown(form) for form in forms), rates)


def stem(phrase: str) -> tuple[str, ...]:
    """The words of a phrase in lower case and without their plural."""
    return tuple(_singular(word) for word in _WORD.findall(phrase.lower()))


def usable(key: tuple[str, ...]) -> bool:
    """Whether a phrase could be a name: one to four words, letters in each, and not made of boilerplate alone."""
    if not 1 <= len(key) <= LONGEST or all(word in BOILERPLATE or word + "s" in BOILERPLATE for word in key):
        return False
    if any(word.isdigit() for word in (key[0], key[-1])):
        return False
    text = "".join(key)
    return len(text) >= 2 if _WIDE.search(text) else len(text) >= 3 and len(max(key, key=len)) >= 3


def shown(forms: Counter[str]) -> str:
    """The way to write a phrase: the most frequent one, but in lower case where a fair share of the text has it so.

    Headings and beginnings of sentences capitalise what is no proper name.
    """
    total = sum(forms.values())
    lower = Counter({form: count for form, count in forms.items() if form == form.lower()})
    if sum(lower.values()) >= 0.25 * total:
        forms = lower
    return min(forms, key=lambda form: (-forms[form], form))


def _singular(word: str) -> str:
    if len(word) < 4 or not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("xes", "ches", "shes", "sses")):
        return word[:-2]
    return word[:-1]
