"""Words and their counts come back as they were put."""

from __future__ import annotations

import json
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shas_kb.errors import UsageError
from shas_kb.storage.counts import pack, repacked, unpack

WORDS = st.text().filter(lambda word: "\n" not in word and word.isprintable())


@given(st.dictionaries(WORDS, st.integers(0, 2**32 - 1)))
def test_what_is_packed_comes_back_in_its_order(counts: dict[str, int]) -> None:
    assert list(unpack(pack(counts)).as_dict().items()) == list(counts.items())


@pytest.mark.parametrize(
    ("counts", "said"),
    [({"few": -1}, "from 0 to"), ({"many": 2**32}, "from 0 to")],
)
def test_what_cannot_come_back_is_refused(counts: dict[str, int], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        pack(counts)


@pytest.mark.parametrize("cut", [1, 4, 6, 9])
def test_a_part_is_not_taken_for_the_whole(cut: int) -> None:
    content = zlib.decompress(pack({"sea": 3, "tide": 1}))
    for part in (content[:cut], content[: -len("\ntide")], content + b"\nmoon"):
        with pytest.raises(ValueError, match=r"must have a count each|buffer"):
            unpack(zlib.compress(part))


def test_counts_of_an_older_version_say_the_same() -> None:
    counts = {"潮 汐": 2, 'a "moon"': 1}
    assert unpack(repacked(zlib.compress(json.dumps(counts).encode()))).as_dict() == counts
    assert unpack(repacked(zlib.compress(b"{}"))).as_dict() == {}


@pytest.mark.parametrize(
    "blob",
    [b"", b"\0", zlib.compress(b"[1]"), zlib.compress(b'{"a": null}'), zlib.compress(b"{"), zlib.compress(b"\xff")],
)
def test_what_is_broken_stays_so_when_it_is_packed_again(blob: bytes) -> None:
    assert repacked(blob) == blob
    with pytest.raises((ValueError, zlib.error)):
        unpack(blob)


def test_a_line_break_becomes_a_space() -> None:
    assert unpack(pack({"two\nlines": 1, "word": 3, "two lines": 2})).as_dict() == {"two lines": 3, "word": 3}
