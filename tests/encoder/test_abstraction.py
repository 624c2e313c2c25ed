"""Pyramid and abstraction head, over ragged texts of any lengths."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from shas_kb.encoder.abstraction import AbstractionHead, mean_of_children
from shas_kb.encoder.pyramid import Step, gather, group, offsets, steps

LENGTHS = st.lists(st.integers(1, 256), min_size=1, max_size=12)
RATIOS = st.integers(2, 5)
few = settings(max_examples=20, deadline=None)


def texts(lengths: list[int]) -> Tensor:
    return offsets(torch.tensor(lengths))


def head(ratio: int = 4, learned: bool = False, dim: int = 24) -> AbstractionHead:
    torch.manual_seed(0)
    made = AbstractionHead(dim, levels=5, ratio=ratio, groups=6).double()
    if learned:
        for parameter in made.parameters():
            torch.nn.init.normal_(parameter, std=0.3)
    return made


@few
@given(LENGTHS, RATIOS)
def test_children_cover_every_row_once_and_stay_in_their_text(lengths: list[int], ratio: int) -> None:
    step = group(texts(lengths), ratio)
    children = step.children
    assert children[0] == 0
    assert children[-1] == sum(lengths)
    assert bool((children.diff() >= 1).all())
    assert bool((children.diff() <= ratio).all())
    assert set(step.texts.tolist()) <= set(children.tolist())
    assert step.above.diff().tolist() == [-(-length // ratio) for length in lengths]


@few
@given(LENGTHS, RATIOS)
def test_windows_are_those_of_the_formula(lengths: list[int], ratio: int) -> None:
    step = group(texts(lengths), ratio)
    expected, unit, start = [], 0, 0
    for length in lengths:
        for i in range(-(-length // ratio)):
            left = ratio * i - ratio // 2
            window = [j for j in range(left, left + 2 * ratio) if 0 <= j < length]
            expected += [(unit, start + j, j - left) for j in window]
            unit += 1
        start += length
    assert list(zip(*(part.tolist() for part in step.windows(ratio)), strict=True)) == expected


@few
@given(LENGTHS, st.integers(1, 4))
def test_level_four_is_the_passage_and_above_it_the_document(lengths: list[int], documents: int) -> None:
    passages = [len(lengths[i::documents]) for i in range(documents) if lengths[i::documents]]
    way = steps(torch.tensor(lengths), torch.tensor(passages), ratio=4, depth=4)
    assert [step.units for step in way][3:] == [len(lengths), len(passages)]
    assert way[4].children.diff().tolist() == passages


@few
@given(LENGTHS)
def test_at_the_start_the_top_is_the_mean_of_all_tokens(lengths: list[int]) -> None:
    units = torch.randn(sum(lengths), 24, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    counts = torch.ones(len(units), dtype=torch.int64)
    states, whole, abstract = units, units.mean(dim=0), head()
    means = torch.stack([text.mean(dim=0) for text in torch.split(units, lengths)])
    assert abstract.is_mean
    for level, step in enumerate(steps(torch.tensor(lengths), torch.tensor([len(lengths)]), ratio=4, depth=4)):
        units, counts = abstract(units, counts, step, level)
        if level == 3:
            torch.testing.assert_close(units, means)
            assert counts.tolist() == lengths
    torch.testing.assert_close(units[0], whole)
    closed, _ = mean_of_children(means, torch.tensor(lengths), gather(torch.tensor([0, len(lengths)])))
    torch.testing.assert_close(closed, units)
    assert len(states) == counts.item()


def by_hand(made: AbstractionHead, units: Tensor, counts: Tensor, step: Step, level: int) -> Tensor:
    """The formula, one unit and one child at a time."""
    x, out = made.norm(units), []
    seen: dict[int, list[tuple[int, int]]] = {unit: [] for unit in range(step.units)}
    for unit, row, place in zip(*(part.tolist() for part in step.windows(made.ratio)), strict=True):
        seen[unit].append((row, place))
    for unit, window in seen.items():
        first, last = int(step.children[unit]), int(step.children[unit + 1])
        logits = torch.stack([made.score(x[j]) + made.place[p] + made.own * (first <= j < last) for j, p in window])
        weight = logits.softmax(dim=0).repeat_interleave(units.shape[1] // made.groups, dim=1)
        attended = made.out((weight * made.value(x[[j for j, _ in window]])).sum(dim=0))
        mass = counts[first:last, None].double()
        mean = (units[first:last] * mass).sum(dim=0) / mass.sum()
        gate, value = made.up(made.norm(mean)).chunk(2)
        feed = made.down(torch.nn.functional.silu(gate) * value)
        out.append(mean + made.attention_gate[level] * attended + made.feed_gate[level] * feed + made.level[level])
    return torch.stack(out)


@pytest.mark.parametrize("ratio", [2, 3, 4, 5])
def test_the_head_is_its_formula(ratio: int) -> None:
    made = head(ratio, learned=True)
    lengths = [1, 2, 3, 4, 9, 17]
    units, counts = torch.randn(sum(lengths), 24).double(), torch.randint(1, 9, (sum(lengths),))
    for step in (group(texts(lengths), ratio), gather(texts(lengths))):
        torch.testing.assert_close(made(units, counts, step, 2)[0], by_hand(made, units, counts, step, 2))


@few
@given(LENGTHS)
def test_a_text_is_abstracted_the_same_alone_and_among_others(lengths: list[int]) -> None:
    made = head(learned=True)
    units = torch.randn(sum(lengths), 24).double()
    counts = torch.ones(len(units), dtype=torch.int64)
    together = made(units, counts, group(texts(lengths), 4), 0)[0]
    alone = [made(own, counts[: len(own)], group(texts([len(own)]), 4), 0)[0] for own in torch.split(units, lengths)]
    torch.testing.assert_close(together, torch.cat(alone))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_any_dtype(dtype: torch.dtype) -> None:
    made = head(learned=True)
    lengths = [5, 60]
    units = torch.randn(65, 24).double()
    counts, step = torch.ones(65, dtype=torch.int64), group(texts(lengths), 4)
    exact = made(units, counts, step, 0)[0]
    found = made.to(dtype)(units.to(dtype), counts, step, 0)[0]
    assert found.dtype == dtype
    torch.testing.assert_close(found.double(), exact, atol=0.1 if dtype == torch.bfloat16 else 1e-5, rtol=0.05)


def test_gates_learn_from_the_first_step_and_everything_once_they_are_open() -> None:
    units, counts, step = torch.randn(20, 24).double(), torch.ones(20, dtype=torch.int64), group(texts([13, 7]), 4)
    for made in (head(), head(learned=True)):
        made(units, counts, step, 0)[0].square().sum().backward()
        assert made.attention_gate.grad is not None
        assert made.attention_gate.grad[0] != 0
        assert made.feed_gate.grad is not None
        assert made.feed_gate.grad[0] != 0
    for name, parameter in made.named_parameters():
        assert parameter.grad is not None, name
        assert bool(parameter.grad.any()), name


def test_the_gradient_is_right() -> None:
    made = head(learned=True)
    units = torch.randn(7, 24).double().requires_grad_()
    step = group(texts([5, 2]), 4)
    counts = torch.tensor([1, 2, 3, 1, 1, 4, 1])
    assert torch.autograd.gradcheck(lambda rows: made(rows, counts, step, 1)[0], (units,))
