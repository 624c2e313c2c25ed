"""Passages: whole sentences that fit the window, with nothing lost and nothing twice."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from shas_kb.config import ReadConfig
from shas_kb.errors import ModelError
from shas_kb.reading.passages import PassageMaker
from shas_kb.records import Passage, Section

WINDOW = 40
PIECES = [
    "A short one.",
    "这是一个句子。",
    "x" * 300,
    "Antidisestablishmentarianism, naturally; or so they say.",
    "\n",
    "\n\n",
    " ",
    "é" * 20 + ".",
]


@pytest.fixture(scope="module")
def maker(config: ReadConfig) -> PassageMaker:
    return PassageMaker(config.tokenizer, WINDOW)


@pytest.fixture(scope="module")
def tokenizer(config: ReadConfig) -> Tokenizer:
    plain = Tokenizer.from_file(config.tokenizer)
    plain.no_truncation()
    plain.no_padding()
    return plain


def check(text: str, passages: tuple[Passage, ...], tokenizer: Tokenizer, window: int = WINDOW) -> None:
    place = 0
    for ordinal, passage in enumerate(passages):
        assert passage.ordinal == ordinal
        assert passage.text == text[passage.start : passage.end] == passage.text.strip()
        assert not text[place : passage.start].strip()
        assert passage.tokens == len(tokenizer.encode(passage.text, add_special_tokens=False)) <= window
        assert passage.sentences[0][0] == passage.start
        assert passage.sentences[-1][1] == passage.end
        inner = passage.start
        for start, end in passage.sentences:
            assert not text[inner:start].strip()
            assert text[start:end].strip() == text[start:end] != ""
            inner = end
        place = passage.end
    assert not text[place:].strip()


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=30)), max_size=40),
    st.lists(st.integers(0, 400), max_size=4),
)
def test_passages_fit_the_window_and_hold_every_character(
    maker: PassageMaker, tokenizer: Tokenizer, pieces: list[str], starts: list[int]
) -> None:
    text = "".join(pieces).replace("\r", "\n")
    check(text, maker.passages(text, [Section("s", 1, start) for start in sorted(set(starts))]), tokenizer)


@pytest.mark.parametrize(
    "text",
    [
        "word " * 2000,
        "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo" * 1000,
        "天地玄黄宇宙洪荒" * 400,
        "one, two; three: " * 500,
        "1 " * 3000,
        "." * 5000,
        "🙂" * 1000,
        "",
        "   \n\n ",
        "a",
    ],
)
def test_what_is_no_sentence_is_cut_all_the_same(maker: PassageMaker, tokenizer: Tokenizer, text: str) -> None:
    passages = maker.passages(text, [])
    check(text, passages, tokenizer)
    assert all(len(passage.text) <= WINDOW * 12 for passage in passages)


def test_a_passage_does_not_cross_into_the_next_section_when_it_is_decent(maker: PassageMaker) -> None:
    body = " ".join(f"Sentence number {number} says a little." for number in range(4))
    text = f"One\n\n{body}\n\nTwo\n\n{body}"
    second = text.index("Two")
    passages = maker.passages(text, [Section("One", 1, 0), Section("Two", 1, second)])
    assert [passage.section for passage in passages] == sorted(passage.section or 0 for passage in passages)
    assert any(passage.start == second for passage in passages)
    assert not any(passage.start < second < passage.end for passage in passages)


def test_tiny_sections_share_a_passage(maker: PassageMaker) -> None:
    text = "\n\n".join(f"Part {number}\n\nShort." for number in range(3))
    sections = [Section(f"Part {number}", 1, text.index(f"Part {number}")) for number in range(3)]
    assert len(maker.passages(text, sections)) == 1


def test_the_last_passage_is_not_a_scrap(maker: PassageMaker) -> None:
    text = " ".join(f"This is sentence {number} of a text." for number in range(5))
    assert min(passage.tokens for passage in maker.passages(text, [])) >= WINDOW // 4


def test_tokenizers_whose_counts_do_not_add_up_are_held_to_the_window(tmp_path: object, config: ReadConfig) -> None:
    from pathlib import Path

    from tokenizers import decoders, models, pre_tokenizers, trainers

    words = random.Random(0)
    lines = ["".join(words.choice("abcde  ") for _ in range(60)) for _ in range(200)]
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    bpe.train_from_iterator(lines, trainers.BpeTrainer(vocab_size=400, show_progress=False))
    path = Path(str(tmp_path)) / "tokenizer.json"
    bpe.save(str(path))
    text = ". ".join(line.strip().capitalize() for line in lines)
    check(text, PassageMaker(str(path), WINDOW).passages(text, []), bpe)


def test_a_missing_tokenizer_is_a_model_error() -> None:
    with pytest.raises(ModelError, match="tokenizer must be"):
        PassageMaker("nowhere/tokenizer.json", 254)
