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

from shas_kb.encoder import describe, load, load_question_encoder
from shas_kb.encoder.encoder import Encoder
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
        [each.astype("<f2").tobytes() for each in (its.document, its.title, its.passages, its.pieces)]
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
    np.testing.assert_allclose(next(other.encode([Text("", given)])).passages, expected, atol=1e-5)
    ask = load_question_encoder(str(folder))
    np.testing.assert_allclose(ask(given), expected, atol=1e-5)
    asked = ask.asked(given[0])  # with no words of its own, a question is all there is to look for
    np.testing.assert_allclose(np.stack([asked.plain, asked.vector, *asked.words]), expected[[0, 0, 0]], atol=1e-5)
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
        for vectors in (its.passages, its.pieces, its.document[None], its.title[None]):
            np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
            assert vectors.dtype == np.float32


def test_pieces_are_the_second_level_and_together_the_passage(encoder: Encoder) -> None:
    document = [passage(words, words) for words in (1, 30, 250)]
    its = next(encoder.encode([Text("Three passages", document)]))
    levels = encoder.levels(document)
    rows = slice(*levels.pyramid.bounds[encoder.depth][[0, -1]])
    assert its.counts == tuple(-(-np.diff(levels.pyramid.span[rows])[:, 0] // 16))
    units = levels.units[2].numpy()
    np.testing.assert_allclose(its.pieces, units / np.linalg.norm(units, axis=1, keepdims=True), atol=2e-6)


def test_a_title_is_a_text_like_others(encoder: Encoder) -> None:
    its = next(encoder.encode([Text("Heat in cells", ["Heat in cells", "The court ruled."])]))
    np.testing.assert_array_equal(its.title, its.passages[0])


def test_nothing_in_nothing_out(encoder: Encoder) -> None:
    assert list(encoder.encode([])) == []
