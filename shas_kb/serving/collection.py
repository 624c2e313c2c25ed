"""The collection as it is at each request, for any thread; one of its own, which opened the database, does the work."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar, cast

from shas_kb.ask import ask
from shas_kb.ask.answer import PERHAPS_SURE, SURE
from shas_kb.current import Current, Moment
from shas_kb.export import WHOLE
from shas_kb.export.content import read_content
from shas_kb.export.page.build import Addition, build_page
from shas_kb.progress import NoProgress, Progress
from shas_kb.records import Document, Tree
from shas_kb.replies import reply_json

if TYPE_CHECKING:
    from shas_kb.records import Level

_Given = ParamSpec("_Given")
_Got = TypeVar("_Got")

BEFORE, AFTER = 3, 8
"""Passages that are given before and after an offset."""

CONTINUED = 40
"""Characters of a sentence from which on it is looked for on the page after its own, too: a paragraph that goes on
there counts to the page on which it begins. Shorter ones may stand there by chance."""


class Collection:
    """A collection that is opened for reading alone.

    Every method raises DatabaseError where the collection is gone or cannot be read, beside what it says itself.
    """

    def __init__(self, path: Path) -> None:
        self._thread = ThreadPoolExecutor(1, "collection")
        self._current = self._thread.submit(Current, path).result()
        self._page: tuple[_Shown, bytes] | None = None

    def page(self, progress: Progress | None = None) -> bytes:
        """The page as HTML; built again where the tree, or a document in it, is another.

        Args:
            progress: told where the building stands.

        Raises:
            UsageError: there is no tree to show.
        """
        return self._do(self._built, progress or NoProgress())

    def ask(self, question: str, levels: Sequence[str], under: str | None, k: int) -> dict[str, Any]:
        """The reply as `query --json --explain` gives it, and how certain its answer says to be.

        Raises:
            UsageError: what is asked cannot be asked.
            NotFoundError: `under` names nothing.
            ModelError: the model cannot be had.
        """
        return self._do(self._asked, question, levels, under, k)

    def document(self, id: str) -> Document:
        """One document. Raises NotFoundError if there is none."""
        return self._do(lambda moment: moment.store.document(id))

    def passages(self, id: str, at: int) -> dict[str, Any]:
        """The text of a document around an offset, passage by passage. Raises NotFoundError if there is none."""
        return self._do(_passages, id, at)

    def sentences(self, id: str, number: int, start: int, end: int) -> tuple[str, ...]:
        """What stands from `start` to `end`, in whole sentences, as far as it may be on page `number`."""
        return self._do(_sentences, id, number, start, end)

    def close(self) -> None:
        """Close the database."""
        self._thread.submit(self._current.close).result()
        self._thread.shutdown()

    def _do(
        self, work: Callable[Concatenate[Moment, _Given], _Got], *given: _Given.args, **named: _Given.kwargs
    ) -> _Got:
        def run() -> _Got:
            with self._current.moment() as moment:
                return work(moment, *given, **named)

        return self._thread.submit(run).result()

    def _built(self, moment: Moment, progress: Progress) -> bytes:
        shown = _shown(moment)
        if self._page is None or self._page[0] != shown:
            content = read_content(moment.store, WHOLE, progress)
            self._page = shown, build_page(content, _addition(), progress).encode()
        return self._page[1]

    def _asked(self, moment: Moment, question: str, levels: Sequence[str], under: str | None, k: int) -> dict[str, Any]:
        embed = self._current.encoder(moment)
        wanted = cast("Sequence[Level]", levels)  # `ask` says which of them are none
        reply = ask(moment.store, embed, question, wanted, under, k, snapshot=moment.snapshot)
        certain = "yes" if reply.confidence >= SURE else "perhaps" if reply.confidence >= PERHAPS_SURE else "no"
        return {**reply_json(reply, explain=True), "certain": certain}


_Shown = tuple[Tree | None, tuple[Document, ...]]


def _shown(moment: Moment) -> _Shown:
    """What the page shows; documents that are not in the tree yet are not on it."""
    tree = moment.store.tree()
    placed = {membership.document for membership in tree.memberships} if tree else set()
    return tree, tuple(document for document in moment.store.documents() if document.id in placed)


def _addition() -> Addition:
    style, ask_script, reader_script = (
        (files("shas_kb.serving") / name).read_text(encoding="utf-8") for name in ("serving.css", "ask.js", "reader.js")
    )
    return Addition(style, reader_script + ask_script, ("connect-src 'self'", "img-src data: blob:"))


def _passages(moment: Moment, id: str, at: int) -> dict[str, Any]:
    document, passages = moment.store.document(id), moment.store.document_passages(id)
    here = next((i for i, passage in enumerate(passages) if passage.end > at), len(passages) - 1)
    first, last = max(0, here - BEFORE), min(len(passages), here + AFTER + 1)
    return {
        "document": {"id": id, "title": document.title, "path": document.path, "kind": document.kind},
        "pages": document.pages,
        "passages": [
            {"section": one.section, "page": one.page, "start": one.start, "end": one.end, "text": one.text}
            for one in passages[first:last]
        ],
        "more_before": first > 0,
        "more_after": last < len(passages),
    }


def _sentences(moment: Moment, id: str, number: int, start: int, end: int) -> tuple[str, ...]:
    return tuple(
        sentence.text
        for passage in moment.store.document_passages(id)
        if passage.start < end and start < passage.end
        for sentence in passage.sentences
        if sentence.start < end and start < sentence.end
        if sentence.page == number or (sentence.page == number - 1 and len(sentence.text) >= CONTINUED)
    )
