"""The phrases a collection could name its nodes with, and how much each document says them.

Variants of one phrase (case, singular and plural, hyphens) are one entry, shown in the way it is written most often.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy import sparse

from shas_kb.organise.bag import counted, of_one_lexicon, spread
from shas_kb.organise.material import Array, Material
from shas_kb.organise.script import is_wide

LONGEST, LONGEST_WIDE = 4, 6
MANY_DOCUMENTS = 5000
MOST_NEEDED = 4
MANY = 0.25
PLURAL = 0.4
SHOUTED = 6
APART = 0.1
Key = tuple[str, ...]

# words that do not make a name by themselves, however often a document says them
_BOILERPLATE_TEXT = """
abstract access acknowledgement acknowledgment activity address al answer appendix article author background
bibliography book box chapter choice click com conclusion content copyright course credit data date day definition
discussion document download edition email et etc example exercise fact figure file fig full general good guide
handout html http https idea image index info information instruction int intext introduction issue item key kind
learning lesson line link list lot material method module name new note number objective option org outline overview
page paper paragraph part pdf people person photo picture point preface problem prompt publisher question reader
reading reason reference report result review rubric section sheet site source statement step student study summary
table teacher term text thing time title topic total transcript type unit use vol volume way web website word work
world www year ed eds edited warm trans min int now later earlier percent percentage likely
"""
BOILERPLATE = frozenset(_BOILERPLATE_TEXT.split())
# words that no name contains: they come from reference lists and imprints
_OUTLAWED_TEXT = """
retrieved january february march april may june july august september october november december isbn issn doi ibid
copyright press publisher reserved edition journal http https www html pdf arxiv preprint et al txt md docx com org re
ve ll
"""
OUTLAWED = frozenset(_OUTLAWED_TEXT.split())
_WORD = re.compile(r"[^\W_]+")
_NATIONAL = re.compile(r"[A-Z]\w+(ian|ican|ish|ese|ern)\Z")
# "biologists", "astronomers"
_PROFESSION = re.compile(r".{4,}(ist|ician|nomer|pher|searcher)\Z")
# "Eric-Horvitz", in the name of a file
_JOINED = re.compile(r"[a-z]-[A-Z]")
# "turn-off-the-warning", in an address
_SLUG = re.compile(r"\w+-\w+-\w")
_ADJECTIVE = re.compile(r".{2,}(al|ic|ive|ous|ful|less|able|ible|ary|ed|ing|est|ian|ican|ern|ish|like|lar)\Z")


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """`keys` are the phrases as stems, `written` how they are shown, `worth` [phrases] how good a name each would
    make by its form alone, `rates` [n, phrases] the root of the log of how often each document says it; its title
    counts more. `titled` [n, phrases] tells which stand in its title."""

    keys: tuple[Key, ...]
    written: tuple[str, ...]
    worth: Array
    rates: sparse.csr_matrix
    titled: sparse.csr_matrix


def vocabulary(materials: Sequence[Material]) -> Vocabulary:
    """The phrases that at least two documents use, more in large collections, all in tiny ones."""
    phrases = of_one_lexicon([material.phrases for material in materials])
    least = min(2 + len(materials) // MANY_DOCUMENTS, MOST_NEEDED) if len(materials) > 4 else 1
    variants: dict[Key, list[str]] = {}
    for phrase in sorted(phrase for phrase in spread(phrases, least) if not _SLUG.search(phrase)):
        variants.setdefault(stem(phrase), []).append(phrase)
    keys = sorted(key for key in variants if usable(key))
    forms = [form for key in keys for form in variants[key]]
    key_of = [j for j, key in enumerate(keys) for _ in variants[key]]
    written_counts = counted(phrases, {form: i for i, form in enumerate(forms)})
    merge = sparse.csr_matrix((np.ones(len(forms)), (np.arange(len(forms)), key_of)), shape=(len(forms), len(keys)))
    counts = sparse.csr_matrix(written_counts @ merge)
    uses = dict(zip(forms, np.asarray(written_counts.sum(axis=0)).ravel().tolist(), strict=True))
    titles = _titles(materials, {key: j for j, key in enumerate(keys)})
    rates = sparse.csr_matrix(counts + titles.multiply(counts) + 2 * titles)
    rates.data = np.sqrt(np.log1p(rates.data))
    written = tuple(shown({form: uses[form] for form in variants[key]}) for key in keys)
    totals = np.asarray(counts.sum(axis=0)).ravel()
    return Vocabulary(tuple(keys), written, worth(keys, written, totals), rates, titles)


def stem(phrase: str) -> Key:
    """The words of a phrase in lower case and without their plural."""
    return tuple(_singular(word) for word in _WORD.findall(phrase.lower().replace("’s", "").replace("'s", "")))


def usable(key: Key) -> bool:
    """Whether a phrase could be a name: one to four words, letters in each, and not made of boilerplate alone."""
    if not 1 <= len(key) <= LONGEST or all(word in BOILERPLATE for word in key) or not OUTLAWED.isdisjoint(key):
        return False
    if any(word.isdigit() or len(word) == 1 for word in (key[0], key[-1])) and not is_wide(key[0]):
        return False
    text = "".join(key)
    return len(text) >= 2 if is_wide(text) else len(text) >= 3 and len(set(key)) > len(key) / 2


def worth(keys: Sequence[Key], written: Sequence[str], totals: Array) -> Array:
    """How good a name each phrase would make by its form alone, [phrases].

    Two or three words are better than one or four, and a single word is the worse the more it only goes before other
    words: "social" does ("social roles", "social change"), "star" does not ("massive stars"). In a collection written
    without spaces, small Latin letters are mostly code or formulas.
    """
    before: Counter[str] = Counter()
    after: Counter[str] = Counter()
    for key, total in zip(keys, totals, strict=True):
        if len(key) > 1:
            before[key[0]] += total
            after[key[-1]] += total
    wide = np.array([is_wide(key[0]) for key in keys], dtype=bool)
    foreign = bool(totals[wide].sum() > 0.5 * totals.sum())
    values = np.empty(len(keys))
    for j, (key, text) in enumerate(zip(keys, written, strict=True)):
        if len(key) > 1:
            values[j] = (1.3, 1.25, 1.0)[len(key) - 2]
        elif wide[j]:
            values[j] = (0.4, 0.8, 1.2, 1.1, 1.0)[min(len(key[0]), 6) - 2]
        else:
            values[j] = _alone(key[0], text, after[key[0]], before[key[0]])
        if foreign and text.isascii():
            values[j] = min(values[j], 0.75) * (0.05 if text == text.lower() else 1.0)
    return values


def _alone(word: str, text: str, after: float, before: float) -> float:
    """What a single word is worth that stands so often after other words, and before them.

    Endings of adjectives tip the scales, those of gerunds less; a people's alone ("American") names nothing; those who
    study a subject ("economists") name it less well than its own word.
    """
    if _NATIONAL.match(text):
        return 0.02
    adjective = _ADJECTIVE.match(word) is not None
    noun = (after + 5 * (0.15 if adjective else 0.9)) / (after + before + 5)
    form = min(1.0, 0.2 + 1.6 * noun)
    return (
        0.75 * (form**2 if adjective and not word.endswith("ing") else form) * (0.25 if _PROFESSION.match(word) else 1)
    )


def shown(forms: Mapping[str, float]) -> str:
    """The way to write a phrase: the most frequent one, but in lower case where a fair share of the text has it so, and
    in the plural likewise, as catalogues have it.

    Headings and beginnings of sentences capitalise what is no proper name; capitals throughout are kept for short
    ones ("DNA").
    """
    if len(forms) > 1:
        forms = _preferred(_apart(forms))
    best = min(forms, key=lambda form: (form.isupper() and len(form) > SHOUTED, -forms[form], form))
    return best.title() if best.isupper() and len(best) > SHOUTED else best


def _apart(forms: Mapping[str, float]) -> Mapping[str, float]:
    """The forms without those that join names by a hyphen, as names of files do, if they are also written apart."""
    apart = {form: count for form, count in forms.items() if not _JOINED.search(form)}
    return apart if sum(apart.values()) >= APART * sum(forms.values()) else forms


def _preferred(forms: Mapping[str, float]) -> Mapping[str, float]:
    """The forms in lower case, if they are many; of these those in the plural, if they are."""
    lower = {form: count for form, count in forms.items() if form == form.lower()}
    if sum(lower.values()) >= MANY * sum(forms.values()):
        forms = lower
    plural = {form: count for form, count in forms.items() if _is_plural(form)}
    return plural if sum(plural.values()) >= PLURAL * sum(forms.values()) else forms


def _is_plural(form: str) -> bool:
    last = form.rsplit(" ", 1)[-1].lower()
    return _singular(last) != last


def _titles(materials: Sequence[Material], column: Mapping[Key, int]) -> sparse.csr_matrix:
    """Which phrases [n, phrases] stand in the documents' titles."""
    rows: list[int] = []
    columns: list[int] = []
    for row, material in enumerate(materials):
        title = stem(material.title)
        spans = {title[i:j] for i in range(len(title)) for j in range(i + 1, min(i + LONGEST, len(title)) + 1)}
        for word in filter(is_wide, title):
            letters = range(len(word))
            spans |= {(word[i:j],) for i in letters for j in range(i + 2, min(i + LONGEST_WIDE, len(word)) + 1)}
        found = sorted(column[span] for span in spans if span in column)
        rows += [row] * len(found)
        columns += found
    return sparse.csr_matrix((np.ones(len(rows)), (rows, columns)), shape=(len(materials), len(column)))


@lru_cache(maxsize=1 << 16)
def _singular(word: str) -> str:
    if len(word) < 4 or not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("xes", "ches", "shes", "sses")):
        return word[:-2]
    return word[:-1]
