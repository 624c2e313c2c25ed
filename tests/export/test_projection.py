"""The map of the documents."""

from __future__ import annotations

import numpy as np
import pytest

from shas_kb.export.projection import project


@pytest.mark.parametrize("count", [0, 1, 2, 3, 7, 60])
def test_the_map_fills_the_square(count: int) -> None:
    vectors = np.random.default_rng(0).normal(size=(count, 16)).astype(np.float32)
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    points = project(vectors)
    assert points.shape == (count, 2)
    assert np.array_equal(points, project(vectors))
    assert ((points >= 0) & (points <= 1)).all()
    if count > 2:
        assert np.allclose(points.max(axis=0), 1)
        assert np.allclose(points.min(axis=0), 0)


def test_alike_documents_are_near_on_the_map() -> None:
    random = np.random.default_rng(1)
    centres = np.eye(5, 32, dtype=np.float32)
    kinds = np.repeat(np.arange(5), 30)
    vectors = centres[kinds] + random.normal(0, 0.05, (150, 32)).astype(np.float32)
    points = project((vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32))
    far = np.linalg.norm(points[:, None] - points[None], axis=2) + np.eye(150) * 9
    assert (kinds[far.argmin(axis=1)] == kinds).mean() > 0.98


def test_documents_that_are_all_alike_do_not_lie_on_top_of_each_other() -> None:
    points = project(np.ones((20, 4), dtype=np.float32) / 2)
    assert len({tuple(point) for point in points.tolist()}) == 20
