"""EPUB books: the pages of the archive in the order of the spine."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from urllib.parse import unquote
from xml.etree import ElementTree

from shas_kb.reading.archive import Archive
from shas_kb.reading.draft import Builder, Draft, UnreadableError
from shas_kb.reading.frontmatter import credible_title, split_authors, year_of
from shas_kb.reading.html import parse, write_body
from shas_kb.reading.text import decode
from shas_kb.records import Problem

_CONTAINER = "META-INF/container.xml"
_DUBLIN_CORE = "{http://purl.org/dc/elements/1.1/}"


def read_epub(data: bytes, path: str) -> Draft:
    """Read a book: title, authors, year from its package, headings as sections.

    Raises:
        UnreadableError: if it is damaged, protected, or would unpack to too much.
    """
    archive = Archive(data)
    if "META-INF/encryption.xml" in archive.names and b"EncryptedKey" in archive.read("META-INF/encryption.xml"):
        raise UnreadableError(Problem("encrypted: protected by DRM; save an unprotected copy"))
    package_path = _package(archive)
    package = _parse(archive.read(package_path))
    builder = Builder()
    for name in _spine(package, posixpath.dirname(package_path)):
        if name in archive.names:
            write_body(builder, parse(decode(archive.read(name))))
    title, *_ = [*_facts(package, "title"), ""]
    years = [year for date in _facts(package, "date") if (year := year_of(date))]
    return builder.finish(
        credible_title(title, path.rpartition("/")[2]),
        split_authors(_facts(package, "creator")),
        years[0] if years else None,
    )


def _package(archive: Archive) -> str:
    for element in _parse(archive.read(_CONTAINER)).iter():
        if element.tag.endswith("rootfile") and (path := element.get("full-path")):
            return path
    raise UnreadableError(Problem("damaged: the book has no package; open and save it again"))


def _parse(data: bytes) -> ElementTree.Element:
    try:
        # Expat stops entities that grow without bounds
        return ElementTree.fromstring(data)
    except (ElementTree.ParseError, ValueError) as error:
        raise UnreadableError(Problem(f"damaged: {error}; open and save it again")) from error


def _spine(package: ElementTree.Element, folder: str) -> Iterator[str]:
    items: dict[str, tuple[str, str]] = {}
    order: list[str] = []
    for element in package.iter():
        if element.tag.endswith("}item"):
            items[element.get("id", "")] = (element.get("href", ""), element.get("media-type", ""))
        elif element.tag.endswith("}itemref"):
            order.append(element.get("idref", ""))
    for name in order:
        href, kind = items.get(name, ("", ""))
        if href and "html" in kind:
            yield posixpath.normpath(posixpath.join(folder, unquote(href.partition("#")[0])))


def _facts(package: ElementTree.Element, name: str) -> list[str]:
    return [element.text for element in package.iter(_DUBLIN_CORE + name) if element.text]
