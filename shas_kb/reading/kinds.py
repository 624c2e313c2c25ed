"""Which kind a file is: by its ending, and against that by its first bytes."""

from __future__ import annotations

import io
import re
import zipfile

from shas_kb.reading.draft import UnreadableError
from shas_kb.records import Problem

ENDINGS = {
    ".pdf": "pdf",
    ".md": "markdown",
    ".markdown": "markdown",
    ".mdown": "markdown",
    ".mkd": "markdown",
    ".txt": "text",
    ".text": "text",
    ".log": "text",
    ".rst": "text",
    ".tex": "text",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".docx": "docx",
    ".epub": "epub",
}
_CONVERT = "convert it to PDF, Markdown or text"
_KNOWN_OTHERS = {
    ".doc": "old Word format .doc: save it as .docx",
    ".csv": f"a table (.csv), not a text: {_CONVERT}",
    ".json": f"data (.json), not a text: {_CONVERT}",
}
_IMAGES = (b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"II*\x00", b"MM\x00*", b"BM")
_HTML = re.compile(
    rb"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html[\s>])", re.IGNORECASE | re.DOTALL
)


def advice(ending: str) -> str:
    """Why a file with this ending is not read, and what to do."""
    if not ending:
        return "unknown kind, the name has no ending: give it one (.pdf, .md, .txt, .html, .docx, .epub)"
    return _KNOWN_OTHERS.get(ending, f"unknown kind {ending}: {_CONVERT}")


def sniff(head: bytes) -> str | None:
    """The kind that the first bytes (about 1024) betray: "pdf", "zip", "html", "doc", "rtf", "image", or None."""
    if b"%PDF-" in head[:1024]:
        return "pdf"
    if head.startswith(b"PK\x03\x04"):
        return "zip"
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return "doc"
    if head.startswith(b"{\\rtf"):
        return "rtf"
    if head.startswith(_IMAGES):
        return "image"
    return "html" if _HTML.match(head) else None


def kind_of(ending: str, data: bytes) -> str:
    """The kind of a file to be read: one of the values of `ENDINGS`.

    Raises:
        UnreadableError: if the content is of a kind that cannot be read, or not what the ending promises.
    """
    named = ENDINGS.get(ending)
    seen = sniff(data[:1024])
    match seen:
        case "pdf":
            # a text about PDF files may quote the mark; a PDF has it at the start, give or take some junk
            return "pdf" if named in (None, "pdf") or data[:5] == b"%PDF-" else named
        case "zip":
            return _archive(data)
        case "html":
            # a Markdown file may begin with HTML and still be Markdown
            return "html" if named != "markdown" else named
        case "doc":
            if named == "docx":
                # Word wraps an encrypted .docx in its old container
                raise _failed(
                    "encrypted or an old Word format: open it in Word and save it as .docx without a password"
                )
            raise _failed("old Word format: save it as .docx")
        case "rtf":
            raise _failed("rich text (RTF): save it as .docx or PDF")
        case "image":
            raise _failed("an image, not a document: save it as PDF and try --ocr")
    if named in ("docx", "epub"):
        raise _failed(f"damaged: not a {named} file (no zip archive); open and save it again")
    return named or "text"


def _archive(data: bytes) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError, EOFError, OSError) as error:
        raise _failed(f"damaged: {error}; open and save it again") from error
    if "word/document.xml" in names:
        return "docx"
    if "META-INF/container.xml" in names:
        return "epub"
    if "[Content_Types].xml" in names and any(name.startswith("word/") for name in names):
        return "docx"
    raise _failed("an archive, not a document: unpack it")


def _failed(reason: str) -> UnreadableError:
    return UnreadableError(Problem(reason))
