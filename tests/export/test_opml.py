"""OPML: what stands in an outline."""

from __future__ import annotations

import html
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from shas_kb.export import Extent, export
from shas_kb.export.graphs.opml import markup
from shas_kb.storage import Store


def test_an_outline_has_key_phrases_as_notes_and_documents_as_leaves(store: Store, tmp_path: Path) -> None:
    read = etree.parse(export(store, "opml", tmp_path / "kb.opml").path)
    kb = {"kb": "urn:shas-kb:opml"}
    (planets,) = read.xpath("//outline[@text='Planets']", namespaces=kb)
    assert planets.get("_note") == "bright | light, &lt;script&gt;, planets"
    assert len(planets) == int(planets.get("{urn:shas-kb:opml}documents")) == 6
    leaves = read.xpath("//outline[not(outline)]/@kb:level", namespaces=kb)
    assert leaves == ["document"] * len(store.documents())
    assert read.xpath("//outline[@kb:level='document']/@kb:sha256", namespaces=kb)
    assert read.findtext("head/title") == "Knowledge base"
    path = export(store, "opml", tmp_path / "one.opml", Extent(under="Planets")).path
    assert etree.parse(path).findtext("head/title") == "Planets"


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("AT&T", "AT&T"),
        ("a < b > c", "a < b > c"),
        ("<script>x</script>", "&lt;script&gt;x&lt;/script&gt;"),
        ("<!--", "&lt;!--"),
        ("&lt;b>", "&amp;lt;b&gt;"),
        ("&copy2", "&amp;copy2"),
    ],
)
def test_a_reader_of_html_sees_the_same_text(text: str, written: str) -> None:
    assert markup(text) == written
    assert html.unescape(written) == text


@given(st.text(st.sampled_from('<>&;ab/!#39lt "')))
def test_any_text_comes_back(text: str) -> None:
    assert html.unescape(markup(text)) == text
