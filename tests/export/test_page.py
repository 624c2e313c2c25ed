"""The page: in a real browser, without a network."""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shas_kb.export import export
from shas_kb.export.page import island
from shas_kb.records import Document, Node
from shas_kb.storage import Store

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--window-size=1200,900",
    "--remote-debugging-pipe",
)


class Browser:
    """Chromium without a window and without a network, driven through a pipe (the DevTools protocol)."""

    def __init__(self, program: str, profile: Path) -> None:
        down, self._to = os.pipe()
        self._from, up = os.pipe()
        # The browser reads its commands from descriptor 3 and answers on 4, whatever these were here.
        spare = [fcntl.fcntl(end, fcntl.F_DUPFD, 32) for end in (down, up)]

        def wire() -> None:
            os.dup2(spare[0], 3)
            os.dup2(spare[1], 4)

        command = [program, *FLAGS, f"--user-data-dir={profile}", "about:blank"]
        self._process = subprocess.Popen(
            command, preexec_fn=wire, pass_fds=(3, 4), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        for end in (*spare, down, up):
            os.close(end)
        self._read, self._count, self._session = b"", 0, ""
        self.complaints: list[Any] = []
        targets = self.call("Target.getTargets")["targetInfos"]
        target = next(target["targetId"] for target in targets if target["type"] == "page")
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **params: object) -> Any:
        """One command and its answer; what the page complains of meanwhile is kept."""
        self._count += 1
        message: dict[str, object] = {"id": self._count, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while True:
            while b"\0" not in self._read:
                more = os.read(self._from, 1 << 20)
                assert more, "the browser has ended"
                self._read += more
            answer, self._read = self._read.split(b"\0", 1)
            event = json.loads(answer)
            if event.get("id") == self._count:
                assert "error" not in event, event
                return event["result"]
            if event["method"] in ("Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded"):
                self.complaints.append(event["params"])

    def open(self, page: Path, address: str = "") -> None:
        """Load the page afresh and wait until it has drawn itself."""
        self.complaints.clear()
        self.call("Page.navigate", url="about:blank")
        self.call("Page.navigate", url=f"{page.as_uri()}{address}")
        for _ in range(200):
            if self.js("document.readyState === 'complete' && !!document.querySelector('#detail h2')"):
                return self.settle()
            time.sleep(0.02)
        raise AssertionError(f"the page did not draw itself: {self.complaints}")

    def settle(self) -> None:
        """Two frames on, everything asked for has been drawn."""
        self.js("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(0))))")

    def js(self, code: str) -> Any:
        """The value of an expression in the page."""
        result = self.call("Runtime.evaluate", expression=code, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    def texts(self, selector: str) -> list[str]:
        found = self.js(f"[...document.querySelectorAll({json.dumps(selector)})].map(e => e.textContent)")
        assert isinstance(found, list)
        return found

    def click(self, selector: str) -> None:
        """Press the mouse near the upper left corner of the first element."""
        x, y = self.js(
            f"(b => [b.x + Math.min(b.width / 2, 30), b.y + 10])"
            f"(document.querySelector({json.dumps(selector)}).getBoundingClientRect())"
        )
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)
        self.settle()

    def press(self, key: str) -> None:
        for kind in ("keyDown", "keyUp"):
            text = "\r" if key == "Enter" and kind == "keyDown" else ""
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key, text=text)
        self.settle()

    def write(self, text: str) -> None:
        self.call("Input.insertText", text=text)
        self.settle()

    def close(self) -> None:
        self.call("Browser.close")
        self._process.wait(20)
        os.close(self._to)
        os.close(self._from)


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One browser for all tests; where there is none, they are skipped."""
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if program is None:
        pytest.skip("no Chromium on this machine")
    browser = Browser(program, tmp_path_factory.mktemp("profile"))
    yield browser
    browser.close()


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
    browser.open(page)
    assert browser.complaints == []
    assert browser.texts(".cell.domain span") == ["Science12", "Economy & <Society>10"]
    assert {"Stars", "Planets", "Markets", "Money"} <= set(browser.texts(".cell.entity span"))
    assert browser.texts("#detail h2") == ["Overview"]
    assert browser.texts(".brand p") == ["22 documents · 4 entities · 2 categories · 2 domains"]


def test_clicking_a_domain_shows_its_categories(store: Store, browser: Browser, page: Path) -> None:
    browser.open(page)
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
    browser.open(page)
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
    browser.open(page)
    browser.press("/")
    browser.write("UBERBL")
    assert browser.texts("#results b") == ["1. Überblick über Märkte"]
    browser.press("Enter")
    assert browser.texts("#detail h2") == ["1. Überblick über Märkte"]
    browser.open(page)
    browser.press("/")
    browser.write("star")
    assert browser.texts("#results b") == ["Stars", "Stars"]
    assert browser.texts("#results small") == ["entity", "document"]
    browser.press("ArrowDown")
    browser.press("Enter")
    assert browser.texts("#detail .level") == ["document"]
    browser.open(page)
    browser.press("/")
    browser.write("nothing like it")
    assert browser.texts("#results") == ["Nothing has this in its name or key phrases."]
    assert browser.complaints == []


def test_a_document_shows_its_place_its_source_and_its_neighbours(store: Store, browser: Browser, page: Path) -> None:
    browser.open(page, f"#node={document(store, 'The Sun').id}")
    assert browser.texts("#trail a") == ["All", "Science", "Science", "Stars", "The Sun"]
    assert browser.texts("#detail .facts") == ["Ann <b>Author</b> · 2024 · 2 pages · en"]
    assert browser.texts("#detail .file") == ["part 0/00.pdf"]
    assert [text[:-1] for text in browser.texts("#detail h3")] == ["also in", "related"]
    assert len(browser.texts(".cell.chosen")) == 1


@pytest.mark.parametrize("part", ["</script>", "<img"])
def test_a_script_in_a_title_does_not_run(store: Store, browser: Browser, page: Path, part: str) -> None:
    hostile = document(store, part)
    browser.open(page, f"#node={hostile.id}")
    browser.press("/")
    browser.write(part)
    assert browser.complaints == []
    assert browser.js("document.title") == "Knowledge base"
    assert browser.texts("#detail h2") == [hostile.title]
    assert hostile.title in browser.texts("#results b")
    assert browser.js("document.querySelectorAll('img, script').length") == 2


def test_the_map_opens_a_document_at_a_click(store: Store, browser: Browser, page: Path) -> None:
    browser.open(page, f"#node={node(store, 'entity', 'Stars').id}&view=map")
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


def test_it_fits_a_phone(browser: Browser, page: Path) -> None:
    browser.call("Emulation.setDeviceMetricsOverride", width=390, height=844, deviceScaleFactor=2, mobile=True)
    browser.open(page)
    assert browser.js("document.documentElement.scrollWidth") == 390
    browser.call("Emulation.clearDeviceMetricsOverride")


def test_an_unknown_address_opens_the_whole(browser: Browser, page: Path) -> None:
    browser.open(page, "#node=__proto__")
    assert browser.complaints == []
    assert browser.texts("#detail h2") == ["Overview"]


def test_it_is_one_file_that_asks_for_nothing(page: Path) -> None:
    text = page.read_text()
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
