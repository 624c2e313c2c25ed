"""What draw.py draws, measured on the sample corpus: all from the library, nothing from elsewhere."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE
from threadpoolctl import threadpool_limits

from shas_kb.ask import Snapshot, ask
from shas_kb.ask.levels import Embed
from shas_kb.ask.retrieve import cosines, drawn, search
from shas_kb.ask.words import content_words, subject_words, words
from shas_kb.config import LESSONS, ReadConfig
from shas_kb.encoder import describe, learned_for, load, load_question_encoder
from shas_kb.encoder.encoder import PIECES, RATIO, Encoder
from shas_kb.encoder.learned import Learned
from shas_kb.encoder.question import weighed
from shas_kb.encoder.sketch import unpack
from shas_kb.encoder.training import Learner
from shas_kb.pipeline import Source, ingest
from shas_kb.records import NODE_LEVELS, Asked, Level, Vectors
from shas_kb.storage import Store
from shas_kb.training.lessons import Lessons

CORPUS = Path(__file__).resolve().parents[2] / "sample_corpus"
HEIGHTS = ("detail", "subject", "overview", "mixed")
NAMES = ("phrase", "sentence", "paragraph", "passage", "document")
"""Of the levels from 1 up."""
MARKED, ASKED = 500, 5000
"""Units of a level that are drawn, and whose nearest one is looked for, at most."""
EVERY, TOP, FIRST = 5, 10, 5
"""Lessons between two looks at what was learned; passages among which the right ones are counted."""

Rows = NDArray[np.int64]
Series = NDArray[np.float64]
_WORD = re.compile(r"\w+(?:['’-]\w+)*")


@dataclass(frozen=True)
class Question:
    """A question of the test half; `right` are the paths of the documents under what it asks for."""

    height: str
    text: str
    right: frozenset[str]


@dataclass(frozen=True)
class Collection:
    """The sample corpus, ingested, and the truth about it: by the path of a document the names of its true places."""

    store: Store
    encoder: Encoder
    embed: Embed
    snapshot: Snapshot
    truth: Mapping[str, Mapping[str, str]]
    questions: Sequence[Question]

    @cached_property
    def paths(self) -> list[str]:
        """Of the snapshot's documents."""
        return [document.path for document in self.snapshot.documents]

    @cached_property
    def pieces(self) -> list[Vectors]:
        """Of every passage, as the collection keeps them."""
        found = self.store.sketches([self.snapshot.key(row) for row in range(len(self.snapshot.matrix))])
        return [unpack(its.pieces, self.snapshot.matrix.shape[1]) for its in found if its is not None]

    def places(self, level: str, paths: frozenset[str]) -> set[str]:
        """The true places of some documents."""
        return {self.truth[path][level] for path in paths}

    def chosen(self) -> list[Question]:
        """The first question of each height that shares no category with one before."""
        found: list[Question] = []
        for height in HEIGHTS:
            seen = {name for question in found for name in self.places("category", question.right)}
            some = (question for question in self.questions if question.height == height)
            found.append(next(each for each in some if not seen & self.places("category", each.right)))
        return found


@contextmanager
def collection(folder: Path) -> Iterator[Collection]:
    """Ingest the sample corpus into `folder`, as `shas-kb ingest` does; one thread from here on, for equal bits."""
    described, encoder = describe(), load(device="cpu")
    read = ReadConfig(tokenizer=str(described.tokenizer), window=described.facts.window)
    documents = json.loads((CORPUS / "truth.json").read_text(encoding="utf-8"))["documents"]
    truth = {document["path"]: document for document in documents}
    asked = [json.loads(line) for line in (CORPUS / "questions.jsonl").read_text(encoding="utf-8").splitlines()]
    questions = [_question(each, truth) for each in asked if each["split"] == "test" and each["height"] in HEIGHTS]
    with threadpool_limits(1), Store.open(folder / "kb.sqlite", create=True) as store:
        torch.set_num_threads(1)
        ingest(store, Source((CORPUS,)), described.facts, lambda: encoder, read, weights=learned_for(described.facts))
        embed = load_question_encoder(None, store.weights())
        yield Collection(store, encoder, embed, Snapshot.of(store), truth, questions)


