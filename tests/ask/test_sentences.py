"""Sentences are chosen by what their passages' sketches say where they stand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shas_kb.ask import Snapshot
from shas_kb.ask.levels import Embed
from shas_kb.ask.looking import look
from shas_kb.ask.sentences import MOST, PIECE, SHORTEST, Sentences, said
from shas_kb.ask.words import words
from shas_kb.config import WORD_BITS
from shas_kb.records import Asked, Quote, Sketch, StoredPassage, Vectors
from shas_kb.storage import Store

Add = Callable[[Store, str, Sequence[str]], str]

ANSWERS = {
    "How long does Venus take to turn once?": "Venus turns once in 243 days, and backwards.",
    "When did Bagehot give his rule?": "Bagehot gave this rule in 1873.",
    "How many mitochondria has a red blood cell?": "A liver cell holds more than a thousand mitochondria; a red blood "
    "cell holds none.",
    "How does water get through the membrane?": "Water crosses the membrane of a cell through pores called aquaporins.",
    "At what rate of inflation do central banks aim?": "Most central banks aim at an inflation of about two percent a "
    "year.",
    "How long does the light of the Sun take?": "The light of that fusion takes eight minutes to reach us.",
    "What did Chandrasekhar compute?": "Chandrasekhar computed this limit on a ship to England.",
}


def sentences_of(store: Store, snapshot: Snapshot, embed: Embed, question: str) -> Sentences:
    return look(store, snapshot, embed, question, snapshot.under(None)).sentences


def best(sentences: Sentences) -> Quote:
    return sentences.quotes[int(sentences.ranking.rows[0])]


@pytest.mark.parametrize("question", ANSWERS)
def test_the_sentence_that_answers_is_the_most_relevant(
    library: Store, snapshot: Snapshot, embed: Embed, question: str
) -> None:
    assert best(sentences_of(library, snapshot, embed, question)).text == ANSWERS[question]


def test_sentences_stand_where_they_say(library: Store, snapshot: Snapshot, embed: Embed) -> None:
    found = sentences_of(library, snapshot, embed, "planets")
    assert len(found.quotes) == len(found.rows) == len(found.places) == len(found.traits)
    for quote, row, place in zip(found.quotes, found.rows, found.places, strict=True):
        (passage,) = library.passages([snapshot.key(row)])
        assert passage.sentences[place] == quote
        assert len(words(quote.text)) >= SHORTEST
    assert len(set(found.rows)) <= MOST
    assert ((found.covered >= 0) & (found.covered <= 1)).all()


def test_headings_are_no_sentences(empty: Store, embed: Embed, add: Add) -> None:
    add(empty, "Violins", ["Violins. They are made of spruce and maple."])
    add(empty, "Flutes", ["Flutes."])  # but where it is all there is
    found = sentences_of(empty, Snapshot.of(empty), embed, "violins")
    assert {quote.text for quote in found.quotes} == {"They are made of spruce and maple.", "Flutes."}
    assert len(found.ranking.rows) == 2


def test_a_passage_without_a_sketch_is_chosen_from_by_words(empty: Store, embed: Embed, add: Add) -> None:
    id = add(empty, "Memories", ["A dog slept under the table. My uncle paid forty crowns for his violin."])
    empty._db.execute("DELETE FROM sketches")
    found = sentences_of(empty, Snapshot.of(empty), embed, "How much did the uncle pay for his violin?")
    assert best(found).text == "My uncle paid forty crowns for his violin."
    assert {(traits.says, traits.means) for traits in found.traits} == {(0.0, 0.0)}
    (passage,) = empty.document_passages(id)
    assert said(passage, None, embed.asked("violin")).tolist() == [[0.0, 0.0]] * 2


FILLER = " ".join(f"Drawer number {i} holds old newspapers and string." for i in range(60))
CLAUSE = "My uncle paid forty crowns for his violin."


@pytest.mark.parametrize(("text", "found"), [(f"{CLAUSE} {FILLER}", True), (f"{FILLER} {CLAUSE}", False)])
def test_of_a_passage_longer_than_the_window_the_rest_says_nothing(
    empty: Store, embed: Embed, add: Add, text: str, found: bool
) -> None:
    id = add(empty, "Memories", [text])
    (passage,), (sketch,) = empty.document_passages(id), empty.sketches([(id, 0)])
    assert sketch is not None and passage.tokens > PIECE * len(sketch.pieces)
    told = said(passage, sketch, embed.asked("How much did the uncle pay for his violin?"))
    assert len(told) == 61
    assert told[-1].tolist() == [0.0, 0.0]
    assert all(says != 0 != means for says, means in told[:20])
    assert (max(says for says, _ in told) > 0.5) == found


def axis(*which: int) -> Vectors:
    """Rows that are 1 or -1 in 16 channels each of which stands for one thing: here for `which`."""
    return np.where(np.arange(16)[None] == np.array(which)[:, None], 1, -1).astype(np.float32)


def passage_of(lengths: Sequence[int]) -> StoredPassage:
    """A character a token, sentences one after another of so many."""
    ends = np.cumsum(lengths).tolist()
    text = "x" * ends[-1]
    spans = zip([0, *ends[:-1]], ends, strict=True)
    quotes = tuple(Quote(text[start:end], "d", None, 100 + start, 100 + end) for start, end in spans)
    return StoredPassage("d", 0, None, None, 100, 100 + len(text), len(text), text, quotes)


def sketch_of(rows: Vectors, telling: Sequence[bool], pieces: int) -> Sketch:
    """Of tokens that are in the directions of words already."""
    signs = np.packbits(np.repeat(rows >= 0, WORD_BITS // rows.shape[1], axis=1), axis=1)
    return Sketch(np.packbits(np.ones((pieces, 16), bool), axis=1), signs, np.packbits(telling))


def asked_for(row: Vectors) -> Asked:
    wide = np.repeat(row, WORD_BITS // row.shape[1], axis=1)
    unit = np.asarray(wide / np.linalg.norm(wide), np.float32)
    vector = np.full(16, 0.25, np.float32)
    return Asked(vector, vector, unit, np.ones(1, np.float32))


@given(st.lists(st.integers(4, 30), min_size=1, max_size=8), st.data())
def test_a_word_is_heard_in_the_sentence_that_it_stands_in(lengths: list[int], data: st.DataObject) -> None:
    """The first token and the last are within their sentences too."""
    tokens = sum(lengths) + 2  # and the two that begin and end the text
    at = data.draw(st.integers(1, tokens - 2))
    rows = np.repeat(axis(0), tokens, axis=0)
    rows[at] = axis(5)[0]
    told = said(passage_of(lengths), sketch_of(rows, [True] * tokens, -(-tokens // PIECE)), asked_for(axis(5)))
    says = [float(value) for value, _ in told]
    inside = int(np.searchsorted(np.cumsum(lengths), at - 1, side="right"))
    assert says[inside] == max(says) > min([*says, 0.99])
    assert sum(value == max(says) for value in says) <= 2  # a neighbour, by the slack
    assert all(mean == pytest.approx(told[0][1]) for _, mean in told)


@pytest.mark.parametrize(("lengths", "parts"), [([15, 16], [1, -1]), ([7, 16], [1, 0]), ([11, 20], [1, -0.6])])
def test_a_sentence_means_what_its_pieces_do_by_what_it_has_of_each(lengths: list[int], parts: list[float]) -> None:
    """Here the first piece is the question's very words and the second the opposite."""
    sketch = replace(sketch_of(axis(5), [True], 1), pieces=np.packbits([[1] * 16, [0] * 16], axis=1))
    told = said(passage_of(lengths), sketch, asked_for(axis(5)))
    assert [means for _, means in told] == pytest.approx([part * np.sqrt(np.pi / 2) for part in parts], abs=1e-6)


def test_only_telling_tokens_are_kept() -> None:
    telling = [True, False, False, True, True, False]
    told = said(passage_of([2, 2]), sketch_of(axis(0, 0, 5), telling, 1), asked_for(axis(5)))
    assert told[1][0] > told[0][0]


def test_sentences_without_a_telling_token_say_nothing() -> None:
    telling = [False] * 20 + [True, True]
    told = said(passage_of([10, 10]), sketch_of(axis(5, 5), telling, 2), asked_for(axis(5)))
    assert told[0][0] == 0 < told[1][0]


def test_where_a_passage_is_its_only_unit_no_sentence_says_more() -> None:
    told = said(passage_of([9, 9, 9]), sketch_of(axis(5), [True], 1), asked_for(axis(5)))
    assert told[0][0] > 0
    assert len({says for says, _ in told}) == 1


def test_no_text_no_sentence() -> None:
    nothing = replace(passage_of([4]), text="", sentences=())
    assert said(nothing, sketch_of(axis(5), [True], 1), asked_for(axis(5))).shape == (0, 2)
