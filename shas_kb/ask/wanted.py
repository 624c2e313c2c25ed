"""What kind of thing a question asks for: a number, a name, a length of time. Of English and Chinese; other
questions ask for nothing.

Coarse answer types as in question answering since Li and Roth, "Learning question classifiers" (COLING 2002), of which
these can be told by the looks of a sentence."""

from __future__ import annotations

import re
from typing import NamedTuple

_NUMBER_WORDS = (
    "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|(?:thir|four|fif|six|seven|eigh|nine)teen|twenty|thirty"
    "|forty|fifty|sixty|seventy|eighty|ninety|hundreds?|thousands?|millions?|billions?|half"
)
_PERIOD = "minute|hour|day|week|fortnight|month|year|decade|century|generation"
_PERIODS = "(?:milli|micro)?seconds?|minutes?|hours?|days?|weeks?|fortnights?|months?|years?|decades?|centur(?:y|ies)"
_PERIODS += "|generations?"
_FIGURES = "一二三四五六七八九十百千万亿两半几数"


class Kinds(NamedTuple):
    """Each kind of thing: whether it is asked for, or stands in a text."""

    number: bool
    name: bool
    span: bool

    def met_by(self, there: Kinds) -> Kinds:
        """Which of these, that are wanted, are `there`."""
        return Kinds(*(wanted and its for wanted, its in zip(self, there, strict=True)))


_ASKED = (
    re.compile(
        r"\b(?:how (?:many|much|long|old|far|fast|deep|often|soon|late|big|large|small|high|tall|wide|hot|cold|warm"
        r"|heavy|strong)"
        r"|when|what (?:year|date|share|percentage|fraction|factor|number)|which (?:year|date|century|decade)"
        r"|by what)\b"
        r"|多少|几[个次年天岁月人种]|何时|什么时候|哪[一]?年|多[久长大高远快深]",
        re.IGNORECASE,
    ),
    re.compile(r"\b(?:who|whose|whom|where)\b", re.IGNORECASE),
    re.compile(
        rf"\bhow (?:long|old|soon|often|many (?:more )?(?:{_PERIODS}))\b"
        r"|多久|多长时间|(?:多少|几)(?:[年天周秒]|分钟|个?(?:小时|星期)|个月)(?!来)",
        re.IGNORECASE,
    ),
)
_THERE = (
    re.compile(
        rf"\d|\b(?:{_NUMBER_WORDS}|thirds?|quarters?|percent|dozens?|once|twice)\b"
        r"|[一二三四五六七八九十百千万亿两半][个次年天岁月日人种成倍分]",
        re.IGNORECASE,
    ),
    re.compile(r"[^\W\d_]['’)]?,? [A-Z][a-z]+"),  # a capital within the sentence
    re.compile(
        rf"\b(?:\d[\d.,]{{0,20}}|several|few|couple of|{_NUMBER_WORDS})[\s-]+"
        rf"(?:[a-z]+[\s-]+)?(?<!light[\s-])(?:{_PERIODS})\b|\b(?:an?|every|each) (?:{_PERIOD})\b"
        r"|\d (?:[mµ]?s|min|hr?)\b"
        # not 1998年, 三月, 第二天, 八十年代: those are dates, and in order
        rf"|(?<![第\d零〇{_FIGURES}])(?<!第 )(?:\d{{1,3}}|[{_FIGURES}]{{1,3}}|[{_FIGURES}]+[十百千万亿])"
        r"\s*(?:[秒天周]|年(?!代)|分钟|个?(?:小时|星期)|个月)",
        re.IGNORECASE,
    ),
)
_ENDING = re.compile(r"[.!…。！;；:：][\"'”’)\]）」』]*$|[\"”』」]$")


def asked_for(question: str) -> Kinds:
    """What is asked for in any of its clauses."""
    return Kinds(*(bool(kind.search(question)) for kind in _ASKED))


def there(text: str) -> Kinds:
    """Which things stand in a text, or something like them."""
    return Kinds(*(bool(kind.search(text)) for kind in _THERE))


def is_whole(text: str) -> bool:
    """Whether a text ends as a statement does: headings and questions answer nothing."""
    return bool(_ENDING.search(text.strip()))
