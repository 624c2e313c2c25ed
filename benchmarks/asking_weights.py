"""Learns what `shas_kb/ask/weights.py` holds, and how well it carries over to collections that were left out.

    python benchmarks/asking_weights.py [--cache FOLDER]

Questions whose height and answer are known are put to six collections (shelves.py, and the `dev` half of the sample
corpus), each under the tree that it gets by itself.

- **Sentences**: the softmax over all that are looked at is to give the right one (conditional logit), of questions
  for a detail whose sentence is among them.
- **Heights**: multinomial logistic regression on a question's traits; a mixed question counts half for each part.
  People also ask in the very words of texts and of the tree, which those who wrote the questions were told not to: of
  each collection `MADE` documents are asked for as the encoder's lessons ask (words of a sentence, rare phrases in what
  people ask), and as many nodes by two phrases of an entity, and by names or phrases of two nodes that lie within one.
- **Answered**: logistic regression. What is not answered are questions to the sample corpus that nothing answers,
  `SELDOM` times each as there are few, `FOREIGN` questions of another collection, and all questions again with the
  document or node hidden that answers them.

Figures are of the collection that was left out in learning, and of the `test` half of the sample corpus with what was
learned on all the rest.
"""

from __future__ import annotations

import argparse
import json
import math
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import shelves
from report import ROOT, write_result
from scipy.optimize import minimize
from threadpoolctl import threadpool_limits
from trees import shas_kb

from shas_kb.ask import Snapshot
from shas_kb.ask.answer import Support, terms
from shas_kb.ask.looking import Seen, look
from shas_kb.ask.snapshot import Mask
from shas_kb.encoder import load_question_encoder
from shas_kb.records import NODE_LEVELS, Level, Quote
from shas_kb.storage import Store
from shas_kb.training.questions import Questioner

SAMPLE = "sample corpus"
CORPUS = ROOT / "sample_corpus"
HEIGHTS = ("detail", "subject", "overview")
PART_OF = {"document": 0, "entity": 1, "category": 2, "domain": 2}
SELDOM = 4
FOREIGN = 20
MADE, MADE_COUNTS = 30, 0.1
"""Questions made of a collection's own words at each height, and what each counts beside one that was written."""
PAIRS: tuple[tuple[Level, Level], ...] = (("category", "entity"), ("domain", "category"))
RIDGE_SENTENCE, RIDGE = 0.01, 0.003
"""Of standardised traits."""
AMONG = (1, 3, 5, 10)

Rows = np.ndarray[Any, np.dtype[np.float64]]
Supported = tuple[Support, Rows]


@dataclass
class Asked:
    """A question that was put to a collection.

    `sentences` are the traits of those looked at [s, t] and `right` says which answer [s]; `height` has the share of
    each height [3]; `traits` are None without a subject; `support` is what speaks for an answer here, and `hidden` the
    same with what answers hidden, each with the traits by which its height is told, None without a subject; `answered`
    says whether anything here answers.
    """

    collection: str
    test: bool
    sentences: Rows | None = None
    right: np.ndarray[Any, np.dtype[np.bool_]] | None = None
    height: Rows | None = None
    traits: Rows | None = None
    support: Supported | None = None
    hidden: Supported | None = None
    answered: bool = True
    made: bool = False
    foreign: bool = False


def asked(name: str, db: Path, questions: Sequence[dict[str, Any]], foreign: Sequence[str]) -> list[Asked]:
    """Put the questions to a collection, and some to another one."""
    found = []
    with threadpool_limits(1), Store.open(db) as store:
        embed, snapshot = load_question_encoder(None, store.weights()), Snapshot.of(store)
        every = snapshot.under(None)
        for question in questions:
            seen = look(store, snapshot, embed, question["question"], every)
            its = Asked(name, question.get("split") == "test", answered=question["height"] != "none")
            its.support = supported(seen)
            if its.answered:
                its.height = height(question)
                its.traits = None if seen.traits is None else np.array(seen.traits)
            if question["height"] == "detail":
                its.sentences = np.array(seen.sentences.traits)
                its.right = np.array([answers(snapshot, quote, question) for quote in seen.sentences.quotes])
            hidden = others(snapshot, question)
            if hidden is not None:
                its.hidden = supported(look(store, snapshot, embed, question["question"], hidden))
            found.append(its)
        for text, at in made(store, snapshot):
            seen = look(store, snapshot, embed, text, every)
            if seen.traits is not None:
                found.append(Asked(name, False, height=np.eye(3)[at], traits=np.array(seen.traits), made=True))
        for text in foreign:
            seen = look(store, snapshot, embed, text, every)
            found.append(Asked(name, False, support=supported(seen), answered=False, foreign=True))
    return found


