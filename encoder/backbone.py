"""Token states of many texts at once: BERT (arXiv 1810.04805) over packed tokens, in bf16 where the processor has it.

All texts of a block stand one after another in one matrix [tokens, hidden]; only attention takes them apart, so hardly
anything is padded: a block to a multiple of `ROWS`, a text's attention to one of `LENGTHS`. That little is needed, for
PyTorch keeps a compiled product for each shape it meets, and a thousand shapes are gigabytes. The matrix products are
oneDNN's with weights laid out once, GELU and the residual sum fused into them.

On a CPU a row's value depends neither on how many rows stand beside it nor on which. With AMX that needs care: for
other numbers of rows or threads oneDNN cuts a sum over 512 and more channels elsewhere, which changes last bits. So
every product there has exactly `ROWS` rows, and encoder.py has a block computed by one thread. (AVX-512 alone does not
do that, but keeping oneDNN from AMX would cost three quarters of the speed.)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from shas_kb.encoder.bert import BertShape, weights
from shas_kb.encoder.models import WEIGHTS, Located

ROWS = 256
LENGTHS = 16


def working_dtype(device: torch.device) -> torch.dtype:
    """bf16 where the device has instructions for it, float32 elsewhere."""
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float32
    abilities = torch.cpu.get_capabilities()
    return torch.bfloat16 if abilities.get("avx512_bf16") or abilities.get("amx_bf16") else torch.float32


class BertBackbone:
    """A sentence-transformers model of the BERT family whose sentence vector is the mean of its token states.

    Args:
        located: the model.
        device: where it works.
    """

    def __init__(self, located: Located, device: torch.device) -> None:
        self._shape = BertShape.of(located)
        self._device = device
        reader = _Reader(located, device)
        self._word = reader.words()
        self._position = reader.positions()
        self._norm = reader.norm("embeddings.LayerNorm")
        self._layers = [_Layer(reader, f"encoder.layer.{index}", self._shape) for index in range(self._shape.layers)]

    def states(self, ids: Sequence[Sequence[int]]) -> Tensor:
        """Last hidden states of texts given by their word pieces: [tokens, hidden], text after text.

        Texts of one length should stand together: they share a call of attention.
        """
        shapes = _shapes(ids)
        tokens = [token for text in ids for token in text]
        fill = -len(tokens) % ROWS
        positions = [position for texts, length in shapes for _ in range(texts) for position in range(length)]
        words = torch.tensor(tokens + [0] * fill, device=self._device)
        places = torch.tensor(positions + [0] * fill, device=self._device)
        states = self._norm(self._word[words] + self._position[places])
        for layer in self._layers:
            states = layer(states, shapes)
        return states[: len(tokens)]

    def pool(self, states: Tensor, ids: Sequence[Sequence[int]]) -> Tensor:
        """The mean of each text's states, float32: [tokens, hidden] to [texts, hidden]."""
        shapes = _shapes(ids)
        parts = zip(torch.split(states, [texts * length for texts, length in shapes]), shapes, strict=True)
        return torch.cat([part.view(*shape, -1).float().mean(dim=1) for part, shape in parts])


def _shapes(ids: Sequence[Sequence[int]]) -> list[tuple[int, int]]:
    """Runs of texts of one length: how many texts, how long."""
    return [(sum(1 for _ in run), length) for length, run in groupby(len(text) for text in ids)]


