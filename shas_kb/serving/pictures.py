"""Pages of PDFs, drawn once and kept as long as there is room."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence

from shas_kb.config import DrawConfig
from shas_kb.reading import location
from shas_kb.reading.drawing import Artist, PageOrder, Picture
from shas_kb.records import Document, Problem
from shas_kb.serving.originals import GONE, Mark, mark

MOST_BYTES = 64 << 20
LEAST = 1 << 10
"""Bytes that a problem counts, and a small picture at least."""

_Key = tuple[PageOrder, Mark]


class Pictures:
    """The pages of a collection, for any thread.

    That a page cannot be drawn is kept as well: what hung once shall not hold up others again.
    """

    def __init__(self, config: DrawConfig) -> None:
        self._artist = Artist(config)
        self._lock = threading.Lock()
        self._kept: OrderedDict[_Key, Picture | Problem] = OrderedDict()
        self._bytes = 0

    def get(self, document: Document, number: int, quotes: Sequence[str]) -> Picture | Problem:
        """A page of a document with quotes marked, or why it cannot be shown.

        Raises:
            ShasKBError: the process that draws does not start.
        """
        path = location(document)
        known = mark(path)
        if known is None:
            return GONE
        key = PageOrder(path, document.sha256, number, tuple(quotes)), known
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        drawn = self._artist.draw(key[0])
        with self._lock:
            if key not in self._kept:
                self._kept[key] = drawn
                self._bytes += _size(drawn)
            while self._bytes > MOST_BYTES and len(self._kept) > 1:
                self._bytes -= _size(self._kept.popitem(last=False)[1])
        return drawn

    def close(self) -> None:
        """End the process that draws."""
        self._artist.close()


def _size(drawn: Picture | Problem) -> int:
    return LEAST + (len(drawn.png) if isinstance(drawn, Picture) else 0)