def made(store: Store, snapshot: Snapshot) -> Iterator[tuple[str, int]]:
    """Questions of a collection's own words, with their heights."""
    chance = Random(0)
    questioner = Questioner(store.rarity, snapshot.passages)
    for number in range(MADE):
        document = snapshot.documents[chance.randrange(len(snapshot.ids))]
        passages = store.document_passages(document.id)
        for question in questioner.ask(document.title, document.language == "en", passages, 2, chance):
            yield question.text, 0
        entity = chance.choice(snapshot.nodes["entity"])
        yield " ".join(chance.sample(entity.keyphrases, min(2, len(entity.keyphrases)))), 1
        level, below = PAIRS[number % 2]
        node = chance.choice(snapshot.nodes[level])
        inside = [part for part in snapshot.nodes[below] if part.parent == node.id]
        parts = chance.sample(inside, min(2, len(inside)))
        yield " ".join(chance.choice((part.name, *part.keyphrases[:3])) for part in parts), 2


def supported(seen: Seen) -> Supported | None:
    return None if seen.traits is None else (seen.support, np.array(seen.traits))


def height(question: dict[str, Any]) -> Rows:
    """The share of each height."""
    if question["height"] != "mixed":
        return np.eye(3)[HEIGHTS.index(question["height"])]
    parts = question.get("parts", [{"document": ""}, {"entity": ""}])
    return np.mean([np.eye(3)[next(PART_OF[key] for key in part if key in PART_OF)] for part in parts], axis=0)


def answers(snapshot: Snapshot, quote: Quote, question: dict[str, Any]) -> bool:
    """Whether a sentence is the one that answers, or most of it."""
    one, other = " ".join(quote.text.split()), " ".join(question["answer"].split())
    path = snapshot.documents[snapshot.index[quote.document]].path
    return path == question["document"] and (other in one or (one in other and 2 * len(one) > len(other)))


def others(snapshot: Snapshot, question: dict[str, Any]) -> Mask | None:
    """The documents without that which answers; None where nothing does, several do, or too little would be left."""
    if question["height"] == "detail":
        left = np.array([document.path != question["document"] for document in snapshot.documents])
    elif "node" in question and question["height"] != "mixed":
        where = [(level, i) for level in NODE_LEVELS for i, node in enumerate(snapshot.nodes[level])
                 if node.id == question["node"]]  # fmt: skip
        left = snapshot.home[where[0][0]] != where[0][1] if where else np.ones(0, bool)
    elif level := next((level for level in NODE_LEVELS if level in question), None):
        left = np.array([TRUTH[document.path][level] != question[level] for document in snapshot.documents])
    else:
        return None
    return left if 10 < left.sum() < len(left) else None


def softmax(scores: Rows) -> Rows:
    raised = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=-1, keepdims=True))


def learn_sentences(some: Sequence[Asked]) -> Rows:
    """Weights [t]; a height is 0."""
    sets = [(its.sentences, its.right) for its in some if its.right is not None and its.right.any()]
    scale = np.concatenate([traits for traits, _ in sets]).std(axis=0)

    def loss(weights: Rows) -> tuple[float, Rows]:
        total, gradient = 0.0, np.zeros_like(weights)
        for traits, right in sets:
            share = softmax(traits / scale @ weights)
            mass = share[right].sum()
            total -= math.log(mass)
            gradient -= traits.T @ (np.where(right, share / mass, 0) - share) / scale
        return total / len(sets) + RIDGE_SENTENCE * weights @ weights, gradient / len(
            sets
        ) + 2 * RIDGE_SENTENCE * weights

    return np.asarray(minimize(loss, np.zeros(len(scale)), jac=True, method="L-BFGS-B").x / scale)


