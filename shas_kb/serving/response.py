"""What is sent to a client."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import BinaryIO

# Nothing that is sent runs, loads or may be framed anywhere, unless a response says otherwise.
STRICT = "default-src 'none'; frame-ancestors 'none'; sandbox"
ALWAYS: Mapping[str, str] = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": STRICT,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


@dataclass(frozen=True, slots=True)
class Response:
    """A response; a body that is a file is sent from where it stands, and closed. `headers` go over `ALWAYS`."""

    body: bytes | BinaryIO
    type: str
    status: HTTPStatus = HTTPStatus.OK
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def json(cls, value: object) -> Response:
        return cls(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"), "application/json")

    @classmethod
    def refused(cls, status: HTTPStatus, why: str, headers: Mapping[str, str] | None = None) -> Response:
        """A refusal with its reason as plain text."""
        return cls(f"{why}\n".encode("utf-8", "replace"), "text/plain; charset=utf-8", status, headers or {})
