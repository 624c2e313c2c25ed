"""What a document is about: its passages, and what stands above and before them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from shas_kb.organise.material import unit
from shas_kb.organise.represent import (
    HEADING_COUNTS,
    LEAD_COUNTS,
    SCATTER_FLOOR,
    about,
    represent,
    scatter_inside,
    white,
)


def test_title_and_first_passage_count_beside_the_mean(world) -> None:
    some = world.materials[:5]
    for row, its in zip(about(some), some, strict=True):
        expected = its.passages.mean(axis=0) + LEAD_COUNTS * its.passages[0] + HEADING_COUNTS * its.heading
        np.testing.assert_allclose(row, expected, atol=1e-6)


def test_titles_tell_documents_apart_that_say_the_same(world) -> None:
    """Reports of two companies, of the same chapters: only what stands above them says whose they are."""
    random = np.random.default_rng(0)
    base, names = world.materials[:4], unit(random.standard_normal((2, world.materials[0].passages.shape[1])))
    reports = [
        replace(
            its,
            passages=unit(its.passages + 0.05 * random.standard_normal(its.passages.shape)).astype(np.float32),
            heading=name.astype(np.float32),
        )
        for name in names
        for its in base
    ]
    silent = [replace(its, heading=np.zeros_like(its.heading)) for its in reports]
    titled, untitled = (each @ each.T for each in map(represent, (reports, silent)))
    own, twin = [1, 2, 3], 4  # of the first: reports of its company, and the other's with its chapters
    assert titled[0, twin] < untitled[0, twin] - 0.05
    assert titled[0, own].mean() > untitled[0, own].mean() + 0.05


def test_a_document_without_a_title_is_what_it_says(world) -> None:
    its = replace(world.materials[0], heading=np.zeros_like(world.materials[0].heading))
    np.testing.assert_allclose(about([its])[0], its.passages.mean(axis=0) + LEAD_COUNTS * its.passages[0], atol=1e-6)
    assert not about([replace(its, passages=its.passages[:0])]).any()


def test_white_is_nearly_equal_in_every_direction() -> None:
    random = np.random.default_rng(1)
    rows = random.standard_normal((4000, 6)) @ random.standard_normal((6, 6))
    scatter = rows.T @ rows / len(rows)
    made, spread = white(rows, scatter), np.linalg.eigvalsh(scatter)
    np.testing.assert_allclose(np.mean(made**2, axis=0), spread / (spread + SCATTER_FLOOR * spread.mean()))


@pytest.mark.parametrize("passages", [0, 1])
def test_scatter_needs_two_passages_of_a_document(world, passages: int) -> None:
    few = [replace(its, passages=its.passages[:passages]) for its in world.materials[:6]]
    assert scatter_inside(few) is None
