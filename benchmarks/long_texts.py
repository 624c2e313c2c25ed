"""One long text: are facts found that were planted in it, at every depth, and what does reading it cost?

    python benchmarks/long_texts.py [8000 32000 128000 1000000]

The text is OpenStax's books that nothing is trained on, one section after another, cut at so many tokens. Forty facts
are planted in it at even distances, sentences all of one form about invented places and people, so that each is a
distractor for all others; a question names the place and asks for the person. The document is read as an ingest reads
it, each length by a process of its own. Counted is whether the fact's passage is the first, or among the first five, of
all passages of the text, in each quarter of its depth.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from functools import cache

import numpy as np
from corpora import TRAINED_ON, textbooks
from report import write_result

from shas_kb.ask.retrieve import best
from shas_kb.config import PASSAGE_COUNTS
from shas_kb.encoder import describe, learned_for, load, load_question_encoder
from shas_kb.encoder.sketch import Said
from shas_kb.reading.passages import PassageMaker
from shas_kb.records import Text, Vectors

LENGTHS = (8_000, 32_000, 128_000, 1_000_000)
FACTS = 40
QUARTERS = 4
THINGS = ("bridge", "library", "orchard", "lighthouse", "archive", "canal", "theatre", "observatory", "mill", "harbour")
DEEDS = ("restored", "surveyed", "financed", "designed", "photographed", "inherited", "catalogued", "defended")
SYLLABLES = "ka ro mi ven tal os dri eth lu bar sen qua ilo fey nor zim".split()  # noqa: SIM905


def facts(seed: int = 0) -> list[tuple[str, str]]:
    """Sentences to plant, each with its question."""
    chooser = random.Random(seed)

    def name() -> str:
        return "".join(chooser.sample(SYLLABLES, 3)).capitalize()

    found = []
    for _ in range(FACTS):
        thing, deed, place, person = chooser.choice(THINGS), chooser.choice(DEEDS), name(), f"{name()} {name()}"
        sentence = f"The {thing} of {place} was {deed} in {chooser.randint(1500, 1990)} by {person}."
        found.append((sentence, f"Who {deed} the {thing} of {place}?"))
    return found


def planted(tokens: int) -> tuple[str, list[tuple[int, int]]]:
    """The text with its facts, and where each stands in it, in characters from and to."""
    text = "\n\n".join(section.text for section in textbooks() if section.book not in TRAINED_ON)
    offsets = describe().located.load_tokenizer()
    offsets.no_truncation()
    ends = [end for _, end in offsets.encode(text[: 8 * tokens]).offsets[:tokens]]
    text = text[: max(ends)]
    parts, places, start, length = [], [], 0, 0
    for number, (sentence, _) in enumerate(facts()):
        wanted = int(len(text) * (number + 0.5) / FACTS)
        end = text.index(". ", wanted) + 2
        parts += [text[start:end], sentence + " "]
        length += end - start
        places.append((length, length + len(sentence)))
        length += len(sentence) + 1
        start = end
    return "".join([*parts, text[start:]]), places


def measured(tokens: int) -> dict[str, object]:
    """One length, in this process."""
    text, places = planted(tokens)
    described = describe()
    passages = PassageMaker(str(described.tokenizer), described.facts.window).passages(text, ())
    right = [
        {passage.ordinal for passage in passages if passage.start < end and passage.end > start}
        for start, end in places
    ]
    encoder = load(device="cpu")
    next(encoder.encode([Text("", [passages[0].text])]))
    before = peak()
    began = time.perf_counter()
    its = next(encoder.encode([Text("", [passage.text for passage in passages])]))
    seconds = time.perf_counter() - began
    ask = load_question_encoder(weights=learned_for(described.facts))
    questions = [question for _, question in facts()]

    def whole(question: str) -> Vectors:
        return its.passages @ ask([question])[0]

    @cache
    def said() -> Said:
        return Said.of(its.sketches, its.passages.shape[1])

    def by_words(question: str) -> Vectors:
        asked = ask.asked(question)
        return said().to([asked])[0] + PASSAGE_COUNTS * (its.passages @ asked.vector)

    return {
        "tokens": tokens,
        "passages": len(passages),
        "seconds": round(seconds, 1),
        "tokens_per_second": round(tokens / seconds),
        "memory_mb": {"before": before, "peak": peak()},
        "backbone": found(questions, right, whole),
        "SHAS": found(questions, right, by_words),
    }


def found(questions: Sequence[str], right: Sequence[set[int]], worth: Callable[[str], Vectors]) -> dict[str, object]:
    """The part of the facts found among the first and the first five, over all and by quarters of depth."""
    ranks = [best(worth(question), 5).rows.tolist() for question in questions]
    first, five = (
        np.array([bool(rows & set(rank[:depth])) for rank, rows in zip(ranks, right, strict=True)]) for depth in (1, 5)
    )
    quarters = [round(float(part.mean()), 3) for part in np.array_split(five, QUARTERS)]
    return {
        "recall@1": round(float(first.mean()), 3),
        "recall@5": round(float(five.mean()), 3),
        "by quarter": quarters,
    }


def peak() -> int:
    """The most memory that this process has had, in MB."""
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("lengths", nargs="*", type=int, metavar="TOKENS", help="(8000 32000 128000 1000000)")
    parser.add_argument("--alone", action="store_true", help="one length, in this process; prints JSON")
    options = parser.parse_args()
    if options.alone:
        print(json.dumps(measured(options.lengths[0])))
        return
    figures = []
    for tokens in options.lengths or LENGTHS:
        command = [sys.executable, __file__, "--alone", str(tokens)]
        figures.append(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))
        print(json.dumps(figures[-1]), flush=True)
    write_result("long_texts", {"facts": FACTS, "lengths": figures})


if __name__ == "__main__":
    main()