def learn_classes(traits: Rows, shares: Rows, counts: Rows) -> Rows:
    """Multinomial logistic regression: [classes, 1 + t] with the bias first, from [n, t], [n, classes] and [n]."""
    middle, scale = traits.mean(axis=0), traits.std(axis=0)
    rows = np.concatenate([np.ones((len(traits), 1)), (traits - middle) / scale], axis=1)
    counts = counts / counts.sum()

    def loss(flat: Rows) -> tuple[float, Rows]:
        weights = flat.reshape(shares.shape[1], -1)
        found = softmax(rows @ weights.T)
        free = np.where(np.arange(weights.shape[1]) > 0, RIDGE, 0) * weights
        total = -(counts[:, None] * shares * np.log(found)).sum() + (free * weights).sum()
        return total, ((found - shares).T @ (rows * counts[:, None]) + 2 * free).ravel()

    weights = minimize(loss, np.zeros(shares.shape[1] * rows.shape[1]), jac=True, method="L-BFGS-B").x
    weights = weights.reshape(shares.shape[1], -1)
    weights[:, 1:] /= scale
    weights[:, 0] -= weights[:, 1:] @ middle
    return np.asarray(weights - weights.mean(axis=0))


def learn_heights(some: Sequence[Asked]) -> Rows:
    known = [its for its in some if its.traits is not None and its.height is not None]
    counts = np.array([MADE_COUNTS if its.made else 1.0 for its in known])
    return learn_classes(np.array([its.traits for its in known]), np.array([its.height for its in known]), counts)


def learn_answered(some: Sequence[Asked], heights: Rows) -> Rows:
    """[bias, ...] for the terms of `Support`, where heights are told by these weights."""
    rows = [(its.support, its.answered, 1.0 if its.answered or its.foreign else SELDOM) for its in some if its.support]
    rows += [(its.hidden, False, 1.0) for its in some if its.hidden]
    shares = np.array([[answered, not answered] for _, answered, _ in rows], float)
    found = learn_classes(by_terms([row for row, *_ in rows], heights), shares, np.array([count for *_, count in rows]))
    return np.asarray(found[0] - found[1])


def by_terms(some: Sequence[Supported], heights: Rows) -> Rows:
    """What speaks for an answer, in the terms of the rule [n, terms]."""
    overview = of_heights(np.array([traits for _, traits in some]), heights)[:, HEIGHTS.index("overview")]
    return np.array(
        [terms(support._replace(overview=float(share))) for (support, _), share in zip(some, overview, strict=True)]
    )


def of_heights(traits: Rows, heights: Rows) -> Rows:
    """The probability of each height [n, 3]."""
    return softmax(traits @ heights[:, 1:].T + heights[:, 0])


