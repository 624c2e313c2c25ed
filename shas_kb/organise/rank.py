"""Which phrases tell a node from its siblings and from the rest of the collection, best first.

Class-based TF-IDF (Grootendorst, arXiv 2203.05794) over noun-like phrases, in roots, gives a node's shortlist: it says
a phrase as much as its children do on average, each child counting the same. So a category is told by what all its
entities share, not by the loudest of them. What else is known of a phrase is weighed as `weights.py` says: who uses it
and where, whether it stands in titles, its form, and, where a model tells, its meaning.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from shas_kb.organise.candidate import Candidate, Described, candidates
from shas_kb.organise.fullnames import full_names
from shas_kb.organise.group import averaging
from shas_kb.organise.material import Array, Labels, members, unit
from shas_kb.organise.meaning import Meaning
from shas_kb.organise.users import EVERYWHERE, Users
from shas_kb.organise.vocabulary import Vocabulary
from shas_kb.organise.weights import weighed

SHORTLIST, TITLES = 40, 10
"""How many of a node's phrases are weighed: those that tell it best, and those that most of its titles have."""
MEANT = 20
"""How many of these are looked at for their meaning as well: those that are best without it."""
FLOOR = 0.35
"""The rate elsewhere below which a phrase gets no more telling: else the rarest phrase would win over the subject."""
LIFT_FLOOR = 0.1


@dataclass(frozen=True, slots=True)
class Shortlist:
    """Some phrases of a node (columns of the vocabulary), how much each is said there, how much more that is than
    elsewhere, and its lift over the rest; all [phrases]."""

    phrases: Labels
    said: Array
    contrast: Array
    lift: Array


def ranked(
    words: Vocabulary, units: Array, levels: Sequence[Labels], meaning: Meaning | None = None
) -> list[list[list[Candidate]]]:
    """The candidates of every node, best first; nodes by level, lowest first.

    `units` [n, d] are the documents' vectors; `levels[0]` [n] tells each document's entity, `levels[1]` each entity's
    category, and so on. With `meaning`, phrases count by how near to the node they are in meaning.
    """
    full = full_names(words)
    return [[candidates(words, full, node) for node in level] for level in described(words, units, levels, meaning)]


def described(
    words: Vocabulary, units: Array, levels: Sequence[Labels], meaning: Meaning | None = None
) -> list[list[Described]]:
    """The best phrases of every node, and what is known of them; arguments as of `ranked`."""
    users = Users(words, units, levels[0])
    rates, children, documents = words.rates, np.arange(len(units)), levels[0]
    found: list[list[Described]] = []
    of_documents: list[Labels] = []
    for height, labels in enumerate(levels):
        rates = sparse.csr_matrix(averaging(labels) @ rates)
        if height:
            children, documents = documents, labels[documents]
        parents = levels[height + 1] if height + 1 < len(levels) else np.zeros(rates.shape[0], dtype=np.int64)
        shorts = _shortlists(words, rates, parents, documents)
        centres = unit(averaging(documents) @ units)
        nodes = zip(shorts, members(documents), centres, strict=True)
        found.append([_described(words, users, short, own, centre, children[own]) for short, own, centre in nodes])
        of_documents.append(documents)
    if meaning is None:
        return found
    texts = [[[words.written[phrase] for phrase in node.phrases] for node in level] for level in found]
    return [
        [replace(node, features={**node.features, "meaning": near}) for node, near in zip(level, nears, strict=True)]
        for level, nears in zip(found, meaning.nearness(texts, of_documents), strict=True)
    ]


def _described(
    words: Vocabulary, users: Users, short: Shortlist, rows: Labels, centre: Array, children: Labels
) -> Described:
    """The best of a node's shortlist, and what is known of them but for their meaning.

    `rows` are the node's documents, `centre` [d] is their middle, `children` [rows] where each of them lies.
    """
    inside = users.inside(rows, short.phrases)
    features = {
        "contrast": short.contrast,
        "said": short.said,
        "near": users.nearness(short.phrases, centre),
        "differ": users.difference(inside),
        "absent": users.absence(short.phrases, inside),
        "titled": users.titled(rows, short.phrases),
        "form": words.worth[short.phrases],
        "meaning": np.ones(len(short.phrases)),
    }
    best = _best(weighed(features), MEANT)
    features = {name: feature[best] for name, feature in features.items()}
    homes = np.unique(children, return_inverse=True)[1]
    return Described(short.phrases[best], features, short.lift[best], inside[:, best], homes)


def contrast(rate: Array, elsewhere: Array) -> Array:
    """How much a phrase said at `rate` here and at rate `elsewhere` tells of here; the rates are roots, none below
    zero."""
    return np.asarray(rate * np.log1p(rate / (elsewhere + FLOOR)))


def _shortlists(words: Vocabulary, nodes: sparse.csr_matrix, parents: Labels, documents: Labels) -> list[Shortlist]:
    """The shortlist of each of `nodes` [k, phrases], told from siblings and all the rest; `documents` [n] tells the
    node of each document."""
    everything = np.asarray(words.rates.sum(axis=0)).ravel()
    sizes, total = np.bincount(documents), len(documents)
    says = np.bincount(words.rates.indices, minlength=len(words.keys))
    usable = says <= EVERYWHERE * total + (1 - EVERYWHERE) * sizes.max()
    together = sparse.csr_matrix(averaging(parents) @ nodes)
    in_titles = sparse.csr_matrix(averaging(documents) @ words.titled)
    siblings = np.bincount(parents)
    titles = np.zeros(len(words.keys))
    found: dict[int, Shortlist] = {}
    for parent in range(len(siblings)):
        family = together[parent].toarray().ravel() * siblings[parent]
        for node in np.flatnonzero(parents == parent).tolist():
            row = slice(nodes.indptr[node], nodes.indptr[node + 1])
            own = usable[nodes.indices[row]]
            phrases, rate = nodes.indices[row].astype(np.int64)[own], nodes.data[row][own]
            others = (family[phrases] - rate) / max(siblings[parent] - 1, 1)
            rest = (everything[phrases] - rate * sizes[node]) / max(total - int(sizes[node]), 1)
            elsewhere = np.maximum(others, np.maximum(rest, 0))
            telling = contrast(rate, elsewhere)
            titled = slice(in_titles.indptr[node], in_titles.indptr[node + 1])
            titles[in_titles.indices[titled]] = in_titles.data[titled]
            best = np.union1d(
                _best(telling * words.worth[phrases], SHORTLIST),
                _best(titles[phrases] * telling * words.worth[phrases], TITLES),
            )
            titles[in_titles.indices[titled]] = 0
            lift = rate[best] / (elsewhere[best] + LIFT_FLOOR)
            found[node] = Shortlist(phrases[best], rate[best], telling[best], lift)
    return [found[node] for node in range(len(parents))]


def _best(scores: Array, most: int) -> Labels:
    """The places of the highest of some scores that are above zero."""
    if len(scores) > 4 * most:
        least = np.partition(scores, -most)[-most]
        places = np.flatnonzero(np.round(scores, 9) >= np.round(least, 9))
    else:
        places = np.arange(len(scores))
    best = places[np.argsort(-np.round(scores[places], 9), kind="stable")[:most]]
    return best[scores[best] > 0]
