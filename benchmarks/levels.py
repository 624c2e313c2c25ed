"""What each level of the pyramid is good for: the same questions, found by the units of one level or another.

    python benchmarks/levels.py [--cache FOLDER] [qmsum] [openstax]

A passage is worth to a question what the best of its units is, of one level alone; or the sum of that over several
levels. Levels of ratio 2, 3, 4 and 5 stand side by side, as do ways to abstract sixteen tokens: their mean, the largest
value of each channel, attention among them, and both mean and attention over windows that overlap. Attention is by what
was learned for the words of questions. The dense twin has no levels: every token of a question looks for the nearest of
all tokens of a passage (late interaction as ColBERT has it, arXiv 2004.12832), at the price of keeping them all; "each
word" does so among units of sixteen, among the telling tokens alone, and among the signs that a collection keeps of
those.

Questions, collections and figures are those of finding.py; questions as what was learned weighs their words, but for
rows that say "plain".
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from corpora import CACHE, QUESTIONS, Corpus, corpus
from finding import Figures, embedded, scored
from report import EVAL, write_result
from rich.progress import track
from torch import Tensor
from torch.nn.functional import normalize, rms_norm

from shas_kb.ask.retrieve import best
from shas_kb.config import PASSAGE_COUNTS, WORD_BITS, WORDS_COUNT
from shas_kb.encoder import describe, learned_for, load
from shas_kb.encoder.learned import Learned
from shas_kb.encoder.sketch import directions, projected, unpack
from shas_kb.encoder.sketching import telling
from shas_kb.organise.material import unit
from shas_kb.records import Vectors

RATIOS = {2: range(1, 8), 3: range(1, 5), 4: range(1, 4), 5: range(1, 4)}
"""Ratios, and the levels between tokens and passages that each has."""
SENTENCES = 16
"""Tokens of a unit of level 2 at ratio 4, which the product keeps as pieces."""
BLOCK = 64
"""Passages computed together."""
FOUND = 100
TELLING, SIGNS = "telling tokens", "telling tokens in signs"


class Tokens:
    """The token states of some passages, one after another, and their units.

    Args:
        states: Of each passage, [tokens, dimension].
        saliency: By which attention weighs tokens, [dimension].
    """

    def __init__(self, states: Sequence[Tensor], saliency: Tensor) -> None:
        self.lengths = [len(each) for each in states]
        self.states = torch.cat(list(states))
        mass = (rms_norm(self.states, self.states.shape[-1:]) @ saliency).exp()[:, None].double()
        self._sums = {"mean": _summed(self.states.double()), "attention": _summed(mass * self.states)}

    def told(self) -> tuple[Tensor, np.ndarray]:
        """The telling tokens' states; and where each passage's begin."""
        mine = telling(self.states, torch.tensor(self.lengths))
        ends = np.append(0, np.cumsum(mine.numpy()))[np.cumsum([0, *self.lengths[:-1]])]
        return self.states[mine], ends

    def units(self, size: int, step: int, kind: str = "mean") -> tuple[Tensor, np.ndarray]:
        """Units of `size` tokens, one every `step`, of unit length; and where each passage's begin."""
        starts, ends, first = [], [], []
        begin = 0
        for length in self.lengths:
            first.append(len(starts))
            inside = range(0, max(length - (size - step), 1), step)
            starts += [begin + at for at in inside]
            ends += [begin + min(at + size, length) for at in inside]
            begin += length
        if kind == "max":
            lengths = torch.tensor(ends) - torch.tensor(starts)
            units = torch.segment_reduce(self.states, "max", lengths=lengths)
        else:
            units = (self._sums[kind][ends] - self._sums[kind][starts]).float()
        return normalize(units, dim=1), np.array(first)


def _summed(rows: Tensor) -> Tensor:
    """Sums of all rows before each place, [n + 1, dimension]."""
    return torch.cat([rows.new_zeros(1, rows.shape[1]), rows.cumsum(0)])


def ways() -> dict[str, tuple[int, int, str]]:
    """Units by name: their tokens, how many tokens lie between two, and how they are abstracted."""
    sizes = {ratio**level: f"ratio {ratio}, level {level}" for ratio in (5, 3, 2, 4) for level in RATIOS[ratio]}
    found = {name: (size, size, "mean") for size, name in sorted(sizes.items())}
    return {
        "tokens": (1, 1, "mean"),
        **found,
        "passage": (10**6, 10**6, "mean"),
        "16 tokens: largest of each channel": (SENTENCES, SENTENCES, "max"),
        "16 tokens: attention": (SENTENCES, SENTENCES, "attention"),
        "32 every 16: mean": (2 * SENTENCES, SENTENCES, "mean"),
        "32 every 16: attention": (2 * SENTENCES, SENTENCES, "attention"),
        "24 every 8: mean": (24, 8, "mean"),
    }


class Worth:
    """What every passage is worth to every question by the units of one kind, [questions, passages]."""

    def __init__(self, questions: int, passages: int) -> None:
        self.worth = np.full((questions, passages), -1.0, np.float32)
        self.units = 0

    def put(self, asked: Tensor, units: Tensor, first: np.ndarray, at: int) -> None:
        cosines = (asked @ units.T).numpy()
        self.worth[:, at : at + len(first)] = np.maximum.reduceat(cosines, first, axis=1)
        self.units += len(units)


