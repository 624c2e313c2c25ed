"""Chromium, driven by a test."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
    "--window-size=1200,900",
    "--remote-debugging-pipe",
)


def chromium() -> str | None:
    """The program, where this machine has one."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


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
        self.requests: list[str] = []
        targets = self.call("Target.getTargets")["targetInfos"]
        target = next(target["targetId"] for target in targets if target["type"] == "page")
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **params: object) -> Any:
        """One command and its answer; what the page complains of and asks for meanwhile is kept."""
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
            elif event["method"] == "Network.requestWillBeSent":
                self.requests.append(event["params"]["request"]["url"])

    def open(self, address: str, drawn: str) -> None:
        """Load a page afresh and wait until it has drawn itself: until something answers to the selector `drawn`."""
        self.call("Page.navigate", url="about:blank")
        self.complaints.clear()
        self.requests.clear()
        self.call("Page.navigate", url=address)
        for _ in range(500):
            if self.js(f"document.readyState === 'complete' && !!document.querySelector({json.dumps(drawn)})"):
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
