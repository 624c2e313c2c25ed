"""A server for a collection, listening where it was told to."""

from __future__ import annotations

import errno
import secrets
import socket
from ipaddress import ip_address
from pathlib import Path

from shas_kb.config import DrawConfig
from shas_kb.errors import UsageError
from shas_kb.progress import Progress
from shas_kb.serving.collection import Collection
from shas_kb.serving.gate import gate_for
from shas_kb.serving.routes import Routes
from shas_kb.serving.server import Limits, Server

LOOPBACK, PORT = "127.0.0.1", 8765
_TRIED = 20
"""Ports after the usual one that are tried where that is taken."""


def start(
    path: Path,
    host: str = LOOPBACK,
    port: int | None = None,
    *,
    with_token: bool = False,
    limits: Limits | None = None,
    drawing: DrawConfig | None = None,
    progress: Progress | None = None,
) -> Server:
    """A server that listens already; its `serve_forever` answers, its `server_close` ends it.

    Args:
        path: the collection; it is opened for reading alone.
        host: the address or name to listen at; other than loopback, a token is asked for.
        port: the port, 0 for any; None for the usual one, or the next that is free.
        with_token: ask for a token on loopback, too.
        limits: of each client.
        drawing: limits of drawing a page.
        progress: told where the building of the page stands.

    Raises:
        UsageError: it cannot listen there, or the collection has no tree to show.
        DatabaseError: there is no collection at `path`, or it cannot be read.
    """
    family, address = _resolved(host)
    server = _bound(family, address, host, port, limits or Limits())
    guarded = with_token or not ip_address(address).is_loopback
    server.gate = gate_for(host, address, server.port, token=secrets.token_urlsafe(32) if guarded else None)
    try:
        collection = Collection(path)
        server.closing.callback(collection.close)
        collection.page(progress)
        server.routes = Routes(collection, drawing or DrawConfig())
        server.closing.callback(server.routes.close)
    except Exception:  # an interrupt does not wait for a page that is being built
        server.server_close()
        raise
    return server


def _resolved(host: str) -> tuple[socket.AddressFamily, str]:
    try:
        family, _, _, _, address = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)[0]
    except (OSError, UnicodeError) as error:
        raise UsageError(f"--host must be an address or name of this machine, got {host!r}; leave it out.") from error
    return family, str(address[0]).partition("%")[0]


def _bound(family: socket.AddressFamily, address: str, host: str, port: int | None, limits: Limits) -> Server:
    tried = range(PORT, PORT + _TRIED + 1) if port is None else (port,)
    for one in tried:
        try:
            return Server(family, (address, one), limits)
        except OSError as error:
            taken = error.errno == errno.EADDRINUSE
            if not taken or one == tried[-1]:
                what = f"--port must be free at {host}" if taken else f"{host} must be an address to listen at"
                raise UsageError(f"{what}, got {error.strerror} for port {one}; choose another.") from error
    raise AssertionError("a port is tried")