def _question(asked: Mapping[str, Any], truth: Mapping[str, Mapping[str, str]]) -> Question:
    right: set[str] = set()
    for part in asked.get("parts", [asked]):
        if "document" in part:
            right.add(part["document"])
        else:
            level = next(level for level in NODE_LEVELS if level in part)
            right |= {path for path, place in truth.items() if place[level] == part[level]}
    return Question(asked["height"], asked["question"], frozenset(right))


@dataclass(frozen=True)
class Map:
    """The units of one level.

    Attributes:
        name: Of the level.
        tokens: Of a unit, at most; none for a document.
        units: How many there are.
        asked: Of how many the nearest was looked for.
        spots: Where some of them lie, 0 to 1, [spots, 2].
        of: The path of each spot's document.
        same: The part of those asked whose nearest unit of another document lies in the same category, entity.
        chance: The same if any unit of another document were as near as any other.
    """

    name: str
    tokens: int | None
    units: int
    asked: int
    spots: Series
    of: Sequence[str]
    same: Mapping[str, float]
    chance: Mapping[str, float]


def maps(found: Collection) -> list[Map]:
    """Every level above the tokens, over all documents."""
    documents = found.store.documents()
    pyramids = [found.encoder.levels(found.store.texts(document.id)).units[1:] for document in documents]
    paths = [document.path for document in documents]
    levels = zip(NAMES, zip(*pyramids, strict=True), strict=True)
    return [_map(found, name, step, paths, units) for step, (name, units) in enumerate(levels, 1)]


def _map(found: Collection, name: str, level: int, paths: Sequence[str], units: Sequence[torch.Tensor]) -> Map:
    vectors = torch.nn.functional.normalize(torch.cat(list(units)), dim=1).numpy()
    owner = np.repeat(np.arange(len(units)), [len(its) for its in units])
    asked, marked = _evenly(units, ASKED), _evenly(units, MARKED)
    near = _nearest(vectors, owner, asked)
    same, chance = {}, {}
    for kind in ("category", "entity"):
        label = np.unique([found.truth[path][kind] for path in paths], return_inverse=True)[1][owner]
        same[kind] = float((label[asked] == label[near]).mean())
        own = np.bincount(owner)[owner[asked]]
        chance[kind] = float(((np.bincount(label)[label[asked]] - own) / (len(owner) - own)).mean())
    of = [paths[document] for document in owner[marked]]
    tokens = None if name == NAMES[-1] else RATIO**level
    return Map(name, tokens, len(vectors), len(asked), _spots(vectors[marked]), of, same, chance)


