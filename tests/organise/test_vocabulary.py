"""Phrases: their stems, which of them can name a node, and how they are written."""

from __future__ import annotations

from collections import Counter

import pytest

from shas_kb.organise.vocabulary import shown, stem, usable


@pytest.mark.parametrize(
    ("phrase", "stems"),
    [
        ("Galaxies", ("galaxy",)),
        ("Massive Stars", ("massive", "star")),
        ("write-ahead log", ("write", "ahead", "log")),
        ("class", ("class",)),
        ("图论", ("图论",)),
        ("Einstein’s theory", ("einstein", "theory")),
    ],
)
def test_variants_of_a_phrase_have_one_stem(phrase, stems):
    assert stem(phrase) == stems


@pytest.mark.parametrize(
    "phrase", ["Learning Objectives", "Chapter", "Figure 3", "1999", "Retrieved December", "notes.txt", "x"]
)
def test_boilerplate_is_no_name(phrase):
    assert not usable(stem(phrase))


@pytest.mark.parametrize("phrase", ["Byzantine fault tolerance", "TCP", "动态规划", "World War", "Fei-Fei Li"])
def test_names_are_usable(phrase):
    assert usable(stem(phrase))


@pytest.mark.parametrize(
    ("forms", "best"),
    [
        ({"Black Hole": 5, "black hole": 4}, "black hole"),
        ({"Civil War": 50, "civil war": 2}, "Civil War"),
        ({"GDP": 5, "GDPs": 2}, "GDP"),
        ({"KEVIN SCOTT": 9}, "Kevin Scott"),
        ({"coral reef": 5, "coral reefs": 4}, "coral reefs"),
        ({"dough": 9, "doughs": 1}, "dough"),
        ({"Eric-Horvitz": 12, "Eric Horvitz": 3}, "Eric Horvitz"),
        ({"write-ahead log": 9, "write ahead log": 3}, "write-ahead log"),
    ],
)
def test_phrases_are_shown_as_the_text_has_them(forms, best):
    assert shown(Counter(forms)) == best
