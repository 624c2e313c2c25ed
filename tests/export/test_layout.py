"""The tree in the plane: nothing overlaps, and everything lies inside what it belongs to."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shas_kb.export.content import read_content
from shas_kb.export.extent import Extent
from shas_kb.export.page.layout import enclosing, lay_out, pack
from shas_kb.storage import Store


@settings(deadline=None)
@given(st.lists(st.floats(0.5, 50), min_size=1, max_size=40))
def test_packed_discs_touch_but_do_not_overlap(radii: list[float]) -> None:
    sizes = np.array(radii)
    points = pack(sizes)
    between = np.hypot(*np.moveaxis(points[:, None] - points[None], -1, 0))
    gaps = (between - sizes[:, None] - sizes)[~np.eye(len(sizes), dtype=bool)]
    assert (gaps > -1e-6).all()
    assert tuple(points[0]) == (0, 0)
    middle, radius = enclosing(points, sizes)
    assert (np.hypot(*(points - middle).T) + sizes <= radius + 1e-9).all()
    assert radius <= sizes.sum() * 1.02 + 1e-9


@pytest.mark.parametrize("extent", [Extent(), Extent(depth="entity"), Extent(under="planets"), Extent(depth="domain")])
def test_children_lie_inside_their_parent_and_apart(store: Store, extent: Extent) -> None:
    content = read_content(store, extent)
    discs = lay_out(content)
    assert set(discs) == {thing.id for thing in (*content.nodes, *content.documents)}
    assert discs == lay_out(content)
    for id, parent in content.parents.items():
        inner, outer = discs[id], discs[parent]
        assert np.hypot(inner.middle_x - outer.middle_x, inner.middle_y - outer.middle_y) + inner.radius <= outer.radius
    for row in content.children.values():
        for i, a in enumerate(row):
            for b in row[:i]:
                one, two = discs[a], discs[b]
                far = np.hypot(one.middle_x - two.middle_x, one.middle_y - two.middle_y)
                assert far >= one.radius + two.radius - 0.3  # places are rounded to a tenth
