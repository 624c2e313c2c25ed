"""Words as numbers say the same as dictionaries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shas_kb.organise.bag import Bag, Batch, Lexicon, counted, spread

WRITTEN = [{"sea": 3, "tide": 1}, {}, {"tide": 2, "moon": 5, "sea": 1}]


def bagged(lexicon: Lexicon, written: Sequence[Mapping[str, int]]) -> list[Bag]:
    """Bags, as documents that come from a file have them."""
    lines = ["\n".join(counts).encode() for counts in written]
    return lexicon.bags(Batch.of(lines, [list(own.values()) for own in written]))


@given(st.lists(st.lists(st.text("ab潮\0 ", max_size=5), unique=True)), st.integers(1, 4))
def test_a_word_has_one_number_whichever_batch_it_comes_in(documents: list[list[str]], batch: int) -> None:
    lexicon = Lexicon()
    bags = [
        bag
        for start in range(0, len(documents), batch)
        for bag in bagged(lexicon, [dict.fromkeys(own, 1) for own in documents[start : start + batch]])
    ]
    assert [list(bag) for bag in bags] == documents
    assert sorted(lexicon.words) == sorted({word for own in documents for word in own})


def test_words_are_the_same_across_the_stretches_in_which_they_are_hashed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shas_kb.organise.bag.STRETCH", 16)
    written = [{f"word{n % 7}-{'x' * (n % 3 * 20)}": 1, "sea": 2} for n in range(40)]
    lexicon = Lexicon()
    assert [dict(bag) for bag in bagged(lexicon, written)] == written
    assert len(lexicon.words) == len({word for own in written for word in own})
    assert bagged(lexicon, []) == []


def test_a_count_without_a_word_is_refused() -> None:
    with pytest.raises(ValueError, match="a count each"):
        Batch.of([b"sea"], [[1, 2]])


def test_a_bag_is_the_dictionary_it_was_made_of() -> None:
    bags = bagged(Lexicon(), WRITTEN)
    assert [dict(bag) for bag in bags] == WRITTEN
    assert [list(bag.items()) for bag in bags] == [list(counts.items()) for counts in WRITTEN]
    assert [list(bag.values()) for bag in bags] == [list(counts.values()) for counts in WRITTEN]
    assert [len(bag) for bag in bags] == [2, 0, 3]
    assert "moon" in bags[2] and "moon" not in bags[0]


def test_counting_is_the_same_however_words_are_kept() -> None:
    lexicon = Lexicon()
    bagged(lexicon, [{"elsewhere": 1}])
    bags = bagged(lexicon, WRITTEN)
    mixed = [bags[0], Counter(WRITTEN[1]), *bagged(Lexicon(), WRITTEN[2:])]
    column = {"moon": 0, "sea": 2, "tide": 2}
    for counts in (WRITTEN, bags, mixed):
        assert spread(counts) == {"sea": 2, "tide": 2, "moon": 1}
        np.testing.assert_array_equal(counted(counts, column).toarray(), [[0, 0, 4], [0, 0, 0], [5, 0, 3]])


def test_nothing_is_counted() -> None:
    assert spread([]) == {}
    assert counted([], {"sea": 0}).shape == (0, 1)
