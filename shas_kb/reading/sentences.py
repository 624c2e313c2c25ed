"""Where sentences begin and end: rules on the stops, fast enough not to be noticed.

One regular expression finds every place where a sentence may end; a few rules about the word before and the character after
decide. What it does not know: abbreviations outside its list that are followed by a capital letter.
"""

from __future__ import annotations

import re

Span = tuple[int, int]

_CLOSING = "\"'”’»)\\]}"
_STOP = re.compile(
    rf"\n+"
    rf"|[。！？｡][。！？｡…]*[”’」』）】》\"')\]]*"
    rf"|[.!?…؟۔।॥።។]+[{_CLOSING}]*(?=\s)"
)
_WORD_BEFORE = re.compile(r"[^\s(\[{\"'“‘«]*\Z")
_OPENING = "\"'“‘«([{¿¡*_"

# never end a sentence
_TITLES = frozenset(
    "dr mr mrs ms prof rev hon st mt sr fr gen col capt lt sgt gov sen rep pres messrs mme mlle hr fig figs eq eqs sec secs ch chap"
    " chs app tab vol vols nos pp par art cf vs viz ca approx resp e.g i.e eg ie al.e ed eds trans repr def thm lem prop cor ex"
    " dept univ assn bros ltda nr bd usw z.b d.h bzw vgl u.a s.a p.ej av blvd ave rd".split()
)
# end a sentence only if what follows can only begin one
_PERHAPS = frozenset("al etc inc ltd co corp jr u.s u.k u.n e.u a.m p.m ph.d m.d b.a m.a b.c a.d d.c jan feb mar apr jun jul aug sep sept oct nov dec".split())
_BEFORE_NUMBER = frozenset("no p n art sec".split())
_STARTERS = frozenset(
    "the a an this that these those it its he she we they i you there here in on at by for from with as if when while where what"
    " who how why but and or so yet however moreover furthermore therefore thus hence then although because since after before"
    " during many most some all each every both no not to our his her their my such one two".split()
)


def split_sentences(text: str) -> list[Span]:
    """Cut `text` into sentences.

    A line break always ends one. Abbreviations, initials, decimals and ellipses do not; quotes and brackets after the stop
    belong to the sentence before it; 。！？ need no space after them.

    Args:
        text: a draft's text, in which a line break within a paragraph means something.

    Returns:
        Half-open (start, end) in order, without outer white space; together they hold all that is not white space.
    """
    tolerant = _writes_without_capitals(text)
    spans: list[Span] = []
    start = 0
    for match in _STOP.finditer(text):
        end = match.end()
        if text[match.start()] != "\n" and not _ends(text, start, match, tolerant):
            continue
        _append(spans, text, start, end)
        start = end
    _append(spans, text, start, len(text))
    return spans


def _append(spans: list[Span], text: str, start: int, end: int) -> None:
    piece = text[start:end]
    stripped = piece.strip()
    if stripped:
        start += len(piece) - len(piece.lstrip())
        spans.append((start, start + len(stripped)))


def _ends(text: str, start: int, match: re.Match[str], tolerant: bool) -> bool:
    """Whether the sentence from `start` ends at the stop that was matched."""
    first = text[match.start()]
    if first in "。！？｡؟۔।॥።។":
        # a full stop within quotation marks that go on: 他说：“好。”然后
        return not (match.end() < len(text) and text[match.end()] in "，、；：,;:）)」』”’")
    after = match.end()
    size = len(text)
    while after < size and (text[after] in _OPENING or text[after] in " \t\u00a0\u3000"):
        after += 1
    if after >= size or text[after] == "\n":
        return True
    following = text[after]
    stop = match.group()
    if following.islower() and not tolerant:
        return False
    if stop[0] != ".":
        return True
    if following in ",;:.!?":
        return False
    if stop.startswith(".."):
        return following.isupper()
    return _word_may_end(text, start, match, after, following)


def _word_may_end(text: str, start: int, match: re.Match[str], after: int, following: str) -> bool:
    found = _WORD_BEFORE.search(text, max(start, match.start() - 24), match.start())
    word = found.group().lower() if found else ""
    if not word:
        return True
    if len(word) > 1 and match.end() - match.start() > 1:
        # a closing quote or bracket after the stop: "(see Fig.)" is rare, "he said so.)" is not
        return True
    if word in _TITLES:
        return False
    if word in _BEFORE_NUMBER and following.isdigit():
        return False
    if found is not None and found.start() == start and (word.isdigit() or len(word) == 1 or _NUMBERING.fullmatch(word)):
        return False
    if word in _PERHAPS or (len(word) == 1 and word.isalpha() and word != "i") or _INITIALS.fullmatch(word):
        return _next_word(text, after) in _STARTERS
    return True


_NUMBERING = re.compile(r"\d+(?:\.\d+)+|[ivxlc]+")
_INITIALS = re.compile(r"(?:[^\W\d_]\.)+[^\W\d_]|[^\W\d_]\.?-[^\W\d_]")
_NEXT_WORD = re.compile(r"[^\W\d_]+")
_LOWER_START = re.compile(r"[^\W\d_]{3}[.!?] +(?=[a-z])")
_UPPER_START = re.compile(r"[^\W\d_]{3}[.!?] +(?=[A-Z])")


def _next_word(text: str, start: int) -> str:
    match = _NEXT_WORD.match(text, start)
    # a following capitalised pair is a name ("J. The Rapper" loses to "vitamin C. The"), which a single word cannot tell
    return match.group().lower() if match else ""


def _writes_without_capitals(text: str) -> bool:
    """Whether sentences begin with small letters here, as in transcripts and chats."""
    sample = text[:200_000]
    lower = sum(1 for _ in _LOWER_START.finditer(sample))
    return lower > 3 and lower > sum(1 for _ in _UPPER_START.finditer(sample))