class _Layer:
    """One layer of BERT: attention and feed-forward, each with its residual and its LayerNorm behind it."""

    def __init__(self, reader: _Reader, name: str, shape: BertShape) -> None:
        self._heads = shape.heads
        self._query_key_value = reader.query_key_value(f"{name}.attention.self", (shape.hidden // shape.heads) ** -0.5)
        self._attention = bare_attention if reader.packs and reader.dtype == torch.bfloat16 else plain_attention
        self._out = reader.linear(f"{name}.attention.output.dense")
        self._out_norm = reader.norm(f"{name}.attention.output.LayerNorm")
        self._up = reader.linear(f"{name}.intermediate.dense")
        self._down = reader.linear(f"{name}.output.dense")
        self._down_norm = reader.norm(f"{name}.output.LayerNorm")

    def __call__(self, states: Tensor, shapes: Sequence[tuple[int, int]]) -> Tensor:
        seen = self._attend(_piecewise(self._query_key_value, states), shapes)
        return _piecewise(self._forward, seen, states)

    def _forward(self, seen: Tensor, states: Tensor) -> Tensor:
        """What follows attention, each row by itself."""
        states = self._out_norm(self._out.add(seen, states))
        return self._down_norm(self._down.add(self._up.gelu(states), states))

    def _attend(self, query_key_value: Tensor, shapes: Sequence[tuple[int, int]]) -> Tensor:
        """Attention within each text: [tokens, 3 hidden] to [tokens, hidden]."""
        seen = query_key_value.new_zeros(len(query_key_value), query_key_value.shape[1] // 3)
        start = 0
        for texts, length in shapes:
            rows = slice(start, start + texts * length)
            view = query_key_value[rows].view(texts, length, 3, self._heads, -1)
            query, key, value = view.permute(2, 0, 3, 1, 4)  # [texts, heads, length, hidden / heads] each
            self._attention(query, key, value, seen[rows].view(texts, length, self._heads, -1).transpose(1, 2))
            start = rows.stop
        return seen


def _piecewise(work: Callable[..., Tensor], *matrices: Tensor) -> Tensor:
    """What `work` makes of matrices' rows, on a CPU `ROWS` at a time: always the same products, so the same bits."""
    if matrices[0].is_cuda:
        return work(*matrices)
    pieces = zip(*(torch.split(matrix, ROWS) for matrix in matrices), strict=True)
    return torch.cat([work(*piece) for piece in pieces])


def plain_attention(query: Tensor, key: Tensor, value: Tensor, out: Tensor) -> None:
    """Attention of scaled queries by PyTorch: [texts, heads, length, channels] each."""
    out.copy_(functional.scaled_dot_product_attention(query, key, value, scale=1.0))


def bare_attention(query: Tensor, key: Tensor, value: Tensor, out: Tensor) -> None:
    """The same in bf16 on a CPU, in half the time: exponents are taken as they come, without their row's maximum first.

    That is exact as long as a row's sum stays well inside the range of a float, and bf16 has that range. A text in
    which one does not goes the plain way. The sums come with the product, from a column of ones beside the values; the
    rows of zeros that fill a text up to a multiple of `LENGTHS` have a zero there and count for nothing.
    """
    for text in range(len(value)):
        _bare_attention_of_one(query[text], key[text], value[text], out[text])


def _bare_attention_of_one(query: Tensor, key: Tensor, value: Tensor, out: Tensor) -> None:
    length, channels = value.shape[1:]
    rows = (0, 0, 0, -length % LENGTHS)
    mass = torch.bmm(functional.pad(query, rows), functional.pad(key, rows).transpose(1, 2)).exp_()
    seen = torch.bmm(mass, functional.pad(functional.pad(value, (0, 1), value=1.0), rows))[:, :length]
    total = seen[..., channels:]
    torch.div(seen[..., :channels], total, out=out)
    low, high = (bound.item() for bound in total.aminmax())
    if not (low > 1e-30 and high < 1e30):  # also where either is NaN
        plain_attention(query[None], key[None], value[None], out[None])


class _Linear:
    """A linear map of rows, fused with what follows it: GELU, or the sum with a residual."""

    def __init__(self, weight: Tensor, bias: Tensor) -> None:
        self._weight, self._bias = weight, bias

    def __call__(self, x: Tensor) -> Tensor:
        return functional.linear(x, self._weight, self._bias)

    def gelu(self, x: Tensor) -> Tensor:
        return functional.gelu(self(x))

    def add(self, x: Tensor, residual: Tensor) -> Tensor:
        return self(x) + residual


class _PackedLinear(_Linear):
    """The same by oneDNN on a CPU, its weights laid out once for `ROWS` rows."""

    def __init__(self, weight: Tensor, bias: Tensor) -> None:
        super().__init__(torch.ops.mkldnn._reorder_linear_weight(weight, ROWS), bias)
        self._product: Any = torch.ops.mkldnn._linear_pointwise

    def __call__(self, x: Tensor) -> Tensor:
        outcome: Tensor = self._product(x, self._weight, self._bias, "none", [], "")
        return outcome

    def gelu(self, x: Tensor) -> Tensor:
        outcome: Tensor = self._product(x, self._weight, self._bias, "gelu", [], "none")
        return outcome

    def add(self, x: Tensor, residual: Tensor) -> Tensor:
        outcome: Tensor = self._product.binary(x, residual, self._weight, self._bias, "add")
        return outcome


@dataclass(frozen=True)
class _Norm:
    """LayerNorm of rows."""

    weight: Tensor
    bias: Tensor
    epsilon: float

    def __call__(self, x: Tensor) -> Tensor:
        return functional.layer_norm(x, self.weight.shape, self.weight, self.bias, self.epsilon)


class _Reader:
    """Takes a model's tensors from its file to the device and dtype in which it works."""

    def __init__(self, located: Located, device: torch.device) -> None:
        self.dtype = working_dtype(device)
        self.packs = device.type == "cpu" and torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
        self._weights = weights(located.folder / WEIGHTS)
        self._epsilon = BertShape.of(located).epsilon
        self._device = device

    def words(self) -> Tensor:
        """[vocabulary, hidden]."""
        return self._work(self._read("embeddings.word_embeddings.weight"))

    def positions(self) -> Tensor:
        """What a position adds to a word, the kind of text (always the first) included: [positions, hidden]."""
        kind = self._read("embeddings.token_type_embeddings.weight")[0]
        return self._work(self._read("embeddings.position_embeddings.weight") + kind)

    def linear(self, name: str) -> _Linear:
        return self._linear(self._read(f"{name}.weight"), self._read(f"{name}.bias"))

    def query_key_value(self, name: str, scale: float) -> _Linear:
        """The three side by side, with attention's scale in the first."""
        scales = {"query": scale, "key": 1.0, "value": 1.0}
        weight, bias = (
            torch.cat([scale * self._read(f"{name}.{part}.{kind}") for part, scale in scales.items()])
            for kind in ("weight", "bias")
        )
        return self._linear(weight, bias)

    def norm(self, name: str) -> _Norm:
        return _Norm(self._work(self._read(f"{name}.weight")), self._work(self._read(f"{name}.bias")), self._epsilon)

    def _linear(self, weight: Tensor, bias: Tensor) -> _Linear:
        if self.packs:
            return _PackedLinear(self._work(weight), self._work(bias))
        return _Linear(self._work(weight), self._work(bias))

    def _read(self, name: str) -> Tensor:
        return torch.tensor(self._weights[name], dtype=torch.float32)

    def _work(self, tensor: Tensor) -> Tensor:
        return tensor.to(self._device, self.dtype)
