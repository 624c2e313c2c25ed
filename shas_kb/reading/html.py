"""HTML: what a reader of the page reads, without what surrounds it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Set

from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

from shas_kb.reading.draft import Builder, Draft, UnreadableError, one_line
from shas_kb.reading.frontmatter import credible_title, split_authors, year_of
from shas_kb.reading.navigation import certain_navigation, navigation
from shas_kb.reading.redirect import refuse_if_sent_on
from shas_kb.reading.sectionwords import heads_a_section
from shas_kb.reading.text import decode
from shas_kb.records import Problem

_SURROUNDINGS = (
    "script, style, noscript, template, footer, aside, iframe, svg, button, select, [hidden], [aria-hidden=true]"
)
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_BLOCKS = {
    *_HEADINGS,
    *("address", "article", "blockquote", "body", "caption", "center", "dd", "details", "dialog", "div", "dl", "dt"),
    *("fieldset", "figcaption", "figure", "header", "hr", "html", "li", "main", "ol", "p", "pre", "section", "summary"),
    *("table", "tbody", "tfoot", "thead", "tr", "ul"),
}
_CELLS = frozenset(("td", "th"))
_PICTURE = re.compile(r"\.(?:avif|gif|jpe?g|png|svg|webp)$", re.IGNORECASE)
_CHARSET = re.compile(
    rb"<meta[^>]+charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]+)|<\?xml[^>]+encoding\s*=\s*[\"']([A-Za-z0-9_.:-]+)",
    re.IGNORECASE,
)
_AUTHOR = ("author", "citation_author", "dc.creator", "dcterms.creator", "article:author")
_DATE = (
    "citation_publication_date",
    "citation_date",
    "article:published_time",
    "dc.date",
    "dcterms.date",
    "date",
    "dc.date.issued",
)


def read_html(data: bytes, path: str) -> Draft:
    """Read a page: title, authors and date as its head gives them, headings as sections.

    Raises:
        UnreadableError: if it is no text, or only leads to another page.
    """
    tree = parse(_decoded(data))
    metas = list(_metas(tree))
    title = next((value for name, value in metas if name in ("citation_title", "og:title")), "")
    if not title and tree.head is not None and (node := tree.head.css_first("title")) is not None:
        title = one_line(node.text())
    authors = split_authors(value for name, value in metas if name in _AUTHOR and "://" not in value)
    year = next((year for name, value in metas if name in _DATE and (year := year_of(value))), None)
    builder = Builder()
    heading = write_body(builder, tree)
    draft = builder.finish(_title(title, heading, path.rpartition("/")[2]), authors, year)
    refuse_if_sent_on(tree, draft.text, path, _left_out)
    return draft


def _title(title: str, heading: str, file_name: str) -> str:
    """The title that the head of a page gives it, or its first heading. A title that is no more than the name of the
    file ("TH3" in th3.html) is better than the heading of a section ("1. Overview")."""
    if credible := credible_title(title, file_name):
        return credible
    if heading and not heads_a_section(heading):
        return heading
    return credible_title(title, "") or heading


def parse(text: str) -> LexborHTMLParser:
    """The tree of a page. Raises MemoryError: there is nothing else for which it fails."""
    try:
        return LexborHTMLParser(text)
    except SelectolaxError as error:
        raise MemoryError from error


def write_body(builder: Builder, tree: LexborHTMLParser, least_depth: int = 1) -> str:
    """Put the body of a page into `builder`, its headings no higher than `least_depth`; returns its first heading."""
    first = ""
    for tag, text in _blocks(tree, _left_out(tree)):
        if tag in _HEADINGS:
            first = first or one_line(text)
            builder.heading(text, max(int(tag[1]), least_depth))
        elif tag == "pre":
            builder.code(text)
        elif tag in ("li", "tr", "dt", "dd"):
            builder.paragraph(text, joint="\n")
        else:
            builder.paragraph(text)
    return first


def _left_out(tree: LexborHTMLParser) -> set[int]:
    """The parts of a page that are not its text. A page that by its classes is nothing but navigation is hardly so."""
    surroundings = {node.mem_id for node in tree.css(_SURROUNDINGS)}
    left_out = surroundings | navigation(tree)
    if next(_blocks(tree, left_out), None) is None:
        return surroundings | certain_navigation(tree)
    return left_out


def _blocks(tree: LexborHTMLParser, left_out: Set[int]) -> Iterator[tuple[str, str]]:
    """The text of the body, block by block, with the tag of each. Without recursion: pages can be nested deep."""
    body = tree.body
    if body is None:
        return
    held: list[str] = []
    open_tags: list[str] = []
    node: LexborNode | None = body
    while node is not None:
        name = node.tag or ""
        if name in _BLOCKS:
            if text := "".join(held).strip():
                yield _innermost(open_tags), text
            held = []
            open_tags.append(name)
        elif name == "br":
            held.append("\n")
        elif name in _CELLS:
            held.append(" | " if "".join(held[-1:]).strip() else "")
        elif name == "img" and not _is_button(node):
            held.append(f" {node.attributes.get('alt') or ''} ")
        elif name == "-text":
            held.append(node.text_content or "")
        if (child := _kept(node.first_child, left_out)) is not None:
            node = child
            continue
        while node is not None and (following := _kept(node.next, left_out)) is None:
            held, found = _leave(node, held, open_tags)
            if found is not None:
                yield found
            node = node.parent if node.parent is not None and not _same(node, body) else None
            if node is not None and _same(node, body):
                break
        if node is None or _same(node, body):
            break
        held, found = _leave(node, held, open_tags)
        if found is not None:
            yield found
        node = following
    if text := "".join(held).strip():
        yield _innermost(open_tags), text


def _kept(node: LexborNode | None, left_out: Set[int]) -> LexborNode | None:
    """`node` or, if it is left out, the first of those after it that is not."""
    while node is not None and node.mem_id in left_out:
        node = node.next
    return node


def _is_button(image: LexborNode) -> bool:
    """Whether an image is all there is of a link, and no smaller one of the image it leads to."""
    link = image.parent
    return link is not None and link.tag == "a" and not link.text().strip() and not _leads_to_picture(link)


def _leads_to_picture(link: LexborNode) -> bool:
    return _PICTURE.search((link.attributes.get("href") or "").partition("?")[0]) is not None


def _leave(node: LexborNode, held: list[str], open_tags: list[str]) -> tuple[list[str], tuple[str, str] | None]:
    if (node.tag or "") not in _BLOCKS:
        return held, None
    text = "".join(held).strip()
    tag = _innermost(open_tags)
    if open_tags:
        open_tags.pop()
    return [], ((tag, text) if text else None)


def _innermost(open_tags: list[str]) -> str:
    return open_tags[-1] if open_tags else "body"


def _same(one: LexborNode, other: LexborNode) -> bool:
    return one.mem_id == other.mem_id


def _metas(tree: LexborHTMLParser) -> Iterator[tuple[str, str]]:
    for node in tree.css("meta"):
        name = node.attributes.get("name") or node.attributes.get("property")
        if name and (content := node.attributes.get("content")):
            yield name.lower(), content


def _decoded(data: bytes) -> str:
    """By the encoding that the page declares, if the bytes agree; else as any text."""
    if (declared := _CHARSET.search(data[:4096])) and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        name = (declared[1] or declared[2]).decode("ascii")
        try:
            return data.decode({"gb2312": "gb18030", "gbk": "gb18030", "iso-8859-1": "cp1252"}.get(name.lower(), name))
        except (LookupError, UnicodeDecodeError):
            pass
    text = decode(data)
    if not text:
        raise UnreadableError(Problem("empty file"))
    return text
