"""``POST /webhooks/{connector}/{connection}``: the hot door. Answered with exactly 200 once it is committed.

``POST /webhooks/{connector}/app/{app id}`` takes what a vendor's app sends about all of its accounts.
"""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable, MutableMapping
from functools import lru_cache
from typing import Any, Final

from crossdock.api.body import Receive, Scope, announced, headers_of, read
from crossdock.api.problems import refusal
from crossdock.errors import BadInput, CrossdockError, MethodNotAllowed, NotFound
from crossdock.kit import ids
from crossdock.model.connection import Connection
from crossdock.wiring import Hub

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
ACCEPTED: Final = (
    {
        "type": "http.response.start",
        "status": 200,
        "headers": [(b"content-type", b"application/json"), (b"content-length", b"2")],
    },
    {"type": "http.response.body", "body": b"{}"},
)
"""What ASGI sends for a webhook that is committed."""


class WebhookDoor:
    """A raw ASGI application."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._limit = hub.settings.max_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take one webhook; errors are problem+json, and nothing of a refused request is kept."""
        try:
            await self.take(scope, receive)
        except Exception as error:  # noqa: BLE001 - the last wall: a bug is logged, the shop gets a 500
            await refusal(error)(scope, receive, send)
        else:
            for message in ACCEPTED:
                await send(dict(message))

    async def take(self, scope: Scope, body: Receive | bytes) -> None:
        """Take one webhook, whose body has arrived whole or is still to be read. Raises what is to be answered."""
        if scope["method"] != "POST":
            raise MethodNotAllowed("webhooks are POSTed", allow="POST", remedy="send POST")
        headers = headers_of(scope)
        hub = self._hub
        try:
            hub.journey.intake.admit(announced(headers, self._limit))
            if (app := _app(scope["path"])) is not None:
                await hub.apps.take(*app, self._told(scope, headers), await read(body, self._limit))
                return
            connection = await self._connection(scope["path"])
            whole = await read(body, self._limit)
        except CrossdockError as refused:
            if refused.status < 500:
                # never the path: whoever floods the door chooses it, and each would be a line of its own
                hub.refusals.note(refused.code, subject="webhooks")
            raise
        await hub.journey.webhook(connection, headers, whole)

    def _told(self, scope: Scope, headers: dict[str, str]) -> dict[str, str]:
        """Return the headers beside the method and the whole URL as the vendor knows it: some sign them."""
        base = self._hub.settings.public_url
        if base is None:
            remedy = "set CROSSDOCK_PUBLIC_URL to the address the vendor sends to"
            raise BadInput("the hub does not know its own address, which is signed", field="url", remedy=remedy)
        query = scope["query_string"].decode("latin-1")
        path = scope.get("raw_path", scope["path"].encode()).split(b"?")[0].decode("latin-1")
        return {**headers, ":method": scope["method"], ":url": base.rstrip("/") + path + (f"?{query}" if query else "")}

    async def _connection(self, path: str) -> Connection:
        parts = path.split("/")
        try:
            _, _, connector, shown = parts
            connection = await self._hub.directory.connection(_parse(shown))
        except (ValueError, NotFound):
            raise _no_such() from None
        if connection.connector != connector:
            raise _no_such()
        return connection


def _app(path: str) -> tuple[str, str] | None:
    """Return (connector, app id) of the address of an app: ``/webhooks/{connector}/app/{app id}``."""
    parts = path.split("/")
    return (parts[2], parts[4]) if len(parts) == 5 and parts[3] == "app" else None


@lru_cache(maxsize=4096)
def _parse(text: str) -> uuid.UUID:
    return ids.parse(ids.Prefix.CONNECTION, text)


def _no_such() -> NotFound:
    return NotFound("there is no such connection", field="path", remedy="check the webhook's address")
