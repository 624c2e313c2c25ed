"""A passage's vector is the backbone's own, and the same bit for bit whatever else is encoded beside it."""

from __future__ import annotations

import random
import warnings
from collections.abc import Iterator, Sequence

import numpy as np
import pytest

from shas_kb.encoder import describe, load
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
def test_vectors_equal_those_of_sentence_transformers(encoder: Encoder) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from sentence_transformers import SentenceTransformer

        backbone = SentenceTransformer(str(describe().folder), device="cpu", local_files_only=True)
    texts = [passage(words, words) for words in (1, 2, 3, 7, 16, 40, 100, 180, 250, 400)]
    texts += [
        "",
        " ",
        "水的循环是指水在地球上的运动。光合作用把光能变成化学能。",
        "Привет, мир! ¿Qué tal? naïve café",
        "🙂" * 30,
    ]
    expected = backbone.encode(texts, normalize_embeddings=True)
    found = next(encoder.encode([texts]))[0]
    cosines = (expected * found).sum(axis=1)
    assert cosines.mean() > 0.9999
    assert cosines.min() > 0.9995


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
