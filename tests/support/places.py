"""What must hold of any tree."""

from __future__ import annotations

from collections import Counter, defaultdict

import numpy as np
import pytest

from shas_kb.records import NODE_LEVELS, Tree


def check_places(tree: Tree, documents: int) -> None:
    """Everything is in its place, once, and has a name of its own."""
    nodes = {node.id: node for node in tree.nodes}
    assert len(nodes) == len(tree.nodes)
    above = dict(zip(NODE_LEVELS, [*NODE_LEVELS[1:], None], strict=True))
    seen: set[str] = set()
    for node in tree.nodes:
        assert (nodes[node.parent].level if node.parent else None) == above[node.level]
        assert node.parent is None or node.parent in seen
        seen.add(node.id)
        assert node.documents > 0
        assert 0 <= node.confidence <= 1
        assert node.name
        assert node.vector.dtype == np.float32
    primary = Counter(membership.document for membership in tree.memberships if membership.primary)
    assert set(primary.values()) <= {1}
    assert len(primary) == documents
    weights: defaultdict[str, float] = defaultdict(float)
    for membership in tree.memberships:
        assert nodes[membership.node].level == "entity"
        weights[membership.document] += membership.weight
    assert weights == pytest.approx(dict.fromkeys(weights, 1.0))
    sizes = Counter(membership.node for membership in tree.memberships if membership.primary)
    below: defaultdict[str | None, int] = defaultdict(int)
    for node in reversed(tree.nodes):
        size = sizes[node.id] if node.level == "entity" else below[node.id]
        assert size == node.documents
        below[node.parent] += size
    assert below[None] == documents
    for node in tree.nodes:
        path = [node]
        while (parent := path[-1].parent) is not None:
            path.append(nodes[parent])
        names = [one.name for one in path]
        assert len(set(names)) == len(names), f"twice along a path: {names}"
    siblings = Counter((node.parent, node.name) for node in tree.nodes)
    assert set(siblings.values()) == {1}
