"""How near sparse attentions come to dense attention with equally many keys a query, and whether a descent finds one
unit among 65,536 tokens.

    python benchmarks/approximation.py

The first: ||out - dense|| / ||dense||, the mean of heads, then of texts. All see about as many keys a query as SHAS
with its default k, or more. Those that choose do so by one descent: by means of keys, as an untrained router does, and
by where dense attention's mass lies, which no router knows; so attentions are compared, not the choosing. Texts are
synthetic, of topics, and the beginnings of textbooks, of which the bundled model makes states, 256 tokens at a time:
asked by their likeness, and by queries and keys of its last layer. These know places within those 256 tokens, and so
attend to like places all over the text, which no descent can follow.

The second: a query asks for one token by its content. Its descent goes by means, by an abstraction trained on shorter
texts, by the larger score of the two, by bounds from the least and the largest of each channel, and by a pooling that
is told, and did not have to learn, how much a mark counts.
"""

from __future__ import annotations

import argparse
import bisect
import gzip
import json
import statistics
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import NamedTuple

import numpy as np
import torch
from report import EVAL, write_result
from torch import Tensor, nn
from torch.nn.functional import normalize, scaled_dot_product_attention

from shas_kb.encoder.models import locate
from shas_kb.kernels import reference
from shas_kb.kernels.abstraction import Abstraction, windows
from shas_kb.kernels.attention import descend
from shas_kb.kernels.descent import walk
from shas_kb.kernels.layout import Layout, Table, summaries
from shas_kb.kernels.plan import Plan
from shas_kb.kernels.pyramid import TILE, Pyramid
from shas_kb.kernels.router import explore_loss
from shas_kb.kernels.variants import attend_apart, counting_again, softmax_over

