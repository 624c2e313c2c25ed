"""Pages that only send a reader on to another page: they have nothing of their own to say."""

from __future__ import annotations

import re
from urllib.parse import unquote

from selectolax.lexbor import LexborHTMLParser, LexborNode

from shas_kb.reading.draft import UnreadableError, one_line
from shas_kb.records import Problem

_TARGET = re.compile(r"\s*[\d.]*\s*[;,]?\s*url\s*=\s*[\"']?\s*([^\"'\s][^\"']*)", re.IGNORECASE)
_NOTICE = 200  # characters beside links: "This page has moved. You will be taken to ... in five seconds."
_SHOWN = 120  # characters of an address in a reason


def refuse_if_sent_on(tree: LexborHTMLParser, text: str, path: str) -> None:
    """Refuse a page that takes its reader to another one and has but a line or two of text.

    Raises:
        UnreadableError: if it is such a page; it counts as skipped.
    """
    target = _target(tree, path)
    if target and len(text) - _linked(tree) <= _NOTICE:
        raise UnreadableError(Problem(f"leads to {target}: holds no text of its own", "skipped"))


def _target(tree: LexborHTMLParser, path: str) -> str:
    """Where the page takes its reader; "" if nowhere, or only to itself, to show what is new."""
    name = path.rpartition("/")[2]
    for node in tree.css("meta[http-equiv]"):
        if (node.attributes.get("http-equiv") or "").strip().lower() != "refresh" or _is_fallback(node):
            continue
        found = _TARGET.match(node.attributes.get("content") or "")
        address = one_line(found[1]) if found else ""
        page = address.partition("#")[0].partition("?")[0]
        if page and unquote(page).removeprefix("./") != name:
            return address if len(address) <= _SHOWN else address[:_SHOWN] + "…"
    return ""


def _is_fallback(node: LexborNode) -> bool:
    """Whether this is for browsers without scripts only."""
    return node.parent is not None and node.parent.tag == "noscript"


def _linked(tree: LexborHTMLParser) -> int:
    """Characters within links: the address or the name of the page that this one leads to."""
    return sum(len(one_line(node.text())) for node in tree.css("body a[href]"))
