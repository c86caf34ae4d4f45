"""Reading a request's body within its limit, and its headers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from crossdock.errors import BadInput, TooLarge

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]


def headers_of(scope: Scope) -> dict[str, str]:
    """Return the headers by lower-case name; of repeated ones the last."""
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}


def announced(headers: dict[str, str], limit: int) -> int:
    """Return the announced size (0 when none). Raises ``TooLarge`` before a byte is read."""
    given = headers.get("content-length", "0")
    if not (given.isascii() and given.isdigit() and len(given) < 20):
        raise BadInput("Content-Length is not a number", field="Content-Length")
    size = int(given)
    if size > limit:
        raise too_large(limit)
    return size


async def read(body: Receive | bytes, limit: int) -> bytes:
    """Read the body, unless it is there. Raises ``TooLarge``, or ``BadInput`` when the sender goes away in between."""
    if isinstance(body, bytes):
        if len(body) > limit:
            raise too_large(limit)
        return body
    return await _received(body, limit)


async def _received(receive: Receive, limit: int) -> bytes:
    first = await receive()
    if first["type"] == "http.request" and not first.get("more_body"):
        return await read(first.get("body", b""), limit)
    parts, size, message = [], 0, first
    while True:
        if message["type"] == "http.disconnect":
            raise BadInput("the body ended early")
        part = message.get("body", b"")
        size += len(part)
        if size > limit:
            raise too_large(limit)
        parts.append(part)
        if not message.get("more_body"):
            return b"".join(parts)
        message = await receive()


def too_large(limit: int) -> TooLarge:
    """Return the refusal of a body above the limit."""
    return TooLarge(
        f"the body is larger than {limit} bytes", field="body", remedy="send less, or raise CROSSDOCK_MAX_BODY_BYTES"
    )
