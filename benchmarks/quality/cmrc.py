"""CMRC 2018, in Chinese, of which the bundled model knows little: questions to the articles that answer them.

With 100 statutes among the articles that answer nothing. Every fifth question; every way lists documents.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from corpora import QUESTIONS, corpus

from quality.lists import OURS, of_documents
from quality.stores import ids, organised, stored
from shas_kb.ask.levels import Embed
from shas_kb.evaluation import Case, Part, evaluate
from shas_kb.evaluation.evaluate import found_figures
from shas_kb.progress import Progress

EVERY = 5


def cmrc(cache: Path, embed: Embed, progress: Progress) -> dict[str, Any]:
    """The figures of this part."""
    articles = corpus("cmrc2018-zh", cache)
    owner = articles.documents
    with organised(stored("cmrc2018-zh", articles, cache, "zh")) as store:
        known = ids(store)
        cases = []
        for question in QUESTIONS["cmrc2018-zh"](articles)[::EVERY]:
            right = {known[articles.texts[int(owner[row])].id] for row in question.passages}
            cases.append(Case(question.text, parts=(Part(frozenset(right)),)))
        asked = evaluate(store, embed, cases, progress, OURS)
    return {"documents": len(known), "ways": found_figures(of_documents(asked))}
