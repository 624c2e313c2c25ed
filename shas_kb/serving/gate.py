"""Who is let in. It decides by the head of a request alone, before anything else is looked at.

A page of another site must not use the collection through the browser of the person whose it is: neither by asking for
it from its own address (`Origin`, `Sec-Fetch-Site`), nor by having its own name point at this machine (`Host`: DNS
rebinding). Who listens to other machines asks them for a token.
"""

from __future__ import annotations

import re
import secrets
import socket
from dataclasses import dataclass
from email.message import Message
from http import HTTPStatus
from ipaddress import ip_address

from shas_kb.serving.response import Response

_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:\d{1,5})?", re.IGNORECASE)
_WITHOUT_TOKEN = "This collection must be opened with its token; use the whole address that `shas-kb serve` printed."
# Followed by the browser itself, from this page: a redirect of a link on another site would go without the cookie.
_WELCOME = b'<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="0; url=/"><title>shas-kb</title>'


@dataclass(frozen=True, slots=True)
class Gate:
    """What a request must show.

    Attributes:
        names: what this server may be called by in `Host`, in small letters, without port.
        any_address: whether it may be called by any IP address, as it listens on all of this machine's.
        token: that must be known; None for none.
        cookie: in which a browser keeps it.
    """

    names: frozenset[str]
    any_address: bool = False
    token: str | None = None
    cookie: str = "shas-kb"

    def refusal(self, head: Message) -> Response | None:
        """Why a request is refused whatever it asks for, or None."""
        hosts = head.get_all("Host", [])
        host = hosts[0].strip().lower() if len(hosts) == 1 else ""
        if not self._is_ours(host):
            return Response.refused(HTTPStatus.FORBIDDEN, "Host must be the address that `shas-kb serve` printed.")
        origins = head.get_all("Origin", [])
        if any(origin.lower() not in (f"http://{host}", f"https://{host}") for origin in origins):
            return Response.refused(HTTPStatus.FORBIDDEN, "Origin must be this server: other sites may not ask it.")
        from_elsewhere = head.get("Sec-Fetch-Site", "none") not in ("none", "same-origin")
        opened = (head.get("Sec-Fetch-Mode"), head.get("Sec-Fetch-Dest")) == ("navigate", "document")
        if from_elsewhere and not opened:
            return Response.refused(HTTPStatus.FORBIDDEN, "Other sites may open this page, and nothing more of it.")
        return None

    def knows(self, head: Message) -> bool:
        """Whether a request shows the token, in its cookie or as a bearer."""
        scheme, _, bearer = head.get("Authorization", "").partition(" ")
        return self.accepts(bearer if scheme.lower() == "bearer" else self._from_cookie(head))

    def accepts(self, token: str) -> bool:
        """Whether this is the token, compared in constant time."""
        return self.token is None or secrets.compare_digest(token.encode("utf-8", "replace"), self.token.encode())

    def welcome(self) -> Response:
        """What is sent to whoever brought the token with the address: a cookie, and the address without it."""
        cookie = f"{self.cookie}={self.token}; Path=/; HttpOnly; SameSite=Strict"
        headers = {"Set-Cookie": cookie, "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'"}
        return Response(_WELCOME, "text/html; charset=utf-8", headers=headers)

    def unknown(self) -> Response:
        """What is sent to whoever has no token."""
        return Response.refused(HTTPStatus.UNAUTHORIZED, _WITHOUT_TOKEN, {"WWW-Authenticate": "Bearer"})

    def _is_ours(self, host: str) -> bool:
        found = _HOST.fullmatch(host)
        if found is None:
            return False
        name = found[1].strip("[]")
        return name in self.names or (self.any_address and _is_address(name))

    def _from_cookie(self, head: Message) -> str:
        # Those of all programs on this host come along, in whatever form; `http.cookies` takes none if one is odd.
        pairs = (pair.strip().partition("=") for pair in head.get("Cookie", "").split(";"))
        return next((value for name, _, value in pairs if name == self.cookie), "")


def gate_for(named: str, address: str, port: int, *, token: str | None) -> Gate:
    """The gate of a server that was told to listen as `named`, and does at `address`."""
    names = {named.lower(), address}
    own = ip_address(address)
    if own.is_loopback or own.is_unspecified:
        names |= {"localhost", "127.0.0.1", "::1"}
    if not own.is_loopback:
        names |= {socket.gethostname().lower(), f"{socket.gethostname().lower()}.local"}
    # A browser sends a host's cookies to all its ports: two collections must not take each other's.
    return Gate(frozenset(names), own.is_unspecified, token, f"shas-kb-{port}")


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
