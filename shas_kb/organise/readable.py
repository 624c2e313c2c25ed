"""Which sentences can stand alone: whole ones that lean on nothing before them, and are no caption or question."""

from __future__ import annotations

import re

from shas_kb.organise.script import is_wide

SHORTEST, LONGEST = 50, 320
WIDE_LETTER = 2.5

# how a sentence begins that leans on the one before it, or that speaks to a pupil
_LEANING_TEXT = """
this|these|that|those|it|its|they|their|them|he|she|his|her|him|we|our|i|you|your|such|some|another|others?|both|either|
here|there|but|and|or|so|yet|nor|also|however|thus|therefore|then|hence|moreover|furthermore|instead|nevertheless|
meanwhile|for (example|instance)|in (addition|contrast|other words|fact|this|these)|on the other hand|
as (a result|such|we)|as shown|finally|first|second|third|next|similarly|likewise|because of this|figure|table|fig|eq|
equation|chapter|section|see|source|credit|note|hint|answer|exercise|learning objective|by the end|let|use|read|explain|
describe|discuss|compare|identify|analy[sz]e|evaluate|consider|suppose|recall|students?|have students|teachers?|ask|
watch|visit|click|remind|assess|what|to see|on (one|average)|not (all|only)|again|ultimately|additionally|today we
"""
_LEANING = re.compile(rf"({_LEANING_TEXT.replace(chr(10), '')})\b", re.IGNORECASE)
_LEANING_WIDE = re.compile(
    r"这|那|此|它|他|她|其|该|但|而|因此|所以|然后|于是|不过|例如|比如|如图|图|表|注|見|见|我们|你|第.{1,3}步"
)
_BROKEN = re.compile(
    r"https?://|www\.|@|\b(Figure|Fig\.|Table|Chapter|Section)\s*\d|[|<>{}\\$_=#*]|\.\s?\.\s?\.|\[[^\]]{0,12}$|^\W"
)
_REFERENCE = re.compile(
    r"\b(edited by|ed\.|eds\.|Journal of|University Press|Encyclopedia|pp\.|vol\.|et al)|\(\d{4}\)\.$|\b[A-Z]\.$",
    re.IGNORECASE,
)
_ENGLISH = re.compile(r"\b(the|of|and|to)\b")
_VERB = re.compile(
    r"\b(is|are|was|were|be|been|has|have|had|can|could|may|might|must|will|would|should|do|does|did|"
    r"[a-z]{2,}(ed|es|s) (that|the|a|an|to|in|of|on|as|by|with|from|for))\b"
)
_OTHER = re.compile(r"[\W\d_](?<!\s)")
_COMPLETE = re.compile(r"[.!。！．][\"'”’)\]」』]*$")


def readable(sentence: str) -> bool:
    """Whether a sentence can stand alone: whole, of a sensible length, leaning on nothing before it, no caption, no
    question."""
    wide = is_wide(sentence)
    length = len(sentence) * (WIDE_LETTER if wide else 1.0)
    if not SHORTEST <= length <= LONGEST or "\n" in sentence.strip() or not _COMPLETE.search(sentence):
        return False
    if _BROKEN.search(sentence) or (_LEANING_WIDE if wide else _LEANING).match(sentence):
        return False
    if sentence[0].islower() or not sentence[0].isalpha():  # not all scripts have capitals
        return False
    if _REFERENCE.search(sentence) or (_ENGLISH.search(sentence) and not _VERB.search(sentence)):
        return False
    return len(_OTHER.findall(sentence)) <= 0.15 * len(sentence)
