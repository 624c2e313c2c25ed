"""Pages that only send a reader on to another page: they have nothing of their own to say."""

from __future__ import annotations

import re
from collections.abc import Callable, Set
from urllib.parse import unquote

from selectolax.lexbor import LexborHTMLParser, LexborNode

from shas_kb.reading.draft import UnreadableError, one_line
from shas_kb.records import Problem

_TARGET = re.compile(r"(\d*)[\d.]* ?[;,]? ?url ?= ?[\"']? ?([^\"'\s][^\"']*)", re.IGNORECASE)
_SOON = 30  # seconds: a page that stays longer is there to be read
_NOTICE = 200  # characters beside links: "This page has moved. You will be taken to ... in five seconds."
_LINKS = 300  # characters of links that a notice may have; a page with more of them is a list of links to read
_SHOWN = 120  # characters of an address in a reason


def refuse_if_sent_on(
    tree: LexborHTMLParser, text: str, path: str, left_out: Callable[[LexborHTMLParser], Set[int]]
) -> None:
    """Refuse a page that takes its reader to another one and has but a line or two of text. `left_out` gives the parts
    of the page that are not in `text`.

    Raises:
        UnreadableError: if it is such a page; it counts as skipped.
    """
    target = _target(tree, path)
    if not target or len(text) > _NOTICE + _LINKS:
        return
    if len(text) - min(_linked(tree, left_out(tree)), _LINKS) <= _NOTICE:
        raise UnreadableError(Problem(f"leads to {target}: holds no text of its own", "skipped"))


def _target(tree: LexborHTMLParser, path: str) -> str:
    """Where the page soon takes its reader; "" if nowhere, or only to itself, to show what is new."""
    name = path.rpartition("/")[2]
    for node in tree.css("meta[http-equiv]"):
        if (node.attributes.get("http-equiv") or "").strip().lower() != "refresh" or _is_fallback(node):
            continue
        # with single spaces: the pattern takes long on many
        found = _TARGET.match(" ".join((node.attributes.get("content") or "").split()))
        if found is None or not _is_soon(found[1]):
            continue
        address = one_line(found[2])
        page = address.partition("#")[0].partition("?")[0]
        if page and unquote(page).removeprefix("./") != name:
            return address if len(address) <= _SHOWN else address[:_SHOWN] + "…"
    return ""


def _is_soon(seconds: str) -> bool:
    digits = seconds.lstrip("0")
    return len(digits) <= len(str(_SOON)) and int(digits or "0") <= _SOON


def _is_fallback(node: LexborNode) -> bool:
    """Whether this is for browsers without scripts only."""
    return node.parent is not None and node.parent.tag == "noscript"


def _linked(tree: LexborHTMLParser, left_out: Set[int]) -> int:
    """Characters within the links that are read: the address or the name of the page that this one leads to."""
    characters = 0
    waiting = [(tree.body, False)]
    while waiting:
        node, in_link = waiting.pop()
        if node is None:
            continue
        if in_link and node.tag == "-text":
            characters += len(one_line(node.text_content or ""))
        in_link = in_link or (node.tag == "a" and "href" in node.attributes)
        child = node.first_child
        while child is not None:
            if child.mem_id not in left_out:
                waiting.append((child, in_link))
            child = child.next
    return characters
