"""What kind of thing a question asks for: a number, a name, a length of time. Of English and Chinese; other
questions ask for nothing.

Coarse answer types as in question answering since Li and Roth, "Learning question classifiers" (COLING 2002), of which
these can be told by the looks of a sentence."""

from __future__ import annotations

import re
from typing import NamedTuple

_NUMBER_WORDS = (
    "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|forty|fifty|sixty|seventy|eighty"
    "|ninety|hundreds?|thousands?|millions?|billions?|half"
)
_TIMES = "seconds?|minutes?|hours?|days?|weeks?|months?|years?|decades?|centur(?:y|ies)|generations?"


class Kinds(NamedTuple):
    """Each kind of thing: whether it is asked for, or stands in a text."""

    number: bool
    name: bool
    span: bool


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
    re.compile(rf"\bhow (?:long|old|soon|often|late|many (?:{_TIMES}))\b|多久|多长时间|[多几]少?[年天]", re.IGNORECASE),
)
_THERE = (
    re.compile(
        rf"\d|\b(?:{_NUMBER_WORDS}|thirds?|quarters?|percent|dozens?|once|twice)\b"
        r"|[一二三四五六七八九十百千万亿两半][个次年天岁月日人种成倍分]",
        re.IGNORECASE,
    ),
    re.compile(r"[^\W\d_]['’)]?,? [A-Z][a-z]+"),  # a capital within the sentence
    re.compile(
        rf"\b(?:[\d.,]*\d|an?|several|few|every|each|{_NUMBER_WORDS})[\s-]+(?:[a-z]+[\s-]+)?(?:milli|micro)?(?:{_TIMES})\b"
        r"|[\d一二三四五六七八九十百千万两半几]\s*个?(?:秒|分钟|小时|天|日|周|星期|月|年)",
        re.IGNORECASE,
    ),
)
_ENDING = re.compile(r"[.!…。！;；:：][\"'”’)\]）」』]*$|[\"”』」]$")


def asked_for(question: str) -> Kinds:
    """What is asked for in any of its clauses."""
    return Kinds(*(bool(kind.search(question)) for kind in _ASKED))


def there(wanted: Kinds, text: str) -> Kinds:
    """Which of the things that are wanted a text has, or something like them."""
    return Kinds(*(its and bool(kind.search(text)) for its, kind in zip(wanted, _THERE, strict=True)))


def is_whole(text: str) -> bool:
    """Whether a text ends as a statement does: headings and questions answer nothing."""
    return bool(_ENDING.search(text.strip()))