class Late:
    """For every word of a question the nearest of a passage's units, added up as the words count.

    Args:
        words: Of each question its words, [words, channels].
        counts: And what each counts.
        passages: So many there are.
    """

    def __init__(self, words: Sequence[Vectors], counts: Sequence[Vectors], passages: int) -> None:
        self._bounds = np.cumsum([0, *map(len, words)])[:-1]
        self._words, self._counts = np.concatenate(words), np.concatenate(counts)[:, None]
        self.worth = np.zeros((len(words), passages), np.float32)
        self.units = 0

    def put(self, units: Vectors, first: np.ndarray, at: int) -> None:
        highest = np.maximum.reduceat(self._words @ units.T, first, axis=1) * self._counts
        self.worth[:, at : at + len(first)] = np.add.reduceat(highest, self._bounds, axis=0)
        self.units += len(units)


def states(found: Corpus) -> Iterator[tuple[int, list[Tensor]]]:
    """Token states of all passages, a block at a time, and the place of its first."""
    encoder = load(device="cpu")
    texts = [passage.text for passage in found.passages]
    for at in track(range(0, len(texts), BLOCK), "Reading"):
        yield at, encoder.states(texts[at : at + BLOCK])


def measured(found: Corpus, name: str, cache: Path) -> Mapping[str, Figures]:
    """Every way, for one collection."""
    questions = QUESTIONS[name](found)
    content = learned_for(describe().facts)
    assert content is not None
    learned = Learned.from_bytes(content, "shipped")
    asked = [its.numpy() for its in load(device="cpu").states([question.text for question in questions])]
    counts = [learned.counts(its) for its in asked]
    weighed = normalize(torch.from_numpy(np.stack([its @ of for its, of in zip(counts, asked, strict=True)])), dim=1)
    plain = torch.from_numpy(embedded([question.text for question in questions], cache))
    kinds = {way: Worth(len(questions), len(found.passages)) for way in ways()}
    plains = {way: Worth(len(questions), len(found.passages)) for way in ("tokens", *_levels(), "passage")}
    sentence = _levels()[1]
    words, signs = [unit(its) for its in asked], [projected(its) for its in asked]
    lates = {way: Late(words, counts, len(found.passages)) for way in ("tokens", sentence, TELLING)}
    lates[SIGNS] = Late(signs, counts, len(found.passages))
    with torch.inference_mode():
        for at, some in states(found):
            tokens = Tokens(some, torch.from_numpy(learned.saliency))
            for way, (size, step, kind) in ways().items():
                units, first = tokens.units(size, step, kind)
                kinds[way].put(weighed, units, first, at)
                if way in plains:
                    plains[way].put(plain, units, first, at)
                if way in lates:
                    lates[way].put(units.numpy(), first, at)
            told, first = tokens.told()
            lates[TELLING].put(normalize(told, dim=1).numpy(), first, at)
            codes = np.packbits((told @ torch.from_numpy(directions(told.shape[1]))).numpy() >= 0, axis=1)
            lates[SIGNS].put(unpack(codes, WORD_BITS), first, at)
    worth = {way: (its.worth, its.units) for way, its in kinds.items()}
    worth |= {f"{way}, plain": (its.worth, its.units) for way, its in plains.items()}
    chain = ["passage", *reversed(_levels()), "tokens"]
    for depth in range(2, len(chain) + 1):
        parts = [kinds[way] for way in chain[:depth]]
        worth[f"{depth} levels"] = (sum(its.worth for its in parts), sum(its.units for its in parts))
    pieces, whole, telling_signs = kinds[sentence], kinds["passage"], lates[SIGNS]
    both = pieces.worth + PASSAGE_COUNTS * whole.worth
    worth["level 2 and some of the passage"] = (both, pieces.units + whole.units)
    worth |= {f"each word, {way}": (its.worth, its.units) for way, its in lates.items() if way != "tokens"}
    everything = (both + WORDS_COUNT * telling_signs.worth, pieces.units + whole.units + telling_signs.units)
    worth[f"each word, {SIGNS}, level 2 and some of the passage"] = everything
    worth["dense twin"] = (lates["tokens"].worth, kinds["tokens"].units)
    figures = {}
    for way, (scores, units) in worth.items():
        figures[way] = scored(questions, [best(each, FOUND) for each in scores])
        figures[way]["units a passage"] = round(units / len(found.passages), 1)
    return figures


def _levels() -> list[str]:
    """The levels of ratio 4 between tokens and passages."""
    return [f"ratio 4, level {level}" for level in RATIOS[4]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="of qmsum, openstax (both)")
    parser.add_argument("--cache", type=Path, default=CACHE)
    options = parser.parse_args()
    figures: dict[str, object] = {}
    for name in options.names or ("qmsum", "openstax"):
        if not (EVAL / name).is_dir():
            print(f"skipped: no evaluation data {name}")
            continue
        its = measured(corpus(name, options.cache).held_out(), name, options.cache)
        figures[name] = its
        for way, row in its.items():
            print(f"{name:9s} {way:40s} " + "  ".join(f"{key} {value:.3f}" for key, value in row.items()), flush=True)
    write_result("levels", figures)


if __name__ == "__main__":
    main()
