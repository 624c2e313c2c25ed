"""The abstraction head is its formula, over texts of any lengths and units with any number of children."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from problems import DEVICE, ragged_pyramid
from torch import Tensor
from torch.autograd import grad
from torch.nn.functional import silu

from shas_kb.kernels.abstraction import Abstraction, Kind, windows
from shas_kb.kernels.pyramid import Pyramid

WIDTH = 24
LENGTHS = st.lists(st.integers(0, 256), min_size=1, max_size=12)
RATIOS = st.integers(2, 5)
KINDS = get_args(Kind)
few = settings(max_examples=20, deadline=None)


def head(ratio: int = 4, kind: Kind = "overlap", *, learned: bool = False, width: int = WIDTH) -> Abstraction:
    torch.manual_seed(0)
    made = Abstraction(width, ratio, groups=width // 4, kind=kind).to(DEVICE, torch.float64)
    if learned:
        for parameter in made.parameters():
            torch.nn.init.normal_(parameter, std=0.3)
    return made


def states(rows: int, width: int = WIDTH) -> Tensor:
    return torch.randn(rows, width, dtype=torch.float64, generator=torch.Generator().manual_seed(1)).to(DEVICE)


def abstracted(made: Abstraction, tokens: Tensor, pyramid: Pyramid) -> Tensor:
    return made(tokens, windows(pyramid, made.ratio, DEVICE))


def documents(*passages: list[int]) -> Pyramid:
    """Tokens, passages, and documents of any number of them, given by the tokens of their passages."""
    tokens, counts = [length for each in passages for length in each], [len(each) for each in passages]
    offsets = [np.cumsum([0, *tokens]), np.cumsum([0, *counts])]
    return Pyramid.from_offsets(offsets, np.arange(len(counts) + 1), alone=True)


def by_hand(made: Abstraction, tokens: Tensor, pyramid: Pyramid) -> Tensor:
    """The formula, one unit and one child at a time."""
    levels, r = [tokens], made.ratio
    for step, offsets in enumerate(pyramid.offsets):
        below, units = levels[-1], []
        rows, above = (bounds - bounds[0] for bounds in pyramid.bounds[step : step + 2])
        counts = torch.from_numpy(np.diff(pyramid.span)[pyramid.bounds[step, 0] :, 0]).to(tokens)
        for text in range(pyramid.texts):
            for unit in range(above[text], above[text + 1]):
                own = range(offsets[unit], offsets[unit + 1])
                seen = [j for j in range(own.start - r // 2, own.stop + r - r // 2) if rows[text] <= j < rows[text + 1]]
                mass = counts[own.start : own.stop, None]
                mean = (mass * below[own.start : own.stop]).sum(0) / mass.sum()
                mixed = looked(made, {j: below[j] for j in seen}, own, counts)
                units.append(fed(made, mean + made.gate[step] * made.out(mixed), step))
        levels.append(torch.stack(units))
    return torch.cat(levels)


def looked(made: Abstraction, seen: dict[int, Tensor], own: range, counts: Tensor) -> Tensor:
    """What a unit makes of the rows of its window."""
    normed = {j: made.norm(row) for j, row in seen.items()}
    values = {j: made.value(x).view(made.groups, -1) for j, x in normed.items()}
    if made.kind == "max":
        return torch.stack([values[j] for j in own]).amax(0).flatten()
    places = {j: made.place[min(j - own.start + made.ratio // 2, 2 * made.ratio - 1)] for j in seen}
    weight: dict[int, Tensor]
    if made.kind == "mean":
        weight = {j: (counts[j] / counts[own.start : own.stop].sum()).expand(made.groups) for j in own}
    elif made.kind == "linear":
        weight = {j: places[j] for j in own}
    else:
        among = list(own) if made.kind == "own" else list(seen)
        logits = torch.stack([made.score(normed[j]) + places[j] + made.own * (j in own) for j in among])
        weight = dict(zip(among, logits.softmax(0), strict=True))
    return torch.stack([w[:, None] * values[j] for j, w in weight.items()]).sum(0).flatten()


def fed(made: Abstraction, unit: Tensor, step: int) -> Tensor:
    gate, value = made.up(made.feed_norm(unit)).chunk(2)
    return unit + made.feed_gate[step] * made.down(silu(gate) * value) + made.level[step]


@few
@given(LENGTHS, RATIOS)
def test_windows_are_those_of_the_formula(lengths: list[int], ratio: int) -> None:
    expected, unit, start = [], 0, 0
    for length in lengths:
        for i in range(-(-length // ratio)):
            left = ratio * i - ratio // 2
            window = [j for j in range(left, left + 2 * ratio) if 0 <= j < length]
            expected += [(unit, start + j, j - left, ratio * i <= j < ratio * (i + 1)) for j in window]
            unit += 1
        start += length
    (seen,) = windows(Pyramid.from_lengths(lengths, ratio, levels=2), ratio)
    units = torch.repeat_interleave(seen.bounds.diff())
    pairs = zip(units.tolist(), seen.row.tolist(), seen.place.tolist(), seen.own.tolist(), strict=True)
    assert list(pairs) == expected


def test_a_document_sees_all_its_passages_and_those_beyond_the_ratio_stand_in_the_last_place() -> None:
    *_, seen = windows(documents([5] * 9, [7, 1, 2]), ratio=4)
    assert seen.bounds.tolist() == [0, 9, 12]
    assert seen.place.tolist() == [2, 3, 4, 5, 6, 7, 7, 7, 7, 2, 3, 4]
    assert bool(seen.own.all())
    torch.testing.assert_close(seen.share[9:], torch.tensor([0.7, 0.1, 0.2], dtype=torch.float64))


@few
@given(LENGTHS, RATIOS, st.sampled_from(KINDS), st.booleans())
def test_at_the_start_every_unit_is_the_mean_of_its_tokens(
    lengths: list[int], ratio: int, kind: Kind, ragged: bool
) -> None:
    pyramid = ragged_pyramid(lengths, ratio, 5) if ragged else Pyramid.from_lengths(lengths, ratio)
    tokens, made = states(sum(lengths)), head(ratio, kind)
    rows = abstracted(made, tokens, pyramid)
    assert made.is_mean and rows.shape == (pyramid.rows, WIDTH)
    assert torch.equal(rows[: len(tokens)], tokens)
    edges = torch.from_numpy(pyramid.span).to(DEVICE)
    sums = torch.cat([tokens.new_zeros(1, WIDTH), tokens.cumsum(0)])[edges]
    torch.testing.assert_close(rows, (sums[:, 1] - sums[:, 0]) / edges.diff())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("ratio", [2, 3, 4, 5])
def test_the_head_is_its_formula(ratio: int, kind: Kind) -> None:
    made, lengths = head(ratio, kind, learned=True), [1, 2, 0, 3, 4, 9, 17]
    assert not made.is_mean
    for pyramid in (
        Pyramid.from_lengths(lengths, ratio, 4),
        ragged_pyramid(lengths, 2 * ratio, 4),
        documents([3] * 11, [4], [1, 9]),
    ):
        tokens = states(pyramid.tokens.sum())
        torch.testing.assert_close(abstracted(made, tokens, pyramid), by_hand(made, tokens, pyramid))


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
def test_a_document_of_5000_passages_beside_one_of_a_single_passage(dtype: torch.dtype) -> None:
    pyramid = Pyramid.from_offsets([[0, 5000, 5001]], [0, 1, 2], alone=True)
    tokens, made = states(5001), head(learned=True)
    exact = by_hand(made, tokens, pyramid)[-2:]
    found = abstracted(made.to(dtype), tokens.to(dtype), pyramid)[-2:]
    errors = {torch.float64: 1e-10, torch.float32: 1e-4, torch.bfloat16: 0.1}
    torch.testing.assert_close(found.double(), exact, atol=errors[dtype], rtol=0.05)


@few
@given(LENGTHS, st.sampled_from(KINDS))
def test_a_text_is_abstracted_the_same_alone_and_among_others(lengths: list[int], kind: Kind) -> None:
    made, tokens = head(kind=kind, learned=True), states(sum(lengths))
    pyramid = Pyramid.from_lengths(lengths)
    together = abstracted(made, tokens, pyramid)
    for text, own in enumerate(torch.split(tokens, lengths)):
        alone = abstracted(made, own, Pyramid.from_lengths([len(own)]))
        parts = [together[slice(*rows)] for rows in pyramid.bounds[:, text : text + 2]]
        torch.testing.assert_close(torch.cat(parts), alone)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("kind", KINDS)
def test_any_dtype(kind: Kind, dtype: torch.dtype) -> None:
    made, pyramid, tokens = head(kind=kind, learned=True), Pyramid.from_lengths([5, 60], levels=2), states(65)
    exact = abstracted(made, tokens, pyramid)
    found = abstracted(made.to(dtype), tokens.to(dtype), pyramid)
    assert found.dtype == dtype
    torch.testing.assert_close(found.double(), exact, atol=0.1 if dtype == torch.bfloat16 else 1e-5, rtol=0.05)


def test_scores_of_any_size_do_not_overflow() -> None:
    made, pyramid, tokens = head(learned=True), Pyramid.from_lengths([70, 3]), states(73)
    rows = abstracted(made, tokens, pyramid)
    with torch.no_grad():
        made.place += 1e4  # to all of a window alike
    torch.testing.assert_close(abstracted(made, tokens, pyramid), rows)


def test_gradients_of_places_do_not_stop_growing_in_bf16() -> None:
    made, pyramid, tokens = head(learned=True), Pyramid.from_lengths([40_000], levels=2), states(40_000) + 1
    exact, found = (
        grad(abstracted(made.to(dtype), tokens.to(dtype), pyramid).sum(), made.place)[0].double()
        for dtype in (torch.float64, torch.bfloat16)
    )
    assert (found - exact).norm() < 0.05 * exact.norm()


def test_gates_learn_from_the_first_step_and_everything_once_they_are_open() -> None:
    pyramid = Pyramid.from_lengths([300, 70])
    for made in (head(), head(learned=True)):
        abstracted(made, states(370), pyramid).square().sum().backward()
        for gate in (made.gate, made.feed_gate):
            assert gate.grad is not None and bool((gate.grad != 0).all())
    for name, parameter in made.named_parameters():
        assert parameter.grad is not None and bool(parameter.grad.any()), name


@pytest.mark.parametrize("kind", KINDS)
def test_gradients_are_right(kind: Kind) -> None:
    made = head(kind=kind, learned=True, width=4)
    names, parameters = zip(*made.named_parameters(), strict=True)
    seen = windows(documents([1, 2, 3, 1, 1, 2], [4]), made.ratio, DEVICE)

    def rows(tokens: Tensor, *values: Tensor) -> Tensor:
        outcome: Tensor = torch.func.functional_call(made, dict(zip(names, values, strict=True)), (tokens, seen))
        return outcome

    given_values = (states(14, 4).requires_grad_(), *parameters)
    unused = {"max": 3, "mean": 3, "linear": 2}.get(kind, 0)
    slopes = grad(rows(*given_values).sum(), given_values, allow_unused=True)
    assert sum(slope is None for slope in slopes) == unused, "of score, place, own"
    assert torch.autograd.gradcheck(rows, given_values)


@pytest.mark.skipif(DEVICE == "cuda", reason="PyTorch's own sums have no fixed order there")
def test_the_same_input_gives_the_same_bits_forward_and_backward() -> None:
    pyramid = ragged_pyramid([12_000, 8_000], 5, 2)  # long enough for threads to share the work
    made, tokens = head(learned=True).float(), states(20_000).float().requires_grad_()
    weight = states(pyramid.rows).float()

    def step() -> list[Tensor]:
        rows = abstracted(made, tokens, pyramid)
        return [rows, *grad(rows, [tokens, *made.parameters()], weight)]

    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        first = step()
        for _ in range(3):
            assert all(map(torch.equal, first, step()))
    finally:
        torch.set_num_threads(threads)


def test_no_texts_and_empty_texts() -> None:
    for kind in KINDS:
        for lengths in ([], [0], [0, 5, 0]):
            pyramid = Pyramid.from_lengths(lengths)
            rows = abstracted(head(kind=kind, learned=True), states(sum(lengths)), pyramid)
            assert rows.shape == (pyramid.rows, WIDTH)


def test_what_is_refused() -> None:
    with pytest.raises(ValueError, match="width must be a multiple of 5 groups, got 24"):
        Abstraction(24, groups=5)
    with pytest.raises(ValueError, match="kind must be one of mean, max, linear, own, overlap, got 'sum'"):
        Abstraction(24, kind="sum")  # type: ignore[arg-type]
    pyramid = Pyramid.from_lengths([9], levels=6)
    with pytest.raises(ValueError, match="a pyramid must have at most 5 levels, got 6"):
        abstracted(head(), states(9), pyramid)
