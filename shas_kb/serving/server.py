"""HTTP for one collection: one request a connection, within limits of time, size and number."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import re
import socket
import sys
import threading
import time
from dataclasses import dataclass
from email.message import Message
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from ipaddress import ip_address
from socketserver import ThreadingTCPServer
from typing import Any

from shas_kb.serving.gate import Gate
from shas_kb.serving.response import ALWAYS, Response
from shas_kb.serving.routes import Routes

log = logging.getLogger(__name__)

_TOKEN = re.compile("(?:^|&)token=([A-Za-z0-9_-]+)")
_BLOCK = 1 << 18


@dataclass(frozen=True, slots=True)
class Limits:
    """What one client may take.

    Attributes:
        head_seconds: until the head of a request must have come.
        block_seconds: until a block of a response (256 kB) must have been taken.
        at_once: requests that are answered at the same time; more are sent away.
    """

    head_seconds: float = 10.0
    block_seconds: float = 30.0
    at_once: int = 32


class Server(ThreadingTCPServer):
    """Listens at an address; `serve_forever` answers, once it has a gate and routes.

    Attributes:
        gate: who is let in.
        routes: what there is to ask for.
        closing: what is closed with the server.
    """

    gate: Gate
    routes: Routes
    daemon_threads = True
    # Without it a port could not be taken again for a minute; elsewhere it would let others take it over.
    allow_reuse_address = os.name == "posix"
    request_queue_size = 64

    def __init__(self, family: socket.AddressFamily, address: tuple[str, int], limits: Limits) -> None:
        """Raises OSError if the address cannot be listened at."""
        self.address_family = family
        self.limits = limits
        self.closing = contextlib.ExitStack()
        self._free = threading.BoundedSemaphore(limits.at_once)
        super().__init__(address, _Handler)

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    @property
    def address(self) -> str:
        """Where it can be looked at, with the token where one is asked for."""
        host = str(self.server_address[0])
        if ip_address(host).is_unspecified:
            host = socket.gethostname()
        token = f"?token={self.gate.token}" if self.gate.token else ""
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}/{token}"

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer in a thread of its own, if there is one to spare."""
        if self._free.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            request.setblocking(False)
            with contextlib.suppress(OSError):
                request.send(b"HTTP/1.0 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n")
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that has gone, or is too slow, is no error."""
        error = sys.exc_info()[1]
        if isinstance(error, ConnectionError | TimeoutError):
            log.info("%s: %s", client_address[0], error)
        else:
            log.error("A request failed.", exc_info=error)

    def server_close(self) -> None:
        """Listen no longer, and close what is behind it."""
        super().server_close()
        self.closing.close()


class _Handler(BaseHTTPRequestHandler):
    server: Server

    def setup(self) -> None:
        super().setup()
        ends = time.monotonic() + self.server.limits.head_seconds
        self.rfile.close()
        self.rfile = io.BufferedReader(_Until(self.connection, ends))

    def do_GET(self) -> None:
        self._send(self._response(self.headers))

    do_HEAD = do_GET  # noqa: N815

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What http.server itself refuses: no proper request, too long, another method."""
        if code == HTTPStatus.NOT_IMPLEMENTED:
            refused = Response.refused(
                HTTPStatus.METHOD_NOT_ALLOWED, "The collection can only be read.", {"Allow": "GET, HEAD"}
            )
        else:
            refused = Response.refused(HTTPStatus(code), HTTPStatus(code).description or HTTPStatus(code).phrase)
        self._send(refused)

    def version_string(self) -> str:
        return "shas-kb"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Without the query: it holds what a person asks, and perhaps the token."""
        asked = f"{self.command or '-'} {getattr(self, 'path', '').partition('?')[0]}"
        log.info("%s %s", ascii(asked)[1:-1], int(code))  # it goes to a terminal

    def log_message(self, format: str, *args: Any) -> None:
        log.info(format, *args)

    def _response(self, head: Message) -> Response:
        gate = self.server.gate
        if refusal := gate.refusal(head):
            return refusal
        path, _, query = self.path.partition("?")
        if gate.token is not None:
            brought = _TOKEN.search(query) if path == "/" else None
            if brought and gate.accepts(brought[1]):
                return gate.welcome()
            if not gate.knows(head):
                return gate.unknown()
        return self.server.routes.answer(path, query)

    def _send(self, response: Response) -> None:
        self.connection.settimeout(self.server.limits.block_seconds)
        body = io.BytesIO(response.body) if isinstance(response.body, bytes) else response.body
        with body:
            length = body.seek(0, io.SEEK_END)
            body.seek(0)
            self.send_response(response.status)
            headers = {**ALWAYS, "Content-Type": response.type, "Content-Length": str(length), **response.headers}
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                while block := body.read(_BLOCK):
                    self.wfile.write(block)


class _Until(io.RawIOBase):
    """What comes from a connection until a moment; a timeout after that, however slowly it drips."""

    def __init__(self, connection: socket.socket, ends: float) -> None:
        self._connection = connection
        self._ends = ends

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        left = self._ends - time.monotonic()
        if left <= 0:
            raise TimeoutError("the head of the request took too long")
        self._connection.settimeout(left)
        return self._connection.recv_into(buffer)
