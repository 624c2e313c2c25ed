"""SHAS layers: silent at the start, the same for each document alone, and able to learn from all levels."""

from __future__ import annotations

import pytest
import torch

from shas_kb.encoder.layers import Ground, Layer, Shape, turned
from shas_kb.kernels.pyramid import Pyramid

SHAPE = Shape(width=64, heads=2, hidden=96)


def awake(shape: Shape = SHAPE) -> Layer:
    torch.manual_seed(0)
    layer = Layer(shape)
    for silent in (layer.mass, layer.out, layer.down):
        torch.nn.init.normal_(silent.weight, std=0.05)
    return layer


def test_it_changes_nothing_at_the_start() -> None:
    pyramid = Pyramid.from_lengths([70, 1, 9], levels=3)
    states = torch.randn(int(pyramid.bounds[-1, -1]), SHAPE.width)
    assert torch.equal(Layer(SHAPE)(states, Ground.of(pyramid, SHAPE)), states)


def test_a_document_is_read_alike_whatever_stands_beside_it() -> None:
    layer, lengths = awake(), [70, 1, 9]
    packed = Pyramid.from_lengths(lengths, levels=3)
    states = torch.randn(int(packed.bounds[-1, -1]), SHAPE.width)
    together = layer(states, Ground.of(packed, SHAPE))
    for text, length in enumerate(lengths):
        rows = torch.cat([torch.arange(*packed.bounds[level, text : text + 2]) for level in range(packed.levels)])
        alone = layer(states[rows], Ground.of(Pyramid.from_lengths([length], levels=3), SHAPE))
        torch.testing.assert_close(alone, together[rows], atol=1e-5, rtol=1e-5)


def test_a_long_document_descends_and_everything_learns() -> None:
    layer = awake()
    ground = Ground.of(Pyramid.from_lengths([5000]), SHAPE)
    assert ground.layout.descends
    states = torch.randn(ground.layout.rows, SHAPE.width, requires_grad=True)
    layer(states, ground).square().mean().backward()
    grads = {name: parameter.grad for name, parameter in layer.named_parameters()}
    assert all(grad is not None and grad.abs().sum() > 0 for grad in grads.values()), grads.keys()


def test_places_count_by_their_distance_only() -> None:
    x, y = torch.randn(2, 1, 2, 32)
    near = Ground.of(Pyramid.from_lengths([40], levels=1), SHAPE).turn
    products = [
        (turned(x, near[0][i], near[1][i]) * turned(y, near[0][i + 7], near[1][i + 7])).sum(-1) for i in (0, 5, 30)
    ]
    torch.testing.assert_close(products[0], products[1])
    torch.testing.assert_close(products[0], products[2])
    assert (products[0] - (x * y).sum(-1)).abs().max() > 1e-3


def test_it_says_which_shapes_do_not_fit() -> None:
    with pytest.raises(ValueError, match="multiple of heads"):
        Layer(Shape(width=64, heads=3))
