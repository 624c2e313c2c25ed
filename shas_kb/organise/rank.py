"""Which phrases tell a node from its siblings and from the rest of the collection, best first.

Class-based TF-IDF (Grootendorst, arXiv 2203.05794) over noun-like phrases, in roots: a node says a phrase as much as
its children do on average, each child counting the same. So a category is told by what all its entities share, not by
the loudest of them. What siblings and the rest of the collection say as well counts against a phrase, and that all
documents say it equally often, as they do headings; that it stands in the titles, that the documents that say it are
near to the node, and, where a model tells, that its meaning is, counts for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from shas_kb.organise.candidate import Candidate, Weighed, candidates
from shas_kb.organise.fullnames import full_names
from shas_kb.organise.group import averaging
from shas_kb.organise.material import Array, Labels, members, unit
from shas_kb.organise.meaning import Meaning
from shas_kb.organise.users import EVERYWHERE, Users
from shas_kb.organise.vocabulary import Vocabulary

SHORTLIST, WEIGHED = 50, 25
GENERAL = 0.3
"""How much more it counts at each height that a phrase is said everywhere in a node."""
PROPER = (0.85, 0.75, 0.65)
"""What names of persons, places and events are worth by height: they are examples more often than subjects."""
FLOOR = 0.35
"""The rate elsewhere below which a phrase gets no more telling: else the rarest phrase would win over the subject."""
LIFT_FLOOR = 0.1
ABSENT = (2.5, 1.0, 1.0)
"""How much it counts by height that the rest of the collection does not say a phrase."""
TITLED = 3.0
"""How much more a phrase counts that stands in all titles of a node, and in none elsewhere."""
UNIFORM = 0.2
"""What a phrase is worth that all documents say equally often."""


@dataclass(frozen=True, slots=True)
class Shortlist:
    """Some phrases (columns of the vocabulary), and for each its score and its lift over the rest."""

    phrases: Labels
    scores: Array
    lift: Array


def ranked(
    words: Vocabulary, units: Array, levels: Sequence[Labels], meaning: Meaning | None = None
) -> list[list[list[Candidate]]]:
    """The candidates of every node, best first; nodes by level, lowest first.

    `units` [n, d] are the documents' vectors; `levels[0]` [n] tells each document's entity, `levels[1]` each entity's
    category, and so on. With `meaning`, phrases count by how near to the node they are in meaning.
    """
    users, full = Users(words, units, levels[0]), full_names(words)
    rates, children, documents = words.rates, np.arange(len(units)), levels[0]
    weighed: list[list[Weighed]] = []
    of_documents: list[Labels] = []
    for height, labels in enumerate(levels):
        rates = sparse.csr_matrix(averaging(labels) @ rates)
        if height:
            children, documents = documents, labels[documents]
        parents = levels[height + 1] if height + 1 < len(levels) else np.zeros(rates.shape[0], dtype=np.int64)
        shorts = _contrasted(words, rates, parents, np.bincount(documents), height)
        centres = unit(averaging(documents) @ units)
        nodes = zip(shorts, members(documents), centres, strict=True)
        weighed.append([_weighed(users, short, own, centre, children[own], height) for short, own, centre in nodes])
        of_documents.append(documents)
    if meaning is not None:
        texts = [[[words.written[phrase] for phrase in node.phrases] for node in level] for level in weighed]
        near = meaning.nearness(texts, of_documents)
        weighed = [
            [replace(node, scores=node.scores * own) for node, own in zip(level, nears, strict=True)]
            for level, nears in zip(weighed, near, strict=True)
        ]
    return [[candidates(words, full, node) for node in level] for level in weighed]


def _weighed(users: Users, short: Shortlist, rows: Labels, centre: Array, children: Labels, height: int) -> Weighed:
    """The best of a node's shortlist, by all that its documents tell; `rows` are these, `centre` [d] is their middle,
    `children` [rows] where each of them lies."""
    inside = users.inside(rows, short.phrases)
    scores = short.scores * users.nearness(short.phrases, centre) * _insistence(inside)
    scores *= users.absence(short.phrases, inside) ** ABSENT[height]
    scores *= 1 + TITLED * users.titled(rows, short.phrases)
    best = np.argsort(-np.round(scores, 9), kind="stable")[:WEIGHED]
    homes = np.unique(children, return_inverse=True)[1]
    return Weighed(short.phrases[best], scores[best], short.lift[best], inside[:, best], homes)


def _insistence(inside: Array) -> Array:
    """How much the documents differ in how often they say each phrase, [phrases]: a subject is said often by some, a
    heading, a form or a passing remark as often by all."""
    says = np.count_nonzero(inside, axis=0)
    usual = np.take_along_axis(-np.sort(-inside, axis=0), (says // 2)[None], axis=0)
    as_usual = np.count_nonzero((inside == usual) & (inside > 0), axis=0)
    return np.asarray(1 - (1 - UNIFORM) * as_usual / np.maximum(says, 1))


def contrast(rate: Array, elsewhere: Array) -> Array:
    """How much a phrase said at `rate` here and at rate `elsewhere` tells of here; the rates are roots, none below
    zero."""
    return np.asarray(rate * np.log1p(rate / (elsewhere + FLOOR)))


def _contrasted(
    words: Vocabulary, nodes: sparse.csr_matrix, parents: Labels, sizes: Labels, height: int
) -> list[Shortlist]:
    """The shortlist of each of `nodes` [k, phrases], scored against siblings and all the rest."""
    everything = np.asarray(words.rates.sum(axis=0)).ravel()
    proper = np.array([written != written.lower() for written in words.written], dtype=bool)
    documents = int(sizes.sum())
    common = (
        np.bincount(words.rates.indices, minlength=len(words.keys))
        > EVERYWHERE * documents + (1 - EVERYWHERE) * sizes.max()
    )
    worth = words.worth * np.where(proper, PROPER[height], 1.0) * ~common
    together = sparse.csr_matrix(averaging(parents) @ nodes)
    siblings = np.bincount(parents)
    found: dict[int, Shortlist] = {}
    for parent in range(len(siblings)):
        family = together[parent].toarray().ravel() * siblings[parent]
        for node in np.flatnonzero(parents == parent).tolist():
            row = slice(nodes.indptr[node], nodes.indptr[node + 1])
            phrases, rate = nodes.indices[row].astype(np.int64), nodes.data[row]
            others = (family[phrases] - rate) / max(siblings[parent] - 1, 1)
            rest = (everything[phrases] - rate * sizes[node]) / max(documents - int(sizes[node]), 1)
            elsewhere = np.maximum(others, np.maximum(rest, 0))
            scores = contrast(rate, elsewhere) * worth[phrases] * rate ** (GENERAL * height)
            best = np.argsort(-np.round(scores, 9), kind="stable")[:SHORTLIST]
            lift = rate[best] / (elsewhere[best] + LIFT_FLOOR)
            found[node] = Shortlist(phrases[best], scores[best], lift)
    return [found[node] for node in range(len(parents))]
