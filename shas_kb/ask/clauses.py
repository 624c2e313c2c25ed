"""Two questions in one: "How do birds cross oceans, and what did the thing on the tern's leg weigh?"

Such a question is asked clause by clause where the clauses ask at different heights; each then finds its own. Clauses
that lean on one another ("and how do these differ?") say too little alone to be taken for questions.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from shas_kb.ask.words import content_words, subject_words

MOST = 3
"""Clauses; more are no question but a text."""

FEWEST, FEWEST_OF_DETAIL = 2, 3
"""Words that say what a clause is about, at the least; and those of one that asks for a detail, which find it."""

SURE = 0.55
"""Probability of its height at which a detail is taken for one."""

_ASKING = r"how|who|whose|whom|what|when|where|which|why|can|could|is|are|does|do|did|was|were|has|have"
_BETWEEN = re.compile(
    rf"[?？;；]\s*(?=\S)|,?\s+(?:and|plus)\s+(?=(?:(?:by|in|on|for|from|to|at|of)\s+)?(?:{_ASKING})\b)"
    r"|[，,]\s*(?:以及|并且|另外|还有|而且)?(?=(?:怎|如何|为什么|为何|谁|哪|什么|多少|几))",
    re.IGNORECASE,
)


def clauses(question: str) -> list[str]:
    """The questions in a question; none where there is only one."""
    # With one space between words, as the pattern would look at each run of them from all of its places.
    text = " ".join(question.split())
    found = [part for part in (part.strip(" ,?？，") for part in _BETWEEN.split(text)) if part]
    return found if 1 < len(found) <= MOST else []


def may_stand(parts: Sequence[str]) -> bool:
    """Whether clauses have words enough to be questions of their own, which spares looking for those that have not."""
    counts = sorted(len(subject_words(content_words(part))) for part in parts)
    return len(counts) > 1 and counts[-1] >= FEWEST_OF_DETAIL and counts[-2] >= FEWEST


def apart(told: Sequence[tuple[str, float, int]]) -> bool:
    """Whether clauses are questions of their own: one for a detail, and one for more than that.

    Args:
        told: of each clause its likeliest height, the probability of that, and how many words say what it is about.
    """
    detail = any(height == "detail" and sure >= SURE and words >= FEWEST_OF_DETAIL for height, sure, words in told)
    return detail and any(height != "detail" and words >= FEWEST for height, _, words in told)
