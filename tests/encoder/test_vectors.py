"""A passage's vector is the backbone's own, and the same bit for bit whatever else is encoded beside it."""

from __future__ import annotations

import json
import random
import shutil
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
import torch

from shas_kb.config import WORD_BITS
from shas_kb.encoder import describe, load, load_question_encoder
from shas_kb.encoder.encoder import Encoder
from shas_kb.encoder.sketch import directions, projected, unpack
from shas_kb.records import Text

TEXT = (
    "the river carries warm water north while cells divide under light and markets price risk because a court "
    "ruled that heat flows from tissue to membrane; photosynthesis, jurisprudence and thermodynamics differ (2019)."
)


def passage(words: int, seed: int) -> str:
    return " ".join(random.Random(seed).choices(TEXT.split(), k=words))


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return load(device="cpu")


@pytest.fixture(scope="module")
def documents() -> list[list[str]]:
    """Some 60 passages of 1 to 254 words, in documents of 1 to 9."""
    chooser = random.Random(0)
    lengths = [chooser.choice((1, 2, 3, chooser.randrange(4, 60), chooser.randrange(60, 254))) for _ in range(60)]
    passages = [passage(length, seed) for seed, length in enumerate(lengths)]
    found = []
    while passages:
        take = chooser.randrange(1, 10)
        found.append(passages[:take])
        passages = passages[take:]
    return found


def texts(documents: Sequence[Sequence[str]]) -> list[Text]:
    """With titles: the words their passages begin with."""
    return [Text(" ".join(document[0].split()[:6]), document) for document in documents]


def stored(encoder: Encoder, documents: Sequence[Sequence[str]]) -> list[list[bytes]]:
    return [
        [each.astype("<f2").tobytes() for each in (its.document, its.title, its.passages)]
        + [each.tobytes() for sketch in its.sketches for each in (sketch.pieces, sketch.words, sketch.telling)]
        for its in encoder.encode(texts(documents))
    ]


