"""Where sentences begin and end: rules on the stops, fast enough not to be noticed.

One regular expression finds every place where a sentence may end; a few rules about the word before and the character
after decide. What it does not know: abbreviations outside its list that are followed by a capital letter.
"""

from __future__ import annotations

import re

from shas_kb.reading.stopwords import stop_words

Span = tuple[int, int]

_CLOSING = "\"'”’»)\\]}"
_STOP = re.compile(
    rf"\n+"
    rf"|[。！？｡][。！？｡…]*[”’」』）】》\"')\]]*"
    rf"|[.!?…؟۔।॥።។]+[{_CLOSING}]*(?=\s)"
)
_WORD_BEFORE = re.compile(r"[^\s(\[{\"'“‘«]*\Z")
_OPENING = "\"'“‘«([{¿¡*_"


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# never end a sentence
_TITLES = _words("""
    al.e app approx art assn av ave bd blvd bros bzw ca capt cf ch chap chs col cor d.h def dept dr e.g ed eds eg
    eq eqs ex fig figs fr gen gov hon hr i.e ie lem lt ltda messrs mlle mme mr mrs ms mt nos nr p.ej par pp pres
    prof prop rd rep repr resp rev s.a sec secs sen sgt sr st tab thm trans u.a univ usw vgl viz vol vols vs z.b
""")
# end a sentence only if what follows can only begin one
_PERHAPS = _words("""
    a.d a.m al apr aug b.a b.c co corp d.c dec e.u etc feb inc jan jr jul jun ltd m.a m.d mar nov oct p.m ph.d sep
    sept u.k u.n u.s
""")
_BEFORE_NUMBER = _words("no p n art sec")
# languages that write ordinals as a number and a full stop
_ORDINALS = _words("bs cs da de et eu fi fo hr hu is lb lt lv nb nn no pl se sk sl sr tr")
# those of them that write nouns with capitals
_CAPITAL_NOUNS = _words("de lb")
_STARTERS = _words("""
    a after all although an and as at because before both but by during each every for from furthermore he hence
    her here his how however i if in it its many moreover most my no not on one or our she since so some such that
    the their then there therefore these they this those thus to two we what when where while who why with yet you
""")


def split_sentences(text: str, language: str = "") -> list[Span]:
    """Cut `text` into sentences.

    A line break always ends one. Abbreviations, initials, decimals and ellipses do not, nor do ordinals ("am 1.
    April"); quotes and brackets after the stop belong to the sentence before it; 。！？ need no space after them.

    Args:
        text: a draft's text, in which a line break within a paragraph means something.
        language: ISO 639-1 code, where it is known: in some, a full stop makes a number an ordinal.

    Returns:
        Half-open (start, end) in order, without outer white space; together they hold all that is not white space.
    """
    tolerant = _writes_without_capitals(text)
    spans: list[Span] = []
    start = 0
    for match in _STOP.finditer(text):
        end = match.end()
        if text[match.start()] != "\n":
            if not _ends(text, start, match, tolerant):
                continue
            if language in _ORDINALS and match.group() == "." and _is_ordinal(text, start, match.start(), language):
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


def _is_ordinal(text: str, start: int, stop: int, language: str) -> bool:
    """Whether the number before a full stop counts what comes after: "dne 1. dubna", "am 1. April", but not "in
    Kapitel 3. Menschen" or "es waren 12. Dann". `start` is where the sentence begins."""
    found = _COUNTED.match(text, stop)
    number = _NUMBER_BEFORE.search(text, max(start, stop - 40), stop)
    if found is None or number is None:
        return False
    if found[1][0].islower():
        return True
    stops = stop_words(language)
    before = number["before"] or ""
    named = before[:1].isupper() and before.lower() not in stops
    return language in _CAPITAL_NOUNS and found[1].lower() not in stops and not named


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
    if (
        found is not None
        and found.start() == start
        and (word.isdigit() or len(word) == 1 or _NUMBERING.fullmatch(word))
    ):
        return False
    if word in _PERHAPS or (len(word) == 1 and word.isalpha() and word != "i") or _INITIALS.fullmatch(word):
        return _next_word(text, after) in _STARTERS
    return True


_NUMBERING = re.compile(r"\d+(?:\.\d+)+|[ivxlc]+")
_INITIALS = re.compile(r"(?:[^\W\d_]\.)+[^\W\d_]|[^\W\d_]\.?-[^\W\d_]")
_COUNTED = re.compile(r"\.[ \t\u00a0]+([^\W\d_]+)")
_NUMBER_BEFORE = re.compile(r"(?:(?P<before>[^\W\d_]+)[ \t\u00a0]+|(?<![^\s(,;–-]))\d{1,2}\Z")
_NEXT_WORD = re.compile(r"[^\W\d_]+")
_LOWER_START = re.compile(r"[^\W\d_]{3}[.!?] +(?=[a-z])")
_UPPER_START = re.compile(r"[^\W\d_]{3}[.!?] +(?=[A-Z])")


def _next_word(text: str, start: int) -> str:
    match = _NEXT_WORD.match(text, start)
    return match.group().lower() if match else ""


def _writes_without_capitals(text: str) -> bool:
    """Whether sentences begin with small letters here, as in transcripts and chats."""
    sample = text[:200_000]
    lower = sum(1 for _ in _LOWER_START.finditer(sample))
    return lower > 3 and lower > sum(1 for _ in _UPPER_START.finditer(sample))
