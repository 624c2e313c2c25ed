"""From the paragraphs of pages to one draft: headings, title, and sentences that go on over a column or page break."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from shas_kb.reading.draft import Builder, Draft, one_line
from shas_kb.reading.frontmatter import authors_below_title
from shas_kb.reading.layout import Paragraph
from shas_kb.reading.lines import Joiner
from shas_kb.reading.sectionwords import ABSTRACTS, KNOWN, bare, counts_a_part, names_manual_part

_TERMINAL = '.!?:。！？：…"”’)]』」'
_NUMBERED = re.compile(
    r"(?:(?:chapter|part|section|appendix)\s+)?(\d{1,2}(?:\.\d{1,2})*|[IVX]{1,5}|[A-Z])[.:]?\s+[^\W\d_]{2}"
    r"|第[一二三四五六七八九十百\d]+[章节節部篇]",
    re.IGNORECASE,
)
_PLAIN_ENTRY = re.compile(r"(?:page|slide|folie|seite|p\.)?\s*\d+", re.IGNORECASE)
_CAPTION = re.compile(r"(?:fig(?:ure)?|table|abb(?:ildung)?|tabelle|图|表|algorithm|listing)\.?\s*\d", re.IGNORECASE)
_NO_LETTERS = re.compile(r"[\W\d_]+")
_NOT_WORD = re.compile(r"[\W_]+")
_LONGEST_HEADING = 150
_DEEPEST = 6


@dataclass(frozen=True, slots=True)
class OutlineEntry:
    """A line of the outline that a file brings along; `page` counts from 0."""

    depth: int
    title: str
    page: int


@dataclass(slots=True)
class _Piece:
    """A paragraph on its way into the draft: the pages that begin before it, and how it joins what stands."""

    text: str
    pages: int
    joint: str = "\n\n"
    depth: int = 0
    code: bool = False


def compose(
    paragraphs: Sequence[Paragraph],
    pages: int,
    outline: Sequence[OutlineEntry],
    title: str,
    authors: Sequence[str],
    year: int | None,
) -> Draft:
    """Make the draft of a document with pages.

    Args:
        paragraphs: in reading order, page by page.
        pages: how many pages there are, those without text counted.
        outline: the sections the file names; without it, headings are recognised by their type.
        title: "" takes the largest type of the first page.
        authors: if empty, a line of nothing but names under the title is taken.
        year: as it is.
    """
    joiner = Joiner(line for paragraph in paragraphs for line in paragraph.lines)
    texts = [joiner.join(paragraph.lines) for paragraph in paragraphs]
    title_at = _title_on_first_page(paragraphs, texts)
    if title_at and not authors:
        authors = _authors(texts[title_at[-1] + 1 : title_at[-1] + 5])
    marks: dict[int, list[OutlineEntry]] = {}
    if _credible(outline):
        depths, marks = _place(outline, paragraphs, texts)
    else:
        depths = _headings_by_type(paragraphs, texts, title_at)
    builder = Builder()
    page = -1
    pieces: list[_Piece] = []
    piece_of: list[int] = []
    for index, (paragraph, text) in enumerate(zip(paragraphs, texts, strict=True)):
        piece = _Piece(text, paragraph.page - page, depth=depths.get(index, 0))
        if paragraph.code and not piece.depth:
            piece.code, piece.text = True, "\n".join(filter(None, map(one_line, paragraph.lines)))
        page = paragraph.page
        if pieces and index not in marks and _goes_on(pieces[-1], piece, paragraphs[index - 1], paragraph):
            joined, within = joiner.attach(pieces[-1].text, text)
            if within:
                pieces[-1].text = pieces[-1].text[: len(joined) - len(text)]
            piece.joint = joined[len(pieces[-1].text) : len(joined) - len(text)]
        piece_of.append(len(pieces))
        pieces.append(piece)
    at = {piece_of[index]: entries for index, entries in marks.items() if index < len(piece_of)}
    for number, piece in enumerate(pieces):
        for _ in range(piece.pages):
            builder.page()
        if piece.depth:
            builder.heading(piece.text, piece.depth)
        else:
            if piece.code:
                builder.code(piece.text)
            else:
                builder.paragraph(piece.text, joint=piece.joint)
            for entry in at.get(number, []):
                builder.mark(entry.title, min(entry.depth, _DEEPEST), builder.offset - len(one_line(piece.text)))
    for _ in range(pages - 1 - page):
        builder.page()
    return builder.finish(title or " ".join(texts[index] for index in title_at), authors, year)


def _goes_on(before: _Piece, piece: _Piece, last: Paragraph, paragraph: Paragraph) -> bool:
    """Whether a paragraph is the rest of the one before it, in the next column or on the next page."""
    if (
        before.depth
        or piece.depth
        or before.code
        or piece.code
        or not before.text
        or not piece.text
        or len(before.text) < 30
    ):
        return False
    if abs(last.size - paragraph.size) > 1 or before.text[-1] in _TERMINAL:
        return False
    first = piece.text[0]
    if first.islower():
        return True
    turned = piece.pages > 0 or paragraph.y0 < last.y0
    full = len(last.lines) > 1 and len(last.lines[-1]) > 0.75 * max(map(len, last.lines))
    return turned and full and (first.isalnum() or first in "(\"'“‘«「『")


def _title_on_first_page(paragraphs: Sequence[Paragraph], texts: Sequence[str]) -> list[int]:
    """The paragraphs that make the title: the largest type on page 1, or a short first one, or none."""
    page = [index for index, paragraph in enumerate(paragraphs) if paragraph.page == 0]
    manual = any(texts[index] == "NAME" for index in page)
    page = [i for i in page if not (counts_a_part(texts[i]) or (manual and names_manual_part(texts[i])))]
    fitting = [
        index
        for index in page
        if len(_NO_LETTERS.sub("", texts[index])) >= 3 and len(texts[index]) < 300 and bare(texts[index]) not in KNOWN
    ]
    if not fitting:
        return []
    largest = max(fitting, key=lambda index: (paragraphs[index].size, -index))
    size = paragraphs[largest].size
    if size < 1.1 * min(paragraphs[index].size for index in page):
        # all of one size: a short first paragraph will do
        text = texts[page[0]]
        fits = page[0] in fitting and len(text) <= 120 and text[-1] not in ".,;"
        return page[:1] if fits else []
    title = [largest]
    while title[-1] + 1 in fitting and abs(paragraphs[title[-1] + 1].size - size) < 0.5 and len(title) < 4:
        title.append(title[-1] + 1)
    return title if sum(len(texts[index]) for index in title) <= 300 else title[:1]


def _authors(lines: Iterable[str]) -> tuple[str, ...]:
    found: list[str] = []
    for line in lines:
        names = authors_below_title(line)
        if not names and found:
            break
        found += names
    return tuple(dict.fromkeys(found))


def _headings_by_type(paragraphs: Sequence[Paragraph], texts: Sequence[str], title: Sequence[int]) -> dict[int, int]:
    """Headings (index and depth) by size, weight and numbers, measured against the type of most of the text."""
    weights: Counter[float] = Counter()
    for paragraph, text in zip(paragraphs, texts, strict=True):
        weights[round(paragraph.size, 1)] += len(text)
    if not weights:
        return {}
    body = max(weights, key=lambda size: (weights[size], -size))
    bold_share = sum(len(text) for paragraph, text in zip(paragraphs, texts, strict=True) if paragraph.bold)
    bold_matters = bold_share < 0.2 * sum(weights.values())
    found = [
        index
        for index, (paragraph, text) in enumerate(zip(paragraphs, texts, strict=True))
        if index not in title and _looks_like_heading(paragraph, text, body, bold_matters)
    ]
    # what stands between a title and its abstract are authors, places and dates
    abstract = next((index for index in found if paragraphs[index].page == 0 and bare(texts[index]) in ABSTRACTS), 0)
    found = [index for index in found if index >= abstract]
    sizes = sorted(
        {round(paragraphs[index].size) for index in found if paragraphs[index].size > 1.08 * body}, reverse=True
    )
    depths: dict[int, int] = {}
    for index in found:
        number = _NUMBERED.match(texts[index])
        if number and number[1] and number[1][0].isdigit():
            depths[index] = number[1].count(".") + 1
        else:
            size = round(paragraphs[index].size)
            depths[index] = min(sizes.index(size) if size in sizes else len(sizes), _DEEPEST - 1) + 1
    return depths


def _looks_like_heading(paragraph: Paragraph, text: str, body: float, bold_matters: bool) -> bool:
    if len(text) > _LONGEST_HEADING or len(paragraph.lines) > 3 or len(_NO_LETTERS.sub("", text)) < 2:
        return False
    if text[-1] in ",;:-" or _CAPTION.match(text) or text[0].islower():
        return False
    larger = paragraph.size > 1.08 * body + 0.2
    known = bare(text) in KNOWN
    if known and len(text) < 30:
        return True
    if text[-1] in ".!" and not (larger and paragraph.bold):
        return False
    if larger or (len(paragraph.lines) == 1 and _is_numbered_heading(text)):
        return True
    bold = paragraph.bold and bold_matters and paragraph.size > body - 0.6
    return bold and len(text) < 100 and len(paragraph.lines) <= 2


def _is_numbered_heading(text: str) -> bool:
    """Whether a line in ordinary type is a heading by its number: "IV. EXPERIMENTS", "2.1 Data" but not "2 apples"."""
    number = _NUMBERED.match(text)
    if number is None or len(text) > 80 or len(_NO_LETTERS.sub("", text)) < 0.6 * len(text):
        return False
    mark, _, words = text.partition(" ")
    by_number = bool(number[1]) and "." in number[1]
    by_roman = mark.endswith(".") and mark[:-1].isupper() and set(mark[:-1]) <= set("IVX")
    return words.isupper() or ((by_number or by_roman) and words[:1].isupper())


def _credible(outline: Sequence[OutlineEntry]) -> bool:
    """An outline of several entries that say more than the number of a page."""
    named = sum(1 for entry in outline if not _PLAIN_ENTRY.fullmatch(entry.title.strip()))
    return named >= 2 and named > len(outline) / 2


def _place(
    outline: Sequence[OutlineEntry], paragraphs: Sequence[Paragraph], texts: Sequence[str]
) -> tuple[dict[int, int], dict[int, list[OutlineEntry]]]:
    """Find each entry of the outline in the text.

    Returns:
        The paragraphs that are headings, with their depth; and the entries whose heading is not a paragraph of its own,
        by the paragraph before which they stand.
    """
    by_page: dict[int, list[int]] = defaultdict(list)
    for index, paragraph in enumerate(paragraphs):
        by_page[paragraph.page].append(index)
    plain = [_NOT_WORD.sub("", text[:400].lower()) for text in texts]
    depths: dict[int, int] = {}
    marks: dict[int, list[OutlineEntry]] = defaultdict(list)
    for entry in outline:
        wanted = _NOT_WORD.sub("", entry.title.lower())
        bare = wanted.lstrip("0123456789")
        match = None
        for index in by_page.get(entry.page, []) if len(bare) > 1 else ():
            has = plain[index]
            if index in depths or not (has.startswith(wanted) or has.lstrip("0123456789").startswith(bare)):
                continue
            # of a heading and a running head with the same words the larger is the heading
            if match is None or paragraphs[index].size > paragraphs[match].size + 0.5:
                match = index
        if match is not None and len(plain[match]) <= len(wanted) + 8:
            depths[match] = min(max(1, entry.depth), _DEEPEST)
            continue
        following = (
            match
            if match is not None
            else next(
                (index for page in range(entry.page, entry.page + 20) for index in by_page.get(page, [])[:1]), None
            )
        )
        if following is not None:
            marks[following].append(entry)
    for index in [index for index in marks if index in depths]:
        # a paragraph that is a heading itself stands for the entries above it too
        del marks[index]
    return depths, marks