def _evenly(units: Sequence[torch.Tensor], most: int) -> Rows:
    """As many units of each document, as far as it has them, evenly over its length; at most so many in all."""
    each, first, rows = max(1, most // len(units)), 0, []
    for its in units:
        count = min(each, len(its))
        rows.append(first + ((np.arange(count) + 0.5) * len(its) / count).astype(np.int64))
        first += len(its)
    return np.concatenate(rows)


def _nearest(vectors: Vectors, owner: Rows, asked: Rows) -> Rows:
    """The nearest unit of another document."""
    found = []
    for rows in np.array_split(asked, -(-len(asked) // 256)):
        cosine = vectors[rows] @ vectors.T
        cosine[owner[rows][:, None] == owner] = -2.0
        found.append(cosine.argmax(axis=1))
    return np.concatenate(found)


def _spots(vectors: Vectors) -> Series:
    """Where vectors lie on a map, near ones near each other: [vectors, 2], 0 to 1."""
    flat = PCA(50, svd_solver="full", random_state=0).fit_transform(vectors)
    spots = TSNE(2, init="pca", random_state=0).fit_transform(flat)
    return np.asarray((spots - spots.min(0)) / np.ptp(spots, axis=0), np.float64)


@dataclass(frozen=True)
class Row:
    """How a question's attention lies over the units of one level, largest share first.

    Attributes:
        level: Its name.
        share: Of each unit, [units].
        right: Whether it holds, or lies in, what is asked for, [units].
        first: What the first is called.
        height: The height of the router that this is, and the weight that it gives to it.
    """

    level: str
    share: Series
    right: NDArray[np.bool_]
    first: str
    height: tuple[str, float]


@dataclass(frozen=True)
class Descent:
    """A question with its rows, the widest units first; `piece` is the text of the piece with the largest share."""

    question: Question
    rows: Sequence[Row]
    piece: str


def attention(found: Collection) -> list[Descent]:
    """One question of each height."""
    return [_asked(found, question) for question in found.chosen()]


def _asked(found: Collection, question: Question) -> Descent:
    snapshot, vector = found.snapshot, found.embed.asked(question.text).vector
    routed: dict[Level, float] = dict(ask(found.store, found.embed, question.text, snapshot=snapshot).routing)
    titles = [document.title for document in snapshot.documents]
    owner = {
        "document": np.arange(len(titles)),
        "passage": snapshot.owner,
        "piece": np.repeat(snapshot.owner, [len(its) for its in found.pieces]),
    }
    units: dict[str, NDArray[Any]] = {"document": snapshot.vectors, "passage": snapshot.matrix}
    units["piece"] = np.concatenate(found.pieces)
    inside = np.array([path in question.right for path in found.paths])
    rows: list[Row] = []
    for level in reversed(NODE_LEVELS):
        right = np.array([_holds(found, level, place, question) for place in range(snapshot.count(level))])
        share, order = _drawn(snapshot.centres[level], vector)
        first = snapshot.nodes[level][order[0]].name
        rows.append(Row(level, share, right[order], first, (level, routed.get(level, 0.0))))
    height: Level
    for name, height in (("document", "document"), ("passage", "passage"), ("piece", "sentence")):
        share, order = _drawn(units[name], vector)
        of = owner[name][order]
        rows.append(Row(name, share, inside[of], titles[of[0]], (height, routed.get(height, 0.0))))
    return Descent(question, rows, _piece(found, int(order[0])))


def _drawn(units: NDArray[Any], vector: Vectors) -> tuple[Series, Rows]:
    """The shares of a question that units draw, largest first, and whose each is."""
    share = drawn(cosines(units, vector)).astype(np.float64)
    order = np.argsort(-share, kind="stable")
    return share[order], order


def _holds(found: Collection, level: Level, place: int, question: Question) -> bool:
    """Whether a node holds, or lies in, what is asked for; it stands for the true node that most of its documents
    have."""
    inside = Counter(found.truth[found.paths[document]][level] for document in found.snapshot.members(level, place))
    return inside.most_common(1)[0][0] in found.places(level, question.right)


def _piece(found: Collection, piece: int) -> str:
    """The text of one of all pieces, to whole words."""
    ends = np.cumsum([len(its) for its in found.pieces])
    row = int(np.searchsorted(ends, piece, side="right"))
    text = found.store.passages([found.snapshot.key(row)])[0].text
    first = (piece - int(ends[row]) + len(found.pieces[row])) * RATIO**PIECES
    spans = [span for span in found.encoder.offsets(text)[first : first + RATIO**PIECES] if span != (0, 0)]
    start, end = spans[0][0], spans[-1][1]
    return " ".join((text[:start].split(" ")[-1] + text[start:end] + text[end:].split(" ")[0]).split())


@dataclass(frozen=True)
class Emerging:
    """What a training changes, looked at every few lessons.

    Attributes:
        lessons: How many were learned at each look.
        words: For some questions, each word and what it counts at each look; the last are the marks between words, and
            those with which the model begins and ends a text.
        asked: To how many questions with a true document or entity the next two belong.
        subject: What the words that say what a question is about count together.
        entity: The part of its first `TOP` passages that lie in the right entity.
        details: How many questions ask for a detail.
        document: The part of these whose document is among the first `FIRST` passages.
    """

    lessons: Sequence[int]
    words: Sequence[tuple[Question, Sequence[tuple[str, Series]]]]
    asked: int
    subject: Series
    entity: Series
    details: int
    document: Series


def emerging(found: Collection) -> Emerging:
    """Learn from the collection's own texts, and look at the questions, from which nothing is learned."""
    lessons, looks = looked(found)
    shown = found.chosen()[:3]
    asked = [question for question in found.questions if question.height != "overview"]
    states = [each.numpy() for each in found.encoder.states([question.text for question in asked])]
    counts = [np.stack([look.counts(each) for look in looks]) for each in states]  # [looks, tokens] each
    judged = np.array([_judged(found, asked, [weighed(each, look) for each in states]) for look in looks])
    detail = np.array([question.height == "detail" for question in asked])
    return Emerging(
        lessons,
        [(question, _words(found, question, looks)) for question in shown],
        len(asked),
        np.mean([_subject(found, question, its) for question, its in zip(asked, counts, strict=True)], axis=0),
        judged[:, 0].mean(axis=1),
        int(detail.sum()),
        judged[:, 1, detail].mean(axis=1),
    )


def looked(found: Collection) -> tuple[list[int], list[Learned]]:
    """What was learned after 0, 5, 10, ... lessons."""
    lessons, learner = Lessons(found.store, seed=0), Learner(found.encoder, LESSONS)
    looks = [Learned(learner.saliency.detach().numpy().copy())]
    for number in range(LESSONS):
        learner.learn(lessons.lesson(number))
        if (number + 1) % EVERY == 0:
            looks.append(Learned(learner.saliency.detach().numpy().copy()))
    return list(range(0, LESSONS + 1, EVERY)), looks


def _split(found: Collection, text: str) -> tuple[list[str], list[int]]:
    """The words of a text, and for each of its tokens which word it belongs to; the number of words if to none."""
    spans = list(_WORD.finditer(text))
    tokens = found.encoder.offsets(text)
    inside = [[place for place, word in enumerate(spans) if word.start() <= a < b <= word.end()] for a, b in tokens]
    return [word.group() for word in spans], [places[0] if places else len(spans) for places in inside]


def _words(found: Collection, question: Question, looks: Sequence[Learned]) -> list[tuple[str, Series]]:
    """Each word of a question with what it counts at each look; the marks come last."""
    states = found.encoder.states([question.text])[0].numpy()
    names, place = _split(found, question.text)
    counts = np.zeros((len(names) + 1, len(looks)))
    np.add.at(counts, place, np.stack([look.counts(states) for look in looks]).T)
    return list(zip([*names, "marks"], counts, strict=True))


def _subject(found: Collection, question: Question, counts: NDArray[np.float32]) -> Series:
    """What the words count that say what a question is about, [looks, tokens] to [looks]."""
    telling = set(subject_words(content_words(question.text)))
    names, place = _split(found, question.text)
    tells = np.array([not telling.isdisjoint(words(name)) for name in names] + [False])
    return np.asarray(counts[:, tells[place]].sum(axis=1), np.float64)


def _judged(
    found: Collection, questions: Sequence[Question], asked: Sequence[Asked]
) -> tuple[list[float], list[float]]:
    """For each question the part of its first passages in the right entities, and whether its document is there."""
    snapshot, entity, document = found.snapshot, [], []
    for question, its in zip(questions, asked, strict=True):
        content = content_words(question.text) or [question.text]
        rows = search(found.store, snapshot, content, its, snapshot.under(None)).dense.rows[:TOP]
        first = [found.paths[snapshot.owner[row]] for row in rows]
        right = found.places("entity", question.right)
        entity.append(float(np.mean([found.truth[path]["entity"] in right for path in first])))
        document.append(float(not question.right.isdisjoint(first[:FIRST])))
    return entity, document
