"""What is found for a question at all levels, before it is decided what to answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING

from shas_kb.ask import answer, router
from shas_kb.ask.heights import Traits, traits
from shas_kb.ask.levels import Embed, Units, rank_documents, rank_nodes, rank_passages, rank_sentences
from shas_kb.ask.retrieve import Evidence, search
from shas_kb.ask.sentences import Sentences, read_sentences
from shas_kb.ask.snapshot import Mask, Snapshot
from shas_kb.ask.words import content_words, subject_words, worth
from shas_kb.records import NODE_LEVELS, Asked, Level

if TYPE_CHECKING:
    from shas_kb.storage import Store

LONGEST = 4000
"""Characters of a question that are embedded: far more than any backbone's window holds."""


@dataclass(frozen=True)
class Seen:
    """What was found for a question.

    `known` are the words of its `text` that say what it is about, with the share of passages that hold each, and
    `weights` what each of them says; `traits` are None where there is no such word. `ranked` are the units of all
    levels but sentences, which are `read` when they are wanted: whether a clause is a question of its own is told
    without them.
    """

    text: str
    known: Mapping[str, float]
    weights: Mapping[str, float]
    evidence: Evidence
    asked: Asked
    ranked: Mapping[Level, Units]
    traits: Traits | None
    read: Callable[[], Sentences]

    @cached_property
    def heights(self) -> Mapping[str, float]:
        """The probability of each height; without a subject it is an overview that is asked for."""
        return router.heights(self.traits) if self.traits else {"overview": 1.0}

    @cached_property
    def told(self) -> tuple[str, float, int]:
        """The height that is likeliest, its probability, and how many words say what is asked about."""
        height = max(self.heights, key=lambda height: self.heights[height])
        return height, self.heights[height], len(self.known)

    @cached_property
    def sentences(self) -> Sentences:
        """The sentences that may answer."""
        return self.read()

    @cached_property
    def units(self) -> Mapping[Level, Units]:
        """The units of the levels that have some, lowest first."""
        sentences = rank_sentences(self.sentences)
        return {sentences.level: sentences, **self.ranked} if len(sentences.ranking.rows) else self.ranked

    @cached_property
    def support(self) -> answer.Support:
        """What speaks for an answer here. Nodes too: what a person calls one need not stand in its documents."""
        nodes = [self.ranked[level] for level in NODE_LEVELS if level in self.ranked]
        named = max((float(node.by["lexical"].scores.max(initial=0.0)) for node in nodes), default=0.0)
        return answer.Support(
            worth=float(self.evidence.dense.scores[0]),
            covered=max(self.sentences.best_covered, named),
            overview=self.heights["overview"],
            near=max(self.ranked.get("category", self.ranked["passage"]).nearest, named, self.sentences.best_titled),
            unknown=1 - self.asked.known,
        )

    @cached_property
    def confidence(self) -> float:
        """How likely the collection answers at all. A question without a subject is about everything; one without a
        letter about nothing."""
        if not self.known:
            return answer.SURE * any(map(str.isalnum, self.text))
        return answer.confidence(self.support)


def look(store: Store, snapshot: Snapshot, embed: Embed, text: str, allowed: Mask) -> Seen:
    """Search the `allowed` documents [n] for what a question's text asks for, at all levels."""
    content = content_words(text)
    subject = subject_words(content)
    known = dict(zip(subject, store.rarity(subject), strict=True))
    weights = {word: worth(share, snapshot.passages) for word, share in known.items()}
    asked = embed.asked(text[:LONGEST])
    evidence = search(store, snapshot, content or [text[:LONGEST]], asked, allowed)
    every = [rank_passages(evidence), rank_documents(snapshot, evidence, allowed)]
    every += [rank_nodes(snapshot, level, evidence, weights, asked.plain, allowed) for level in NODE_LEVELS]
    ranked = {unit.level: unit for unit in every if len(unit.ranking.rows)}
    return Seen(
        text=text,
        known=known,
        weights=weights,
        evidence=evidence,
        asked=asked,
        ranked=ranked,
        traits=traits(snapshot, evidence, ranked, known, weights) if known else None,
        read=partial(read_sentences, store, snapshot, evidence, weights, text, asked),
    )
