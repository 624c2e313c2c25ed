"""The page: in a real browser, without a network."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from pathlib import Path

import pytest
from browser import Browser
from contrast import FAINT

from shas_kb.export import Extent, export
from shas_kb.export.page.build import island
from shas_kb.records import Document, Node
from shas_kb.storage import Store


def look(browser: Browser, page: Path, address: str = "") -> None:
    browser.open(page.as_uri() + address, "#detail h2")


@pytest.fixture
def page(store: Store, tmp_path: Path) -> Path:
    return export(store, "html", tmp_path / "page.html").path


def node(store: Store, level: str, name: str) -> Node:
    tree = store.tree()
    assert tree is not None
    return next(node for node in tree.nodes if (node.level, node.name) == (level, name))


def document(store: Store, part: str) -> Document:
    return next(document for document in store.documents() if part in document.title)


def test_it_opens_with_the_domains_and_without_complaint(browser: Browser, page: Path) -> None:
    look(browser, page)
    assert browser.complaints == []
    assert browser.texts(".cell.domain span") == ["Science12", "Economy & <Society>10"]
    assert {"Stars", "Planets", "Markets", "Money"} <= set(browser.texts(".cell.entity span"))
    assert browser.texts("#detail h2") == ["Overview"]
    assert browser.texts(".brand p") == ["22 documents · 4 entities · 2 categories · 2 domains"]


def test_clicking_a_domain_shows_its_categories(store: Store, browser: Browser, page: Path) -> None:
    look(browser, page)
    browser.click(".cell.domain")
    assert browser.texts("#detail h2") == ["Science"]
    assert browser.texts("#detail h3") == ["categories1"]
    assert browser.texts("#detail .list b") == ["Science"]
    assert browser.texts("#detail blockquote")[0].startswith("A sentence of Science <i>in</i> [[")
    assert browser.texts(".keys button") == ["bright | light", "<script>", "science"]
    assert browser.texts("#trail a") == ["All", "Science"]
    assert browser.js("location.hash") == f"#node={node(store, 'domain', 'Science').id}"
    browser.click("#detail .list a")
    assert browser.texts("#detail h3") == ["entities2"]
    browser.js("new Promise(done => { addEventListener('hashchange', () => done(0)); history.back(); })")
    assert browser.texts("#detail h3") == ["categories1"]
    assert browser.complaints == []


def test_the_keyboard_goes_down_the_tree(browser: Browser, page: Path) -> None:
    look(browser, page)
    browser.js("document.querySelector('.cell[tabindex=\"0\"]').focus()")
    for key, name in (
        ("ArrowRight", "Economy & <Society>10"),
        ("ArrowDown", "Economy & <Society>10"),
        ("ArrowDown", "Markets"),
    ):
        browser.press(key)
        assert browser.js("document.activeElement.textContent").startswith(name)
    browser.press("Enter")
    assert browser.texts("#detail h2") == ["Markets"]
    assert browser.js("document.activeElement.className").startswith("cell document")


def test_search_finds_names_and_key_phrases(browser: Browser, page: Path) -> None:
    look(browser, page)
    browser.press("/")
    browser.write("UBERBL")
    assert browser.texts("#results b") == ["1. Überblick über Märkte"]
    browser.press("Enter")
    assert browser.texts("#detail h2") == ["1. Überblick über Märkte"]
    look(browser, page)
    browser.press("/")
    browser.write("star")
    assert browser.texts("#results b") == ["Stars", "Stars"]
    assert browser.texts("#results small") == ["entity", "document"]
    browser.press("ArrowDown")
    browser.press("Enter")
    assert browser.texts("#detail .level") == ["document"]
    look(browser, page)
    browser.press("/")
    browser.write("nothing like it")
    assert browser.texts("#results") == ["Nothing has this in its name or key phrases."]
    assert browser.complaints == []


def test_what_was_found_goes_away_with_the_focus(browser: Browser, page: Path) -> None:
    look(browser, page)
    browser.press("/")
    browser.write("star")
    assert browser.js("document.getElementById('results').hidden") is False
    for kind in ("rawKeyDown", "keyUp"):
        browser.call("Input.dispatchKeyEvent", type=kind, key="Tab", code="Tab", windowsVirtualKeyCode=9)
    assert browser.js("document.getElementById('results').hidden")
    assert browser.js("document.activeElement.closest('.search')") is None


def test_the_address_keeps_the_view(store: Store, browser: Browser, page: Path) -> None:
    look(browser, page, "#view=graph")
    browser.click("#detail .list a")
    science = f"#node={node(store, 'domain', 'Science').id}&view=graph"
    assert browser.js("location.hash") == science
    browser.click("#show-tree")
    browser.click("#detail .list a")
    browser.js("new Promise(done => { addEventListener('hashchange', () => done(0)); history.go(-1); })")
    assert browser.js("[location.hash, view]") == [science.replace("graph", "tree"), "tree"]
    browser.js("new Promise(done => { addEventListener('hashchange', () => done(0)); history.go(-1); })")
    assert browser.js("[location.hash, view]") == ["#view=graph", "graph"]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_word_stands_out_from_its_ground(browser: Browser, page: Path, theme: str) -> None:
    browser.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": theme}])
    look(browser, page)
    faint = browser.js(FAINT)
    browser.call("Emulation.setEmulatedMedia", features=[])
    assert faint == []


@pytest.mark.parametrize("view", ["tree", "map", "graph"])
def test_a_sheet_of_paper_holds_all_of_the_drawing(browser: Browser, page: Path, view: str) -> None:
    look(browser, page, f"#view={view}")
    browser.js(
        "matchMedia('print').addEventListener('change', ({ matches }) => { if (matches) {"
        "  const stage = document.querySelector('.stage').getBoundingClientRect();"
        "  window.drawn = [...document.querySelectorAll('.cell, .stage canvas')].filter((one) => one.checkVisibility())"
        "    .map((one) => one.getBoundingClientRect()).filter((box) => box.width);"
        "  window.beyond = drawn.filter((box) => box.right > stage.right + 1 || box.bottom > stage.bottom + 1).length;"
        "  window.drawn = drawn.length; } })"
    )
    browser.call("Page.printToPDF")
    assert browser.js("beyond") == 0
    assert browser.js("drawn") > 0
    assert browser.complaints == []


def test_a_document_shows_its_place_its_source_and_its_neighbours(store: Store, browser: Browser, page: Path) -> None:
    look(browser, page, f"#node={document(store, 'The Sun').id}")
    assert browser.texts("#trail a") == ["All", "Science", "Science", "Stars", "The Sun"]
    assert browser.texts("#detail .facts") == ["Ann <b>Author</b> · 2024 · 2 pages · en"]
    assert browser.texts("#detail .file") == ["part 0/00.pdf"]
    assert [text[:-1] for text in browser.texts("#detail h3")] == ["also in", "related"]
    assert len(browser.texts(".cell.chosen")) == 1


@pytest.mark.parametrize("part", ["</script>", "<img"])
def test_a_script_in_a_title_does_not_run(store: Store, browser: Browser, page: Path, part: str) -> None:
    hostile = document(store, part)
    look(browser, page, f"#node={hostile.id}")
    browser.press("/")
    browser.write(part)
    assert browser.complaints == []
    assert browser.js("document.title") == f"{hostile.title} – Knowledge base"
    assert browser.texts("#detail h2") == [hostile.title]
    assert hostile.title in browser.texts("#results b")
    assert browser.js("document.querySelectorAll('img, script').length") == 3


def test_the_map_opens_a_document_at_a_click(store: Store, browser: Browser, page: Path) -> None:
    look(browser, page, f"#node={node(store, 'entity', 'Stars').id}&view=map")
    assert browser.js("document.getElementById('tree').hidden")
    assert browser.js("map.canvas.width") > 300
    x, y, title = browser.js(
        "(([x, y], box) => [box.x + x, box.y + y, documents[3].name])"
        "(map.at(documents[3]), map.canvas.getBoundingClientRect())"
    )
    for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
        browser.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)
    browser.settle()
    assert browser.texts("#detail h2") == [title]
    for button in ("#zoom-in", "#zoom-out", "#zoom-reset", "#show-tree"):
        browser.click(button)
    assert browser.complaints == []


def test_the_map_shows_what_is_chosen_wherever_it_was_zoomed(store: Store, browser: Browser, page: Path) -> None:
    look(browser, page, "#view=map")
    browser.js("Object.assign(map, { x: documents[0].x, y: documents[0].y }); map.scale(50)")
    browser.js("location.hash = link(documents[0])")
    browser.settle()
    assert browser.js("map.zoom") == 50
    far = browser.js("documents.findIndex((one) => Math.hypot(one.x - documents[0].x, one.y - documents[0].y) > 0.2)")
    browser.js(f"location.hash = link(documents[{far}])")
    browser.settle()
    assert browser.js("map.zoom") == 1
    assert browser.complaints == []


def test_the_graph_shows_the_tree_and_opens_what_is_clicked(store: Store, browser: Browser, page: Path) -> None:
    look(browser, page, "#view=graph")
    tree = store.tree()
    assert tree is not None
    homes = {member.document: member.node for member in tree.memberships if member.primary}
    drawn = browser.js("graph.cy.edges('.contains').map(edge => [edge.data('target'), edge.data('source')])")
    parents = homes | {node.id: node.parent for node in tree.nodes if node.parent}
    assert {tuple(pair) for pair in drawn} == set(parents.items())
    assert len(browser.js("graph.cy.nodes('.dot').map(dot => dot.id())")) == len(tree.nodes) + len(homes)
    stars = node(store, "entity", "Stars")
    x, y = browser.js(
        f"(({{x, y}}, box) => [box.x + x, box.y + y])(graph.cy.getElementById('{stars.id}').renderedPosition(),"
        "graph.host.getBoundingClientRect())"
    )
    for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
        browser.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)
    browser.settle()
    assert browser.texts("#detail h2") == ["Stars"]
    assert browser.js("graph.cy.nodes('.chosen').map(dot => dot.data('name'))") == ["Stars"]
    browser.click("#zoom-in")
    assert browser.complaints == []


@pytest.mark.parametrize("view", ["map", "graph"])
def test_the_keyboard_goes_through_a_drawing(browser: Browser, page: Path, view: str) -> None:
    browser.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-reduced-motion", "value": "reduce"}])
    look(browser, page, f"#view={view}")
    browser.js(f"document.getElementById('{view}').focus()")
    for key, name in (("ArrowDown", "Science"), ("ArrowRight", "Economy & <Society>"), ("ArrowUp", "Overview")):
        browser.press(key)
        assert browser.texts("#detail h2") == [name]
    before = browser.js(f"{view}.cy?.zoom() ?? {view}.zoom")
    browser.press("+")
    assert browser.js(f"{view}.cy?.zoom() ?? {view}.zoom") > before
    browser.call("Emulation.setEmulatedMedia", features=[])
    browser.click("#show-tree")
    assert browser.js("location.hash") == "#view=tree"
    assert browser.complaints == []


@pytest.mark.parametrize("view", ["tree", "map", "graph"])
def test_it_fits_a_phone_in_the_dark(browser: Browser, page: Path, view: str) -> None:
    browser.call("Emulation.setDeviceMetricsOverride", width=390, height=844, deviceScaleFactor=2, mobile=True)
    browser.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark"}])
    look(browser, page, f"#view={view}")
    assert browser.js("document.documentElement.scrollWidth") == 390
    assert browser.js("getComputedStyle(document.body).backgroundColor") == "rgb(20, 20, 22)"
    assert browser.complaints == []
    browser.call("Emulation.setEmulatedMedia", features=[])
    browser.call("Emulation.clearDeviceMetricsOverride")


def test_nodes_alone_make_a_page_too(store: Store, browser: Browser, tmp_path: Path) -> None:
    page = export(store, "html", tmp_path / "nodes.html", Extent(depth="entity")).path
    look(browser, page)
    assert browser.texts(".brand p") == ["22 documents · 4 entities · 2 categories · 2 domains"]
    assert browser.js("document.getElementById('show-map').hidden")
    browser.click("#show-graph")
    assert len(browser.js("graph.cy.nodes('.dot').map(dot => dot.id())")) == 8
    assert browser.complaints == []


def test_an_unknown_address_opens_the_whole(browser: Browser, page: Path) -> None:
    look(browser, page, "#node=__proto__")
    assert browser.complaints == []
    assert browser.texts("#detail h2") == ["Overview"]


def test_it_is_one_file_that_asks_for_nothing(browser: Browser, page: Path) -> None:
    look(browser, page, "#view=graph")
    assert {address.split("#")[0] for address in browser.requests} <= {page.as_uri(), "data:,"}
    library = (files("shas_kb.export.page") / "vendor/cytoscape.min.js").read_text()
    text = page.read_text()
    assert text.count(library) == 1
    text = text.replace(library, "")
    assert not re.search(r"""(?:src|href)=["'](?!#|data:,)|url\(|@import|fetch\(|innerHTML|\son\w+="|https?:""", text)
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', text)
    assert policy
    assert policy[1].startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy[1]
    data = json.loads(re.findall(r'<script type="application/json" id="data">(.*?)</script>', text)[0])
    assert len(data["nodes"]) == 8
    assert {fields["name"] for fields in data["documents"]} >= {"</script><script>document.title='pwned'</script>"}
    assert "Economy &amp; &lt;Society&gt; (" in text


def test_json_in_a_script_cannot_end_it() -> None:
    value = ["</script>", "<!--", "\u2028", "&lt;", "'\"\\"]
    assert json.loads(island(value)) == value
    assert not re.search("[<>&\u2028\u2029]", island(value))
