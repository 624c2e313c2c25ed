"""Mermaid: drawn by Mermaid itself in a real browser."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from browser import Browser
from graphs import Graph, in_database

from shas_kb.errors import UsageError
from shas_kb.export import Extent, export
from shas_kb.export.content import Content, read_content
from shas_kb.export.graphs.mermaid import CHARACTERS, EDGES, build_mermaid, label
from shas_kb.export.text import shorten
from shas_kb.storage import Store

PAGE = '<!doctype html><meta charset="utf-8"><title>chart</title><div id="chart"></div><script src="{}"></script>'
DRAW = """(async (text, settings) => {
  mermaid.initialize({startOnLoad: false, ...settings});
  const {svg} = await mermaid.render("drawn", text), chart = document.getElementById("chart");
  chart.innerHTML = svg;
  const name = id => id.match(/kb_\\w+?(?=-|$)/)[0].slice(3);
  return {
    nodes: [...chart.querySelectorAll(".node")].map(n => [name(n.id), n.querySelector(".label").textContent.trim()]),
    edges: [...chart.querySelectorAll(".edgePaths path")].map(e => e.id.match(/L_kb_(\\w+)_kb_(\\w+)_\\d+$/).slice(1)),
    weights: [...chart.querySelectorAll(".edgeLabel .label")].map(l => l.textContent.trim()).filter(Boolean),
    strange: chart.querySelectorAll("script, img, iframe, a, li, strong, em, code").length,
  };
})(%s, %s)"""


MEANINGS = [
    "**bold** __bold__ *x* ~~x~~ `x`",
    "[a](http://b) ![a](b) www.a.com a@b.co",
    "1) one",
    "## Heading",
    "> quoted",
    "===",
    "%%{init: {'theme': 'dark'}}%%",
    "#quot; #35; &lt; &#60;",
    "ﬂ°°60script> ﬂ°lt; ﬂow",
    "$$x^2$$ fa:fa-car ::icon(x) :::c1",
    "end",
    "subgraph x; click kb_x call alert(1)",
    "\\n <br/> <!-- x --> <![CDATA[",
    '"] --> x["',
    "@{ shape: x }",
]


@pytest.fixture
def draw(browser: Browser, tmp_path: Path) -> Any:
    """A chart becomes names by id, edges and weights."""
    library = files("mermaidx") / "assets" / "mermaid.js"
    page = tmp_path / "page.html"
    page.write_text(PAGE.format(Path(str(library)).as_uri()))

    def drawn(chart: str, **settings: object) -> Any:
        browser.open(page.as_uri(), "#chart")
        found = browser.js(DRAW % (json.dumps(chart), json.dumps(settings)))
        assert browser.complaints == []
        assert browser.js("document.title") == "chart"
        return found

    return drawn


def shown(graph: Graph) -> dict[str, str]:
    return {id: shorten(name, 60) for id, name in graph.names.items()}


@pytest.mark.parametrize("settings", [{}, {"securityLevel": "loose"}], ids=["strict", "loose"])
def test_the_chart_is_the_tree(store: Store, tmp_path: Path, draw: Any, settings: dict[str, object]) -> None:
    there = in_database(store)
    text = export(store, "mermaid", tmp_path / "kb.mmd").path.read_text()
    drawn = draw(text, **settings)
    assert dict(drawn["nodes"]) == shown(there)
    assert drawn["strange"] == 0
    edges = {tuple(edge) for edge in drawn["edges"]}
    assert len(edges) == len(drawn["edges"])
    assert edges >= {(parent, child) for child, parent in there.parents.items()}
    across = {(a, b): weight for (kind, a, b), weight in there.weights.items() if kind != "contains"}
    strongest = sorted(across.values(), reverse=True)[: len(there.names) // 2]
    crossing = [across[edge] for edge in edges if edge in across]
    assert len(edges) == len(there.parents) + len(crossing)
    assert sorted(crossing, reverse=True) == strongest
    assert sorted(map(float, drawn["weights"]), reverse=True) == strongest
    assert f"%% Of {len(across)} cross links the {len(strongest)} strongest." in text


def test_a_branch_and_a_level_are_drawn(store: Store, tmp_path: Path, draw: Any) -> None:
    there = in_database(store)
    planets = next(id for id, name in there.names.items() if name == "Planets")
    for extent in (Extent(depth="entity"), Extent(depth="domain"), Extent(under=planets)):
        drawn = draw(export(store, "mermaid", tmp_path / "kb.mmd", extent).path.read_text())
        assert dict(drawn["nodes"]) == shown(in_database(store, extent))


def test_nothing_runs_where_labels_are_plain_text(store: Store, tmp_path: Path, draw: Any) -> None:
    text = export(store, "mermaid", tmp_path / "kb.mmd").path.read_text()
    drawn = draw(text, htmlLabels=False, securityLevel="loose")
    assert {id for id, _ in drawn["nodes"]} == in_database(store).names.keys()
    assert drawn["strange"] == 0


def test_a_name_is_shown_as_it_is_whatever_it_means_to_mermaid(store: Store, draw: Any) -> None:
    content = read_content(store)
    documents = [replace(one, title=title) for one, title in zip(content.documents, MEANINGS, strict=False)]
    chart = build_mermaid(replace(content, documents=tuple(documents)))
    drawn = draw(chart, securityLevel="loose")
    names = dict(drawn["nodes"])
    assert [names[document.id] for document in documents] == [text.replace("ﬂ", "fl") for text in MEANINGS]
    assert drawn["strange"] == 0


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("long-term memory, it's", "long-term memory, it's"),
        ("1. one", "1#46; one"),
        ("- a -b", "#45; a #45;b"),
        ('"] --> x', "#34;#93; #45;#45;#62; x"),
        ("ann@www.example.org", "ann#64;www#46;example#46;org"),
    ],
)
def test_a_label_says_nothing_to_mermaid(text: str, written: str) -> None:
    assert label(text) == f'"{written}"'


@pytest.mark.parametrize(("count", "title"), [(600, "A"), (450, "=" * 60), (300, "🌞" * 59)])
def test_what_is_too_large_is_cut_at_entities_and_says_so(store: Store, count: int, title: str) -> None:
    content = read_content(store)
    assert "Cut at" not in build_mermaid(content)
    chart = build_mermaid(with_documents(content, count, title))
    assert f"%% Cut at the level of entity, {count} below it left out" in chart
    assert "Planets" in chart and title not in chart
    assert "Cut at" not in build_mermaid(with_documents(content, 450, "A"))


def test_a_chart_is_never_larger_than_mermaid_draws(store: Store, draw: Any) -> None:
    full = with_documents(read_content(store), EDGES - 6, "a, b c" * 5)
    chart = build_mermaid(full)
    assert "Cut at" not in chart and CHARACTERS * 0.9 < len(chart) <= CHARACTERS
    assert len(draw(chart)["edges"]) == EDGES
    nodes = tuple(replace(full.nodes[0], id=f"d{i}", name="=" * 60) for i in range(1000))
    wide = replace(full, nodes=nodes, documents=(), parents={}, children={"": tuple(node.id for node in nodes)})
    with pytest.raises(UsageError, match="at most 500 edges and 50,000 characters, got 1,000 nodes of the topmost"):
        build_mermaid(replace(wide, also={}, related={}))


def with_documents(content: Content, count: int, title: str) -> Content:
    """The same nodes with `count` documents of one title, all of them in one entity."""
    entity, ids = content.nodes[-1].id, [f"{i:012x}" for i in range(count)]
    inside = {node.id for node in content.nodes}
    return replace(
        content,
        documents=tuple(replace(content.documents[0], id=id, title=title) for id in ids),
        parents={id: parent for id, parent in content.parents.items() if id in inside} | dict.fromkeys(ids, entity),
        weights=dict.fromkeys(ids, 1.0),
        also={},
        related={},
        keyphrases={},
    )
