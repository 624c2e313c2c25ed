"""What one worker process does: read the files it is told to, one at a time, within its limits.

Runs as a `Process` of the pool (process.py).
"""

from __future__ import annotations

import hashlib
import os
from multiprocessing.connection import Connection
from pathlib import PurePosixPath

from shas_kb.config import ReadConfig
from shas_kb.reading.draft import Draft, UnreadableError
from shas_kb.reading.files import LARGEST_MEGABYTES, location
from shas_kb.reading.frontmatter import title_from_name
from shas_kb.reading.kinds import ENDINGS, kind_of
from shas_kb.reading.language import guess_language
from shas_kb.reading.limits import alarm, limit_memory, megabytes, needs_memory, seconds
from shas_kb.reading.passages import PassageMaker
from shas_kb.reading.phrases import key_phrases, terms
from shas_kb.reading.process import work
from shas_kb.records import Problem, Reading, SourceFile

_NOTES = frozenset(("markdown", "text"))

Answer = tuple[str | None, Reading | Problem]


class Reader:
    """Reads single files, in this process. Whatever goes wrong with a file is a Problem; nothing is raised for it."""

    def __init__(self, config: ReadConfig) -> None:
        """Load what every file needs. Raises ModelError if the tokenizer cannot be read."""
        self._config = config
        self._maker = PassageMaker(config.tokenizer, config.window)

    def read(self, file: SourceFile) -> Answer:
        """The SHA-256 of the file's bytes, where they could be read, and what is in it or what is wrong with it."""
        sha256: str | None = None
        try:
            data = self._bytes(file)
            sha256 = hashlib.sha256(data).hexdigest()
            return sha256, self._reading(file, data, sha256)
        except UnreadableError as error:
            return sha256, error.problem
        except MemoryError:
            return sha256, needs_memory(self._config)
        except Exception as error:  # noqa: BLE001 - the border around one file: whatever a parser raises is its reason
            if "malloc" in str(error) or "memory" in str(error).lower():
                return sha256, needs_memory(self._config)
            what = " ".join(f"{type(error).__name__}: {error}".split())[:160]
            return sha256, Problem(f"damaged: {what}; open and save it again")

    def _bytes(self, file: SourceFile) -> bytes:
        try:
            path = location(file)
            size = path.stat().st_size
            if size > LARGEST_MEGABYTES << 20:  # it has grown since the folder was listed
                reason = f"too large: {size >> 20} MB, the limit is {LARGEST_MEGABYTES} MB; split it into parts"
                raise UnreadableError(Problem(reason, "skipped"))
            return path.read_bytes()
        except FileNotFoundError as error:
            raise UnreadableError(Problem("gone: it was there when the folder was listed", passing=True)) from error
        except PermissionError as error:
            raise UnreadableError(Problem("no permission to read it: change its permissions", passing=True)) from error
        except OSError as error:
            raise UnreadableError(Problem(f"cannot be read: {error.strerror}; check the disk", passing=True)) from error

    def _reading(self, file: SourceFile, data: bytes, sha256: str) -> Reading:
        ending = PurePosixPath(file.path).suffix.lower()
        if not data.strip(b"\x00 \t\r\n\xef\xbb\xbf"):
            raise _nothing("empty file", ENDINGS.get(ending))
        kind = kind_of(ending, data)
        draft = _read_draft(kind, data, file.path, self._config.ocr)
        if not draft.text.strip():
            raise _nothing("no text in it", kind)
        title = draft.title or title_from_name(file.path)
        language = guess_language(draft.text)
        return Reading(
            kind=kind,
            sha256=sha256,
            title=title,
            authors=draft.authors,
            year=draft.year,
            language=language,
            characters=len(draft.text),
            page_starts=draft.page_starts,
            sections=draft.sections,
            passages=self._maker.passages(draft.text, draft.sections, language),
            terms=terms(draft.text, language),
            phrases=key_phrases(draft.prose, language, [title, *(section.title for section in draft.sections)]),
        )


def _nothing(reason: str, kind: str | None) -> UnreadableError:
    """An empty note is as its writer left it; a document of another kind that has no text is not whole."""
    return UnreadableError(Problem(reason, "skipped" if kind in _NOTES else "failed"))


def _read_draft(kind: str, data: bytes, path: str, with_ocr: bool) -> Draft:
    """Parsers are imported when the first file of their kind comes."""
    match kind:
        case "pdf":
            from shas_kb.reading.pdf import read_pdf

            return read_pdf(data, path, with_ocr)
        case "markdown":
            from shas_kb.reading.markdown import read_markdown

            return read_markdown(data, path)
        case "html":
            from shas_kb.reading.html import read_html

            return read_html(data, path)
        case "docx":
            from shas_kb.reading.docx import read_docx

            return read_docx(data, path)
        case "epub":
            from shas_kb.reading.epub import read_epub

            return read_epub(data, path)
        case _:
            from shas_kb.reading.text import read_text

            return read_text(data, path)


def serve(connection: Connection) -> None:
    """Answer the pool until it closes the connection."""
    config: ReadConfig = connection.recv()
    reader = Reader(config)
    limit_memory(megabytes(config))
    connection.send("ready")
    while True:
        file: SourceFile = connection.recv()
        # the pool watches the time; this is for when it is gone
        alarm(seconds(config))
        answer = reader.read(file)
        alarm(0)
        connection.send(answer)


def main() -> None:
    """Run as a worker."""
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    work(serve)


if __name__ == "__main__":
    main()
