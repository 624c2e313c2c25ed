"""How fast passages become vectors, side by side with SentenceTransformer.encode at its defaults on the same passages.

    python benchmarks/encoding.py [--passages 600] [--rounds 7]

All take turns in one process, so that what else the machine does falls on all: ratios are taken round by round. Beside
them stands the backbone alone, packed as here but without pieces: what the levels cost. Two sets of OpenStax passages:
whole ones (sentences packed to the window) and of mixed lengths (1 to 254 word pieces).
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import numpy as np
from report import EVAL, write_result
from sentence_transformers import SentenceTransformer

from shas_kb.encoder import describe, load, load_question_encoder
from shas_kb.records import Text, Vectors

OPENSTAX = EVAL / "openstax" / "docs.jsonl.gz"
COLD_START = """
import time
begin = time.perf_counter()
from shas_kb.encoder import load_question_encoder
load_question_encoder()(["How do cells divide?"])
print(time.perf_counter() - begin)
"""


def passages(window: int, count: int) -> Iterator[str]:
    """The first passages of OpenStax sections in random order: sentences packed to at most `window` word pieces."""
    tokenizer = describe().located.load_tokenizer()
    with gzip.open(OPENSTAX, "rt", encoding="utf-8") as lines:
        texts = [json.loads(line)["text"] for line in lines]
    random.Random(0).shuffle(texts)
    for text in texts:
        held: list[str] = []
        tokens = 0
        sentences = re.split(r"(?<=[.!?])\s+", text)
        for sentence, encoding in zip(
            sentences, tokenizer.encode_batch(sentences, add_special_tokens=False), strict=True
        ):
            if held and tokens + len(encoding.ids) > window:
                yield " ".join(held)
                count -= 1
                if count == 0:
                    return
                held, tokens = [], 0
            held.append(sentence)
            tokens += len(encoding.ids)


def mixed(whole: list[str]) -> list[str]:
    """Each passage cut after a random share of its words."""
    chooser = random.Random(1)
    return [" ".join(words[: chooser.randint(1, len(words))]) for words in (passage.split() for passage in whole)]


def seconds(work: Callable[[], Vectors]) -> tuple[float, Vectors]:
    begin = time.perf_counter()
    outcome = work()
    return time.perf_counter() - begin, outcome


def side_by_side(texts: list[str], theirs: SentenceTransformer, rounds: int) -> dict[str, object]:
    """All in turns, after one round that does not count."""
    ours, bare = load(device="cpu"), load(device="cpu")
    bare.has_pieces = False
    documents = [Text("", texts[start : start + 20]) for start in range(0, len(texts), 20)]
    tokens = sum(len(encoding.ids) for encoding in describe().located.load_tokenizer().encode_batch(texts))
    times: list[tuple[float, float, float]] = []
    for _ in range(rounds + 1):
        slow, expected = seconds(lambda: theirs.encode(texts, normalize_embeddings=True))
        fast, found = seconds(lambda: np.concatenate([its.passages for its in ours.encode(documents)]))
        alone, _ = seconds(lambda: np.concatenate([its.passages for its in bare.encode(documents)]))
        times.append((slow, fast, alone))
        print(f"{tokens / slow:8.0f} {tokens / fast:8.0f} tokens/s  {slow / fast:.2f}x", flush=True)
    cosines = (expected * found).sum(axis=1)
    ratios = sorted(slow / fast for slow, fast, _ in times[1:])
    return {
        "passages": len(texts),
        "tokens": tokens,
        "sentence_transformers_tokens_per_second": round(tokens / statistics.median(slow for slow, _, _ in times[1:])),
        "shas_kb_tokens_per_second": round(tokens / statistics.median(fast for _, fast, _ in times[1:])),
        "ratio_median": round(statistics.median(ratios), 2),
        "ratio_lowest": round(ratios[0], 2),
        "ratio_highest": round(ratios[-1], 2),
        "over_the_backbone_alone": round(statistics.median(fast / alone for _, fast, alone in times[1:]), 3),
        "rounds": rounds,
        "cosine_mean": round(float(cosines.mean()), 6),
        "cosine_lowest": round(float(cosines.min()), 6),
    }


def question(texts: list[str], theirs: SentenceTransformer, rounds: int) -> dict[str, object]:
    """The question encoder: from a fresh process, warm, and on 40 sentences; and how near its vectors are."""
    encode = load_question_encoder()
    sentences = [re.split(r"(?<=[.!?])\s+", text)[0] for text in texts[:40]]
    cold = [float(subprocess.check_output([sys.executable, "-c", COLD_START], text=True)) for _ in range(rounds)]
    one = [seconds(lambda: encode(sentences[:1]))[0] for _ in range(10 * rounds)]
    forty = [seconds(lambda: encode(sentences)) for _ in range(rounds)]
    cosines = (theirs.encode(sentences, normalize_embeddings=True) * forty[-1][1]).sum(axis=1)
    return {
        "cold_start_seconds": round(statistics.median(cold), 3),
        "cold_start_seconds_least": round(min(cold), 3),
        "one_question_milliseconds": round(1000 * statistics.median(one), 1),
        "forty_sentences_milliseconds": round(1000 * statistics.median(taken for taken, _ in forty), 1),
        "cosine_lowest": round(float(cosines.min()), 7),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--passages", type=int, default=600)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    if not OPENSTAX.exists():
        print("skipped: the OpenStax evaluation data (../shared/eval/openstax) is not here")
        return
    described = describe()
    theirs = SentenceTransformer(str(described.folder), device="cpu", local_files_only=True)
    whole = list(passages(described.facts.window, options.passages))
    figures: dict[str, object] = {"model": described.facts.name, "device": "cpu"}
    figures["question"] = question(whole, theirs, options.rounds)
    for name, texts in (("whole_passages", whole), ("mixed_lengths", mixed(whole))):
        print(f"{name}: SentenceTransformer.encode, then shas-kb")
        figures[name] = side_by_side(texts, theirs, options.rounds)
    write_result("encoding", figures)


if __name__ == "__main__":
    main()
