"""Is asking any good, and is it fast?

    python benchmarks/asking.py [--cache FOLDER] [scifact] [heights] [unanswered]

(a) scifact: claims to abstracts, nDCG@10 of dense, lexical and fused search, each abstract a document of one passage
    (what each search counts beside the other was picked on questions of other collections too);
(b) heights: the level that `auto` chooses for questions to OpenStax whose height is known, and whether its best hit
    there is the right one. Chapters are entities, books categories, fields domains. The chapters and the questions
    written here are others than those to which the router's weights were fitted;
(c) unanswered: questions of other collections put to that one, and its own.

All of it runs on one core. Vectors take minutes to make; `--cache` (default: a folder beside other temporary files)
keeps them. How long a question takes is measured by asking_speed.py.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import pickle
import random
import re
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from corpora import records
from report import EVAL, write_result
from threadpoolctl import threadpool_limits

from shas_kb.ask import Snapshot, ask
from shas_kb.ask.answer import NOTHING
from shas_kb.ask.levels import Embed
from shas_kb.ask.retrieve import CANDIDATES, search
from shas_kb.ask.words import content_words
from shas_kb.encoder import describe, learned_for, load, load_question_encoder
from shas_kb.records import (
    NODE_LEVELS,
    Membership,
    Node,
    Passage,
    Quote,
    Reading,
    SourceFile,
    Text,
    Tree,
)
from shas_kb.storage import Store

PAGE = 3000

QUESTIONS = """
detail|How long did light from the star that Bessel measured travel?
detail|How hot must the core of a star be before it fuses helium?
detail|Who computed the size of the Earth from shadows in a well?
detail|What causes a total eclipse of the Moon?
detail|Which moon of Saturn has lakes of methane?
detail|Why was Pluto called a dwarf planet?
detail|Who invented the cotton gin?
detail|What happened to Nat Turner after his rebellion?
detail|When was tea thrown into Boston harbor?
detail|What did the Stamp Act tax?
detail|How many states had to ratify the Constitution?
detail|Why did Andrew Jackson veto the national bank?
detail|What was the Trail of Tears?
detail|What is the price of a bond when interest rates rise?
detail|How is M1 different from M2?
detail|What does the FDIC insure?
detail|When was the federal budget last in surplus?
detail|How long does a patent last?
detail|What are the Big Five traits?
detail|What did Milgram's subjects believe they were doing?
detail|How is IQ computed?
detail|Which hormone signals that we are full?
detail|Who coined the term sociology?
detail|What share of wealth does the top one percent own?
detail|How does the World Bank define extreme poverty?
detail|Who said that the medium is the message?
detail|What did Foucault mean by the panopticon?
detail|Where did Confucius teach?
entity|life stages of a star|Stars from Adolescence to Old Age
entity|how people of old watched the sky|Observing the Sky: The Birth of Astronomy
entity|seasons, tides, eclipses and calendars|Earth, Moon, and Sky
entity|satellites and ring systems of the giant planets|Rings, Moons, and Pluto
entity|slavery and the plantation economy|Cotton is King: The Antebellum South, 1800–1860
entity|Why did the American colonies turn against Britain?|Imperial Reforms and Colonial Protests, 1763-1774
entity|the making of the Constitution|Creating Republican Governments, 1776–1790
entity|the age of Andrew Jackson|Jacksonian Democracy, 1820–1840
entity|How do firms raise capital and how do households invest?|Financial Markets
entity|What is money, and how do banks make it?|Money and Banking
entity|taxes, public spending and deficits|Government Budgets and Fiscal Policy
entity|Why do markets pay too little for innovation?|Positive Externalities and Public Goods
entity|What makes people differ in character?|Personality
entity|How do others influence what we think and do?|Social Psychology
entity|intelligence, language and problem solving|Thinking and Intelligence
entity|What moves people, and what do they feel?|Emotion and Motivation
entity|How did sociology begin, and what are its theories?|An Introduction to Sociology
entity|social class in America|Social Stratification in the United States
entity|rich and poor countries|Global Inequality
entity|mass media and new technologies|Media and Technology
entity|postmodernism, critical theory and other schools of our time|Contemporary Philosophies and Social Theories
entity|ancient thinkers of Greece, India, China and Africa|The Early History of Philosophy around the World
category|the heavens|Astronomy
category|astronomical knowledge|Astronomy
category|the past of the United States|US History
category|America's story|US History
category|the works of philosophers|Philosophy
category|philosophical thought|Philosophy
category|human thinking, feeling and behaving|Psychology
category|psychological science|Psychology
category|groups and inequality in society|Sociology
category|how sociologists see the world|Sociology
category|economic activity and policy|Economics
category|how an economy works|Economics
domain|sciences of society|Social Sciences
domain|human behavior, alone and in groups, in markets and states|Social Sciences
domain|history and thought|Humanities
domain|what the humanities teach|Humanities
domain|the study of nature|Science
domain|physical science|Science
"""
"""Height, question, and for a node its true name. None of them says how high it is meant."""

BOOKS = {"Astronomy", "Economics", "Philosophy", "Psychology", "Sociology", "US History"}

CHAPTERS = """
Stars from Adolescence to Old Age|Observing the Sky: The Birth of Astronomy|Earth, Moon, and Sky|Rings, Moons, and Pluto
Cotton is King: The Antebellum South, 1800–1860|Imperial Reforms and Colonial Protests, 1763-1774
Creating Republican Governments, 1776–1790|Jacksonian Democracy, 1820–1840|Financial Markets|Money and Banking
Government Budgets and Fiscal Policy|Positive Externalities and Public Goods|Personality|Social Psychology
Thinking and Intelligence|Emotion and Motivation|An Introduction to Sociology
Social Stratification in the United States|Global Inequality|Media and Technology
Contemporary Philosophies and Social Theories|The Early History of Philosophy around the World
"""

PARTS = ("scifact", "heights", "unanswered")


def cut(text: str, size: int = 1050) -> Iterator[list[tuple[int, int]]]:
    """Passages of whole sentences, about `size` characters each: the same for every run, whatever the reader does."""
    run: list[tuple[int, int]] = []
    for match in re.finditer(r"\S.*?(?:[.!?](?=\s+[A-Z\"'(])|\n\s*\n|\Z)", text, re.DOTALL):
        for start in range(match.start(), match.end(), size):
            end = min(start + size, match.end())
            if run and end - run[0][0] > size:
                yield run
                run = []
            run.append((start, start + len(text[start:end].rstrip())))
    if run:
        yield run


def reading(title: str, text: str, passages: Iterable[list[tuple[int, int]]]) -> Reading:
    """A text as a reader would give it."""
    cuts = [(run[0][0], run[-1][1], tuple(run)) for run in passages]
    return Reading(
        kind="text",
        sha256=hashlib.sha256(f"{title}\n{text}".encode()).hexdigest(),
        title=title,
        authors=(),
        year=None,
        language="en",
        characters=len(text),
        page_starts=tuple(range(0, len(text), PAGE)),
        sections=(),
        passages=tuple(
            Passage(i, None, start, end, (end - start) // 4, text[start:end], run)
            for i, (start, end, run) in enumerate(cuts)
        ),
        terms={},
        phrases={},
    )


def fill(store: Store, readings: dict[str, Reading], cache: Path) -> dict[str, str]:
    """Put readings with their vectors into `store`; returns document ids by name. Vectors are made once and kept."""
    facts = describe().facts
    store.set_model(facts, learned_for(facts))
    texts = [Text(each.title, [passage.text for passage in each.passages]) for each in readings.values()]
    digest = hashlib.sha256(json.dumps([facts.fingerprint, "sketches", texts]).encode()).hexdigest()[:16]
    kept = cache / f"{digest}.pickle"
    if not kept.exists():
        cache.mkdir(parents=True, exist_ok=True)
        kept.write_bytes(pickle.dumps(list(load().encode(texts))))
    ids = {}
    for (name, each), encoded in zip(readings.items(), pickle.loads(kept.read_bytes()), strict=True):
        ids[name] = store.put_reading(SourceFile("/collection", f"{name}.txt", each.characters, 1), each)
        store.put_vectors(ids[name], encoded)
    return ids


def scifact(folder: Path, cache: Path, embed: Embed) -> dict[str, Any]:
    """nDCG@10 over the 300 claims with judgements."""
    source = EVAL / "scifact"
    readings = {}
    for row in records(source / "corpus.jsonl.gz"):
        text = f"{row['title']} {row['text']}"
        readings[row["_id"]] = reading(row["_id"], text, [[(0, len(text))]])
    claims = {row["_id"]: row["text"] for row in records(source / "queries.jsonl.gz")}
    relevant: dict[str, dict[str, int]] = defaultdict(dict)
    for line in (source / "qrels" / "test.tsv").read_text().splitlines()[1:]:
        claim, abstract, grade = line.split("\t")
        relevant[claim][abstract] = int(grade)
    scores: dict[str, list[float]] = defaultdict(list)
    with Store.open(folder / "scifact.sqlite", create=True) as store:
        names = {id: name for name, id in fill(store, readings, cache).items()}
        snapshot = Snapshot.of(store)
        for claim, grades in relevant.items():
            asked = embed.asked(claims[claim])
            found = search(store, snapshot, content_words(claims[claim]), asked, snapshot.under(None))
            for name, ranking in (("dense", found.dense), ("lexical", found.lexical), ("fused", found.fused)):
                rows = ranking.rows[:10].tolist()
                scores[name].append(ndcg([grades.get(names[snapshot.key(row)[0]], 0) for row in rows], grades.values()))
            reply = ask(store, embed, claims[claim], ["document"], snapshot=snapshot)
            gains = [grades.get(names[hit.id], 0) for hit in reply.hits]
            scores["ask, level document"].append(ndcg(gains, grades.values()))
    return {
        "claims": len(relevant),
        "abstracts": len(readings),
        "candidates": CANDIDATES,
        "ndcg@10": {name: round(float(np.mean(values)), 4) for name, values in scores.items()},
    }


def ndcg(gains: Sequence[int], grades: Iterable[int]) -> float:
    def discounted(values: Sequence[int]) -> float:
        return sum(value / math.log2(rank + 2) for rank, value in enumerate(values[:10]))

    return discounted(gains) / discounted(sorted(grades, reverse=True))


def textbooks(store: Store, cache: Path) -> None:
    """Fill `store` with the chapters, under their true tree."""
    chapters = {name for line in CHAPTERS.split("\n") for name in line.split("|") if name}
    rows = [
        row
        for row in records(EVAL / "openstax" / "docs.jsonl.gz")
        if row["l3"] in chapters and row["l2"] in BOOKS and len(row["text"]) > 1500
    ]
    readings = {row["id"]: reading(row["title"], row["text"], cut(row["text"])) for row in rows}
    ids = fill(store, readings, cache)
    members: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for row in rows:
        for depth in (1, 2, 3):
            members[(row["l1"], row["l2"], row["l3"])[:depth]].append(ids[row["id"]])
    nodes = [
        Node(
            id=node_id(path),
            level=NODE_LEVELS[3 - len(path)],
            name=path[-1],
            parent=node_id(path[:-1]) if path[:-1] else None,
            documents=len(under),
            keyphrases=(),
            summary=(opening(store, under[0]),),
            central=tuple(under[:3]),
            confidence=1.0,
            vector=np.ones(4, np.float32),
        )
        for path, under in sorted(members.items(), key=lambda item: len(item[0]))
    ]
    memberships = [
        Membership(id, node_id(path), 1.0, True) for path, under in members.items() if len(path) == 3 for id in under
    ]
    store.put_tree(Tree("truth", "truth", {}, tuple(nodes), tuple(memberships)))


def node_id(path: tuple[str, ...]) -> str:
    return "dce"[len(path) - 1] + hashlib.sha256(repr(path).encode()).hexdigest()[:10]


def opening(store: Store, document: str) -> Quote:
    return store.document_passages(document)[0].sentences[0]


def heights(store: Store, snapshot: Snapshot, embed: Embed) -> dict[str, Any]:
    """The level of the first hit against the height asked for, and the best hit at that height against the truth."""
    asked = [tuple(line.split("|")) for line in QUESTIONS.strip().splitlines()]
    asked += [("entity title", name, name) for name in (node.name for node in snapshot.nodes["entity"])]
    asked += [("sentence words", question, "") for question in from_sentences(store, snapshot, 40)]
    right: dict[str, list[bool]] = defaultdict(list)
    found: dict[str, list[bool]] = defaultdict(list)
    missed = []
    for height, question, *truth in asked:
        reply = ask(store, embed, question, snapshot=snapshot)
        got = reply.hits[0].level
        wanted = {"detail", "sentence words"} & {height} or {height.split()[0]}
        good = got in ("sentence", "passage", "document") if wanted & {"detail", "sentence words"} else got in wanted
        if truth and truth[0] == "Astronomy" and got == "domain":
            good = True  # the only book of its field: both hold the same documents
        right[height].append(good)
        if not good:
            missed.append({"height": height, "got": got, "question": question})
        if truth and truth[0]:
            level = height.split()[0]
            best = ask(store, embed, question, [level], snapshot=snapshot).hits[0]  # type: ignore[list-item]
            found[height].append(best.name == truth[0])
    written = [good for height in ("detail", *NODE_LEVELS) for good in right[height]]
    return {
        "documents": len(snapshot.documents),
        "passages": snapshot.passages,
        "accuracy": {height: share(values) | {"questions": len(values)} for height, values in right.items()},
        "accuracy of questions written": share(written) | {"questions": len(written)},
        "right node first": {height: share(values) | {"questions": len(values)} for height, values in found.items()},
        "missed": missed,
    }


def share(values: Sequence[bool]) -> dict[str, float]:
    return {"share": round(float(np.mean(values)), 3)}


def from_sentences(store: Store, snapshot: Snapshot, count: int) -> list[str]:
    """Questions of the first seven content words of single sentences."""
    chance = random.Random(0)
    questions: list[str] = []
    while len(questions) < count:
        passage = store.passages([snapshot.key(chance.randrange(snapshot.passages))])[0]
        quotes = [quote.text for quote in passage.sentences if 60 < len(quote.text) < 220]
        if quotes:
            questions.append(" ".join(content_words(chance.choice(quotes))[:7]))
    return questions


def unanswered(store: Store, snapshot: Snapshot, embed: Embed) -> dict[str, Any]:
    """How many questions get an answer: those on the textbooks, and those of other collections."""
    own = [line.split("|")[1] for line in QUESTIONS.strip().splitlines()]
    claims = [row["text"] for row in records(EVAL / "scifact" / "queries.jsonl.gz")][::5]
    meetings = [
        row["query"] for row in records(EVAL / "qmsum" / "queries.jsonl.gz") if row["granularity"] == "specific"
    ]

    def answered(questions: Sequence[str]) -> dict[str, Any]:
        said = [ask(store, embed, question, snapshot=snapshot).answer != NOTHING for question in questions]
        return {"questions": len(said), "answered": round(float(np.mean(said)), 3)}

    return {
        "own questions": answered(own),
        "claims of SciFact": answered(claims),
        "questions of QMSum": answered(meetings[::25]),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)} (all)")
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "shas-kb-benchmarks")
    options = parser.parse_args()
    parts = options.parts or list(PARTS)
    embed = load_question_encoder(None, learned_for(describe().facts))
    figures: dict[str, object] = {}
    with threadpool_limits(1), tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if "scifact" in parts and present("scifact"):
            figures["scifact"] = scifact(folder, options.cache, embed)
        if set(parts) - {"scifact"} and present("openstax"):
            path = folder / "textbooks.sqlite"
            with Store.open(path, create=True) as store:
                textbooks(store, options.cache)
                snapshot = Snapshot.of(store)
                if "heights" in parts:
                    figures["heights"] = heights(store, snapshot, embed)
                if "unanswered" in parts and present("scifact") and present("qmsum"):
                    figures["unanswered"] = unanswered(store, snapshot, embed)
    write_result("asking", figures)
    print(json.dumps(figures, indent=2, ensure_ascii=False))


def present(name: str) -> bool:
    """Whether evaluation data is there; says so where it is not."""
    if (EVAL / name).is_dir():
        return True
    print(f"skipped: no evaluation data {name}", file=sys.stderr)
    return False


if __name__ == "__main__":
    main()
