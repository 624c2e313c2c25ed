"""Titles of OpenStax as questions: does the best hit hold the documents that the title stands over?

The title of a chapter is asked at the level entity, of a book at category, of a field at domain; and each at the level
that is chosen. Right is what lies under the title; the figure is F1 of the documents under the first hit (of a
document, passage or sentence: that document), mean over titles; on the tree that `organise` builds by itself, on what
it builds with the true counts given, and on the true tree, whose names are the titles that are asked.

Beside it stand: of the tree, the node of the level that fits best, as no answer can be better; of the collapsed tree
the first node of the level in its list; and of the flat ways, which know no nodes, the documents of their first ten
passages. What words count was learned on three of the six books, so that chapters and books of the other three stand
apart as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from pathlib import Path
from typing import Any

import numpy as np
from corpora import TRAINED_ON, corpus

from quality.stores import organised, stored
from quality.textbooks import places, true_documents, true_tree
from shas_kb.ask import Snapshot, ask
from shas_kb.ask.levels import Embed
from shas_kb.config import TreeConfig
from shas_kb.evaluation.ways import COLLAPSED, SHOWN, Baselines, Found
from shas_kb.pipeline import organise_collection
from shas_kb.progress import Progress
from shas_kb.records import NODE_LEVELS, Hit, Level
from shas_kb.storage import Store

BEST = "the node that fits best"


def titles(cache: Path, embed: Embed, progress: Progress) -> dict[str, Any]:
    """The figures of this part."""
    file = stored("openstax", corpus("openstax", cache), cache)
    trees: Mapping[str, Callable[[Store], object]] = {
        "organise": organise_collection,
        "organise, true counts given": with_true_counts,
        "truth": true_tree,
    }
    figures: dict[str, Any] = {}
    for name, build in trees.items():
        with organised(file, build) as store:
            figures[name] = measured(store, embed, progress)
    return figures


def with_true_counts(store: Store) -> None:
    """Build the tree with as many entities, categories and domains as there are chapters, books and fields."""
    right = true_documents(store)
    counts = {level: len(right[level]) for level in NODE_LEVELS}
    config = TreeConfig(entities=counts["entity"], categories=counts["category"], domains=counts["domain"])
    organise_collection(store, config)


def measured(store: Store, embed: Embed, progress: Progress) -> dict[str, Any]:
    """On one tree, by level."""
    tree = store.tree()
    members = tree.members() if tree else {}
    nodes: dict[str, list[frozenset[str]]] = {level: [] for level in NODE_LEVELS}
    for node in tree.nodes if tree else ():
        nodes[node.level].append(members[node.id])
    snapshot, baselines = Snapshot.of(store), Baselines(store, embed)
    held_out = {title for _, book, chapter in places().values() if book not in TRAINED_ON for title in (book, chapter)}
    figures: dict[str, Any] = {}
    for level, right in true_documents(store).items():
        scores: dict[str, Mapping[str, float]] = {}
        progress.start("Asking", len(right), "title")
        for title, documents in right.items():
            at, auto = (ask(store, embed, title, levels, snapshot=snapshot) for levels in ([level], []))
            flat = baselines(title)
            sets = {
                "at its level": under(at.hits),
                "at the level chosen": under(auto.hits),
                COLLAPSED: first_node(flat[COLLAPSED], level, members),
                **{way: {each.document for each in found[:SHOWN]} for way, found in flat.items() if way != COLLAPSED},
            }
            best = max(f1(found, documents) for found in nodes[level])
            scores[title] = {way: f1(found, documents) for way, found in sets.items()} | {BEST: best}
            progress.advance()
        progress.finish()
        figures[level] = {"nodes": len(nodes[level]), **means(scores.values())}
        if level != "domain":
            apart = [its for title, its in scores.items() if title in held_out]
            figures[level]["of books not trained on"] = means(apart)
    return figures


def under(hits: Sequence[Hit]) -> frozenset[str]:
    """The documents of the first hit."""
    if not hits:
        return frozenset()
    return frozenset({hits[0].document.id} if hits[0].document else hits[0].documents)


def first_node(found: Sequence[Found], level: Level, members: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """The documents of the first node of a level in a list."""
    return next((members[each.node] for each in found if each.node and each.level == level), frozenset())


def f1(found: Set[str], right: Set[str]) -> float:
    """Of two sets: twice what they share, by both their sizes."""
    return 2 * len(found & right) / (len(found) + len(right))


def means(scores: Iterable[Mapping[str, float]]) -> dict[str, float]:
    """The mean of each way."""
    every = list(scores)
    return {"titles": len(every)} | {way: round(float(np.mean([its[way] for its in every])), 4) for way in every[0]}
