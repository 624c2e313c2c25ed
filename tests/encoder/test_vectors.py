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


def stored(encoder: Encoder, documents: Sequence[Sequence[str]]) -> list[tuple[bytes, bytes]]:
    return [(p.astype("<f2").tobytes(), d.astype("<f2").tobytes()) for p, d in encoder.encode(documents)]


@pytest.mark.slow
def test_vectors_equal_those_of_sentence_transformers(encoder: Encoder, tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from sentence_transformers import SentenceTransformer
    texts = [passage(words, words) for words in (1, 2, 3, 7, 16, 40, 100, 180, 250, 400)]
    texts += [
        "",
        " ",
        "水的循环是指水在地球上的运动。光合作用把光能变成化学能。",
        "Привет, мир! ¿Qué tal? naïve café",
        "🙂" * 30,
    ]

    backbone = SentenceTransformer(str(describe().folder), device="cpu", local_files_only=True)
    cosines = (backbone.encode(texts) * next(encoder.encode([texts]))[0]).sum(axis=1)
    assert cosines.mean() > 0.9999
    assert cosines.min() > 0.9995

    folder = tmp_path / "first-token"  # not the mean of token states: goes through sentence-transformers
    shutil.copytree(describe().folder, folder)
    pooling = folder / "1_Pooling" / "config.json"
    facts = json.loads(pooling.read_text())
    pooling.write_text(json.dumps(facts | {"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False}))
    expected = SentenceTransformer(str(folder), device="cpu", local_files_only=True).encode(texts)
    other = load(str(folder), device="cpu")
    np.testing.assert_allclose(next(other.encode([texts]))[0], expected, atol=1e-5)
    np.testing.assert_allclose(load_question_encoder(str(folder))(texts), expected, atol=1e-5)
    units = other.levels(texts).units[other.depth].numpy()
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

    def endless() -> Iterator[list[str]]:
        nonlocal taken
        while True:
            taken += 1
            yield [f"passage {taken}"] * 20

    stream = encoder.encode(endless())
    vectors = [next(stream) for _ in range(3)]
    stream.close()
    assert taken < 100
    assert [passages.shape for passages, _ in vectors] == [(20, 384)] * 3
    alone = next(encoder.encode([["passage 3"]]))[0]
    np.testing.assert_array_equal(vectors[2][0], np.repeat(alone, 20, axis=0))


def test_vectors_are_of_unit_length(encoder: Encoder, documents: list[list[str]]) -> None:
    for passages, document in encoder.encode(documents[:5]):
        np.testing.assert_allclose(np.linalg.norm(passages, axis=1), 1, atol=1e-6)
        assert np.linalg.norm(document) == pytest.approx(1, abs=1e-6)
        assert passages.dtype == document.dtype == np.float32


def test_nothing_in_nothing_out(encoder: Encoder) -> None:
    assert list(encoder.encode([])) == []
