"""The tree in one reply: as deep, and with as much of each node, as fits."""

from __future__ import annotations

from typing import Any, cast

from shas_kb.assistant.bounds import LONGEST, first_fitting, size
from shas_kb.outline import DEPTHS, Outline
from shas_kb.records import Node

SHORTEST_ENTRY = 100
"""Characters of JSON that an entry has at least: of more than LONGEST / 100 none need be tried."""

BRIEF = ("id", "level", "name", "parent", "documents", "path")
"""What is left of an entry where all of it does not fit."""


def branch(outline: Outline, root: Node | None, depth: str | None) -> dict[str, Any]:
    """The branch of `root` (None: the whole tree) down to `depth` (None: to the documents), as `tree --json` gives it.

    Where that does not fit, entries become brief; where that is not enough, the depth becomes less; and where one level
    alone is too much, the largest nodes stand for all. `counts` are always those of the whole branch, and `note` says
    what was left out and how to have it.
    """
    counts = _counts(outline, root)
    top = DEPTHS.index(root.level) if root else 0
    wanted = max(DEPTHS.index(depth or "document"), top)
    least = min(wanted, top + 1 if root else 0)
    for deep in range(wanted, least - 1, -1):
        if sum(counts.get(level, 0) for level in DEPTHS[: deep + 1]) > LONGEST // SHORTEST_ENTRY:
            continue
        whole = _reply(outline, root, counts, DEPTHS[deep])
        below = f"Shown down to {DEPTHS[deep]}: give a node's id as under to see below it." if deep < wanted else ""
        for reply, brief in ((whole, ""), (_brief(whole), "Entries are brief: show gives all of one.")):
            if note := " ".join(filter(None, (below, brief))):
                reply["note"] = note
            if size(reply) <= LONGEST:
                return reply
    return _largest(_brief(_reply(outline, root, counts, DEPTHS[least])), root)


def _largest(reply: dict[str, Any], root: Node | None) -> dict[str, Any]:
    """One level of a branch that is too much by itself: those nodes that come first, which are the largest."""
    nodes = reply["nodes"]
    rest = "show with an offset gives all documents" if root else "search finds what is in the others"
    reply |= {
        "nodes": [],
        "more_nodes": len(nodes),
        "note": f"Only the first are shown: {rest}; under takes their ids.",
    }
    reply["nodes"] = first_fitting(nodes, LONGEST - size(reply))
    reply["more_nodes"] -= len(reply["nodes"])
    return reply


def _reply(outline: Outline, root: Node | None, counts: dict[str, int], depth: str) -> dict[str, Any]:
    reply: dict[str, Any] = outline.json(root, depth)
    return {"counts": counts, "depth": depth} | reply


def _brief(reply: dict[str, Any]) -> dict[str, Any]:
    nodes = cast("list[dict[str, Any]]", reply["nodes"])
    return reply | {"nodes": [{name: entry[name] for name in BRIEF if name in entry} for entry in nodes]}


def _counts(outline: Outline, root: Node | None) -> dict[str, int]:
    """How many nodes of each level, and documents, are in a branch, its root among them."""
    counts = dict.fromkeys(DEPTHS[DEPTHS.index(root.level) if root else 0 :], 0)
    found = list(outline.tops(root))
    while found:
        node = found.pop()
        counts[node.level] += 1
        found += outline.children[node.id]
    return counts | {"document": outline.size(root)}
