"""What a document is about: its passages, and what stands above and before them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from shas_kb.organise.material import unit
from shas_kb.organise.represent import mean_passages, meanings, represent, scatter_inside, trust, words_count
from shas_kb.organise.whiten import SCATTER_FLOOR, whitening
from shas_kb.organise.words import reduced, tfidf


def test_a_document_is_seen_by_its_mean_its_first_passage_and_its_title(world) -> None:
    some = world.materials[:5]
    scatter = scatter_inside(some, mean_passages(some))
    assert scatter is not None
    mean, first, title = meanings(some)
    for view, rows in (
        (mean, np.stack([its.passages.mean(axis=0, dtype=np.float64) for its in some])),
        (first, np.stack([its.passages[0] for its in some]).astype(np.float64)),
        (title, np.stack([its.heading for its in some]).astype(np.float64)),
    ):
        np.testing.assert_allclose(view, unit((rows - rows.mean(axis=0)) @ whitening(scatter)), atol=1e-6)
    silent = [replace(its, heading=np.zeros_like(its.heading)) for its in some]
    assert len(meanings(silent)) == 2


def test_views_that_agree_are_trusted_and_one_that_says_nothing_is_not() -> None:
    random = np.random.default_rng(0)
    groups = np.repeat(random.standard_normal((8, 20)), 20, axis=0)
    agreeing = [unit(groups + random.standard_normal(groups.shape)) for _ in range(2)]
    trusted = trust([*agreeing, unit(random.standard_normal(groups.shape))])
    assert trusted[:2].min() > 0.3
    assert trusted[2] < 0.1
    np.testing.assert_array_equal(trust([agreeing[0], np.zeros_like(groups)]), [0, 0])


def test_titles_that_are_numbers_leave_documents_where_they_are(world) -> None:
    random = np.random.default_rng(0)
    numbers = unit(random.standard_normal((len(world.materials), world.materials[0].heading.shape[0])) * 0.05 + 1)
    numbered = [replace(its, heading=row.astype(np.float32)) for its, row in zip(world.materials, numbers, strict=True)]
    silent = [replace(its, heading=np.zeros_like(its.heading)) for its in world.materials]
    moved = np.abs(represent(numbered) @ represent(numbered).T - represent(silent) @ represent(silent).T)
    assert moved.mean() < 0.05


def test_words_that_tell_nothing_leave_documents_where_they_are(world) -> None:
    """As those of short notes, of which each says something else."""
    random = np.random.default_rng(0)
    drawn = random.choice(200, (len(world.materials), 12))
    noisy = [
        replace(its, terms={f"word{number}": 1 for number in row}, phrases={})
        for its, row in zip(world.materials, drawn.tolist(), strict=True)
    ]
    silent = [replace(its, terms={}, phrases={}) for its in world.materials]
    moved = np.abs(represent(noisy) @ represent(noisy).T - represent(silent) @ represent(silent).T)
    assert moved.mean() < 0.05


def test_words_count_as_far_as_they_are_borne_out() -> None:
    views = [0.5, 0.5, 0.5]
    assert words_count(np.array([*views, 0.9])) == words_count(np.array([*views, 0.5])) == 1
    assert words_count(np.array([*views, 0.1])) == pytest.approx(0.04)
    assert words_count(np.array([*views, 0.0])) == 0
    assert words_count(np.array([0.0, 0.0, 0.4])) == 1  # nothing but words tells anything


def test_a_phrase_is_more_than_its_words(world) -> None:
    """ "Red wine" and "red tape" share a word, and no phrase."""
    said = [{"red wine": 1}, {"red wine": 1}, {"red tape": 1}, {"red tape": 1}]
    some = [
        replace(its, terms={"red": 1}, phrases=phrases) for its, phrases in zip(world.materials, said, strict=False)
    ]
    alike = (tfidf(some) @ tfidf(some).T).toarray()
    assert alike[0, 1] > 0.99
    assert alike[0, 2] < 0.9


def test_titles_gather_what_passages_bear_out(world) -> None:
    """Reports of many companies, of the same chapters: titles that the passages bear out count."""
    random = np.random.default_rng(0)
    width = world.materials[0].passages.shape[1]
    chapters, names = (unit(random.standard_normal((count, width))) for count in (5, 12))
    reports = [
        replace(
            world.materials[0],
            passages=unit(chapter + 0.9 * name + 0.1 * random.standard_normal((4, width))).astype(np.float32),
            heading=name.astype(np.float32),
        )
        for name in names
        for chapter in chapters
    ]
    silent = [replace(its, heading=np.zeros_like(its.heading)) for its in reports]
    titled, untitled = (each @ each.T for each in map(represent, (reports, silent)))
    assert titled[0, 1:5].mean() > untitled[0, 1:5].mean() + 0.1  # its company's others
    assert titled[0, 5::5].mean() < untitled[0, 5::5].mean() - 0.1  # its chapter elsewhere


def test_white_is_nearly_equal_in_every_direction() -> None:
    random = np.random.default_rng(1)
    rows = random.standard_normal((4000, 6)) @ random.standard_normal((6, 6))
    scatter = rows.T @ rows / len(rows)
    made, spread = rows @ whitening(scatter), np.linalg.eigvalsh(scatter)
    np.testing.assert_allclose(np.mean(made**2, axis=0), spread / (spread + SCATTER_FLOOR * spread.mean()))


@pytest.mark.parametrize("passages", [0, 1])
def test_scatter_needs_two_passages_of_a_document(world, passages: int) -> None:
    few = [replace(its, passages=its.passages[:passages]) for its in world.materials[:6]]
    assert scatter_inside(few, mean_passages(few)) is None


@pytest.mark.parametrize(("rows", "off"), [(900, 0.02), (90, 1e-5)])
def test_words_are_reduced_to_nearly_their_best_directions(rows: int, off: float) -> None:
    generator = np.random.default_rng(0)
    dense = (generator.standard_normal((rows, 40)) * np.linspace(3, 1, 40)) @ generator.standard_normal((40, 700))
    dense[np.abs(dense) < 5] = 0
    left, length, _ = np.linalg.svd(dense, full_matrices=False)
    best = left[:, :20] * length[:20]
    found = reduced(sparse.csr_matrix(dense), 20)
    assert np.linalg.norm(best @ best.T - found @ found.T) < off * np.linalg.norm(best @ best.T)


def test_documents_that_say_few_things_have_few_directions() -> None:
    matrix = sparse.csr_matrix(np.tile(np.eye(3, 600), (300, 1)))
    lengths = np.linalg.norm(reduced(matrix, 20), axis=0)
    np.testing.assert_allclose(lengths, [*[300**0.5] * 3, *[0] * 17], atol=1e-2)


def test_few_documents_are_what_they_would_be_among_many(world, monkeypatch: pytest.MonkeyPatch) -> None:
    few = represent(world.materials)
    monkeypatch.setattr("shas_kb.organise.represent.FEW", 0)
    monkeypatch.setattr("shas_kb.organise.represent.ROWS", 7)
    many = represent(world.materials)
    np.testing.assert_allclose(few @ few.T, many @ many.T, atol=1e-9)
