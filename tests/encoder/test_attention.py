"""Attention without the row maximum: the same as PyTorch's, also where exponents leave the range of a float."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from shas_kb.encoder.backbone import bare_attention, plain_attention


def parts(texts: int, length: int) -> list[Tensor]:
    generator = torch.Generator().manual_seed(length)
    query, key, value = (torch.randn(texts, 12, length, 32, generator=generator).bfloat16() for _ in range(3))
    return [query * 32**-0.5, key, value]


@pytest.mark.parametrize("length", [1, 2, 17, 64, 256])
def test_it_is_attention(length: int) -> None:
    query, key, value = parts(3, length)
    exact, bare = torch.empty_like(value, dtype=torch.float64), torch.empty_like(value)
    plain_attention(query.double(), key.double(), value.double(), exact)
    bare_attention(query, key, value, bare)
    torch.testing.assert_close(bare.double(), exact, atol=0.05, rtol=0.05)


@pytest.mark.parametrize("factor", [100.0, -100.0])
def test_a_text_out_of_range_goes_the_plain_way_and_the_others_do_not(factor: float) -> None:
    query, key, value = parts(3, 40)
    calm, mixed, plain = (torch.empty_like(value) for _ in range(3))
    bare_attention(query, key, value, calm)
    query[1] = query[1, :, :1]
    key[1] = query[1] * factor  # all logits of a head are the same, some about 100, of one sign
    bare_attention(query, key, value, mixed)
    plain_attention(query, key, value, plain)
    assert torch.equal(mixed[[0, 2]], calm[[0, 2]])
    assert torch.equal(mixed[1], plain[1])
