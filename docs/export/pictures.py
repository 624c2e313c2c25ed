"""The pictures of this folder: what the sample corpus looks like on the page, in `serve` and in the terminal.

    PYTHONPATH=tests/support python docs/export/pictures.py DATABASE

`DATABASE` holds the sample corpus (`shas-kb -d DATABASE ingest sample_corpus`). Needs Chromium.
"""

from __future__ import annotations

import base64
import io
import re
import sys
import tempfile
import time
from pathlib import Path
from threading import Thread
from urllib.parse import urlencode

from browser import Browser, chromium
from rich.console import Console

from shas_kb.cli import terminal
from shas_kb.cli.app import app
from shas_kb.export import export
from shas_kb.serving import start
from shas_kb.storage import Store

HERE = Path(__file__).parent
LAPTOP, PHONE = (1280, 800, 1), (390, 844, 2)
QUESTION = "At how many level 0 files does LevelDB stop accepting writes?"
LONGEST_WAIT = 3.0


def main() -> None:
    db = Path(sys.argv[1])
    (HERE / "tree.svg").write_text(tree(db))
    with tempfile.TemporaryDirectory() as folder, Store.open(db, read_only=True) as store:
        page = export(store, "html", Path(folder) / "page.html").path
        nodes = {node.name: node.id for node in store.tree().nodes}  # type: ignore[union-attr]
        browser = Browser(str(chromium()), Path(folder) / "profile")
        picture(browser, f"{page.as_uri()}#view=tree", "page-tree.png")
        picture(browser, f"{page.as_uri()}#view=map", "page-map.png")
        picture(browser, f"{page.as_uri()}#view=graph", "page-graph.png", dark=True)
        picture(browser, f"{page.as_uri()}#view=tree&node={nodes['Reef']}", "page-entity.png")
        picture(browser, f"{page.as_uri()}#view=graph", "page-phone.png", PHONE)
        server = start(db, "127.0.0.1", None)
        Thread(target=server.serve_forever, daemon=True).start()
        picture(browser, f"{server.address}#{urlencode({'ask': QUESTION})}", "serve.png")
        browser.close()


def picture(
    browser: Browser, address: str, name: str, screen: tuple[int, int, int] = LAPTOP, dark: bool = False
) -> None:
    """Write what the browser shows at an address."""
    width, height, scale = screen
    device = {"width": width, "height": height, "deviceScaleFactor": scale, "mobile": screen == PHONE}
    browser.call("Emulation.setDeviceMetricsOverride", **device)
    scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
    browser.call("Emulation.setEmulatedMedia", features=[scheme])
    browser.open(address, "#detail h2")
    time.sleep(LONGEST_WAIT)
    (HERE / name).write_bytes(base64.b64decode(browser.call("Page.captureScreenshot", format="png")["data"]))


def tree(db: Path) -> str:
    """`shas-kb tree` as the terminal shows it, as SVG."""
    console = Console(record=True, width=92, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    terminal.output = console
    app(["-d", str(db), "tree", "--depth", "entity"], standalone_mode=False)
    drawn = console.export_svg(title="shas-kb tree", unique_id="tree")
    return re.sub(r"@font-face \{.*?\}\s*", "", drawn, flags=re.DOTALL)  # nothing is fetched to show it


if __name__ == "__main__":
    main()
