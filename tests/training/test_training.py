"""A training on a small collection: it learns, it is the same for the same seed, and it goes on where it was killed."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch

from shas_kb.ask.retrieve import search
from shas_kb.ask.snapshot import Snapshot
from shas_kb.config import ReadConfig
from shas_kb.encoder import describe, load
from shas_kb.encoder.encoder import Encoder
from shas_kb.encoder.learned import Learned
from shas_kb.encoder.question import weighed
from shas_kb.encoder.sketch import unpack
from shas_kb.encoder.training import Learner, Lesson, Outcome, _seen, _worth
from shas_kb.errors import UsageError
from shas_kb.pipeline import Source, ingest
from shas_kb.records import Sketch, Text
from shas_kb.storage import Store
from shas_kb.training import train
from shas_kb.training.curve import drawn
from shas_kb.training.lessons import DOCUMENTS, QUESTIONS, Lessons

THINGS = re.findall(
    r"\w+",
    "river membrane verdict turbine sonata glacier enzyme tariff comet harvest bridge lantern treaty reactor violin "
    "orchard magnet harbor fossil parliament needle volcano ledger telescope spider canal furnace ballad mirror senate "
    "compass quarry vaccine anchor meadow cathedral piston nebula ribbon charter",
)
SAID = "carries slows feeds divides measures hides follows breaks warms orders".split()  # noqa: SIM905


def text(number: int) -> str:
    """Some four hundred words about six things, each in sentences of its own."""
    chooser = random.Random(number)
    things = chooser.sample(THINGS, 6)
    lines = []
    for line in range(30):
        one, other = chooser.sample(things, 2)
        lines.append(f"In the year {1900 + line} the {one} {chooser.choice(SAID)} the {other} of the old north.")
    return " ".join(lines)


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return load(device="cpu")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory, encoder: Encoder) -> Iterator[Store]:
    folder = tmp_path_factory.mktemp("texts")
    for number in range(12):
        written = text(number)
        (folder / f"{number}.md").write_text(f"# {' '.join(written.split()[4:9])}\n\n{written}\n", encoding="utf-8")
    described = describe()
    with Store.open(folder / "kb.sqlite", create=True) as store:
        read = ReadConfig(str(described.tokenizer), described.facts.window)
        ingest(store, Source((folder,), ("*.md",)), described.facts, cache(lambda: encoder), read, with_tree=False)
        yield store


def test_a_lesson_is_decided_by_its_number_and_seed(store: Store, encoder: Encoder) -> None:
    one, same, other = Lessons(store, 0).lesson(3), Lessons(store, 0).lesson(3), Lessons(store, 1).lesson(3)
    assert one.questions == same.questions != other.questions
    assert 2 <= len(one.questions) <= DOCUMENTS * QUESTIONS
    assert len(one.texts) == len(one.passages) == len(one.sketches) == len(one.documents)
    assert [len(its.pieces) for its in one.sketches] == [-(-len(encoder.offsets(each)) // 16) for each in one.texts]
    assert one.documents.max() + 1 == len(one.titles)
    assert one.answers.max() < len(one.texts)


def test_training_finds_more_and_costs_less(store: Store, encoder: Encoder, tmp_path: Path) -> None:
    trained = train(store, encoder, tmp_path / "w.safetensors", steps=40)
    last = trained.outcomes[-10:]
    assert np.mean([each.loss for each in last]) < np.mean([each.plain_loss for each in last]) - 0.01
    assert trained.outcomes[0].loss == trained.outcomes[0].plain_loss
    learned = Learned.from_bytes(trained.weights.read_bytes(), "here")
    assert learned.saliency.any()
    assert learned.facts["backbone"] == encoder.facts.fingerprint
    assert trained.curve.read_text().startswith("<svg")
    assert not list(tmp_path.glob("*.checkpoint"))


def test_a_killed_training_goes_on_and_ends_the_same(
    store: Store, encoder: Encoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = train(store, encoder, tmp_path / "whole.safetensors", steps=30)
    draw = Lessons.lesson

    def killed(self: Lessons, number: int) -> Lesson:
        if number == 27:
            raise KeyboardInterrupt
        return draw(self, number)

    with monkeypatch.context() as patch:
        patch.setattr(Lessons, "lesson", killed)
        with pytest.raises(KeyboardInterrupt):
            train(store, encoder, tmp_path / "w.safetensors", steps=30)
    drawn_again: list[int] = []
    with monkeypatch.context() as patch:
        patch.setattr(Lessons, "lesson", lambda self, number: drawn_again.append(number) or draw(self, number))
        resumed = train(store, encoder, tmp_path / "w.safetensors", steps=30)
    assert drawn_again == list(range(25, 30))
    assert resumed.outcomes == whole.outcomes
    assert resumed.weights.read_bytes() == whole.weights.read_bytes()


def test_a_checkpoint_that_cannot_be_read_is_passed_over(store: Store, encoder: Encoder, tmp_path: Path) -> None:
    out = tmp_path / "w.safetensors"
    expected = train(store, encoder, out, steps=3, seed=5).weights.read_bytes()
    (tmp_path / "w.safetensors.checkpoint").write_bytes(b"cut off")
    assert train(store, encoder, out, steps=3, seed=5).weights.read_bytes() == expected


def test_the_answer_is_not_given_away(encoder: Encoder) -> None:
    """A sentence tells its passage from another, and far less where it is taken out."""
    sentence = "The volcano of the southern island slept for nine hundred years."
    texts = [f"{text(1)[:700]} {sentence}", text(1)[:700]]
    its = next(encoder.encode([Text("Two", texts)]))
    start = texts[0].index(sentence)
    shown = lesson_of([sentence], [None], texts, its)
    hidden = lesson_of([sentence], [(start, start + len(sentence))], texts, its)
    learner = Learner(encoder, 10)
    assert 100 * learner.learn(shown).loss < learner.learn(hidden).loss


def test_what_is_hidden_is_worth_what_it_would_be_were_it_not_there(encoder: Encoder) -> None:
    sentence = "The volcano of the southern island slept for nine hundred years."
    texts = [f"{text(1)[:700]} {sentence} {text(2)[:300]}", text(3)[:700]]
    its = next(encoder.encode([Text("Two", texts)]))
    start = texts[0].index(sentence)
    end = start + len(sentence)
    lesson = lesson_of(["What slept on the island?"], [(start, end)], texts, its)
    hidden = Learner(encoder, 10)._hidden(lesson, 0)
    assert hidden
    first, second = its.sketches
    inside = [place for place, (a, b) in enumerate(encoder.offsets(texts[0])) if a < end and b > start]
    assert hidden.pieces.tolist() == sorted({place // 16 for place in inside})
    told = np.flatnonzero(np.unpackbits(first.telling)).tolist()
    assert [told[word] for word in hidden.words] == [place for place in told if place in inside]

    kept = Sketch(np.delete(first.pieces, hidden.pieces, 0), np.delete(first.words, hidden.words, 0), first.telling)
    left = unpack(kept.pieces, 384).mean(axis=0)
    passages = np.stack([left / np.linalg.norm(left), its.passages[1]])
    states = encoder.states(lesson.questions)[0][None]
    counts, there = torch.full(states.shape[:2], 1 / states.shape[1]), torch.ones(states.shape[:2], dtype=torch.bool)
    worth = _worth(lesson, _seen(lesson, [hidden], states, there), states, counts)
    without = replace(lesson, passages=passages, sketches=(kept, second))
    expected = _worth(without, _seen(without, [None], states, there), states, counts)
    np.testing.assert_allclose(worth, expected, atol=1e-5)
    shown = _worth(lesson, _seen(lesson, [None], states, there), states, counts)
    assert shown[0, 0] > worth[0, 0] + 0.1


def lesson_of(questions, hidden, texts, its):  # type: ignore[no-untyped-def]
    return Lesson(
        questions=questions,
        answers=np.zeros(len(questions), np.int64),
        hidden=hidden,
        texts=texts,
        passages=its.passages,
        sketches=its.sketches,
        documents=np.zeros(len(texts), np.int64),
        titles=its.title[None],
    )


def test_a_lesson_reckons_as_asking_does(store: Store, encoder: Encoder) -> None:
    snapshot = Snapshot.of(store)
    rows = np.arange(len(snapshot.matrix))
    sketches = store.sketches([snapshot.key(int(row)) for row in rows])
    lesson = Lesson(
        questions=["Who gives a rule for a panic?"],
        answers=np.zeros(1, np.int64),
        hidden=[None],
        texts=["" for _ in rows],
        passages=snapshot.matrix.astype(np.float32),
        sketches=[its for its in sketches if its],
        documents=snapshot.owner,
        titles=snapshot.titles.astype(np.float32),
    )
    states = encoder.states(lesson.questions)[0][None]
    counts = torch.full(states.shape[:2], 1 / states.shape[1])
    there = torch.ones(states.shape[:2], dtype=torch.bool)
    worth = _worth(lesson, _seen(lesson, [None], states, there), states, counts)[0].numpy()
    asked = weighed(states[0].numpy(), None)
    ranking = search(store, snapshot, [], asked, snapshot.under(None)).dense
    assert len(ranking.rows) > 20
    np.testing.assert_allclose(ranking.scores, worth[ranking.rows], atol=1e-5)


def test_too_little_to_learn_from_says_so(encoder: Encoder, tmp_path: Path) -> None:
    with (
        Store.open(tmp_path / "kb.sqlite", create=True) as store,
        pytest.raises(UsageError, match="at least 2 documents"),
    ):
        train(store, encoder, tmp_path / "w.safetensors")


@pytest.mark.parametrize("steps", [1, 2, 500])
def test_a_curve_has_every_lesson(steps: int) -> None:
    picture = drawn([Outcome(3.0 - 1 / (step + 1), 0.5, 3.0, 0.4) for step in range(steps)])
    points = picture.split('class="mean" points="')[1].split('"')[0]
    assert len(points.split()) == steps
    assert "NaN" not in picture and "nan" not in picture