@pytest.mark.slow
def test_vectors_equal_those_of_sentence_transformers(encoder: Encoder, tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from sentence_transformers import SentenceTransformer
    given = [passage(words, words) for words in (1, 2, 3, 7, 16, 40, 100, 180, 250, 400)]
    given += [
        "",
        " ",
        "水的循环是指水在地球上的运动。光合作用把光能变成化学能。",
        "Привет, мир! ¿Qué tal? naïve café",
        "🙂" * 30,
    ]

    backbone = SentenceTransformer(str(describe().folder), device="cpu", local_files_only=True)
    cosines = (backbone.encode(given) * next(encoder.encode([Text("", given)])).passages).sum(axis=1)
    assert cosines.mean() > 0.9999
    assert cosines.min() > 0.9995

    folder = tmp_path / "first-token"  # not the mean of token states: goes through sentence-transformers
    shutil.copytree(describe().folder, folder)
    pooling = folder / "1_Pooling" / "config.json"
    facts = json.loads(pooling.read_text())
    pooling.write_text(json.dumps(facts | {"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False}))
    expected = SentenceTransformer(str(folder), device="cpu", local_files_only=True).encode(given)
    other = load(str(folder), device="cpu")
    its = next(other.encode([Text("", given)]))
    np.testing.assert_allclose(its.passages, expected, atol=1e-5)
    for vector, sketch in zip(its.passages, its.sketches, strict=True):  # itself is all that it says
        np.testing.assert_array_equal(sketch.pieces, np.packbits(vector >= 0)[None])
        assert (sketch.words.shape, sketch.telling.tolist()) == ((1, WORD_BITS // 8), [128])
        assert projected(vector[None])[0] @ unpack(sketch.words, WORD_BITS)[0] > 0.9
    ask = load_question_encoder(str(folder))
    np.testing.assert_allclose(ask(given), expected, atol=1e-5)
    asked = ask.asked(given[0])  # with no words of its own, a question is all there is to look for
    np.testing.assert_allclose(np.stack([asked.plain, asked.vector]), expected[[0, 0]], atol=1e-5)
    np.testing.assert_allclose(asked.words, projected(expected[:1]), atol=1e-4)
    assert asked.counts.tolist() == [1]
    units = other.levels(given).units[other.depth].numpy()
    np.testing.assert_allclose(units / np.linalg.norm(units, axis=1, keepdims=True), expected, atol=1e-5)


def test_what_is_beside_a_passage_changes_no_bit(encoder: Encoder, documents: list[list[str]]) -> None:
    together = stored(encoder, documents)
    order = random.Random(1).sample(range(len(documents)), len(documents))
    assert stored(encoder, [documents[index] for index in order]) == [together[index] for index in order]
    assert [stored(encoder, [document])[0] for document in documents[:8]] == together[:8]


def test_how_work_is_cut_changes_no_bit(encoder: Encoder, documents: list[list[str]]) -> None:
    together = stored(encoder, documents)
    other = load(device="cpu")
    other._block, other._threads = 300, 1
    assert stored(other, documents[::-1])[::-1] == together


def test_documents_come_in_order_and_are_read_lazily(encoder: Encoder) -> None:
    taken = 0

    def endless() -> Iterator[Text]:
        nonlocal taken
        while True:
            taken += 1
            yield Text("", [f"passage {taken}"] * 20)

    stream = encoder.encode(endless())
    vectors = [next(stream) for _ in range(3)]
    stream.close()
    assert taken < 100
    assert [its.passages.shape for its in vectors] == [(20, 384)] * 3
    alone = next(encoder.encode([Text("", ["passage 3"])])).passages
    np.testing.assert_array_equal(vectors[2].passages, np.repeat(alone, 20, axis=0))


def test_vectors_are_of_unit_length(encoder: Encoder, documents: list[list[str]]) -> None:
    for its in encoder.encode(texts(documents[:5])):
        for vectors in (its.passages, its.document[None], its.title[None]):
            np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
            assert vectors.dtype == np.float32


@pytest.mark.parametrize("learned", [False, True])
def test_pieces_are_the_signs_of_the_second_level(learned: bool) -> None:
    encoder = load(device="cpu")
    if learned:
        with torch.no_grad():
            encoder.head.gate.fill_(0.5)
    document = [passage(words, words) for words in (1, 30, 250)]
    its = next(encoder.encode([Text("Three passages", document)]))
    tokens = [len(states) for states in encoder.states(document)]
    assert [len(sketch.pieces) for sketch in its.sketches] == [-(-count // 16) for count in tokens]
    units = encoder.levels(document).units[2].numpy()
    signs = np.unpackbits(np.concatenate([sketch.pieces for sketch in its.sketches]), axis=1)
    sure = np.abs(units) > 1e-5  # the others, some channels that hardly say anything, may be added up in another order
    assert sure.mean() > 0.98
    np.testing.assert_array_equal(signs[sure], (units >= 0)[sure])


def test_words_are_the_signs_of_telling_tokens_along_directions(encoder: Encoder) -> None:
    document = [passage(words, words) for words in (1, 2, 30, 250)]
    its = next(encoder.encode([Text("Four passages", document)]))
    for states, sketch in zip(encoder.states(document), its.sketches, strict=True):
        rows = states.numpy()
        told = np.unpackbits(sketch.telling, count=len(rows)).astype(bool)
        assert len(sketch.words) == told.sum() == -(-len(rows) // 2)
        lengths = np.linalg.norm(rows.astype(np.float64), axis=1)
        assert lengths[told].min() > lengths[~told].max(initial=0) - 1e-5
        steps = np.round(rows[told] * (np.float32(127) / np.abs(rows[told]).max(axis=1, keepdims=True)))
        along = steps @ directions(rows.shape[1])
        signs = np.unpackbits(sketch.words, axis=1)
        sure = np.abs(along) > 1  # a channel may lie halfway between two steps
        assert sure.mean() > 0.98
        np.testing.assert_array_equal(signs[sure], (along > 0)[sure])


def test_a_title_is_a_text_like_others(encoder: Encoder) -> None:
    its = next(encoder.encode([Text("Heat in cells", ["Heat in cells", "The court ruled."])]))
    np.testing.assert_array_equal(its.title, its.passages[0])


def test_nothing_in_nothing_out(encoder: Encoder) -> None:
    assert list(encoder.encode([])) == []
