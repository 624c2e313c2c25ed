"""PDF, by MuPDF. The only file that knows pymupdf, so that another reader can take its place."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pymupdf

from shas_kb.reading import ocr
from shas_kb.reading.accents import Accents
from shas_kb.reading.contents import without_contents
from shas_kb.reading.draft import Draft, UnreadableError, clean, is_unspaced
from shas_kb.reading.frontmatter import credible_title, split_authors, year_in, year_of
from shas_kb.reading.highlight import Box, find, letters, line_boxes
from shas_kb.reading.layout import (
    Block,
    Line,
    Page,
    drop_running_heads,
    gather,
    paragraphs,
    reading_order,
    split_columns,
)
from shas_kb.reading.structure import OutlineEntry, compose
from shas_kb.records import Problem

pymupdf.TOOLS.mupdf_display_errors(False)
pymupdf.TOOLS.mupdf_display_warnings(False)

_FLAGS = pymupdf.TEXT_PRESERVE_WHITESPACE | pymupdf.TEXT_MEDIABOX_CLIP
_SUPERSCRIPT, _BOLD = pymupdf.TEXT_FONT_SUPERSCRIPT, pymupdf.TEXT_FONT_BOLD
_MONOSPACED = pymupdf.TEXT_FONT_MONOSPACED
# fonts of one width that do not say so of themselves
_MONOSPACED_NAME = re.compile("mono(?!type)|courier|typewriter|consol", re.IGNORECASE)
_MARKS = frozenset("0123456789,*†‡§¶∗ ")
_STRAY = 200  # characters of turned text that are a stamp in the margin rather than content
_LETTERLESS = 0.3  # share of characters that fonts do not name, above which a page is as good as a picture
_ONE_WIDTH = 0.9  # share of the characters of a line of code that are in a monospaced font
_FEWEST_CODE = 12  # lines in monospaced fonts of a document that has code
_OCR_DPI = 200
_WIDEST, _HIGHEST = 1400, 2800
_MARKER = np.array([1.0, 0.9, 0.36])  # red, green, blue


def read_pdf(data: bytes, path: str, with_ocr: bool) -> Draft:
    """Read a PDF: its text in reading order, pages, sections, title, authors, year.

    Raises:
        UnreadableError: if it is encrypted, damaged, or has no text.
    """
    with _open(data) as document:
        pages, problem = _pages(document, with_ocr)
        if not any(page.blocks for page in pages):
            raise UnreadableError(problem)
        _settle(pages)
        first_page = "\n".join(line.text for block in pages[0].blocks for line in block.lines)
        drop_running_heads(pages)
        found = [
            paragraph
            for number, page in enumerate(pages)
            for paragraph in paragraphs(
                reading_order([part for block in page.blocks for part in split_columns(block)]), number
            )
        ]
        facts = document.metadata or {}
        made = year_of((facts.get("creationDate") or "")[2:6]) or year_of((facts.get("modDate") or "")[2:6])
        return compose(
            without_contents(found, len(pages)),
            len(pages),
            _outline(document),
            credible_title(clean(facts.get("title") or ""), path.rpartition("/")[2]),
            split_authors(clean(facts.get("author") or "")),
            year_in(first_page[:6000], made or datetime.now(UTC).year) or made,
        )


def _settle(pages: Sequence[Page]) -> None:
    """What all lines of a document tell of each: accents go on their letters; type of one width is a sign of code.

    It is none in a document that is typewritten, nor where it is rare: then it may be of formulas that run over a line.
    """
    lines = [line for page in pages for block in page.blocks for line in block.lines]
    accents = Accents(line.text for line in lines)
    one_width = [len(line.text) for line in lines if line.monospaced]
    code = len(one_width) >= _FEWEST_CODE and 2 * sum(one_width) <= sum(len(line.text) for line in lines)
    for line in lines:
        line.text = accents.mend(line.text)
        line.monospaced = line.monospaced and code


def draw_page(data: bytes, number: int, quotes: Sequence[str]) -> tuple[bytes, int]:
    """A page as a PNG of at most `_WIDEST` by `_HIGHEST` pixels, with the `quotes` that stand on it marked.

    Args:
        data: the PDF.
        number: of the page, from 1.
        quotes: texts as they were read from the document.

    Returns:
        The picture, and how many lines of type are marked in it.

    Raises:
        UnreadableError: the file cannot be opened, it has no such page, or this cannot be drawn.
    """
    with _open(data) as document:
        if not 1 <= number <= len(document):
            raise _failed(f"there is no page {number}: it has {len(document)}")
        try:
            page = document.load_page(number - 1)
            zoom = min(_WIDEST / max(page.rect.width, 1), _HIGHEST / max(page.rect.height, 1))
            scale = pymupdf.Matrix(zoom, zoom)
            picture = page.get_pixmap(matrix=scale, colorspace=pymupdf.csRGB, alpha=False)
            boxes = line_places(page, quotes) if quotes else []
            turned = page.rotation_matrix * scale
        except (RuntimeError, ValueError) as error:
            raise _failed(f"page {number} cannot be drawn; open and save the file again") from error
        _mark(picture, [pymupdf.Rect(box) * turned for box in boxes])
        return picture.tobytes("png"), len(boxes)


def line_places(page: Any, quotes: Sequence[str]) -> list[Box]:
    """The boxes of the lines that say the quotes, in points on the page as it was before it was turned."""
    text, boxes, rows, row = "", [], [], 0
    for block in page.get_text("rawdict", flags=_FLAGS)["blocks"]:
        for line in block.get("lines", ()):
            row += 1
            for character in (each for span in line["spans"] for each in span["chars"]):
                added = letters(character["c"])
                text += added
                boxes += [character["bbox"]] * len(added)
                rows += [row] * len(added)
    return line_boxes(boxes, rows, find(text, map(letters, quotes)))


def _mark(picture: Any, places: Sequence[Any]) -> None:
    """Draw over places as with a marker: what is white takes its colour, what is black stays black."""
    samples = np.frombuffer(picture.samples_mv, np.uint8).reshape(picture.height, picture.stride)
    pixels = samples[:, : picture.width * 3].reshape(picture.height, picture.width, 3)
    marked = np.zeros(pixels.shape[:2], bool)
    for place in places:
        x0, y0, x1, y1 = (max(0, round(edge)) for edge in place)
        marked[y0:y1, x0:x1] = True
    pixels[marked] = (pixels[marked] * _MARKER).astype(np.uint8)


def _open(data: bytes) -> Any:
    try:
        document = pymupdf.open(stream=data, filetype="pdf")
    except pymupdf.FileDataError as error:
        raise _failed("damaged: it cannot be opened as PDF; open and save it again") from error
    if document.needs_pass:
        document.close()
        raise _failed("encrypted: needs a password; save an unlocked copy")
    if not len(document):
        document.close()
        raise _failed("damaged: no pages can be found in it; open and save it again")
    return document


def _pages(document: Any, with_ocr: bool) -> tuple[list[Page], Problem]:
    """All pages, and what to say if there is no text on any of them."""
    pages: list[Page] = []
    problem = Problem("no text in it: its pages are blank")
    broken = 0
    for number in range(len(document)):
        try:
            page = document.load_page(number)
            drawn = page.get_text("dict", flags=_FLAGS)
        except (RuntimeError, ValueError):
            # one broken page must not cost the others
            broken += 1
            pages.append(Page(1.0))
            continue
        blocks = _blocks(drawn)
        if _names_no_letters(blocks):
            problem, blocks = Problem("no readable text layer, its fonts do not name their letters: try --ocr"), []
        elif not blocks and page.get_bboxlog():
            problem = Problem("no text layer: try --ocr")
        if not blocks and with_ocr and page.get_bboxlog():
            try:
                blocks = _recognised(page, ocr.engine())
                problem = Problem("no text in it: OCR found none either")
            except UnreadableError as error:
                problem = error.problem
        pages.append(Page(float(drawn["height"]), blocks))
    if broken == len(pages):
        problem = Problem("damaged: none of its pages can be drawn; open and save it again")
    return pages, problem


def _blocks(drawn: dict[str, Any]) -> list[Block]:
    """The blocks of a page, upright. Text turned otherwise than most (a stamp in the margin) is left out if short."""
    by_direction: dict[tuple[int, int], list[list[Line]]] = {}
    for block in drawn["blocks"]:
        if block["type"] != 0:
            continue
        gathered: dict[tuple[int, int], list[Line]] = {}
        for line in block["lines"]:
            direction = (round(line["dir"][0]), round(line["dir"][1]))
            if made := _line(line, direction):
                gathered.setdefault(direction, []).append(made)
        for direction, lines in gathered.items():
            by_direction.setdefault(direction, []).append(lines)
    if not by_direction:
        return []
    amount = {
        direction: sum(len(line.text) for lines in groups for line in lines)
        for direction, groups in by_direction.items()
    }
    main = max(amount, key=lambda direction: (amount[direction], direction))
    kept = [Block(lines) for lines in by_direction.pop(main)]
    # what is turned and long (a wide table) comes after what is upright
    bottom = max(block.y1 for block in kept)
    for direction, groups in by_direction.items():
        if amount[direction] > _STRAY:
            for lines in groups:
                height = max(line.y1 for line in lines) - min(line.y0 for line in lines)
                _move(lines, bottom + 1 - min(line.y0 for line in lines))
                kept.append(Block(lines))
                bottom += height + 1
    return kept


def _move(lines: Sequence[Line], by: float) -> None:
    for line in lines:
        line.y0 += by
        line.y1 += by


def _line(line: dict[str, Any], direction: tuple[int, int]) -> Line | None:
    text = ""
    size, longest, letters, bold, monospaced = 0.0, 0, 0, 0, 0
    for span in line["spans"]:
        piece = span["text"]
        if span["flags"] & _SUPERSCRIPT and _MARKS.issuperset(piece) and text[-2:].isalpha() and len(text) > 1:
            # the number of a note
            continue
        text += piece
        length = len(piece.strip())
        letters += length
        if span["flags"] & _BOLD:
            bold += length
        if span["flags"] & _MONOSPACED or _MONOSPACED_NAME.search(span["font"]):
            monospaced += length
        if length > longest:
            size, longest = span["size"], length
    text = _close_up(text.strip())
    if not text:
        return None
    x0, y0, x1, y1 = line["bbox"]
    if line["wmode"] == 0:
        if direction == (0, -1):
            x0, y0, x1, y1 = -y1, x0, -y0, x1
        elif direction == (0, 1):
            x0, y0, x1, y1 = y0, -x1, y1, -x0
        elif direction == (-1, 0):
            x0, y0, x1, y1 = -x1, -y1, -x0, -y0
    elif direction == (0, 1):
        # vertical writing: lines from right to left become lines from top to bottom
        x0, y0, x1, y1 = y0, -x1, y1, -x0
    return Line(text, x0, y0, x1, y1, size, bold * 2 > letters, monospaced > _ONE_WIDTH * letters)


def _close_up(text: str) -> str:
    """Chinese and Japanese set with wide spacing come with a space between all characters; those are not meant."""
    if len(text) < 6 or text.count(" ") * 3 < len(text) or not is_unspaced(text[0]):
        return text
    return "".join(part for part in text.split(" ")) if all(len(part) < 3 for part in text.split(" ")) else text


def _names_no_letters(blocks: Sequence[Block]) -> bool:
    text = "".join(line.text for block in blocks for line in block.lines)
    return bool(text) and text.count("\ufffd") > _LETTERLESS * len(text)


def _outline(document: Any) -> list[OutlineEntry]:
    try:
        entries = document.get_toc(simple=True)
    except (RuntimeError, ValueError, KeyError, IndexError, TypeError):
        # broken outlines raise whatever they stumble over
        return []
    last = len(document) - 1
    return [
        OutlineEntry(int(depth), clean(str(title)), min(max(0, int(page) - 1), last))
        for depth, title, page in entries
        if page > 0 and str(title).strip()
    ]


def _recognised(page: Any, engine: ocr.Engine) -> list[Block]:
    """The text of a picture of the page."""
    if engine.name == "tesseract":
        text_page = page.get_textpage_ocr(flags=_FLAGS, language=engine.languages, dpi=_OCR_DPI, full=True)
        return _blocks(page.get_text("dict", textpage=text_page, flags=_FLAGS))
    picture = page.get_pixmap(dpi=_OCR_DPI, colorspace=pymupdf.csRGB, alpha=False)
    scale = 72 / _OCR_DPI
    lines = [
        Line(text, x0 * scale, y0 * scale, x1 * scale, y1 * scale, (y1 - y0) * scale * 0.8, False)
        for text, (x0, y0, x1, y1) in engine.recognise(picture.samples, picture.width, picture.height)
    ]
    return gather(line for line in lines if line.text.strip())


def _failed(reason: str) -> UnreadableError:
    return UnreadableError(Problem(reason))
