"""What kind of thing a question asks for: a number, a name. Of English and Chinese; other questions ask for nothing.

Coarse answer types as in question answering since Li and Roth, "Learning question classifiers" (COLING 2002), of which
these two can be told by the looks of a sentence."""

from __future__ import annotations

import re
from dataclasses import dataclass

_NUMBER_ASKED = re.compile(
    r"\b(?:how (?:many|much|long|old|far|fast|deep|often|soon|late|big|large|small|high|tall|wide|hot|cold|warm|heavy"
    r"|strong)"
    r"|when|what (?:year|date|share|percentage|fraction|factor|number)|which (?:year|date|century|decade)|by what)\b"
    r"|多少|几[个次年天岁月人种]|何时|什么时候|哪[一]?年|多[久长大高远快深]",
    re.IGNORECASE,
)
_NAME_ASKED = re.compile(r"\b(?:who|whose|whom|where)\b", re.IGNORECASE)
_NUMBER = re.compile(
    r"\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|forty|fifty|sixty|"
    r"seventy|eighty|ninety|hundreds?|thousands?|millions?|billions?|half|thirds?|quarters?|percent|dozens?|once|twice)\b"
    r"|[一二三四五六七八九十百千万亿两半][个次年天岁月日人种成倍分]",
    re.IGNORECASE,
)
_NAME = re.compile(r"[^\W\d_]['’)]?,? [A-Z][a-z]+")  # a capital within the sentence
_ENDING = re.compile(r"[.!…。！;；:：][\"'”’)\]）」』]*$|[\"”』」]$")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whether a question asks for a `number` (or a date), or for a `name` (of a person or place)."""

    number: bool
    name: bool

    @classmethod
    def of(cls, question: str) -> Wanted:
        """What is asked for in any of its clauses."""
        return cls(bool(_NUMBER_ASKED.search(question)), bool(_NAME_ASKED.search(question)))

    def number_in(self, text: str) -> bool:
        """Whether a number is wanted and is there."""
        return self.number and bool(_NUMBER.search(text))

    def name_in(self, text: str) -> bool:
        """Whether a name is wanted and something like one is there."""
        return self.name and bool(_NAME.search(text))


def is_whole(text: str) -> bool:
    """Whether a text ends as a statement does: headings and questions answer nothing."""
    return bool(_ENDING.search(text.strip()))
