"""Questions made of a collection's own texts (shas_kb/training/questions.py), for whoever has written none.

Each is about one passage, so they say whether details are found, and nothing of heights. The words that `ask` weighs
were learned on questions made in this way, of other texts or of these; and many share words with their passage, which
favours BM25. What people ask of the collection says more.
"""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from shas_kb.errors import UsageError
from shas_kb.evaluation.cases import Case, Part
from shas_kb.progress import NoProgress, Progress
from shas_kb.training.questions import Questioner

if TYPE_CHECKING:
    from shas_kb.storage import Store

TOGETHER = 2
"""Questions asked about a document at once: one of each kind."""

DRAWS = 20
"""Documents drawn for each question wanted, before it is given up: of tables nothing can be asked."""


def own_cases(store: Store, count: int, seed: int = 0, progress: Progress | None = None) -> list[Case]:
    """Up to `count` questions, the same for the same texts and seed.

    Raises:
        UsageError: nothing can be asked about these texts.
    """
    random = Random(seed)
    pending = set(store.pending())
    documents = sorted(
        (document for document in store.documents() if document.id not in pending), key=lambda document: document.sha256
    )
    questioner = Questioner(lambda words: store.rarity(list(words)), sum(each.passages for each in documents))
    progress = progress or NoProgress()
    progress.start("Making", count, "question")
    cases: dict[str, Case] = {}
    for _ in range(DRAWS * count if documents else 0):
        document = random.choice(documents)
        passages = store.document_passages(document.id)
        for asked in questioner.ask(document.title, document.language == "en", passages, TOGETHER, random):
            passage = passages[asked.passage]
            sentence = passage.text[slice(*asked.source)] if asked.source else ""
            part = Part(
                frozenset({document.id}),
                frozenset({(document.id, passage.ordinal)}),
                " ".join(sentence.split()),
            )
            if asked.text not in cases and len(cases) < count:
                cases[asked.text] = Case(asked.text, parts=(part,))
                progress.advance()
        if len(cases) == count:
            break
    progress.finish()
    if not cases:
        raise UsageError(
            f"The collection must hold whole sentences to ask about, got none in {len(documents)} documents; "
            "write questions of your own: shas-kb eval QUESTIONS.jsonl."
        )
    return list(cases.values())
