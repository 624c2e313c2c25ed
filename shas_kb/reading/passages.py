"""Sentences to passages: runs of whole sentences that fit the backbone's window.

Passages are disjoint, in order, and together hold every character that is not white space. They keep to sections and,
where it costs little, to paragraphs. A sentence that does not fit is cut at a clause, a word, or in the last resort a
character.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tokenizers import Tokenizer

from shas_kb.errors import ModelError
from shas_kb.reading.sentences import Span, split_sentences
from shas_kb.records import Passage, Section

# A run without spaces can be one unknown word piece, however long it is. More characters than this for each piece of
# the window make no passage to look at (English has about 4.5).
_CHARACTERS_EACH = 12
_DECENT = 0.5
_NEARLY_FULL = 0.75
_TINY = 0.25
_CLAUSE_END = re.compile(r"[,;:—–](?=\s)|[，；：、—]")
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class _Sentence:
    start: int
    end: int
    tokens: int
    cost: int  # in word pieces: `tokens`, or more if it is long for them
    section: int | None
    opens_section: bool
    opens_paragraph: bool


class PassageMaker:
    """Cuts documents into passages with the tokenizer of the backbone."""

    def __init__(self, tokenizer: str, window: int) -> None:
        """Load `tokenizer`, the path of a `tokenizer.json`; `window` is in word pieces without the special ones.

        Raises:
            ModelError: if there is no such tokenizer.
        """
        try:
            self._tokenizer: Tokenizer = Tokenizer.from_str(Path(tokenizer).read_text("utf-8"))
        except OSError as error:
            raise ModelError(f"tokenizer must be a readable file, got {tokenizer}; install the model again.") from error
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self._window = window
        self._characters = window * _CHARACTERS_EACH
        kind = json.loads(self._tokenizer.to_str())
        # BERT's pieces never span white space or punctuation: counts of sentences add up to the count of the passage
        self._adds_up = (kind.get("pre_tokenizer") or {}).get("type") == "BertPreTokenizer"

    def passages(self, text: str, sections: Sequence[Section], language: str = "") -> tuple[Passage, ...]:
        """Cut `text` into passages, with exact counts of word pieces. `sections` are sorted by their start."""
        sentences = self._sentences(text, sections, language)
        runs = [run for chapter in _by_section(sentences, self._window) for run in self._pack(chapter)]
        counted = self._checked(text, runs)
        return tuple(
            Passage(
                ordinal,
                run[0].section,
                run[0].start,
                run[-1].end,
                tokens,
                text[run[0].start : run[-1].end],
                tuple((sentence.start, sentence.end) for sentence in run),
            )
            for ordinal, (run, tokens) in enumerate(counted)
        )

    def _count(self, texts: Sequence[str]) -> list[int]:
        return [len(found) for found in self._tokenizer.encode_batch_fast(texts, add_special_tokens=False)]

    def _sentences(self, text: str, sections: Sequence[Section], language: str) -> list[_Sentence]:
        whole = split_sentences(text, language)
        spans = [part for span in whole for part in _cut_to_length(text, span, self._characters)]
        counts = self._count([text[start:end] for start, end in spans])
        if any(count > self._window for count in counts):
            pieces = [
                piece
                for span, count in zip(spans, counts, strict=True)
                for piece in (self._cut_to_window(text, span) if count > self._window else [(span, count)])
            ]
            spans, counts = [span for span, _ in pieces], [count for _, count in pieces]
        starts = [section.start for section in sections]
        sentences: list[_Sentence] = []
        before, last_section = 0, -1
        for (start, end), count in zip(spans, counts, strict=True):
            # a heading in the middle of a sentence opens its section with the next one
            section = bisect_right(starts, start) - 1
            paragraph = "\n\n" in text[before:start]
            cost = max(count, -(-(end - start) // _CHARACTERS_EACH), 1)
            known = None if section < 0 else section
            sentences.append(_Sentence(start, end, count, cost, known, section != last_section, paragraph))
            before, last_section = end, section
        return sentences

    def _cut_to_window(self, text: str, span: Span) -> Iterator[tuple[Span, int]]:
        """Pieces of a sentence that fit, with their counts."""
        start, end = span
        while start < end:
            offsets = self._tokenizer.encode(text[start:end], add_special_tokens=False).offsets
            if len(offsets) <= self._window:
                yield (start, end), len(offsets)
                return
            size = self._window
            while True:
                limit = start + max(offsets[size][0], 1)
                cut = _best_cut(text, start, limit)
                piece = _stripped(text, start, cut)
                count = self._count([text[piece[0] : piece[1]]])[0]
                if count <= self._window or limit <= start + 1:
                    break
                # cut off from its neighbours, a word may fall into more pieces
                size = max(size * 7 // 8, 0)
            yield piece, count
            start = _stripped(text, cut, end)[0]

    def _pack(self, sentences: Sequence[_Sentence]) -> list[list[_Sentence]]:
        """Sentences of one stretch to runs, greedily, each at most a window."""
        runs: list[list[_Sentence]] = []
        run: list[_Sentence] = []
        filled = 0
        for sentence in sentences:
            if run and filled + sentence.cost > self._window:
                cut = self._break(run)
                runs.append(run[:cut])
                run = run[cut:]
                filled = sum(each.cost for each in run)
            run.append(sentence)
            filled += sentence.cost
        if run:
            runs.append(run)
        if len(runs) > 1 and filled < _TINY * self._window:
            runs[-2:] = self._balanced(runs[-2] + runs[-1])
        return runs

    def _break(self, run: Sequence[_Sentence]) -> int:
        """How many sentences of a full run to keep: all, or up to the last paragraph or heading close to its end."""
        whole = sum(sentence.cost for sentence in run)
        kept = whole
        for index in range(len(run) - 1, 0, -1):
            kept -= run[index].cost
            if kept < (_DECENT if run[index].opens_section else _NEARLY_FULL) * self._window:
                break
            if run[index].opens_section or run[index].opens_paragraph:
                return index
        return len(run)

    def _balanced(self, run: list[_Sentence]) -> list[list[_Sentence]]:
        """Two runs of about the same size."""
        half = sum(sentence.cost for sentence in run) / 2
        filled, best, gap = 0, 1, float("inf")
        for index, sentence in enumerate(run[:-1], start=1):
            filled += sentence.cost
            if abs(filled - half) < gap and max(filled, 2 * half - filled) <= self._window:
                best, gap = index, abs(filled - half)
        return [run[:best], run[best:]]

    def _checked(self, text: str, runs: Sequence[list[_Sentence]]) -> list[tuple[list[_Sentence], int]]:
        """The runs with the count of each as a whole, halved where that is more than the window."""
        open_runs = list(runs)
        done: list[tuple[list[_Sentence], int]] = []
        sure = [self._adds_up and all(text[one.end].isspace() for one in run[:-1]) for run in open_runs]
        counted = iter(
            self._count(
                [text[run[0].start : run[-1].end] for run, known in zip(open_runs, sure, strict=True) if not known]
            )
        )
        for run, known in zip(open_runs, sure, strict=True):
            tokens = sum(sentence.tokens for sentence in run) if known else next(counted)
            if tokens <= self._window or len(run) == 1:
                done.append((run, tokens))
            else:
                half = len(run) // 2
                done += self._checked(text, [run[:half], run[half:]])
        return done


def _by_section(sentences: Sequence[_Sentence], window: int) -> Iterator[list[_Sentence]]:
    """Stretches that passages do not cross: sections, small ones together until they make half a window."""
    stretch: list[_Sentence] = []
    filled = 0
    for sentence in sentences:
        if sentence.opens_section and filled >= _DECENT * window:
            yield stretch
            stretch, filled = [], 0
        stretch.append(sentence)
        filled += sentence.cost
    if stretch:
        yield stretch


def _cut_to_length(text: str, span: Span, limit: int) -> Iterator[Span]:
    start, end = span
    while end - start > limit:
        cut = _best_cut(text, start, start + limit)
        yield _stripped(text, start, cut)
        start = _stripped(text, cut, end)[0]
    yield start, end


def _best_cut(text: str, start: int, limit: int) -> int:
    """Where to cut between `start` and `limit`: after the last clause or word in the second half, else at `limit`."""
    middle = (start + limit) // 2
    for pattern in (_CLAUSE_END, _SPACE):
        ends = [match.end() for match in pattern.finditer(text, middle, limit) if match.end() > start]
        if ends:
            return ends[-1]
    return limit


def _stripped(text: str, start: int, end: int) -> Span:
    piece = text[start:end]
    left = start + len(piece) - len(piece.lstrip())
    return left, max(left, end - (len(piece) - len(piece.rstrip())))
