"""Pages that only lead to another one are skipped, with the reason; others that renew themselves are read."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from shas_kb.records import Problem, Reading

Read = Callable[[str, bytes | str], Reading | Problem]
LONG = "<p>" + "The oak is a tree that stands for a thousand years and more. " * 8 + "</p>"
LINKS = "".join(f"<p><a href='{name}.html'>All about the {name}</a></p>" for name in range(40))
NAVBAR = f"<nav>{LINKS}</nav>"


def page(refresh: str, body: str) -> str:
    return f"<!DOCTYPE html><html><head><title>Old</title>{refresh}</head><body>{body}</body></html>"


@pytest.mark.parametrize(
    ("refresh", "target"),
    [
        ('<meta http-equiv="Refresh" content="0; url=Trees.html#oak">', "Trees.html#oak"),
        ("<META HTTP-EQUIV=refresh CONTENT=\"5;URL='./cli.html'\">", "./cli.html"),
        ('<meta content="0;url=https://example.org/" http-equiv="refresh">', "https://example.org/"),
    ],
)
@pytest.mark.parametrize("body", ["", "<p>The node you are looking for is at <a href='Trees.html'>oak</a>.</p>"])
def test_a_page_that_leads_elsewhere_is_skipped(read: Read, refresh: str, target: str, body: str) -> None:
    assert read("old.html", page(refresh, body)) == Problem(f"leads to {target}: holds no text of its own", "skipped")


@pytest.mark.parametrize(
    ("refresh", "body"),
    [
        ('<meta http-equiv="refresh" content="0; url=Trees.html">', LONG),
        ('<meta http-equiv="refresh" content="30">', "<p>News.</p>"),
        ('<meta http-equiv="refresh" content="30; url=old.html?again">', "<p>News.</p>"),
        ('<noscript><meta http-equiv="refresh" content="0; url=plain.html"></noscript>', "<p>News.</p>"),
        ('<meta http-equiv="refresh" content="1800;url=/logout">', "<p>News.</p>"),
        ('<meta http-equiv="refresh" content="5;url=/">', NAVBAR + LONG),
        ('<meta http-equiv="refresh" content="5;url=/">', LINKS),
        ('<meta http-equiv="content-type" content="text/html; url=a.html">', "<p>News.</p>"),
    ],
)
def test_a_page_with_text_or_that_leads_nowhere_is_read(read: Read, refresh: str, body: str) -> None:
    assert isinstance(read("old.html", page(refresh, body)), Reading)


def test_a_long_delay_of_blanks_is_read_fast(read: Read) -> None:
    assert isinstance(read("a.html", page(f'<meta http-equiv="refresh" content="5{" " * 50_000}x">', LONG)), Reading)
