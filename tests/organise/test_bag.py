"""Words as numbers say the same as dictionaries."""

from __future__ import annotations

from collections import Counter

import numpy as np

from shas_kb.organise.bag import Lexicon, counted, spread

WRITTEN = [{"sea": 3, "tide": 1}, {}, {"tide": 2, "moon": 5, "sea": 1}]


def test_a_bag_is_the_dictionary_it_was_made_of() -> None:
    lexicon = Lexicon()
    bags = [lexicon.bag(counts, list(counts.values())) for counts in WRITTEN]
    assert [dict(bag) for bag in bags] == WRITTEN
    assert [list(bag.items()) for bag in bags] == [list(counts.items()) for counts in WRITTEN]
    assert [list(bag.values()) for bag in bags] == [list(counts.values()) for counts in WRITTEN]
    assert [len(bag) for bag in bags] == [2, 0, 3]
    assert "moon" in bags[2] and "moon" not in bags[0]


def test_counting_is_the_same_however_words_are_kept() -> None:
    lexicon = Lexicon()
    lexicon.bag(["elsewhere"], [1])
    bags = [lexicon.bag(counts, list(counts.values())) for counts in WRITTEN]
    mixed = [bags[0], Counter(WRITTEN[1]), Lexicon().bag(WRITTEN[2], list(WRITTEN[2].values()))]
    column = {"moon": 0, "sea": 2, "tide": 2}
    for counts in (WRITTEN, bags, mixed):
        assert spread(counts) == {"sea": 2, "tide": 2, "moon": 1}
        np.testing.assert_array_equal(counted(counts, column).toarray(), [[0, 0, 4], [0, 0, 0], [5, 0, 3]])


def test_nothing_is_counted() -> None:
    assert spread([]) == {}
    assert counted([], {"sea": 0}).shape == (0, 1)