SOURCE = EVAL / "openstax" / "docs.jsonl.gz"
TOKENS, LONG, SEEDS = 16_384, 65_536, 3
TILES = range(10, TOKENS // TILE, 32)  # whose queries ask
ALL = range(5)
Route = Callable[[Pyramid], tuple[Tensor, Tensor]]


@cache
def regular(tokens: int, ratio: int = 4, levels: int = 5) -> Pyramid:
    return Pyramid.from_lengths([tokens], ratio, levels)


def means(tokens: Tensor, pyramid: Pyramid) -> Tensor:
    """The mean of the tokens under each unit of all levels, [tokens, ...] to [rows, ...]."""
    first, last = pyramid.span.T
    return (sums(tokens, first, last) / torch.from_numpy(last - first).view(-1, 1, 1)).to(tokens.dtype)


def sums(tokens: Tensor, first: np.ndarray, last: np.ndarray) -> Tensor:
    below = torch.cat([torch.zeros(1, *tokens.shape[1:], dtype=torch.float64), tokens.double().cumsum(0)])
    return below[last] - below[first]


@dataclass(frozen=True, eq=False)
class Text:
    """Queries, [queries, heads, channels], to the tokens of one text, [tokens, heads, channels].

    Attributes:
        tiles: The tiles of tokens whose queries they are; None where each is a question from outside.
    """

    q: Tensor
    k: Tensor
    v: Tensor
    tiles: Sequence[int] | None = None

    def layout(self, ratio: int, levels: int, k: int | Sequence[int], window: int = 1) -> Layout:
        pyramid = regular(len(self.k), ratio, levels)
        if self.tiles is None:
            return Layout.of(Plan.questions(pyramid, [1] * len(self.q), [0] * len(self.q), k))
        plan, own = Plan.asking(pyramid, k, levels=1, window=window, dense=0), np.asarray(self.tiles)
        picked = {name: getattr(plan, name)[own] for name in ("length", "text", "near", "whole")}
        return Layout.of(replace(plan, start=np.arange(len(own)) * TILE, **picked))

    def by_means(self, pyramid: Pyramid) -> tuple[Tensor, Tensor]:
        return self.q, means(self.k, pyramid)

    def by_mass(self, pyramid: Pyramid) -> tuple[Tensor, Tensor]:
        """A routing channel for each block, in which a group's score is the logarithm of the block's mass on it."""
        heads = self.q.shape[1]
        blocks = len(self.q) if self.tiles is None else len(self.tiles)
        logits = (self.q[:, head] @ self.k[:, head].T * self.q.shape[-1] ** -0.5 for head in range(heads))
        spent = torch.stack([each.softmax(-1).view(blocks, -1, len(self.k)).sum(1) for each in logits])
        spent = spent.permute(2, 0, 1)  # [tokens, heads, blocks]
        group, span = pyramid.tiles.group[pyramid.tiles.parent >= 0], pyramid.span
        mass = sums(spent, span[group[:, 0], 0], span[group[:, 1] - 1, 1]).clamp(min=1e-30)
        # All units of a group get its score, from which the descent's logarithm of their tokens is taken first.
        units = torch.from_numpy(np.repeat(np.arange(len(group)), group[:, 1] - group[:, 0]))
        above = span[pyramid.bounds[0, -1] :]
        score = mass.log()[units] - torch.from_numpy(np.log(above[:, 1] - above[:, 0]))[:, None, None]
        own = torch.eye(blocks).repeat_interleave(len(self.q) // blocks, 0)[:, None].expand(-1, heads, -1)
        return own * blocks**0.5, torch.cat([torch.zeros_like(spent), score.float()])


class Seen(NamedTuple):
    """What is attended to: units of a table whose levels are among `kept`; and how many that are to a query."""

    layout: Layout
    table: Table
    keys: float
    kept: Collection[int]

    @classmethod
    def of(cls, layout: Layout, route: Route, kept: Collection[int] = ALL, *, again: bool = False) -> Seen:
        route_q, route_k = route(layout.plan.pyramid)
        table = descend(summaries(route_q, layout), route_k, layout)
        table = counting_again(table, layout) if again else table
        bits = (table.mask[..., None] >> torch.arange(TILE) & 1).sum(-1)
        counted = torch.isin(layout.geometry.tile_level[table.tile], torch.tensor(sorted(kept))) * bits
        return cls(layout, table, counted.sum(-1).float().mean().item(), kept)


def at_least(keys: float, seen: Callable[[int], Seen]) -> Seen:
    """The first of a rising row that sees so many keys."""
    return seen(bisect.bisect_left(range(250), keys, key=lambda number: seen(number).keys))


def errors(text: Text, route: Route) -> dict[str, dict[str, float]]:
    """Error and keys a query of every variant."""
    route, by_means = cache(route), cache(text.by_means)
    tokens, scale = len(text.k), text.q.shape[-1] ** -0.5
    q, k, v = (x.transpose(0, 1) for x in (text.q, text.k, text.v))
    exact = scaled_dot_product_attention(q, k, v).transpose(0, 1)
    found: dict[str, dict[str, float]] = {}

    def note(name: str, out: Tensor, seen: Seen) -> None:
        error = ((out - exact).norm(dim=(0, 2)) / exact.norm(dim=(0, 2))).mean().item()
        found[name] = {"error": error, "keys": seen.keys}

    @cache
    def units(pyramid: Pyramid) -> tuple[Tensor, Tensor]:
        return by_means(pyramid)[1], means(text.v, pyramid)

    def attend(name: str, seen: Seen) -> None:
        combine = softmax_over(seen.kept)
        out, _ = reference.attend(
            text.q, *units(seen.layout.plan.pyramid), None, None, None, seen.table, seen.layout, scale, combine=combine
        )  # fmt: skip
        note(name, out, seen)

    def graded(number: int) -> tuple[int, ...]:
        return (number + 2, number + 2, number, number)  # like the default

    shas = Seen.of(text.layout(4, 5, graded(6)), route)
    attend("partition, one softmax (SHAS)", shas)
    attend("counting again", at_least(shas.keys, lambda n: Seen.of(text.layout(4, 5, graded(n)), route, again=True)))
    attend("counting again, same descent", Seen.of(shas.layout, route, again=True))
    attend("selected only", at_least(shas.keys, lambda n: Seen.of(text.layout(4, 5, n), route, {0})))
    ratio = 1 << int(tokens / shas.keys).bit_length() - 1  # tiles are of 64 tokens where it divides them
    attend("coarse only", Seen.of(text.layout(ratio, 2, 0, 0), by_means, {1}, again=True))
    if text.tiles is not None:
        window = at_least(shas.keys, lambda n: Seen.of(text.layout(4, 2, 0, n), by_means, {0}))
        attend("window and beginning only", window)
    top = 2 if tokens < LONG else 3  # about half of the keys
    apart = at_least(shas.keys, lambda n: Seen.of(text.layout(4, top + 1, n), route, {0, top}, again=True))

    def mixed(gates: Tensor) -> Tensor:
        k, v = units(apart.layout.plan.pyramid)
        return attend_apart(text.q, k, v, None, gates, apart.table, apart.layout, scale, [{0}, {top}])

    one = torch.tensor([torch.inf, -torch.inf]).expand(*text.q.shape[:2], 2)
    fine, rough = mixed(one), mixed(one.flip(-1))
    note("separate softmaxes, half of each", mixed(torch.zeros_like(one)), apart)
    for name, rows in (("best gates of a head", (0, 2)), ("best gates of a query", (2,))):
        note(f"separate softmaxes, {name} in hindsight", mixed(best(fine, rough, exact, rows).logit()), apart)
    return found


def best(fine: Tensor, rough: Tensor, exact: Tensor, over: tuple[int, ...]) -> Tensor:
    """Two gates, 0 to 1, that bring their sum nearest to what is exact; [queries, heads, 2]."""

    def nearest(one: Tensor, rest: Tensor) -> Tensor:
        return ((one * rest).sum(over, keepdim=True) / (one * one).sum(over, keepdim=True)).clamp(0, 1)

    a = b = torch.full((1, 1, 1), 0.5)
    for _ in range(200):
        a = nearest(fine, exact - b * rough)
        b = nearest(rough, exact - a * fine)
    return torch.cat([x.expand(*fine.shape[:2], 1) for x in (a, b)], -1)


def topical(seed: int, topics: float, sharpness: float) -> Text:
    """Keys and values that follow topics of 256 tokens, keys also others of 128; a token asks for what is like it."""
    draw = torch.Generator().manual_seed(seed)

    def of_topics(length: int) -> Tensor:
        shared = torch.randn(TOKENS // length, 1, 64, generator=draw).repeat_interleave(length, 0)
        return topics * shared + (1 - topics**2) ** 0.5 * torch.randn(TOKENS, 1, 64, generator=draw)

    x, other = of_topics(256), of_topics(128)
    q, v = x + 0.3 * torch.randn(x.shape, generator=draw), 0.5 * x + 0.5 * torch.randn(x.shape, generator=draw)
    return _asked(q * sharpness, 0.87 * x + 0.5 * other, v)


@torch.inference_mode()
def books() -> Iterator[tuple[Text, Text]]:
    """The beginnings of the first books: tokens asked by likeness, and the last layer of the bundled model."""
    from transformers import AutoModel, AutoTokenizer

    parts = defaultdict(list)
    with gzip.open(SOURCE, "rt", encoding="utf-8") as lines:
        for section in map(json.loads, lines):
            parts[section["l2"]].append(section["text"])
    folder = locate(None).folder
    tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder).eval()
    for name in sorted(parts)[:SEEDS]:
        ids = tokenizer("\n\n".join(parts[name])[: 8 * TOKENS], verbose=False)["input_ids"][:TOKENS]
        made = [model(block, output_hidden_states=True) for block in torch.tensor(ids).view(-1, 256).split(4)]
        *_, below, last = (
            torch.cat(states).flatten(0, 1) for states in zip(*(m.hidden_states for m in made), strict=True)
        )
        alike = normalize(last, dim=-1)[:, None]
        # 20 is by how much the model's likeness was multiplied in its training.
        yield _asked(20 * alike.shape[-1] ** 0.5 * alike, alike, last[:, None]), _asked(*(
            part(below).unflatten(-1, (12, -1))[:, ::3] for part in _projections(model)
        ))  # fmt: skip


def _projections(model: nn.Module) -> tuple[nn.Module, ...]:
    layer = model.encoder.layer[-1].attention.self
    return layer.query, layer.key, layer.value


def _asked(q: Tensor, k: Tensor, v: Tensor) -> Text:
    return Text(q.unflatten(0, (-1, TILE))[TILES].flatten(0, 1), k, v, TILES)


class Planted:
    """Texts of topics in some of whose tokens a mark says that they will be asked for, and an abstraction."""

    width, heads = 64, 8

    def __init__(self, seed: int) -> None:
        torch.manual_seed(seed)
        self.draw = torch.Generator().manual_seed(seed)
        self.abstraction = Abstraction(self.width, groups=1)
        nn.init.constant_(self.abstraction.gate, 1.0)

    def text(
        self, tokens: int, questions: int, every: int = 64, mark: float = 8.0, like: bool = False
    ) -> tuple[Tensor, Tensor, Tensor]:
        """States, [tokens, width]; places asked for, [questions, heads]; queries, [questions, heads, width].

        Args:
            every: One token of so many is marked, and one of the marked is asked for.
            mark: How strongly.
            like: Whether the marked tokens are like their surroundings, or have a content of their own.
        """
        shared = torch.randn(tokens // 256, self.width, generator=self.draw).repeat_interleave(256, 0)
        states = 0.5**0.5 * (shared + torch.randn(tokens, self.width, generator=self.draw))
        marked = torch.arange(0, tokens, every) + torch.randint(every, (tokens // every,), generator=self.draw)
        if not like:
            states[marked] = torch.randn(len(marked), self.width, generator=self.draw)
        states[:, 0] = 0
        place = marked[torch.randint(len(marked), (questions, self.heads), generator=self.draw)]
        q = 3 * states[place]
        states[marked, 0] = mark
        return states, place, q

    def train(self, tokens: int = 8192, steps: int = 50, questions: int = 8) -> None:
        """Only the abstraction learns, and what the router goes by are its units as they are."""
        pyramid = regular(tokens)
        layout, view = Layout.of(Plan.questions(pyramid, [1] * questions, [0] * questions)), windows(pyramid, 4)
        optimizer = torch.optim.Adam([
            {"params": [self.abstraction.score.weight], "lr": 0.1},
            {"params": [self.abstraction.gate], "lr": 0.01},
        ])  # fmt: skip
        for _ in range(steps):
            states, _, q = self.text(tokens, questions)
            units = self.abstraction(states, view)[:, None].expand(-1, self.heads, -1)
            loss = explore_loss(q, units, q, units, layout, range(questions))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

    @torch.no_grad()
    def recall(self, every: int = 64, mark: float = 8.0, like: bool = False, questions: int = 8) -> dict[str, float]:
        """How often the descent comes to the token asked for, by each way to score groups."""
        pyramid = regular(LONG)
        plan = Plan.questions(pyramid, [1], [0])
        states, place, q = self.text(LONG, questions, every, mark, like)
        q, place = q.flatten(0, 1), place.flatten()
        mean, learned = means(states[:, None], pyramid)[:, 0], self.abstraction(states, windows(pyramid, 4))
        one = pyramid.span[:, 0]
        edges = [slice(*bounds) for bounds in pyramid.bounds]
        high, low = (
            torch.from_numpy(np.concatenate([way.reduceat(states.numpy(), one[edge]) for edge in edges]))
            for way in (np.maximum, np.minimum)
        )
        count = torch.from_numpy(np.log(pyramid.span[:, 1] - one)).float()
        scores = {name: q @ x.T * self.width**-0.5 + count for name, x in (("mean", mean), ("learned", learned))}
        scores["the larger of both"] = torch.maximum(*scores.values())
        scores["bounds"] = q.clamp(min=0) @ high.T + q.clamp(max=0) @ low.T
        below = pyramid.tiles.parent >= 0
        found = {}
        scores["told"] = q @ weighed(states).T
        for name, units in scores.items():
            groups = np.maximum.reduceat(units.numpy(), pyramid.tiles.group[below, 0], axis=1)
            hits = [
                int(at) // TILE in walk(pyramid, 0, plan.k, row.__getitem__, near=plan.near[0])[-1].tiles
                for at, row in zip(place, groups, strict=True)
            ]
            found[name] = statistics.mean(hits)
        return found

    @torch.no_grad()
    def errors(self, questions: int = 8) -> dict[str, dict[str, dict[str, float]]]:
        """Of attention where one of 1,024 marked tokens is asked for, chosen by means and by what was learned."""
        states, _, q = self.text(LONG, questions)
        q = q[:, :2]
        v = torch.randn(states.shape, generator=self.draw)
        text = Text(q, *(x[:, None].expand(-1, 2, -1) for x in (states, v)))
        learned = self.abstraction(states, windows(regular(LONG), 4))[:, None]

        def by_learned(pyramid: Pyramid) -> tuple[Tensor, Tensor]:
            return q, learned[: pyramid.rows].expand(-1, 2, -1)

        routes = {"means": text.by_means, "learned abstraction": by_learned, "dense mass": text.by_mass}
        return {f"chosen by {name}": errors(text, route) for name, route in routes.items()}


def weighed(states: Tensor) -> Tensor:
    """Units of all levels, each the sum of four under softmax of their marks."""
    levels = [states]
    for _ in ALL[1:]:
        four = levels[-1].view(-1, 4, states.shape[1])
        levels.append((four[..., :1].softmax(1) * four).sum(1))
    return torch.cat(levels)


def spread(runs: Sequence[dict[str, object]]) -> dict[str, object]:
    """Mean, least and largest of the numbers at each place of nested dictionaries."""
    result: dict[str, object] = {}
    for name, value in runs[0].items():
        values = [run[name] for run in runs]
        if isinstance(value, dict):
            result[name] = spread(values)
        else:
            figures = {"mean": statistics.mean(values), "min": min(values), "max": max(values)}
            result[name] = {each: round(figure, 4) for each, figure in figures.items()}
    return result


def approximated(text: Text) -> dict[str, object]:
    return {"chosen by means": errors(text, text.by_means), "chosen by dense mass": errors(text, text.by_mass)}


def main() -> None:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    torch.set_num_threads(1)  # most products are too small for more
    error: dict[str, object] = {}
    for topics, sharpness in ((0.0, 1.0), (0.5, 1.0), (0.5, 3.0), (0.8, 1.0), (0.8, 3.0)):
        runs = [approximated(topical(seed, topics, sharpness)) for seed in range(SEEDS)]
        error[f"synthetic, topics {topics}, sharpness {sharpness}"] = spread(runs)
    if SOURCE.exists():
        both = [(approximated(alike), approximated(layer)) for alike, layer in books()]
        error["textbooks, asked by likeness"] = spread([one for one, _ in both])
        error["textbooks, queries and keys of the last layer"] = spread([one for _, one in both])
    else:
        print("left out: textbooks, which are not beside the repository")
    recall, planted = [], []
    for seed in range(SEEDS):
        one = Planted(seed)
        one.train()
        recall.append({
            "unlike its surroundings, one of 16 marked": one.recall(LONG // 16),
            "unlike its surroundings, one of 256 marked": one.recall(LONG // 256),
            "unlike its surroundings, one of 1,024 marked": one.recall(),
            "unlike its surroundings, nothing is marked": one.recall(mark=0.0),
            "like its surroundings, nothing is marked": one.recall(mark=0.0, like=True),
        })  # fmt: skip
        planted.append(one.errors())
    figures = {
        f"error at {TOKENS} tokens": error,
        f"recall at {LONG} tokens": spread(recall),
        f"error at {LONG} tokens, where one of 1,024 marked is asked for": spread(planted),
    }
    write_result("approximation", figures)
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