def measure(some: Sequence[Asked], sentence: Rows, heights: Rows, answered: Rows) -> dict[str, Any]:
    """How right the weights are."""
    ranks = [
        int(np.flatnonzero(its.right[np.argsort(-(its.sentences @ sentence), kind="stable")])[0])
        if its.right.any()
        else math.inf
        for its in some
        if its.right is not None
    ]
    own = [its for its in some if its.made]
    some = [its for its in some if not its.made]
    plain = [its for its in some if its.traits is not None and its.height is not None and its.height.max() == 1]
    shares = of_heights(np.array([its.traits for its in plain]), heights)
    true = np.array([its.height.argmax() for its in plain])
    confusion = np.zeros((3, 3), int)
    np.add.at(confusion, (true, shares.argmax(axis=1)), 1)

    def sure(rows: Sequence[Supported]) -> Rows:
        return 1 / (1 + np.exp(-(by_terms(rows, heights) @ answered[1:] + answered[0])))

    here = [its for its in some if its.answered and its.support]
    kinds = {
        "answered here": [its.support for its in here],
        **{
            f"answered here, {name}": [
                its.support for its in here if its.height is not None and its.height[place] == 1 and its.support
            ]
            for place, name in enumerate(HEIGHTS)
        },
        "with the answer hidden": [its.hidden for its in some if its.hidden],
        "answered nowhere": [its.support for its in some if not its.answered and not its.foreign],
        "of another collection": [its.support for its in some if its.foreign],
    }
    return {
        "right sentence among": {str(n): round(float(np.mean([rank < n for rank in ranks])), 3) for n in AMONG},
        "details": len(ranks),
        "height": round(float((shares.argmax(axis=1) == true).mean()), 3),
        "heights": dict(
            zip(HEIGHTS, (dict(zip(HEIGHTS, row, strict=True)) for row in confusion.tolist()), strict=True)
        ),
        "height of questions made": told(own, heights),
        "surprise, nats": round(float(-np.log(shares[np.arange(len(true)), true]).mean()), 3),
        "sure": {
            kind: {
                "at least .5": round(float((sure(rows) >= 0.5).mean()), 3),
                "at least .3": round(float((sure(rows) >= 0.3).mean()), 3),
                "of": len(rows),
            }
            for kind, rows in kinds.items()
            if rows
        },
    }


def told(some: Sequence[Asked], heights: Rows) -> float | None:
    """The share of questions whose height is told rightly."""
    if not some:
        return None
    shares = of_heights(np.array([its.traits for its in some]), heights)
    return round(float((shares.argmax(axis=1) == [its.height.argmax() for its in some]).mean()), 3)


def learn(some: Sequence[Asked]) -> tuple[Rows, Rows, Rows]:
    """Weights of sentences, heights, and of whether there is an answer."""
    heights = learn_heights(some)
    return learn_sentences(some), heights, learn_answered(some, heights)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "shas-kb-shelves")
    cache = parser.parse_args().cache
    cache.mkdir(parents=True, exist_ok=True)
    written = lines(Path(__file__).with_name("questions.jsonl"))
    of = {shelf: [row for row in written if row["collection"] == shelf] for shelf in shelves.SHELVES}
    of[SAMPLE] = lines(CORPUS / "questions.jsonl")
    every: list[Asked] = []
    for name, other in zip(of, [SAMPLE, *list(of)[:-1]], strict=True):
        folder = CORPUS if name == SAMPLE else cache / name
        if name != SAMPLE:
            shelves.write(name, folder)
        others = [row["question"] for row in of[other] if row.get("split") != "test"][:FOREIGN]
        every += asked(name, ingested(name, folder, cache), of[name], others)
    learned_on = [its for its in every if not its.test]
    figures: dict[str, Any] = {}
    for name in (SAMPLE, *shelves.SHELVES):
        weights = learn([its for its in learned_on if its.collection != name])
        figures[name] = measure([its for its in learned_on if its.collection == name], *weights)
    weights = learn(learned_on)
    test = measure([its for its in every if its.test], *weights)
    tables = [np.round(table, 2).tolist() for table in weights]
    print(json.dumps({"left out": figures, "sample corpus, test half": test}, indent=1))
    print(f"SENTENCE = {tables[0]}\nHEIGHTS = {dict(zip(HEIGHTS, tables[1], strict=True))}\nANSWERED = {tables[2]}")
    write_result("asking_weights", {"left out": figures, "sample corpus, test half": test, "weights": tables})


def ingested(name: str, folder: Path, cache: Path) -> Path:
    """The database of a collection, made once."""
    db = cache / f"{name.replace(' ', '-')}.sqlite"
    shas_kb(db, "ingest", folder)
    return db


def lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


TRUTH = {row["path"]: row for row in json.loads((CORPUS / "truth.json").read_text(encoding="utf-8"))["documents"]}


if __name__ == "__main__":
    main()
